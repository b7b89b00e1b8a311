"""What a playbook is: a workflow of steps from a question to papers, in the structure of OASIS CACAO 2.0 (section 4).

A playbook has one ``start``, ``end`` steps, ``action`` steps with one command each, and ``if-condition`` steps; each
step names the one that follows it. A command is ``forensics`` (this program does it) or ``manual`` (a person does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Pair = tuple[str, str]
"""A text in Japanese and in English."""


class Does(StrEnum):
    """What the command of an action does."""

    ASK = "ask"
    """A person does something, or knows something, and says it."""
    LEGAL = "legal-basis"
    """The sheet of what permits the examination is filled in, or a lawyer overrides it with a reason."""
    TABLES = "tables"
    """Reference tables of the client are in the case."""
    ACQUIRE = "acquire"
    VERIFY = "verify"
    PARSE = "parse"
    TIMELINE = "timeline"
    FIND = "find"
    REPORT = "report"


HUMAN = frozenset((Does.ASK, Does.LEGAL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One entry of the legal-basis sheet. ``fact`` is the fact of ``case.toml`` that answers it, if any."""

    name: str
    title: Pair
    fact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """Evidence that somebody else's system deletes: after how many days (0: not known), and who says so."""

    name: str
    what: Pair
    days: int
    note: Pair
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsTo:
    """What an answer means for the rest of the work."""

    when: Pair
    then: Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Which way to go: whether one of these rules found something, or what was answered to a step."""

    found: tuple[str, ...] = ()
    answered: str = ""
    equals: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step. ``following`` are the ids of the next: one, none for an end, two (true, false) for a condition."""

    id: str
    type: str
    title: Pair = ("", "")
    text: Pair = ("", "")
    ask: Pair = ("", "")
    """What a person is asked."""
    level: int = 0
    does: Does | None = None
    rules: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    """The only answers that a person can give; none means any text."""
    is_date: bool = False
    leads_to: tuple[LeadsTo, ...] = ()
    condition: Condition | None = None
    following: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """One playbook; ``sha256`` is of its text, ``sheets_sha256`` of the sheets that it takes entries from."""

    id: str
    version: str
    title: Pair
    when: tuple[Pair, ...]
    description: Pair
    expires: tuple[Expiry, ...]
    fields: tuple[Field, ...]
    start: str
    steps: Mapping[str, Step]
    since: str
    """The step whose answer is the day from which what expires is counted."""
    sha256: str
    sheets_sha256: str
    origin: str = ""

    def in_order(self) -> tuple[Step, ...]:
        """Every step, each before those that it leads to; of two ways the true one first."""
        found: list[Step] = []
        seen: set[str] = set()

        def visit(name: str) -> None:
            if name in seen:
                return
            seen.add(name)
            for each in reversed(self.steps[name].following):
                visit(each)
            found.append(self.steps[name])

        visit(self.start)
        return tuple(reversed(found))
