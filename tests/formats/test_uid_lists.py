"""UID lists: Dovecot's own example ("Maildir Mailbox Format"), the older versions of its source, what is no list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats import uid_lists
from forensics.formats.uid_lists import Entry, Header
from forensics.moments import iso


def test_the_example_of_the_specification() -> None:
    head = uid_lists.header(b"3 V1275660208 N25022 G3085f01b7f11094c501100008c4a11c1")
    assert head == Header(version=3, uid_validity=1_275_660_208, next_uid=25_022)
    first = uid_lists.entry(b"25006 :1276528487.M364837P9451.kurkku,S=1355,W=1394:2,", 3)
    assert first == Entry(uid=25_006, name="1276528487.M364837P9451.kurkku,S=1355,W=1394", size=1355)
    second = uid_lists.entry(b"25017 W2481 :1276533073.M242911P3632.kurkku:2,F", 3)
    assert second == Entry(uid=25_017, name="1276533073.M242911P3632.kurkku", size=None)
    ns = uid_lists.delivered_ns("1276528487.M364837P9451.kurkku,S=1355,W=1394:2,")
    assert ns is not None
    assert iso(ns) == "2010-06-14T15:14:47.364837Z"


def test_the_versions_before() -> None:
    assert uid_lists.header(b"1 1275660208 25022\r") == Header(version=1, uid_validity=1_275_660_208, next_uid=25_022)
    assert uid_lists.entry(b"7 1276533073.1_0.host:2,S", 1) == Entry(uid=7, name="1276533073.1_0.host", size=None)
    assert uid_lists.entry(b"7 0 1276533073.1_0.host", 2) == Entry(uid=7, name="1276533073.1_0.host", size=None)


@pytest.mark.parametrize(
    "line", [b"", b"3", b"3 1 2", b"4 V1 N2", b"1 2", b"From a@b Mon Jun  1 01:03:02 2026", b"1 2 3 4"]
)
def test_what_begins_otherwise_is_no_list(line: bytes) -> None:
    assert uid_lists.header(line) is None


def test_the_first_message_of_an_mbox_tells_the_numbers_of_the_box() -> None:
    assert uid_lists.imap_base(b" 1780275000 0000000042 NonJunk $Forwarded") == (
        1_780_275_000,
        42,
        ("NonJunk", "$Forwarded"),
    )
    assert uid_lists.imap_base(b"nothing of the kind") is None


@given(st.binary(max_size=200), st.sampled_from((1, 2, 3)))
def test_any_line_is_read_or_refused(line: bytes, version: int) -> None:
    uid_lists.header(line)
    uid_lists.imap_base(line)
    found = uid_lists.entry(line, version)
    assert found is None or found.uid >= 0


@given(st.binary(max_size=300))
def test_lines_are_those_of_the_bytes(data: bytes) -> None:
    for start, line in uid_lists.lines(data):
        assert data[start : start + len(line)] == line
        assert b"\n" not in line
