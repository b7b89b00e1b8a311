"""Records into the timeline: ``events.parquet`` has a row for each clock reading, ``logical.parquet`` one a copy.

DuckDB does the work and spills to disk; the same records give the same bytes, whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import tables
from forensics.casefile.view import CaseView
from forensics.timeline import events, same_message

EVENTS_FILE = "events.parquet"
LOGICAL_FILE = "logical.parquet"
SLICE = 1 << 19
"""So many events are joined and written at a time; only their keys are ever sorted together."""
# Columns whose texts come again and again; ids and addresses hardly do, and coding them would cost more than it saves.
_COMING_AGAIN = frozenset(
    (
        "meaning",
        "basis",
        "says",
        "zone",
        "precision",
        "evidence",
        "store_path",
        "recovery",
        "actor",
        "action",
        "sentence_ja",
        "sentence_en",
        "sender",
        "recipients",
        "recognised_by",
    )
)
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
    """Write the answers beside ``path``, end to end, and move them there: a crash leaves the old file or the new one.

    Each answer is dictionary-coded before the next is asked for, because the same accounts and sentences come again
    and again: ten million events then wait in a fraction of the memory that their texts would take.
    """
    answers = [_folded(case.batches(sql, SLICE).read_all()) for sql in queries]
    batches = [batch for answer in answers for batch in answer.to_batches()]
    beside = path.with_name(path.name + ".new")
    tables.write_parquet(answers[0].from_batches(batches, schema=answers[0].schema), beside)
    beside.replace(path)


def _folded(table: Any) -> Any:
    for index, field in enumerate(table.schema):
        if field.name in _COMING_AGAIN:
            table = table.set_column(index, field.name, table.column(index).dictionary_encode())
    return table
