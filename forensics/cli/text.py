"""Text on its way to a person: nothing from evidence may steer the terminal, and numbers are easy to read.

Mail can carry ESC and C1 sequences, bidirectional overrides and invisible characters (reference: hostile input, R5).
:func:`clean` is the one way out for them: they are shown as what they are, by their number.
"""

from __future__ import annotations

import unicodedata

_UNSAFE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def clean(text: str) -> str:
    """The text with every control, format and line-breaking character replaced by its escape, such as ``\\x1b``."""
    if text.isprintable():
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in _UNSAFE else c for c in text)


def _escaped(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def width(text: str) -> int:
    """The columns that a cleaned text takes on a terminal; Chinese and Japanese characters take two."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """The text followed by as many blanks as fill the columns."""
    return text + " " * (columns - width(text))


def size(count: float) -> str:
    """A number of bytes, in the unit that leaves one to three digits before the point."""
    number = float(count)
    for unit in _UNITS[:-1]:
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} {_UNITS[-1]}"


def many(count: int, one: str, more: str = "") -> str:
    """A number with its noun: ``1 file``, ``2,000 files``."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def seconds(count: float) -> str:
    """A span of time: ``8 s``, ``3:05 min``, ``2:03:05 h``."""
    whole = int(count)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d} h"
