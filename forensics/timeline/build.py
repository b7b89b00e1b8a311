"""Records into the timeline: one Parquet file for each table of the timeline, from events to coverage.

DuckDB does the work and spills to disk; the same records give the same bytes, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
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
LARGE = 1 << 19
"""Of more records than these the tables between records and timeline are kept in a file; below, memory is faster."""
_LEFT = """
    SELECT table_name AS name FROM duckdb_tables() WHERE starts_with(table_name, 'tl_') AND table_name <> 'tl_line'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineResult:
    """What a timeline came to: its events, its logical messages, and the files, those of events and messages first."""

    events: int
    logical: int
    files: tuple[Path, ...]


def build(case: CaseView, out: Path, *, large: int = LARGE) -> TimelineResult:
    """Write the timeline of ``case`` into the folder ``out``, replacing what is there."""
    out.mkdir(parents=True, exist_ok=True)
    with case.workspace() if sum(case.counts().values()) > large else nullcontext():
        return _built(case, out)


def _built(case: CaseView, out: Path) -> TimelineResult:
    _run(case, (*same_message.TABLES, *log_rows.TABLES, *queue_spans.TABLES, *joins.TABLES))
    _drop(case, (*same_message.DONE_WITH, *joins.DONE_WITH))
    _run(case, events.TABLES)
    files = [out / EVENTS_FILE]
    count = _write(case.slices(events.EVENTS), files[0])
    _drop(case, events.DONE_WITH)
    files.append(_made(case, same_message.LOGICAL, out / LOGICAL_FILE))
    _drop(case, ("tl_rivals",))
    logical = _count(case, "SELECT count(DISTINCT logical_id) AS n FROM tl_copy")
    files += _tables(case, out)
    _drop(case, [str(row["name"]) for row in case.rows(_LEFT)])
    case.connection.execute("DROP VIEW tl_log")
    _drop(case, ["tl_line"])
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
        # Not temporary, so that they lie where tables of millions of rows should lie; see CaseView.workspace.
        case.connection.execute(statement.replace("CREATE OR REPLACE TEMP ", "CREATE OR REPLACE ", 1))


def _drop(case: CaseView, names: Iterable[str]) -> None:
    for name in names:
        case.connection.execute(f"DROP TABLE {name}")


def _count(case: CaseView, sql: str) -> int:
    return int(case.rows(sql)[0]["n"])


def _made(case: CaseView, sql: str, path: Path) -> Path:
    _write(case.slices(sql), path)
    return path


def _write(slices: Iterable[Any], path: Path) -> int:
    """Write the answers end to end beside ``path`` and move them there: a crash leaves the old file or the new one."""
    beside, rows = path.with_name(path.name + ".new"), 0

    def counted() -> Iterator[Any]:
        nonlocal rows
        for each in _ahead(iter(slices)):
            rows += len(each)
            yield each

    tables.write_slices(counted(), beside)
    beside.replace(path)
    return rows


def _ahead(slices: Iterator[Any]) -> Iterator[Any]:
    """The same slices; while one is written, the next one is asked for."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, slices, None)
        while (slice_ := coming.result()) is not None:
            coming = pool.submit(next, slices, None)
            yield slice_
