"""Records into the timeline: ``events.parquet`` has a row for each clock reading, ``logical.parquet`` one a copy.

DuckDB does the work and spills to disk; the same records give the same bytes, whatever the number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forensics import tables
from forensics.casefile.view import CaseView
from forensics.timeline import events, same_message

EVENTS_FILE = "events.parquet"
LOGICAL_FILE = "logical.parquet"
_BATCH = 1 << 17
_TEMPORARY = ("tl_keyed", "tl_rivals", "tl_copy", "tl_recipients", "tl_reading", "tl_repeat")


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
    count = _write(case, events.EVENTS, out / EVENTS_FILE)
    _write(case, same_message.LOGICAL, out / LOGICAL_FILE)
    logical = case.rows("SELECT count(DISTINCT logical_id) AS n FROM tl_copy")[0]["n"]
    for name in _TEMPORARY:
        case.connection.execute(f"DROP TABLE {name}")
    return TimelineResult(events=count, logical=logical, files=(out / EVENTS_FILE, out / LOGICAL_FILE))


def _write(case: CaseView, sql: str, path: Path) -> int:
    """Write the answer beside ``path`` and move it there, so that a crash leaves the old file or the new one."""
    table = case.batches(sql, _BATCH).read_all()
    beside = path.with_name(path.name + ".new")
    tables.write_parquet(table, beside)
    beside.replace(path)
    return int(table.num_rows)
