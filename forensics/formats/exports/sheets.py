"""The CSV reports of an export (RFC 4180; UTF-8 or UTF-16, comma, tab or semicolon), with columns by folded name.

``Target Path``, ``target_path`` and ``TargetPath`` are one column: ``targetpath``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.errors import FormatError
from forensics.formats.logs.rows import delimiter_of

_NOT_NAME = re.compile(r"[\W_]+")
_LONGEST_CELL = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table: the folded names of its columns, and its rows as cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def dicts(self) -> Iterator[dict[str, str]]:
        """Each row by the folded names of its columns."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=False))


def folded(name: str) -> str:
    """The name of a column without blanks, case and punctuation."""
    return _NOT_NAME.sub("", name).lower()


def text_of(data: bytes) -> str:
    """The text of a report; :class:`FormatError` where it is in no Unicode encoding."""
    codec = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise FormatError("this report is not Unicode text", offset=error.start) from error


def read_rows(data: bytes) -> list[tuple[str, ...]]:
    """Every row that is not empty, without telling a heading."""
    text = text_of(data)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text.partition("\n")[0]))
        return [tuple(cell.strip() for cell in row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise FormatError(f"this report is no CSV: {error}") from error


def read_sheet(data: bytes) -> Sheet:
    """The table with its first row as heading."""
    rows = read_rows(data)
    columns = tuple(folded(cell) for cell in rows[0]) if rows else ()
    return Sheet(columns=columns, rows=tuple(rows[1:]))


def whole(text: str) -> int:
    """The whole number in a cell, with or without thousands marks; -1 where there is none."""
    digits = text.replace(",", "").replace(" ", "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else -1
