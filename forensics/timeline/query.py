"""Asks the timeline: which events, of whom, between when, of which thread or message; and all of it for a notebook.

Everything becomes one SQL query over the registered views; a condition that a person gives is one expression in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from forensics.casefile.view import CaseView
from forensics.errors import UsageError

_ORDER = "event.utc NULLS LAST, event.utc_ns NULLS LAST, event.evidence, event.address, event.position, event.event_id"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked. Empty is not asked; ``since`` counts, ``until`` does not, both as :func:`instant` gives them.

    ``thread`` and ``message`` name a message by the id of its record, by its Message-ID or by its logical message.
    """

    where: str = ""
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None
    thread: str = ""
    message: str = ""


def instant(text: str, zone: str, *, end: bool = False) -> datetime:
    """A day or a time as a person writes it, in the zone where it states none; with ``end`` a day counts whole."""
    try:
        if _DAY.fullmatch(text):
            day = datetime.combine(datetime.fromisoformat(text).date(), time(), ZoneInfo(zone))
            return (day + timedelta(days=1) if end else day).astimezone(UTC)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no day and no time",
            todo="write 2026-06-01 or 2026-06-01T10:00, with +09:00 behind it if need be",
        ) from error
    return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def count(case: CaseView, question: Question) -> int:
    """How many events answer the question."""
    where, values = _where(case, question)
    return int(case.asked(f"SELECT count(*) AS n FROM event WHERE {where}", values)[0]["n"])  # noqa: S608 - see _where


def events(case: CaseView, question: Question, *, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """The events that answer the question, in the order of the timeline."""
    sql, values = _whole(case, question)
    return case.each_asked(sql if limit is None else f"{sql} LIMIT {limit}", values)


def frame(case: CaseView, question: Question) -> Any:
    """The same as a pandas frame."""
    return case.frame(*_whole(case, question))


def slices(case: CaseView, question: Question) -> Iterator[Any]:
    """The same as Arrow tables, one after the other."""
    sql, values = _whole(case, question)
    # Asked once without an answer: what a person wrote wrongly is told as such.
    case.asked(f"{sql} LIMIT 0", values)
    return case.slices(sql, parameters=values)


def _whole(case: CaseView, question: Question) -> tuple[str, list[Any]]:
    """The events lie in their order in the file, and an answer keeps it, unless it was looked up from another table."""
    where, values = _where(case, question)
    order = f" ORDER BY {_ORDER}" if question.message or question.thread else ""
    return f"SELECT event.* FROM event WHERE {where}{order}", values  # noqa: S608 - see _where


def _where(case: CaseView, question: Question) -> tuple[str, list[Any]]:
    """The condition and its values. Texts of the question are values; only its own expression is SQL."""
    parts = [case.condition(question.where)]
    values: list[Any] = []
    if question.person:
        said = question.person.lower()
        parts.append(
            "(contains(lower(event.actor), ?) OR contains(lower(event.sender), ?) "
            "OR contains(lower(event.recipients), ?))"
        )
        values += [said, said, said]
    for instant_, sign in ((question.since, ">="), (question.until, "<")):
        if instant_ is not None:
            parts.append(f"event.utc {sign} ?")
            values.append(instant_)
    for named, found in ((question.message, logical_of), (question.thread, thread_of)):
        if named:
            wanted = sorted(found(case, named))
            parts.append("event.logical_id IN (SELECT unnest(?::VARCHAR[]))")
            values.append(wanted)
    return " AND ".join(parts), values


def logical_of(case: CaseView, named: str) -> set[str]:
    """The logical messages that a name stands for."""
    sql = """
        SELECT DISTINCT logical_id AS found FROM logical
        WHERE logical_id = $1 OR message_ref = $1 OR address = $1 OR message_id IN ($1, '<' || $1 || '>')
    """
    found = {str(row["found"]) for row in case.rows(sql, [named])}
    if not found:
        raise UsageError(
            f"no message is known as {named!r}",
            todo="give its Message-ID, its address (EV-0001/...) or the id that messages.csv shows",
        )
    return found


def thread_of(case: CaseView, named: str) -> set[str]:
    """All logical messages of the threads that the named message stands in; see :mod:`forensics.timeline.threads`."""
    # One step after the other, because only values that are known before are looked up by the statistics of the file.
    start = sorted(logical_of(case, named))
    sql = f"SELECT DISTINCT thread_id AS found FROM thread WHERE logical_id IN {_any_of(start)}"  # noqa: S608 - marks
    threads = [row["found"] for row in case.rows(sql, start)]
    if not threads:
        return set()
    sql = f"SELECT logical_id AS found FROM thread WHERE thread_id IN {_any_of(threads)}"  # noqa: S608 - marks only
    return {str(row["found"]) for row in case.rows(sql, threads)}


def _any_of(values: Sequence[object]) -> str:
    return f"({', '.join('?' * len(values))})"
