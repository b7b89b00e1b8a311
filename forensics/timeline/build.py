"""Records into the timeline: ``events.parquet`` has a row for each clock reading, ``logical.parquet`` one a copy.

DuckDB does the work and spills to disk; the same records give the same bytes, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from forensics import tables
from forensics.casefile.view import CaseView
from forensics.timeline import events, same_message

EVENTS_FILE = "events.parquet"
LOGICAL_FILE = "logical.parquet"
SLICE = 1 << 19
"""So many events are joined and written at a time; only their keys are ever sorted together."""
_TEMPORARY = ("tl_keyed", "tl_rivals", "tl_copy", "tl_event", "tl_item")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineResult:
    """What a timeline came to: its events, its logical messages, and the files that hold both."""

    events: int
    logical: int
    files: tuple[Path, ...]


def build(case: CaseView, out: Path) -> TimelineResult:
    """Write the timeline of ``case`` into the folder ``out``, replacing what is there."""
    out.mkdir(parents=True, exist_ok=True)
    for statement in (*same_message.TABLES, *events.TABLES):
        case.connection.execute(statement)
    count = _count(case, "SELECT count(*) AS n FROM tl_event")
    slices = (events.slice_sql(first, first + SLICE) for first in range(0, max(count, 1), SLICE))
    _write(case, slices, out / EVENTS_FILE)
    _write(case, (same_message.LOGICAL,), out / LOGICAL_FILE)
    logical = _count(case, "SELECT count(DISTINCT logical_id) AS n FROM tl_copy")
    for name in _TEMPORARY:
        case.connection.execute(f"DROP TABLE {name}")
    return TimelineResult(events=count, logical=logical, files=(out / EVENTS_FILE, out / LOGICAL_FILE))


def _count(case: CaseView, sql: str) -> int:
    return int(case.rows(sql)[0]["n"])


def _write(case: CaseView, queries: Iterable[str], path: Path) -> None:
    """Write the answers end to end beside ``path`` and move them there: a crash leaves the old file or the new one."""
    beside = path.with_name(path.name + ".new")
    tables.write_slices((case.arrow(sql) for sql in queries), beside)
    beside.replace(path)
