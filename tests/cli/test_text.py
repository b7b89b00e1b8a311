"""Nothing from evidence steers the terminal, and numbers read well."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.cli import text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]52;c;ZXZpbA==\x07", "\\x1b]52;c;ZXZpbA==\\x07"),
        ("\x9b31mred", "\\x9b31mred"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("two\nlines\r", "two\\x0alines\\x0d"),
        ("a\u2028b", "a\\u2028b"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("lone \udcff", "lone \\udcff"),
        ("件名\u3000全角 [/x] [link=file:///etc/passwd]", "件名\u3000全角 [/x] [link=file:///etc/passwd]"),
    ],
)
def test_what_could_steer_the_terminal_is_shown_by_its_number(raw: str, shown: str) -> None:
    assert text.clean(raw) == shown


@given(st.text())
def test_no_control_or_format_character_gets_through(raw: str) -> None:
    cleaned = text.clean(raw)
    assert not {unicodedata.category(c) for c in cleaned} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert text.clean(cleaned) == cleaned


def test_japanese_takes_two_columns() -> None:
    assert text.width("abc 件名") == 8
    assert text.padded("件", 4) == "件  "


def test_numbers_have_units() -> None:
    assert [text.size(n) for n in (0, 999, 1000, 2_500_000, 3 * 10**13)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "2.5 MB",
        "30.0 TB",
    ]
    assert [text.seconds(n) for n in (8.9, 185, 7385)] == ["8 s", "3:05 min", "2:03:05 h"]
    assert [text.many(n, "file") for n in (0, 1, 2000)] == ["0 files", "1 file", "2,000 files"]
