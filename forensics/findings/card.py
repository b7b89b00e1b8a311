"""A rule card: one question of the catalogue as YAML, read and checked before anything is asked.

id, version          D01 and a text; the id is the row of the catalogue that it answers
title, explanation   Japanese and English
needs                the views that it reads; one without rows means "not run, because", but for tables of the client
uses                 views that it reads too, and that may be empty
requires             those tables of the client without which it is not run either
stage                1 metadata, 2 words around a hit, 3 whole texts
confidence           certain, likely or possible; a row of the answer may have a column ``confidence`` of its own
parameters           name: value, unit, and what it means in Japanese and English; ``$name`` in the SQL
guards               what keeps it from being wrong, in words
sql or detector      one SELECT over views, or the name of a detector in an installed package
group                the columns whose equal values make one finding
claim, because       sentences with ``{column}`` in them: of the first row of a group, and of each of its rows
considered           one SELECT that gives ``n``: how much was held against the rule
could_not_read       the same for what could not be
also_possible, does_not_show
tests                mail, logs and tables with the number of findings that they must give
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from forensics.errors import UsageError
from forensics.findings import sql as sql_
from forensics.findings.finding import Confidence, Pair
from forensics.findings.plain_yaml import read_yaml

_TODO = "mend the card; docs/how-to/rules.md shows what one looks like"
_KEYS = frozenset((
    "id", "version", "title", "explanation", "needs", "uses", "requires", "stage", "confidence", "parameters", "guards",
    "sql", "detector", "group", "claim", "because", "considered", "could_not_read", "also_possible",
    "does_not_show", "answers", "tests",
))  # fmt: skip
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_FIELD = re.compile(r"\{(\w+)\}")

Value = int | float | str | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One number or text that a card can be run with another value of."""

    value: Value
    unit: str = ""
    means: Pair = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One card. ``sha256`` is of its text as it was written, ``pack`` names the folder or package it came from."""

    id: str
    version: str
    title: Pair
    explanation: Pair
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    requires: tuple[str, ...]
    stage: int
    confidence: Confidence
    parameters: Mapping[str, Parameter]
    guards: tuple[Pair, ...]
    sql: str
    detector: str
    group: tuple[str, ...]
    claim: Pair
    because: Pair
    considered: str
    could_not_read: str
    also_possible: tuple[Pair, ...]
    does_not_show: tuple[Pair, ...]
    answers: tuple[str, ...]
    """The rows of the catalogue that this card answers: its own id where nothing is said."""
    sha256: str
    pack: str = ""
    tests: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)


def read_card(data: bytes, place: str, pack: str = "") -> Card:
    """The card of a YAML text, or :class:`UsageError` with the place and what is wrong with it."""
    value = read_yaml(data, place, "rule card", _TODO)
    if not isinstance(value, dict):
        raise _wrong("a card is an object with id, version, title and so on", place)
    unknown = sorted(set(value) - _KEYS)
    if unknown:
        raise _wrong(f"it has {unknown[0]!r}, which no card has", place)
    name = str(value.get("id", ""))
    if not _NAME.fullmatch(name):
        raise _wrong("its id is missing, or is not letters, digits, '-' and '_'", place)
    if bool(value.get("sql")) == bool(value.get("detector")):
        raise _wrong("it has neither or both of sql and detector", place)
    card = Card(
        id=name,
        version=_text(value, "version", place),
        title=_pair(value, "title", place),
        explanation=_pair(value, "explanation", place),
        needs=_texts(value, "needs", place),
        uses=_texts(value, "uses", place),
        requires=_texts(value, "requires", place),
        stage=_stage(value, place),
        confidence=_confidence(value, place),
        parameters=_parameters(value.get("parameters") or {}, place),
        guards=_pairs(value, "guards", place),
        sql=str(value.get("sql") or ""),
        detector=str(value.get("detector") or ""),
        group=_texts(value, "group", place),
        claim=_pair(value, "claim", place, needed=bool(value.get("sql"))),
        because=_pair(value, "because", place, needed=bool(value.get("sql"))),
        considered=str(value.get("considered") or ""),
        could_not_read=str(value.get("could_not_read") or ""),
        also_possible=_pairs(value, "also_possible", place),
        does_not_show=_pairs(value, "does_not_show", place),
        answers=_texts(value, "answers", place) or (name,),
        sha256=hashlib.sha256(data).hexdigest(),
        pack=pack,
        tests=tuple(value.get("tests") or ()),
    )
    for sql in filter(None, (card.sql, card.considered, card.could_not_read)):
        if what := sql_.fault(sql):
            raise _wrong(what, place)
    return card


def fields(text: str) -> tuple[str, ...]:
    """The columns that a sentence of a card names."""
    return tuple(_FIELD.findall(text))


def with_parameters(card: Card, given: Mapping[str, str]) -> dict[str, Value]:
    """The values that a card runs with: its own, but for those given, which keep the type that the card's has."""
    found: dict[str, Value] = {name: each.value for name, each in card.parameters.items()}
    for name, text in given.items():
        if name not in found:
            known = ", ".join(found) or "none"
            raise UsageError(f"the rule {card.id} has no parameter {name!r}", todo=f"it has: {known}")
        found[name] = _as(type(found[name]), text, f"{card.id}.{name}")
    return found


