"""Compressed RTF and what it carries, with the examples of [MS-OXRTFCP] section 3."""

from __future__ import annotations

import contextlib
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import FormatError
from forensics.formats.rtf import carried, decompress, is_rtf

_SIMPLE = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
_CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")


def test_the_first_example_of_the_specification_is_decompressed() -> None:
    found = decompress(_SIMPLE)
    assert found.raw == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert (found.crc_matches, found.problems) == (True, ())


def test_the_second_example_reads_what_it_writes() -> None:
    assert decompress(_CROSSING).raw == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_uncompressed_rtf_has_no_checksum() -> None:
    found = decompress(struct.pack("<IIII", 19, 7, 0x414C454D, 0) + b"{\\rtf1}")
    assert (found.raw, found.crc_matches) == (b"{\\rtf1}", None)


def test_a_wrong_checksum_is_stated_and_the_text_still_read() -> None:
    found = decompress(_SIMPLE[:12] + b"\0\0\0\0" + _SIMPLE[16:])
    assert found.raw.startswith(b"{\\rtf1")
    assert found.crc_matches is False
    assert "checksum" in found.problems[0]


def test_a_cut_stream_gives_what_is_there_and_says_what_is_not() -> None:
    found = decompress(_SIMPLE[:-12])
    assert found.raw.startswith(b"{\\rtf1\\ansi")
    assert len(found.problems) == 3


@pytest.mark.parametrize("raw", [b"", b"x" * 15, b"x" * 16])
def test_what_has_no_header_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        decompress(raw)


@given(st.binary(max_size=300))
def test_any_tokens_are_decompressed_to_no_more_than_the_header_states(raw: bytes) -> None:
    found = decompress(struct.pack("<IIII", len(raw) + 12, 500, 0x75465A4C, 0) + raw)
    assert len(found.raw) <= 500


def test_html_is_taken_out_as_the_specification_does() -> None:
    raw = (
        rb"{\rtf1\ansi\ansicpg932\fromhtml1 \deff0{\fonttbl{\f0\fswiss\fcharset128 Gothic;}}"
        rb"{\*\htmltag19 <html>}{\*\mhtmltag84 <a>}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 "
        rb"\'93\'fa\'96\{ \{x\}\par\htmlrtf \b\par }\htmlrtf0 {\*\htmltag72 </p>}{\*\htmltag27 </html>}}"
    )
    assert carried(raw) == ("html", "<html><p>日本 {x}\r\n</p></html>")


def test_text_made_into_rtf_comes_back_as_plain_text() -> None:
    raw = rb"{\rtf1\ansi\fromtext{\fonttbl{\f0\fmodern Courier;}}\f0 one\line two\tab\u26085?\u-10179?\u-8704?\par}"
    assert carried(raw) == ("plain", "one\ntwo\t日😀\n")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (rb"{\rtf1\ansicpg1251 \'cf\'f0}", "Пр"),
        (rb"{\rtf1\ansicpg1252{\fonttbl{\f1\fcharset204 x;}}\'e9{\f1\'cf\'f0}\'e9}", "éПрé"),
        (rb"{\rtf1\uc2\u26085\'93\'fa.\uc1\u26412?.}", "日.本."),
        (rb"{\rtf1{\*\generator x;}{\info{\title t}}{\pict 00ff}a{\*\unknown b}c}", "ac"),
        (rb"{\rtf1 a\bin3 {{{b\~c\_d\\\}}", "ab\u00a0c\u2011d\\}"),
        (rb"{\rtf1 a}}}} b", "a b"),
        (b"plain text", "plain text"),
    ],
)
def test_rtf_is_rendered_to_its_text(raw: bytes, text: str) -> None:
    assert carried(raw) == ("rtf", text)


def test_a_hundred_thousand_open_braces_are_read_in_linear_time() -> None:
    begun = time.process_time()
    small = carried(b"{\\rtf1 " + b"{a" * 20_000)
    first = time.process_time() - begun
    large = carried(b"{\\rtf1 " + b"{a" * 200_000 + b"}" * 200_000 + b"b")
    assert (len(small.text), len(large.text)) == (20_000, 200_001)
    assert time.process_time() - begun - first < max(first, 0.02) * 40


@given(st.text(alphabet="{}\\'*abuf01-~ \nhtmlrag", max_size=200))
def test_any_rtf_is_rendered_without_an_error(text: str) -> None:
    carried(b"{\\rtf1\\fromhtml1 " + text.encode("latin-1"))


@given(st.binary(max_size=200))
def test_any_bytes_are_text_of_some_kind(raw: bytes) -> None:
    carried(raw).text.encode()
    is_rtf(raw)
    with contextlib.suppress(FormatError):
        decompress(raw)
