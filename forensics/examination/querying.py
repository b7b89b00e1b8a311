"""Questions to the timeline of a case, and their answers as a file for other tools. Nothing of the case is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import tables
from forensics.casefile.view import CaseView as CaseView
from forensics.errors import UsageError
from forensics.reports import inputs, timeline_exports
from forensics.timeline import query, tabled
from forensics.timeline.query import Question as Question

PARQUET = "parquet"
FORMATS = (*timeline_exports.KINDS, PARQUET)
TABLE_FORMATS = ("csv", "jsonl", PARQUET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How many events answer a question, and the first of them in the order of the timeline."""

    events: int
    shown: tuple[dict[str, Any], ...] = ()


def question_of(
    zone: str,
    *,
    where: str = "",
    person: str = "",
    between: tuple[str, str] = ("", ""),
    thread: str = "",
    message: str = "",
) -> Question:
    """The question that a person asked in words; days and times without a zone are in ``zone``."""
    since, until = between
    return Question(
        where=where,
        person=person,
        since=query.instant(since, zone) if since else None,
        until=query.instant(until, zone, end=True) if until else None,
        thread=thread,
        message=message,
    )


def opened(folder: Path) -> CaseView:
    """The case, if it has a timeline."""
    case = CaseView(folder)
    inputs.need_timeline(case)
    return case


def ask(case: CaseView, question: Question, *, limit: int) -> Answer:
    """The number of events and the first ``limit`` of them."""
    shown = tuple(query.events(case, question, limit=limit))
    # What is shown whole needs no counting.
    return Answer(events=len(shown) if len(shown) < limit else query.count(case, question), shown=shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAnswer:
    """How many rows of a table answer a question, the first of them, and the columns that a terminal shows."""

    rows: int
    columns: tuple[str, ...]
    shown: tuple[dict[str, Any], ...]


def ask_table(case: CaseView, name: str, question: Question, *, limit: int) -> TableAnswer:
    """The number of rows of a table and the first ``limit`` of them."""
    shown = tuple(tabled.rows(case, name, question, limit=limit))
    total = len(shown) if len(shown) < limit else tabled.count(case, name, question)
    return TableAnswer(rows=total, columns=tabled.TABLES[name].shown, shown=shown)


def table_lines(case: CaseView, name: str, question: Question, kind: str) -> Iterator[str]:
    """All rows that answer, as text in one of the formats; all columns, times in UTC."""
    if kind not in TABLE_FORMATS:
        raise UsageError(f"{kind} is for events, not for the table {name}", todo="name csv, jsonl or parquet")
    found = tabled.rows(case, name, question)
    return timeline_exports.table_lines(kind, tabled.columns(case, name), found)


def export_table(case: CaseView, name: str, question: Question, kind: str, out: Path) -> int:
    """Write all rows of a table that answer into a new file; how many it holds."""
    total = tabled.count(case, name, question)
    texts = table_lines(case, name, question, kind) if kind != PARQUET else iter(())
    _write_new(out, texts, tabled.slices(case, name, question) if kind == PARQUET else None)
    return total


def lines(case: CaseView, question: Question, kind: str, *, language: str, zone: str) -> Iterator[str]:
    """The whole answer as text in one of the formats."""
    return timeline_exports.lines_of(kind, query.events(case, question), language=language, zone=zone)


def export(case: CaseView, question: Question, kind: str, out: Path, *, language: str, zone: str) -> int:
    """Write the whole answer into a new file; how many events it holds."""
    total = query.count(case, question)
    if kind == PARQUET:
        _write_new(out, iter(()), query.slices(case, question))
    else:
        _write_new(out, lines(case, question, kind, language=language, zone=zone), None)
    return total


def _write_new(out: Path, texts: Iterator[str], slices: Iterator[Any] | None) -> None:
    """Write texts, or Arrow tables end to end where they are given, into a file that was not there."""
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError as error:
        raise UsageError(
            f"{out} is there already", place=str(out), todo="name a file that does not exist yet"
        ) from error
    if slices is not None:
        os.close(descriptor)
        tables.write_slices(slices, out)
        return
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as handle:
        handle.writelines(texts)