def _as(kind: type, text: str, place: str) -> Value:
    try:
        if kind is list:
            return [each.strip() for each in text.split(",") if each.strip()]
        made: Value = kind(text)
        return made
    except ValueError as error:
        raise UsageError(f"{text!r} is no number", place=place, todo="give a number") from error


def _wrong(what: str, place: str) -> UsageError:
    return UsageError(f"this rule card cannot be used: {what}", place=place, todo=_TODO)


def _text(value: Mapping[str, Any], key: str, place: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or not found.strip():
        raise _wrong(f"its {key} is missing or is no text", place)
    return found.strip()


def _texts(value: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    found = value.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise _wrong(f"its {key} is no list of texts", place)
    return tuple(found)


def _pair_of(found: Any, key: str, place: str) -> Pair:
    if not isinstance(found, dict) or not all(isinstance(found.get(each), str) for each in ("ja", "en")):
        raise _wrong(f"its {key} is not said in ja and en", place)
    if len(found) > 2:
        odd = next(str(each) for each in found if each not in ("ja", "en"))
        raise _wrong(f"its {key} has {odd!r} beside ja and en; a text with a comma or colon stands in quotes", place)
    return str(found["ja"]).strip(), str(found["en"]).strip()


def _pair(value: Mapping[str, Any], key: str, place: str, *, needed: bool = True) -> Pair:
    if value.get(key) is None and not needed:
        return "", ""
    return _pair_of(value.get(key), key, place)


def _pairs(value: Mapping[str, Any], key: str, place: str) -> tuple[Pair, ...]:
    found = value.get(key) or []
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise _wrong(f"its {key} is no list", place)
    return tuple(_pair_of(each, key, place) for each in found)


def _stage(value: Mapping[str, Any], place: str) -> int:
    found = str(value.get("stage", "1"))
    if found not in ("1", "2", "3"):
        raise _wrong("its stage is not 1 (metadata), 2 (excerpt) or 3 (text)", place)
    return int(found)


def _confidence(value: Mapping[str, Any], place: str) -> Confidence:
    try:
        return Confidence(str(value.get("confidence", "possible")))
    except ValueError as error:
        raise _wrong("its confidence is not certain, likely or possible", place) from error


def _parameters(value: Any, place: str) -> dict[str, Parameter]:
    if not isinstance(value, dict):
        raise _wrong("its parameters are no object", place)
    found = {}
    for name, each in value.items():
        if not isinstance(each, dict) or "value" not in each or not name.isidentifier():
            raise _wrong(f"its parameter {name!r} has no value", place)
        said = {key: text for key, text in each.items() if key not in ("value", "unit")}
        means = _pair_of(said, f"parameter {name}", place) if said else ("", "")
        found[str(name)] = Parameter(value=_typed(each["value"], place), unit=str(each.get("unit", "")), means=means)
    return found


def _typed(value: Any, place: str) -> Value:
    """YAML is read without types here, so a number is what looks like one."""
    if isinstance(value, list):
        return [str(each) for each in value]
    if not isinstance(value, str):
        raise _wrong("a parameter is a number, a text or a list of texts", place)
    if re.fullmatch(r"-?\d+", value):
        return int(value)
    return float(value) if re.fullmatch(r"-?\d+\.\d+", value) else value
