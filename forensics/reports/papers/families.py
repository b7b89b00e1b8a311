"""Which rules of the catalogue speak of which kind of incident, with the words that papers need for each kind.

They stand in ``data/families.yaml``. Questions and measures are proposals; which of them hold is for persons to decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from typing import Any

from forensics.findings.plain_yaml import read_yaml
from forensics.reports.words import Pair

FILE = "families.yaml"
PERSONAL = "personal"
_ID = re.compile(r"[A-Z]+[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of incident: its rules, whether data may have left, its cause for the authority, questions, measures."""

    title: Pair
    rules: frozenset[str]
    leak: bool
    cause: Pair
    questions: tuple[Pair, ...]
    measures: tuple[Pair, ...]


def rule_of(name: str) -> str:
    """The row of the catalogue that a rule answers: D05 for D05a."""
    found = _ID.match(name)
    return found.group() if found else name


def _pair(value: Any) -> Pair:
    return (str(value["ja"]), str(value["en"])) if value else ("", "")


def _family(value: Any) -> Family:
    return Family(
        title=_pair(value["title"]),
        rules=frozenset(value["rules"]),
        leak=value.get("leak", False) is True,
        cause=_pair(value.get("cause")),
        questions=tuple(_pair(each) for each in value.get("questions", ())),
        measures=tuple(_pair(each) for each in value.get("measures", ())),
    )


def _read() -> dict[str, Family]:
    path = resources.files("forensics.reports.papers") / "data" / FILE
    found: Any = read_yaml(path.read_bytes(), FILE, "list of families", "take the one that comes with the program")
    return {str(name): _family(value) for name, value in found["families"].items()}


FAMILIES = _read()
