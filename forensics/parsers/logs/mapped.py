"""Hold, approval and endpoint logs as tables, read by a mapping of the case or, where that is certain, by a preset.

A mapping that a person put into the case for a file decides alone. Without one, a table is read only where its columns
and most of its first values are words of a generic preset; no product is ever concluded from a table.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from forensics.address import Address
from forensics.formats.logs.event import Logged
from forensics.formats.logs.japanese_times import table_time
from forensics.formats.logs.lines import Encoding, decode, encoding_of, read_lines
from forensics.formats.logs.mapped import Header, Mapped
from forensics.formats.logs.mapping import ENCODINGS, TIMES
from forensics.formats.logs.rows import Row, delimiter_of, read_rows
from forensics.formats.logs.times import Assumed
from forensics.formats.sniff import HEAD, Kind
from forensics.parsers.contract import Candidate, Keep, Range, Settings, Unit
from forensics.parsers.logs.log_records import Place, Unread, event_of
from forensics.records import Problem, Record

FIRST_ROWS = 200
_TITLES = 10
_FEWEST = 3
"""Columns of a table that is recognised: a time, an action, somebody."""
_CERTAIN, _TOLD = 60, 95
_TEXT = (Kind.LOG, Kind.TEXT, Kind.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """How a file is read: the mapping, the header, and the place of the header's row."""

    mapped: Mapped
    header: Header
    line: int
    delimiter: str
    encoding: Encoding
    sha256: str = ""
    """The hash of the mapping that a person put into the case; none for a preset."""


