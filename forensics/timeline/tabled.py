"""Asks the tables beside the events: presence, access, sessions, coverage, threads and the rest, with one question.

The question is that of :mod:`forensics.timeline.query`. Its condition is one expression over the columns of the table,
a person is looked for in its columns of accounts, and a span of time meets what lies in it or reaches into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.timeline import query
from forensics.timeline.query import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabled:
    """One table: the view, its total order, the columns of accounts and of time, and those that a terminal shows."""

    view: str
    order: str
    people: tuple[str, ...]
    first: str
    last: str
    shown: tuple[str, ...]
    messages: bool = True


TABLES = {
    "presence": Tabled(
        view="presence",
        order="utc NULLS LAST, logical_id NULLS LAST, message_id, kind DESC, place NULLS LAST, account, ground",
        people=("account", "place"),
        first="utc",
        last="utc",
        shown=("utc", "message_id", "place", "account", "status", "ground", "copies"),
    ),
    "access": Tabled(
        view="access",
        order="first NULLS LAST, account, ip, last, how, session, actor, folder, logical_id NULLS FIRST, message_id",
        people=("account", "actor"),
        first="first",
        last="coalesce(last, first)",
        shown=("first", "last", "account", "ip", "how", "message_id", "folder", "bytes", "cannot_say"),
    ),
    "sessions": Tabled(
        view="session",
        order="account NULLS LAST, ip NULLS LAST",
        people=("account",),
        first="least(first, first_failure)",
        last="greatest(last, last_failure)",
        shown=("account", "ip", "logins", "failures", "failures_before", "first", "last", "user_agents"),
        messages=False,
    ),
    "coverage": Tabled(
        view="coverage",
        order="kind DESC, place, account NULLS FIRST, box NULLS FIRST, month NULLS LAST",
        people=("account", "place"),
        first="first",
        last="last",
        shown=(
            "kind",
            "place",
            "account",
            "month",
            "events",
            "days",
            "silent_days",
            "missing",
            "gaps",
            "retention_days",
        ),
        messages=False,
    ),
    "threads": Tabled(
        view="thread",
        order="thread_id, position",
        people=("base_subject",),
        first="utc",
        last="utc",
        shown=(
            "thread_id",
            "position",
            "utc",
            "base_subject",
            "grounds",
            "parent_message_id",
            "missing",
            "same_subject",
        ),
    ),
    "identities": Tabled(
        view="identity",
        order="identity, kind, value, ground",
        people=("identity", "value"),
        first="first",
        last="last",
        shown=("identity", "value", "kind", "ground", "strength", "messages", "shared_by"),
        messages=False,
    ),
    "places": Tabled(
        view="place",
        order="kind DESC, place",
        people=("account", "place"),
        first="first",
        last="last",
        shown=("place", "account", "ground", "share", "candidates", "entries", "first", "last"),
        messages=False,
    ),
    "lineage": Tabled(
        view="lineage",
        order="sha256 NULLS LAST, crc32, size, position",
        people=("sender",),
        first="utc",
        last="utc",
        shown=("sha256", "position", "messages", "utc", "sender", "how", "name", "archive", "address"),
    ),
    "joins": Tabled(
        view="log_join",
        order="utc NULLS LAST, log_event_id, logical_id NULLS LAST, message_id",
        people=("source",),
        first="utc",
        last="utc",
        shown=("utc", "source", "message_id", "strength", "ground", "grounds", "candidates"),
    ),
}


def count(case: CaseView, name: str, question: Question) -> int:
    """How many rows of the table answer the question."""
    where, values = _where(case, TABLES[name], question)
    sql = f"SELECT count(*) AS n FROM {TABLES[name].view} WHERE {where}"  # noqa: S608 - see _where
    return int(case.asked(sql, values)[0]["n"])


def rows(case: CaseView, name: str, question: Question, *, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """The rows of the table that answer the question, in the table's order."""
    where, values = _where(case, TABLES[name], question)
    end = "" if limit is None else f" LIMIT {limit}"
    return case.each_asked(_select(TABLES[name], where) + end, values)


def columns(case: CaseView, name: str) -> list[str]:
    """The names of the table's columns."""
    _need(case, TABLES[name])
    return list(case.arrow(f"SELECT * FROM {TABLES[name].view} LIMIT 0").schema.names)  # noqa: S608 - a name of ours


def slices(case: CaseView, name: str, question: Question) -> Iterator[Any]:
    """The same as Arrow tables, one after the other."""
    where, values = _where(case, TABLES[name], question)
    sql = _select(TABLES[name], where)
    # Asked once without an answer: what a person wrote wrongly is told as such.
    case.asked(f"{sql} LIMIT 0", values)
    return case.slices(sql, parameters=values)


def _select(kind: Tabled, where: str) -> str:
    return f"SELECT * FROM {kind.view} WHERE {where} ORDER BY {kind.order}"  # noqa: S608 - see _where


def _need(case: CaseView, kind: Tabled) -> None:
    if not case.has(kind.view):
        todo = "run 'forensics timeline' again"
        raise UsageError("the timeline of this case was built before there was such a table", todo=todo)


def _where(case: CaseView, kind: Tabled, question: Question) -> tuple[str, list[Any]]:
    """The condition and its values. Texts of the question are values; only its own expression is SQL."""
    _need(case, kind)
    parts = [case.condition(question.where)]
    values: list[Any] = []
    if question.person:
        parts.append("(" + " OR ".join(f"contains(lower({column}), ?)" for column in kind.people) + ")")
        values += [question.person.lower()] * len(kind.people)
    for instant, condition in ((question.since, f"{kind.last} >= ?"), (question.until, f"{kind.first} < ?")):
        if instant is not None:
            parts.append(condition)
            values.append(instant)
    for named, is_thread in ((question.message, False), (question.thread, True)):
        if named:
            if not kind.messages:
                raise UsageError("this table does not tell of single messages", todo="leave --message and --thread out")
            part, wanted = _message(case, kind, named, is_thread)
            parts.append(part)
            values += wanted
    return " AND ".join(parts), values


def _message(case: CaseView, kind: Tabled, named: str, is_thread: bool) -> tuple[str, list[Any]]:
    """One that only the logs name has no record: it is known by its Message-ID alone."""
    try:
        found = sorted(query.thread_of(case, named) if is_thread else query.logical_of(case, named))
    except UsageError:
        by_id = kind.view in ("presence", "access", "log_join") and not is_thread
        bare = named.strip("<> ")
        known = by_id and case.rows("SELECT 1 AS n FROM log_join WHERE message_id = '<' || $1 || '>' LIMIT 1", [bare])
        if not known:
            raise
        return "message_id = '<' || ? || '>'", [bare]
    return "logical_id IN (SELECT unnest(?::VARCHAR[]))", [found]
