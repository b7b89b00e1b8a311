"""The rows of a CSV log (RFC 4180) with their place in the file; a cell may hold line ends, a file may use ; or tab.

A quote that never closes would swallow all rows behind it: after ``MOST_LINES`` lines or ``LONGEST`` bytes the first
line is given back as broken and reading goes on with the line after it.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.formats.logs.lines import LONGEST, Line

MOST_LINES = 2000
_DELIMITERS = ",\t;"
# The library refuses longer cells; AuditData of a mailbox can be longer than its default of 128 KiB.
csv.field_size_limit(LONGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: the number of its first line, its place, its bytes, its cells; ``broken`` says why it has none."""

    number: int
    start: int
    end: int
    raw: bytes
    cells: list[str] = field(default_factory=list)
    broken: str = ""


def delimiter_of(header: str) -> str:
    """The delimiter that cuts the header row into the most cells."""
    return max(_DELIMITERS, key=lambda each: (header.count(each), -_DELIMITERS.index(each)))


def read_rows(lines: Iterator[Line], delimiter: str = ",") -> Iterator[Row]:
    """Every row; an empty line between rows is none."""
    ahead: deque[Line] = deque()
    while True:
        count = _closed(ahead, lines)
        if not ahead:
            return
        taken = [ahead.popleft() for _ in range(count or 1)]
        if not count:
            yield _row(taken, delimiter, broken="a quote in this row is never closed")
        elif count > 1 or taken[0].text:
            yield _row(taken, delimiter)


def _closed(ahead: deque[Line], lines: Iterator[Line]) -> int:
    """After how many lines every quote is closed; 0 where that never happens. ``ahead`` is filled as far as needed."""
    quotes = size = 0
    for count in range(1, MOST_LINES + 1):
        if len(ahead) < count:
            line = next(lines, None)
            if line is None:
                return 0
            ahead.append(line)
        quotes += ahead[count - 1].text.count('"')
        size += len(ahead[count - 1].raw)
        if quotes % 2 == 0:
            return count
        if size >= LONGEST:
            return 0
    return 0


def _row(lines: list[Line], delimiter: str, broken: str = "") -> Row:
    first, last = lines[0], lines[-1]
    raw = b"\n".join(line.raw for line in lines)
    cells: list[str] = []
    if not broken:
        try:
            cells = next(csv.reader(["\n".join(line.text for line in lines)], delimiter=delimiter), [])
        except csv.Error as error:
            broken = str(error)
    return Row(number=first.number, start=first.start, end=last.end, raw=raw, cells=cells, broken=broken)
