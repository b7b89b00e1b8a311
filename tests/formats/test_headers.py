"""Header blocks: every line end, damaged lines between fields, caps, and any bytes at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.headers import LONGEST_FIELD, MOST_FIELDS, HeaderBlock, split


def whole(raw: bytes) -> HeaderBlock:
    return split(raw, 0, len(raw))


def names(block: HeaderBlock) -> list[str]:
    return [field.name for field in block.fields]


def whats(block: HeaderBlock) -> list[str]:
    return [defect.what for defect in block.defects]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\r\n"])
def test_every_line_end_is_accepted_and_offsets_point_into_the_bytes(end: bytes) -> None:
    raw = b"From: a@b" + end + b"Subject: one" + end + b"\ttwo" + end + end + b"body: not a header" + end
    block = whole(raw)
    assert names(block) == ["From", "Subject"]
    assert block.first("subject") == b" one" + end + b"\ttwo"
    assert raw[block.body_start :].startswith(b"body:")
    assert raw[block.fields[1].start :].startswith(b"Subject")
    assert block.fields[0].end == block.fields[1].start
    assert block.defects == ()


def test_offsets_are_absolute_and_nothing_beyond_the_end_is_read() -> None:
    raw = b"XXXX" + b"A: 1\r\nB: 2\r\n" + b" folded beyond\r\n"
    block = split(raw, 4, 16)
    assert [(field.name, field.raw, field.start, field.end) for field in block.fields] == [
        ("A", b" 1", 4, 10),
        ("B", b" 2", 10, 16),
    ]
    assert block.body_start == 16


def test_a_byte_order_mark_before_the_first_header_costs_nothing() -> None:
    block = whole(b"\xef\xbb\xbfSubject: x\n\nbody")
    assert names(block) == ["Subject"]
    assert [(d.start, d.end) for d in block.defects] == [(0, 3)]


@pytest.mark.parametrize("noise", [b"\0\0\0", b"garbage without a colon", b"\xff\xfe\x00\x01", b">From x@y Mon Jan 1"])
def test_garbage_between_headers_is_kept_as_a_defect_and_the_block_goes_on(noise: bytes) -> None:
    raw = b"From: a\r\n" + noise + b"\r\nSubject: still here\r\n\r\nbody"
    block = whole(raw)
    assert names(block) == ["From", "Subject"]
    assert [raw[d.start : d.end] for d in block.defects] == [noise + b"\r\n"]
    assert raw[block.body_start :] == b"body"


def test_nul_bytes_right_before_a_header_do_not_hide_it() -> None:
    block = whole(b"From: a\r\n\0\0Subject: here\r\n\r\n")
    assert names(block) == ["From", "Subject"]


def test_a_body_without_a_blank_line_starts_at_the_first_line_that_is_no_header() -> None:
    raw = b"From: a\r\nHello Bob\r\nbye\r\n\r\nmore: text"
    block = whole(raw)
    assert raw[block.body_start :] == b"Hello Bob\r\nbye\r\n\r\nmore: text"
    assert whats(block) == ["no blank line before the body"]


def test_a_header_without_a_body_ends_with_the_bytes() -> None:
    assert whole(b"Subject: x").first("subject") == b" x"
    assert whole(b"Subject: x").body_start == 10
    assert whole(b"").fields == ()


def test_an_mbox_from_line_is_reported_and_never_a_header() -> None:
    block = whole(b"From a@b Mon Jan  1 00:00:00 2024\nSubject: x\n\nbody")
    assert (names(block), whats(block)) == (["Subject"], ["envelope line"])
    assert names(whole(b">From a@b Mon Jan  1 00:00:00 2024\nSubject: x\n\nbody")) == ["Subject"]


def test_a_blank_first_line_means_no_headers_in_a_body_part_but_not_in_a_stored_message() -> None:
    raw = b"\r\nSubject: x\r\n\r\n"
    assert split(raw, 0, len(raw), nested=True).fields == ()
    assert split(raw, 0, len(raw), nested=True).body_start == 2
    assert names(whole(raw)) == ["Subject"]


def test_space_before_the_colon_is_the_obsolete_syntax() -> None:
    assert names(whole(b"Subject : x\n\n")) == ["Subject"]


def test_too_many_fields_become_one_defect_that_covers_the_rest() -> None:
    raw = b"X: y\n" * (MOST_FIELDS + 5) + b"\nbody"
    block = whole(raw)
    assert len(block.fields) == MOST_FIELDS
    assert raw[block.body_start :] == b"body"
    assert [(d.what, d.end - d.start) for d in block.defects] == [("too many header fields", 25)]


def test_a_field_too_long_is_cut_and_the_rest_has_a_span() -> None:
    raw = b"X: " + b"y" * LONGEST_FIELD + b"\nSubject: z\n\n"
    block = whole(raw)
    assert names(block) == ["X", "Subject"]
    assert len(block.first("x")) == LONGEST_FIELD
    assert [(d.what, d.end - d.start) for d in block.defects] == [("field too long", 1)]


@given(st.binary(max_size=400))
def test_any_bytes_are_split_and_every_byte_of_the_block_is_accounted_for(raw: bytes) -> None:
    account(raw)


PIECES = [b"A: b", b"\r\n", b"\n", b"\r", b" ", b"\0", b"From x", b":", b"\xef\xbb\xbf", b"junk", b"http://x"]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_header_pieces_is_accounted_for(pieces: list[bytes]) -> None:
    account(b"".join(pieces))


def account(raw: bytes) -> None:
    """Fields and defects must tile the block up to the blank line."""
    block = whole(raw)
    holes = [(defect.start, defect.end) for defect in block.defects if defect.end > defect.start]
    spans = sorted([(field.start, field.end) for field in block.fields] + holes)
    at = 0
    for start, end in spans:
        assert start == at
        at = end
    assert raw[at : block.body_start] in (b"", b"\n", b"\r", b"\r\n", b"\r\r\n")


@pytest.mark.parametrize("piece", [b"\r", b"\0", b"a\n", b"a:\n", b" \n", b"\r\n ", b":", b"a", b"\0\n", b"a\0\n"])
def test_hostile_repetition_is_linear(piece: bytes) -> None:
    began = time.process_time()
    whole(b"A: b\n" + piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 3
