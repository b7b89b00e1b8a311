"""mbox: exactly the messages come back in each variant, and every line that could be a separator is accounted for."""

from __future__ import annotations

import csv
import io
import mmap
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats import mbox
from forensics.formats.mbox import Variant, Why, from_line, is_reversible, outline, unquote
from tests.corpus import CORPUS, corpus, needs_corpus

_FROM = b"From a@example.jp Sat Mar 16 17:18:01 2019\n"
_NOT_BOXES = {f"mbox.rlug-{at}" for at in range(5)}
"""Single messages without any From_ line, which the corpus has among its boxes."""


def _split(raw: bytes) -> list[bytes]:
    return [raw[one.start : one.end] for one in outline(io.BytesIO(raw), len(raw)).messages]


def _boxes() -> list[Path]:
    if CORPUS is None:
        return []
    with (CORPUS / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = csv.DictReader(index, delimiter="\t")
        return [CORPUS / row["path"] for row in rows if row["kind"] == "mbox"]


@needs_corpus
@pytest.mark.parametrize("path", _boxes(), ids=lambda path: path.name)
def test_in_a_real_box_messages_and_passed_over_lines_are_all_the_lines_that_begin_with_from(path: Path) -> None:
    raw = path.read_bytes()
    found = outline(io.BytesIO(raw), len(raw))
    independent = sum(line.startswith(b"From ") for line in raw.split(b"\n"))
    passed_over = sum(not one.taken for one in found.ambiguous)
    assert len(found.messages) + passed_over == independent
    assert found.text_lines == 0
    if path.name in _NOT_BOXES:
        assert (len(found.messages), found.leading) == (0, (0, len(raw)))
    else:
        assert found.leading == (0, 0)


@needs_corpus
def test_a_real_box_with_wrong_lengths_is_split_as_its_own_summary_says() -> None:
    folder = corpus() / "eml-mbox/jstedfast+MimeKit/mbox"
    raw = (folder / "content-length.mbox.txt").read_bytes()
    found = outline(io.BytesIO(raw), len(raw))
    summary = (folder / "content-length-summary.txt").read_bytes()
    assert len(found.messages) == len(re.findall(rb"^From ", summary, re.MULTILINE))
    assert found.ignored_lengths > 0


def _quoted(message: bytes, variant: Variant) -> bytes:
    if variant in (Variant.MBOXO, Variant.MBOXCL):
        return re.sub(rb"^From ", rb">From ", message, flags=re.MULTILINE)
    if variant is Variant.MBOXRD:
        return re.sub(rb"^(>*From )", rb">\1", message, flags=re.MULTILINE)
    return message


def _boxed(header: bytes, body: bytes, variant: Variant) -> tuple[bytes, bytes]:
    """A From_ line with its message and blank line, and the message alone, both as the variant stores them."""
    body = _quoted(body, variant)
    if variant in (Variant.MBOXCL, Variant.MBOXCL2):
        header += b"Content-Length: %d\n" % len(body)
    message = header + b"\n" + body
    return _FROM + message + b"\n", message


_LINES = st.sampled_from([
    b"From here on", b">From there", b">>From twice", b"text", b"", b"Subject: x", b"\xe6\x97\xa5", _FROM[:-1],
    b"From -", b"Content-Length: 3",
])  # fmt: skip
_BODIES = st.lists(_LINES, max_size=8).map(lambda lines: b"".join(line + b"\n" for line in lines))


@pytest.mark.parametrize("variant", [Variant.MBOXO, Variant.MBOXRD, Variant.MBOXCL, Variant.MBOXCL2])
@given(bodies=st.lists(_BODIES, min_size=1, max_size=5))
def test_a_box_built_in_a_variant_gives_back_exactly_its_messages(variant: Variant, bodies: list[bytes]) -> None:
    pairs = [_boxed(b"Subject: s\n", body, variant) for body in bodies]
    raw = b"".join(boxed for boxed, _ in pairs)
    assert _split(raw) == [message for _, message in pairs]
    if is_reversible(variant):
        unquoted = [unquote(one, variant) for one in _split(raw)]
        assert [one.partition(b"\n\n")[2] for one in unquoted] == bodies


_PIECES = st.sampled_from([b"From ", b"\n", b"\r", b"\r\n", _FROM, b">", b"A: b\n", b"Content-Length: 9\n", b"x"])


@given(st.lists(_PIECES))
def test_any_bytes_are_split_without_an_error_and_nothing_lies_outside(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    found = outline(io.BytesIO(raw), len(raw))
    place = found.leading[1]
    for one in found.messages:
        assert place <= one.from_start <= one.start <= one.end <= len(raw)
        place = one.end
    for doubt in found.ambiguous:
        assert raw[doubt.start : doubt.start + 5] == b"From "


@given(st.binary(max_size=200))
def test_any_line_has_a_sender_and_a_date_text(raw: bytes) -> None:
    from_line(b"From " + raw)
    unquote(raw, Variant.MBOXRD)


@given(st.integers(0, 40), st.sampled_from([b"\n", b"\r\n"]))
def test_small_blocks_find_what_large_ones_find(shift: int, newline: bytes) -> None:
    raw = b"x" * shift + b"\n\n" + b"".join(_boxed(b"A: b\n", b"text\n" * at, Variant.MBOXO)[0] for at in range(30))
    raw = raw.replace(b"\n", newline)
    whole = list(outline(io.BytesIO(raw), len(raw)).messages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mbox, "_BLOCK", 97)
        patch.setattr(mbox, "_AHEAD", 64)
        assert list(outline(io.BytesIO(raw), len(raw)).messages) == whole
    assert len(whole) == 30


def test_a_handle_that_gives_less_than_asked_for_changes_nothing() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    raw = b"".join(_boxed(b"A: b\n", b"text\n", Variant.MBOXCL)[0] for _ in range(9))
    assert list(outline(Slow(raw), len(raw)).messages) == list(outline(io.BytesIO(raw), len(raw)).messages)


def test_a_box_can_be_read_through_an_mmap() -> None:
    raw = _boxed(b"A: b\n", b"text\n", Variant.MBOXO)[0] * 3
    with tempfile.TemporaryFile() as file:
        file.write(raw)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            assert len(outline(view, len(view)).messages) == 3


def test_bytes_before_the_first_separator_are_kept_as_leading() -> None:
    found = outline(io.BytesIO(b"garbage\n\n" + _FROM + b"A: b\n\nc\n"), 9 + len(_FROM) + 8)
    assert found.leading == (0, 9)
    assert len(found.messages) == 1


def test_a_byte_order_mark_does_not_hide_the_first_message() -> None:
    raw = b"\xef\xbb\xbf" + _FROM + b"A: b\n\nc\n"
    found = outline(io.BytesIO(raw), len(raw))
    assert (found.leading, len(found.messages)) == ((0, 3), 1)


@pytest.mark.parametrize(
    ("line", "before", "after", "why"),
    [
        (b"From - ", b"\n", b"A: b\n", Why.NO_DATE),
        (b"From 1844347869536581428@xxx", b"\n", b"A: b\n", Why.NO_DATE),
        (b"From a 17.03.2019 11:22 Uhr", b"\n", b"A: b\n", Why.ODD_DATE),
        (_FROM[:-1], b"", b"A: b\n", Why.NO_BLANK_LINE),
        (_FROM[:-1], b"\n", b"\n", Why.NO_HEADER),
        (b"From our sales people", b"\n", b"Price: 3\n", Why.PROSE),
    ],
)
def test_a_doubtful_separator_is_named_with_the_reason(line: bytes, before: bytes, after: bytes, why: Why) -> None:
    raw = _FROM + b"A: b\n\ntext\n" + before + line + b"\n" + after
    found = outline(io.BytesIO(raw), len(raw))
    assert [(one.why, raw[one.start : one.end]) for one in found.ambiguous] == [(why, line + b"\n")]
    assert len(found.messages) == (1 if why is Why.PROSE else 2)


def test_a_sentence_that_begins_with_from_is_text() -> None:
    raw = _FROM + b"A: b\n\nFrom our house one can see the sea.\nFrom yours\n\n"
    found = outline(io.BytesIO(raw), len(raw))
    assert (len(found.messages), len(found.ambiguous), found.text_lines) == (1, 0, 2)


def test_a_length_that_hides_a_separator_is_followed_only_to_a_message_and_the_hidden_line_is_named() -> None:
    body = b"text\n\n" + _FROM + b"A: forwarded\n\nmore\n"
    raw = _boxed(b"A: b\n", body, Variant.MBOXCL2)[0] + _boxed(b"A: c\n", b"d\n", Variant.MBOXCL2)[0]
    found = outline(io.BytesIO(raw), len(raw))
    assert len(found.messages) == 2
    assert [(one.why, one.taken) for one in found.ambiguous] == [(Why.INSIDE_LENGTH, False)]
    wrong = raw.replace(b"Content-Length: %d" % len(body), b"Content-Length: %d" % (len(body) - 3))
    again = outline(io.BytesIO(wrong), len(wrong))
    assert (len(again.messages), again.ignored_lengths) == (3, 1)


def test_a_box_with_the_line_ends_of_old_macs_is_split() -> None:
    raw = (_FROM + b"A: b\n\ntext\n\n").replace(b"\n", b"\r") * 2
    assert len(_split(raw)) == 2


@pytest.mark.parametrize(
    ("body", "variant"),
    [
        ("x", Variant.UNDETERMINED),
        (">From x", Variant.MBOXO),
        (">From x|>>From y", Variant.MBOXRD),
        # On one line quoted twice nothing rests: its text may have been so.
        (">>From y", Variant.UNDETERMINED),
        # A reply in which the line before has one > less: the writer of the box set the second.
        (">he wrote|>>From y", Variant.MBOXRD),
        (">>From y|>he wrote", Variant.MBOXRD),
        # The same depth as its neighbours: it stood so in the text, and mboxrd would have set one more.
        (">>he wrote|>>From y", Variant.UNDETERMINED),
        ("hello|>From x||>>he wrote|>>From y", Variant.MBOXO),
        (">he wrote|>From x", Variant.UNDETERMINED),
        # A quotation with blanks says nothing of a line without.
        ("> he wrote|>>From y|hello|>From x", Variant.MBOXRD),
        # Unquoted lines contradict every variant that quotes, whatever else there is.
        ("From the sea|>From x", Variant.UNDETERMINED),
        ("From the sea|>he wrote|>>From y", Variant.UNDETERMINED),
        # For and against mboxrd.
        (">he wrote|>>From y||>>he wrote|>>From z", Variant.UNDETERMINED),
    ],
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_the_variant_is_what_all_lines_agree_with_and_says_on_what_basis(
    body: str, variant: Variant, newline: bytes
) -> None:
    raw = (_FROM + b"A: b\n\n" + body.replace("|", "\n").encode() + b"\n\n").replace(b"\n", newline)
    found = outline(io.BytesIO(raw), len(raw))
    assert found.variant is variant, found.evidence
    assert found.evidence[-1]
    if variant is Variant.UNDETERMINED:
        assert unquote(raw, found.variant) == raw


@pytest.mark.parametrize(
    ("body", "variant"),
    [
        (b"x\n", Variant.MBOXCL2),
        (b"hello\n>From x\n", Variant.MBOXCL),
        (b"From the sea\n>From x\n", Variant.MBOXCL2),
        (b">he wrote\n>From x\n", Variant.MBOXCL2),
    ],
)
def test_with_lengths_an_unquoted_line_shows_that_none_was_quoted(body: bytes, variant: Variant) -> None:
    raw = _FROM + b"A: b\nContent-Length: %d\n\n" % len(body) + body + b"\n"
    found = outline(io.BytesIO(raw), len(raw))
    assert found.variant is variant, found.evidence


def test_an_envelope_line_of_an_earlier_delivery_is_no_quoted_line() -> None:
    raw = _FROM + b">" + _FROM + b"A: b\n\ntext\n\n"
    assert outline(io.BytesIO(raw), len(raw)).variant is Variant.UNDETERMINED


@pytest.mark.parametrize(
    ("line", "sender", "date", "seconds", "offset"),
    [
        ("a@b Sat Mar 16 17:18:01 2019", "a@b", "Sat Mar 16 17:18:01 2019", 1552756681, None),
        ("1628183390456044078@xxx Sat Mar 16 17:18:01 +0000 2019", "1628183390456044078@xxx", None, 1552756681, 0),
        ("user@domain  Sat Mar 24 23:00:00 2007 +0200", "user@domain", None, 1174770000, 120),
        ("- Fri Aug 05 10:57:20 2016", "-", None, 1470394640, None),
        ("???@??? Fri Aug 05 10:57:20 2016", "???@???", None, 1470394640, None),
        ("a Fri, 5 Aug 2016 10:57:20 -0330", "a", None, 1470407240, -210),
        ("a Fri Aug  5 10:57:20 GMT 2016", "a", None, 1470394640, 0),
        ("a Fri Aug  5 10:57:20 JST 2016", "a", None, 1470394640, None),
        ("a Fri Aug  5 10:57:20 2016 remote from host", "a", "Fri Aug  5 10:57:20 2016", 1470394640, None),
        ("a 2016-08-05T10:57:20Z", "a", None, 1470394640, 0),
        ('"a b"@c Fri Aug  5 10:57 2016', '"a b"@c', None, 1470394620, None),
        ("a Fri Feb 30 10:57:20 2016", "a", None, None, None),
        ("a", "a", "", None, None),
        ("a someday", "a", "someday", None, None),
    ],
)  # fmt: skip
def test_from_lines_of_many_writers_are_read(
    line: str, sender: str, date: str | None, seconds: int | None, offset: int | None
) -> None:
    read = from_line(b"From " + line.encode() + b"\r\n")
    assert (read.sender, read.offset_minutes) == (sender, offset)
    assert read.ns == (None if seconds is None else seconds * 10**9)
    assert date is None or read.date == date
