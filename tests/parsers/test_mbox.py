"""Mailboxes: whatever stands in one, its ranges give what the whole gives, and every byte is accounted for."""

from __future__ import annotations

import io
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from forensics.parsers import mbox
from forensics.parsers.contract import Unit
from forensics.parsers.mbox import MboxParser
from forensics.records import Message, Record
from tests.parsers.samples import AT, Kept, lines

_FROM = b"From a@example.jp Mon Jun  1 01:03:12 2026\n"
_PIECES = st.sampled_from([
    _FROM, b"From here on\n", b">From there\n", b">>From all\n", b"\n", b"\r\n", b"Subject: x\n", b"text\n", b"x",
    b"Content-Length: 0\n", b"Content-Length: 60\n", b"Content-Length: 9999\n", b"X-Mozilla-Status: 8\n", b"From -\n",
    _FROM + b"Subject: y\n\nbody\n\n", _FROM + b"Content-Length: 50\n\n" + _FROM + b"inside\n\n",
])  # fmt: skip


def _unit(raw: bytes, **more: object) -> Unit:
    return Unit(path="a.mbox", size=len(raw), sha256="", handle=io.BytesIO(raw), **more)  # type: ignore[arg-type]


def _by_ranges(raw: bytes, size: int) -> list[Record]:
    with patch.object(mbox, "RANGE_BYTES", size):
        ranges = MboxParser().ranges(_unit(raw))
    return [record for each in ranges for record in MboxParser().parse(_unit(raw, range=each), AT, Kept())]


@given(st.lists(_PIECES, max_size=30).map(b"".join), st.integers(1, 300))
@example(_FROM + b"Content-Length: 200\n\n" + (_FROM + b"\n") * 9, 1)
@example(_FROM + b"Content-Length: 50\n\n" + _FROM + b"inside\n\nFrom -\n>From there\n", 64)
@example(_FROM + b"Content-Length: 4\n\nabc\nFrom a 2026-06-01 01:03\nno field here\n", 1)
def test_the_ranges_of_a_box_give_what_the_whole_gives(raw: bytes, size: int) -> None:
    whole = list(MboxParser().parse(_unit(raw), AT, Kept()))
    assert lines(_by_ranges(raw, size)) == lines(whole)


@given(st.lists(_PIECES, max_size=30).map(b"".join))
def test_messages_and_what_stands_before_them_cover_the_box(raw: bytes) -> None:
    found = list(MboxParser().parse(_unit(raw), AT, Kept()))
    spans = [each.address.span for each in found if isinstance(each, Message)]
    leading = [each.address.span for each in found if each.KIND == "problem"]
    place = leading[0].end if leading and leading[0] else 0
    for span in spans:
        assert span is not None
        assert not raw[place : span.start].strip()
        place = span.end
    assert not raw[place:].strip()
