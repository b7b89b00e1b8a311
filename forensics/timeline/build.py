"""Records into the timeline: one Parquet file for each table of the timeline, from events to coverage.

DuckDB does the work and spills to disk; the same records give the same bytes, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import tables
from forensics.casefile.view import CaseView
from forensics.timeline import (
    access,
    coverage,
    events,
    identities,
    joins,
    lineage,
    log_rows,
    places,
    presence,
    queue_spans,
    same_message,
    sessions,
    threads,
)

EVENTS_FILE = "events.parquet"
LOGICAL_FILE = "logical.parquet"
SLICE = 1 << 19
"""So many events are joined and written at a time; only their keys are ever sorted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineResult:
    """What a timeline came to: its events, its logical messages, and the files, those of events and messages first."""

    events: int
    logical: int
    files: tuple[Path, ...]


def build(case: CaseView, out: Path) -> TimelineResult:
    """Write the timeline of ``case`` into the folder ``out``, replacing what is there."""
    out.mkdir(parents=True, exist_ok=True)
    _run(case, (*same_message.TABLES, *log_rows.TABLES, *queue_spans.TABLES, *joins.TABLES))
    _drop(case, joins.DONE_WITH)
    _run(case, events.TABLES)
    count = _count(case, "SELECT count(*) AS n FROM tl_event")
    slices = (events.slice_sql(first, first + SLICE) for first in range(0, max(count, 1), SLICE))
    files = [_write((case.arrow(sql) for sql in slices), out / EVENTS_FILE)]
    files.append(_made(case, same_message.LOGICAL, out / LOGICAL_FILE))
    logical = _count(case, "SELECT count(DISTINCT logical_id) AS n FROM tl_copy")
    _drop(case, ("tl_event", "tl_item", "tl_rivals"))
    files += _tables(case, out)
    _drop(
        case, [str(row["name"]) for row in case.rows("SELECT table_name AS name FROM duckdb_tables() WHERE temporary")]
    )
    return TimelineResult(events=count, logical=logical, files=tuple(files))


def _tables(case: CaseView, out: Path) -> Iterable[Path]:
    """Everything that is told from the joined logs and messages; each table is dropped when nothing needs it."""
    yield _made(case, joins.JOINS, out / "joins.parquet")
    identities.state(case)
    places.answers(case)
    _run(case, (*identities.TABLES, *places.TABLES))
    yield _made(case, identities.IDENTITIES, out / "identities.parquet")
    yield _made(case, places.PLACES, out / "places.parquet")
    yield _made(case, sessions.SESSIONS, out / "sessions.parquet")
    threads.connect(case)
    yield _made(case, threads.THREADS, out / "threads.parquet")
    _drop(case, threads.DONE_WITH)
    _run(case, access.TABLES)
    yield _made(case, access.ACCESS, out / "access.parquet")
    _drop(case, access.DONE_WITH)
    yield _made(case, lineage.LINEAGE, out / "lineage.parquet")
    _run(case, presence.TABLES)
    yield _made(case, presence.PRESENCE, out / "presence.parquet")
    _drop(case, presence.DONE_WITH)
    _run(case, coverage.TABLES)
    yield _made(case, coverage.COVERAGE, out / "coverage.parquet")


def _run(case: CaseView, statements: Iterable[str]) -> None:
    for statement in statements:
        case.connection.execute(statement)


def _drop(case: CaseView, names: Iterable[str]) -> None:
    for name in names:
        case.connection.execute(f"DROP TABLE {name}")


def _count(case: CaseView, sql: str) -> int:
    return int(case.rows(sql)[0]["n"])


def _made(case: CaseView, sql: str, path: Path) -> Path:
    return _write(case.slices(sql), path)


def _write(slices: Iterable[Any], path: Path) -> Path:
    """Write the answers end to end beside ``path`` and move them there: a crash leaves the old file or the new one."""
    beside = path.with_name(path.name + ".new")
    tables.write_slices(slices, beside)
    beside.replace(path)
    return path