class MappedLogParser:
    """Reads every row of a table by a mapping."""

    name = "mapped-log"
    title = "Hold, approval or endpoint log as a table (CSV, by a mapping or a generic preset; not verified)"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """Tables for which the case has a mapping, and those that a generic preset recognises with certainty."""
        if candidate.sniffed.kind not in _TEXT:
            return 0
        found = _table(candidate.path, candidate.head, candidate.settings, candidate.size)
        return 0 if found is None else _TOLD if found.sha256 else _CERTAIN

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A table is read whole: a cell may hold line ends, so no place inside is safe to begin at."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """An event for each row, a problem for each run of rows that cannot be read."""
        table = _table(unit.path, unit.handle.read(HEAD), unit.settings, unit.size)
        if table is None:
            return
        why = table.mapped.why_not(table.header)
        if why:
            yield Problem(
                address=at, what="the mapping does not fit this table", lost="all rows of the table", cause=why
            )
            return
        lines = read_lines(unit.handle, table.encoding, code_page=unit.settings.code_page)
        unread = Unread(at)
        for row in read_rows(lines, table.delimiter):
            step = f"line:{row.number}"
            if _is_header(row, table.header) or not unit.begin(step):
                continue
            place = Place(step=step, line=row.number, start=row.start, end=row.end, raw=row.raw)
            why = _unreadable(row, table)
            done = unread.add(place, why) if why else unread.take()
            if done:
                yield done
            if not why:
                yield event_of(_logged(row, table, unit.settings), place, at)
        done = unread.take()
        if done:
            yield done


def _logged(row: Row, table: Recognised, settings: Settings) -> Logged:
    found = table.mapped.of_row(table.header, row.cells, settings.zone)
    if table.sha256:
        found = replace(found, detail={**found.detail, "mapping_sha256": table.sha256})
    if decode(row.raw, table.encoding, settings.code_page)[1] == "latin-1":
        found = replace(found, warnings=(*found.warnings, "the row is in no encoding that was tried"))
    return found


def _unreadable(row: Row, table: Recognised) -> str:
    if row.broken:
        return row.broken
    if row.number < table.line:
        return "this row stands above the names of the columns"
    header = table.header
    if len(row.cells) > 1 and header.text(row.cells, "action"):
        return ""
    # A sum below the table has some text in each column too.
    if any(table_time(header.text(row.cells, role), Assumed()) for role in TIMES):
        return ""
    return "this row has neither a time nor an action"


def _is_header(row: Row, header: Header) -> bool:
    """The names of the columns; exports that were joined repeat them."""
    return tuple(row.cells) == header.names


# -- choosing -----------------------------------------------------------------------------------------------------


def _table(path: str, head: bytes, settings: Settings, size: int) -> Recognised | None:
    """How a file is read; ``None`` where it is no table of ours."""
    for given in settings.mappings:
        if fits(path, str(given["pattern"])):
            return _told(given, head, settings, size)
    return recognised(head, settings, size)


def fits(path: str, pattern: str) -> bool:
    """A pattern with a slash is held against the whole path, another against the name alone."""
    return fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern)


def _told(given: Mapping[str, Any], head: bytes, settings: Settings, size: int) -> Recognised | None:
    """By the mapping of the case: the row in which it knows the most columns holds their names."""
    mapped = _compiled(json.dumps(given["mapping"], sort_keys=True))
    encoding = _encoding(head, str(given["mapping"].get("encoding", "auto")))
    rows, delimiter = _rows(head, encoding, settings, size)
    known = [(len(header.at) + len(header.twice), -row.number, header, row) for row, header in _headers(rows, mapped)]
    if not known or max(known)[0] == 0:
        return None
    _, _, header, row = max(known, key=lambda each: each[:2])
    return Recognised(
        mapped=mapped,
        header=header,
        line=row.number,
        delimiter=delimiter,
        encoding=encoding,
        sha256=str(given["sha256"]),
    )


def recognised(head: bytes, settings: Settings, size: int) -> Recognised | None:
    """By the preset that understands the most of the actions, then of the columns; the first of those alike."""
    encoding = _encoding(head, "auto")
    if not settings.presets or (b"\0" in head and encoding.width == 1):
        return None
    rows, delimiter = _rows(head, encoding, settings, size)
    best: tuple[int, int] = (0, 0)
    found: Recognised | None = None
    for preset in settings.presets:
        mapped = _compiled(json.dumps(preset, sort_keys=True))
        for place, (row, header) in enumerate(_headers(rows, mapped)):
            if len(header.at) < _FEWEST:
                continue
            below = [each.cells for each in rows[place + 1 :] if not each.broken]
            score = mapped.known_actions(header, below), len(header.at)
            if score > best and mapped.is_certain(header, below):
                best = score
                found = Recognised(
                    mapped=mapped, header=header, line=row.number, delimiter=delimiter, encoding=encoding
                )
    return found


def first_rows(head: bytes, settings: Settings, size: int, encoding: str = "auto") -> list[list[str]]:
    """The cells of the first rows of a table, broken rows left out."""
    return [row.cells for row in _rows(head, _encoding(head, encoding), settings, size)[0] if not row.broken]


def _headers(rows: Sequence[Row], mapped: Mapped) -> Iterator[tuple[Row, Header]]:
    """The rows that could name the columns."""
    return ((row, mapped.header(row.cells)) for row in rows[:_TITLES])


def _rows(head: bytes, encoding: Encoding, settings: Settings, size: int) -> tuple[list[Row], str]:
    """The first rows of the file that lie in its first bytes as a whole, and what stands between their cells."""
    whole = len(head) >= size
    texts = read_lines(io.BytesIO(head), encoding, code_page=settings.code_page)
    first = [line.text for _, line in zip(range(_TITLES), texts, strict=False)]
    # A title above the table has no delimiter; the names of the columns have the most.
    delimiter = delimiter_of(max(first, key=lambda text: text.count(delimiter_of(text)), default=""))
    lines = read_lines(io.BytesIO(head), encoding, code_page=settings.code_page)
    rows = [row for _, row in zip(range(FIRST_ROWS + _TITLES + 1), read_rows(lines, delimiter), strict=False)]
    if not whole and rows and rows[-1].end >= len(head) - 2:
        rows.pop()
    return rows, delimiter


def _encoding(head: bytes, name: str) -> Encoding:
    """What the file itself states by its first bytes, else what the mapping says."""
    stated = encoding_of(head)
    codec = ENCODINGS[name]
    if not codec or stated.width == 2 or stated.mark:
        return stated
    return Encoding(codec=codec, width=2 if codec.startswith("utf-16") else 1)


@lru_cache(maxsize=64)
def _compiled(text: str) -> Mapped:
    return Mapped(json.loads(text))
