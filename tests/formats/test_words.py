"""Header values: every row of the table of how Japanese mailers break RFC 2047, and bytes without MIME."""

from __future__ import annotations

import time
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.words import decode_header, unfold


def word(label: bytes, content: bytes) -> bytes:
    return b"=?" + label + b"?B?" + b64encode(content) + b"?="


JAPANESE = "日本語テスト".encode()
WINDOWS = "①山田㈱髙﨑".encode("cp932")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (word(b"utf-8", JAPANESE[:4]) + b"\r\n " + word(b"UTF-8", JAPANESE[4:]), "日本語テスト"),
        (word(b"Shift_JIS", WINDOWS[:3]) + b" " + word(b"shift_jis", WINDOWS[3:]), "①山田㈱髙﨑"),
        (word(b"ISO-2022-JP", b"\x1b$BF|") + b"\n\t" + word(b"ISO-2022-JP", b"K\\\x1b(B"), "日本"),
        (word(b"ISO-2022-JP", b"\x1b$B-!-j|byu\x1b(I123\x1b(B"), "①㈱髙﨑ｱｲｳ"),
        (word(b"ISO-2022-JP*ja", b"\x1b$BF|K\\\x1b(B"), "日本"),
        ("表題の件です".encode("cp932"), "表題の件です"),
        ("表題の件です".encode("euc_jp"), "表題の件です"),
        ("表題の件です".encode(), "表題の件です"),
        (b"\x1b$BF|K\\\x1b(B desu", "日本 desu"),
        (b"Re:" + word(b"utf-8", JAPANESE), "Re:日本語テスト"),
    ],
    ids=[
        "UTF-8 split inside a character",
        "Shift_JIS label, Windows characters, split",
        "ISO-2022-JP split without a second escape",
        "ISO-2022-JP with Windows characters",
        "language suffix",
        "raw CP932",
        "raw EUC-JP",
        "raw UTF-8",
        "raw ISO-2022-JP",
        "no space before the word",
    ],
)
def test_every_known_way_to_write_a_japanese_header_is_read(raw: bytes, text: str) -> None:
    result = decode_header(b" " + raw)
    assert (result.text, result.bad) == (text, ())


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?B?44GC44G?= x", "あ\ufffd x"),
        (b"=?utf-8?B?44GCQQ?=", "あA"),
        (b"=?utf-8?B?44 GC?=", "あ"),
        (b"=?utf-8?Q?a_b=41 c?=", "a bA c"),
        (b"=?utf-8?q?a?= =?utf-8?q?b?= c =?utf-8?q?d?=", "ab c d"),
        (b"=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        (b"=?utf-8?q?a?=\r\n =?iso-8859-1?q?=E9?=", "aé"),
        (b"=?utf-8?B?44GC =?utf-8?B?44GE?=", "あい"),
        (b"=?utf-8?q?never ends", "=?utf-8?q?never ends"),
        (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        (b"=?punycode?q?abc?=", "abc"),
        (b"one\r\n two\r\n\tthree ", "one two\tthree"),
        (b"", ""),
    ],
)
def test_damaged_words_give_what_is_left_of_them(raw: bytes, text: str) -> None:
    assert decode_header(raw).text == text


def test_a_single_base64_digit_belongs_to_the_next_word() -> None:
    digits = b64encode("あいう".encode())
    raw = b"=?utf-8?B?" + digits[:5] + b"?= =?utf-8?B?" + digits[5:] + b"?="
    assert decode_header(raw).text == "あいう"


def test_bad_bytes_are_named_where_they_stand_in_the_folded_value() -> None:
    raw = b" ab\r\n c =?utf-8?q?=ff?="
    result = decode_header(raw)
    assert [raw[start:end] for start, end in result.bad] == [b"=?utf-8?q?=ff?="]
    raw = b" =?utf-8?q?ok?=\r\n x\xff\xe3\x81"
    assert all(0 <= start < end <= len(raw) for start, end in decode_header(raw).bad)


def test_the_result_says_what_was_declared_and_what_was_used() -> None:
    result = decode_header(word(b"Shift_JIS", b"\x87\x40") + b" " + word(b"utf-8", JAPANESE))
    assert (result.declared, result.charset, result.method) == ("Shift_JIS, utf-8", "cp932, utf-8", "declared")
    assert decode_header(b"plain").method == "ascii"
    assert decode_header("表題".encode("cp932")).method == "detected"


def test_a_line_break_smuggled_into_an_encoded_word_is_named() -> None:
    assert "line-break-in-encoded-word" in decode_header(b"=?utf-8?q?a=0D=0ABcc:_x?=").notes


def test_unfolding_keeps_the_white_space() -> None:
    assert unfold(b"a\r\n\tb\n c\r d") == b"a\tb c d"


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(raw: bytes) -> None:
    result = decode_header(raw)
    assert all(0 <= start < end <= len(raw) for start, end in result.bad)


PIECES = [
    b"=?",
    b"utf-8",
    b"iso-2022-jp",
    b"?B?",
    b"?q?",
    b"?=",
    b"44GC",
    b" ",
    b"\r\n ",
    b"=FF",
    b"\x1b$B",
    b"\x82",
    b"=",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_mixture_of_word_pieces_is_survived(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    assert all(0 <= start < end <= len(raw) for start, end in decode_header(raw).bad)


@pytest.mark.parametrize(
    "piece",
    [b"=?", b"=?a?b?", b"=?a?q?x", b"=?a?q?=ff?= ", b"=?utf-8?q?a?= x ", b"=?u?B?Q?= ", b"\r\n \xff", b"?=", b"\x1b$B"],
)
def test_hostile_repetition_is_linear(piece: bytes) -> None:
    began = time.process_time()
    decode_header(piece * (600_000 // len(piece)))
    assert time.process_time() - began < 3
