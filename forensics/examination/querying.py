"""Questions to the timeline of a case, and their answers as a file for other tools. Nothing of the case is changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import tables
from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.reports import inputs, timeline_exports
from forensics.timeline import query
from forensics.timeline.query import Question

PARQUET = "parquet"
FORMATS = (*timeline_exports.KINDS, PARQUET)


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
    total = query.count(case, question)
    return Answer(events=total, shown=tuple(query.events(case, question, limit=limit)))


def lines(case: CaseView, question: Question, kind: str, *, language: str, zone: str) -> Iterator[str]:
    """The whole answer as text in one of the formats."""
    return timeline_exports.lines_of(kind, query.events(case, question), language=language, zone=zone)


def export(case: CaseView, question: Question, kind: str, out: Path, *, language: str, zone: str) -> int:
    """Write the whole answer into a new file; how many events it holds."""
    total = query.count(case, question)
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError as error:
        raise UsageError(
            f"{out} is there already", place=str(out), todo="name a file that does not exist yet"
        ) from error
    if kind == PARQUET:
        os.close(descriptor)
        tables.write_slices([query.table(case, question)], out)
        return total
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as handle:
        handle.writelines(lines(case, question, kind, language=language, zone=zone))
    return total
