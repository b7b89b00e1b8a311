"""Logs that come as a CSV table: Unified Audit Log, message traces, Exchange tracking, log search, sign-ins.

The header row decides what the table is; ``#Fields`` lines of Exchange may stand anywhere and hold from there on.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from forensics.address import Address
from forensics.formats.logs import entra, exchange_tracking, google, message_trace, unified_audit
from forensics.formats.logs.event import Logged
from forensics.formats.logs.lines import Line, encoding_of, read_lines
from forensics.formats.logs.rows import Row, delimiter_of, read_rows
from forensics.formats.logs.times import Assumed
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.parsers.logs.log_records import Place, Unread, event_of
from forensics.records import Record

_LOOK = 20

_Columns = Callable[[Sequence[str]], list[str]]
_OfRow = Callable[[Sequence[str], Sequence[str], Assumed], Logged]


@dataclass(frozen=True, slots=True)
class _Table:
    """One kind of table: whether a header is its own, its columns by our names, and the event of a row."""

    claims: Callable[[Sequence[str]], bool]
    columns: _Columns
    of_row: _OfRow


_TABLES = (
    _Table(unified_audit.claims_columns, list, lambda names, cells, _: unified_audit.of_row(names, cells)),
    _Table(
        exchange_tracking.claims_columns,
        exchange_tracking.columns_of,
        lambda names, cells, _: exchange_tracking.of_row(names, cells),
    ),
    _Table(
        message_trace.claims_columns,
        message_trace.columns_of,
        lambda names, cells, _: message_trace.of_row(names, cells),
    ),
    _Table(entra.claims_columns, entra.columns_of, entra.of_row),
    _Table(google.claims_columns, google.search_columns, google.of_row),
)


class TableLogParser:
    """Reads every row of a log that is a table."""

    name = "table-log"
    title = (
        "Log as a table (Unified Audit Log, message trace, Exchange tracking, Google log search, Entra sign-ins; CSV)"
    )
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """Files whose header row names the columns of a log that is known."""
        return 90 if _header(candidate.head) is not None else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A table is read whole: a cell may hold line ends, so no place inside is safe to begin at."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """An event for each row, a problem for each run of rows that cannot be read."""
        head = unit.handle.read(65536)
        found = _header(head)
        if found is None:
            return
        table, delimiter = found
        lines = read_lines(unit.handle, encoding_of(head), code_page=unit.settings.code_page)
        assumed = Assumed(zone=unit.settings.zone)
        unread = Unread(at)
        columns: list[str] = []
        for row in read_rows(lines, delimiter):
            if row.cells and table.claims(row.cells):
                columns = table.columns(row.cells)
                continue
            step = f"line:{row.number}"
            if _is_remark(row) or not unit.begin(step):
                continue
            place = Place(step=step, line=row.number, start=row.start, end=row.end, raw=row.raw)
            why = row.broken or ("" if columns and len(row.cells) > 1 else "this row does not have the table's columns")
            done = unread.add(place, why) if why else unread.take()
            if done:
                yield done
            if not why:
                yield event_of(table.of_row(columns, row.cells, assumed), place, at)
        done = unread.take()
        if done:
            yield done


def _is_remark(row: Row) -> bool:
    """``#Software``, ``#Version`` and their like of Exchange, and PowerShell's ``#TYPE``."""
    return row.raw.lstrip(b"\xef\xbb\xbf").startswith(b"#")


def _header(head: bytes) -> tuple[_Table, str] | None:
    """The kind of the table and its delimiter, from the first lines."""
    for line in _first(head):
        delimiter = delimiter_of(line.text)
        row = next(read_rows(iter((line,)), delimiter), None)
        if row is None or not row.cells:
            continue
        for table in _TABLES:
            if table.claims(row.cells):
                return table, delimiter
        if not row.cells[0].startswith("#"):
            return None
    return None


def _first(head: bytes) -> Iterator[Line]:
    lines = read_lines(io.BytesIO(head), encoding_of(head))
    for _, line in zip(range(_LOOK), lines, strict=False):
        if line.text.strip():
            yield line
