"""Until when the authority wants its reports: days as the dated rule file counts them (施行規則 8条; guideline 3-5-3).

The day on which the organisation came to know is day 1 and days off count; only where the last day of the final report
is a day off does the next open day take its place. Without that first day nothing is computed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

from forensics.errors import UsageError
from forensics.findings.plain_yaml import read_yaml
from forensics.findings.views.behaviour import day_off
from forensics.reports.words import Pair

FILE = "authority_rules.yaml"
_DAY = re.compile(r"\s*(\d{4})(?:-|/|年)(\d{1,2})(?:-|/|月)(\d{1,2})(?:日|[T\s]|$)")
_WEEKEND = {"土曜日": "saturday", "日曜日": "sunday", "年末年始": "new_year"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds from one day on."""

    id: str
    holds_from: date
    authority: Pair
    basis: Pair
    first_day: int
    preliminary: tuple[int, int]
    final: int
    final_improper: int
    closed: frozenset[str]
    categories: tuple[tuple[str, Pair], ...]
    persons_over: int
    improper: str
    to_check: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One last day: which day it would be by counting, which it is, and why it was moved."""

    name: str
    number: int
    counted: date
    due: date
    moved_by: tuple[str, ...] = ()


def _pair(value: Any) -> Pair:
    return str(value["ja"]), str(value["en"])


def _rule(value: Any) -> Rule:
    days = value["preliminary"]
    return Rule(
        id=str(value["id"]),
        holds_from=date.fromisoformat(value["holds_from"]),
        authority=_pair(value["authority"]),
        basis=_pair(value["basis"]),
        first_day=int(value["first_day"]),
        preliminary=(int(days["from"]), int(days["to"])),
        final=int(value["final"]),
        final_improper=int(value["final_improper"]),
        closed=frozenset(value["closed"]),
        categories=tuple((str(each["number"]), _pair(each)) for each in value["categories"]),
        persons_over=int(value["persons_over"]),
        improper=str(value["improper"]),
        to_check=tuple(_pair(each) for each in value["to_check"]),
    )


def read_rules(data: bytes, place: str) -> tuple[Rule, ...]:
    """The rules of a file, the newest first; :class:`UsageError` where it is not such a file."""
    found = read_yaml(data, place, "rule file", "see the rule file that comes with the program")
    try:
        rules = [_rule(each) for each in found["rules"]]  # type: ignore[index]
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"this rule file cannot be used: {error}", place=place, todo="mend the file") from error
    return tuple(sorted(rules, key=lambda rule: rule.holds_from, reverse=True))


@cache
def rules() -> tuple[Rule, ...]:
    """The rules that come with the program."""
    path = resources.files("forensics.reports.papers") / "data" / FILE
    return read_rules(path.read_bytes(), FILE)


def rule_on(day: date) -> Rule | None:
    """The rule that held on a day; none before the first of them."""
    return next((rule for rule in rules() if day >= rule.holds_from), None)


def day_of(text: str) -> date | None:
    """The day in an answer such as ``2026-06-01 09:30`` or ``2026年6月1日``; none where it cannot be told."""
    found = _DAY.match(text)
    try:
        return date(*(int(each) for each in found.groups())) if found else None
    except ValueError:
        return None


def closed(day: date, rule: Rule) -> str:
    """What the day is called where the authority is closed on it by this rule."""
    name = day_off(day)
    return name if name and _WEEKEND.get(name, "holiday") in rule.closed else ""


def nth(known: date, number: int, rule: Rule) -> date:
    """The day with this number, counted from the day of knowledge."""
    return known + timedelta(days=number - rule.first_day)


def _final(known: date, name: str, number: int, rule: Rule) -> Deadline:
    counted = due = nth(known, number, rule)
    moved = []
    while why := closed(due, rule):
        moved.append(why)
        due += timedelta(days=1)
    return Deadline(name=name, number=number, counted=counted, due=due, moved_by=tuple(moved))


def deadlines(known: date, rule: Rule) -> tuple[Deadline, ...]:
    """The four days: the preliminary report from and to, the final one, and the final one for an improper purpose."""
    early = [
        Deadline(name=name, number=number, counted=nth(known, number, rule), due=nth(known, number, rule))
        for name, number in zip(("preliminary_from", "preliminary_to"), rule.preliminary, strict=True)
    ]
    return (
        *early,
        _final(known, "final", rule.final, rule),
        _final(known, "final_improper", rule.final_improper, rule),
    )
