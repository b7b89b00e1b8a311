"""What the record of an acquisition and of its custody must hold, as data, and what of it is there (ISO/IEC 27037 6.1).

Lists A to E follow the references named at each point: ISO/IEC 27037, NIST CFTT, ACPO P2 and P3, FRE 901 and 902, the
証拠保全ガイドライン (IDF). A point is given or missing, or it does not apply; nothing here guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from forensics.evidence.points import ACQUISITION_POINTS, Origin, Point

Values = Mapping[str, Any]
SERVER_KINDS = frozenset(("imap", "server", "dkim-keys"))
_SHOWN = 8


class State(StrEnum):
    """Whether a point of the list is met."""

    GIVEN = "given"
    MISSING = "missing"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One point held against a case: its state, the value, who says so and the line of the ledger, 0 for none."""

    point: Point
    state: State
    value: str = ""
    origin: Origin | None = None
    line: int = 0

    @property
    def incomplete(self) -> bool:
        """Whether the record is INCOMPLETE for want of this."""
        return self.point.must and self.state == State.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a record consists of: the facts of the case, and the papers, answers and ledger lines of one item."""

    facts: Values
    acquisition: Values
    answers: Values
    answer_lines: Mapping[str, int]
    lines: Sequence[tuple[int, Values]]
    """The lines of the ledger that are about this item, oldest first, with their numbers."""


def about(item: str, lines: Iterable[tuple[int, Values]]) -> tuple[tuple[int, Values], ...]:
    """The lines that name an evidence item, or a place inside it, and those after it that cover the whole ledger."""
    found: list[tuple[int, Values]] = []
    for number, line in lines:
        act = line.get("act")
        if names(line, item) or act == "clock.check" or (act == "witness" and found):
            found.append((number, line))
    return tuple(found)


def names(line: Values, item: str) -> bool:
    """Whether a line names an evidence item."""
    return any(_names(line.get(field), item) for field in ("params", "in", "out"))


def _names(value: Any, item: str) -> bool:
    if isinstance(value, str):
        return value == item or value.startswith(f"{item}/")
    if isinstance(value, Mapping):
        return item in value or any(_names(each, item) for each in value.values())
    return isinstance(value, (list, tuple)) and any(_names(each, item) for each in value)


def acquisition_state(record: Record) -> tuple[Finding, ...]:
    """Every point of list A, in order, as this record has it."""
    return tuple(_found(point, record) for point in ACQUISITION_POINTS)


def incomplete(findings: Sequence[Finding]) -> tuple[Point, ...]:
    """The points without which the record is INCOMPLETE."""
    return tuple(each.point for each in findings if each.incomplete)


def _found(point: Point, record: Record) -> Finding:
    for origin, path in point.sources:
        value, line = _look(origin, path, record)
        if value:
            return Finding(point=point, state=State.GIVEN, value=value, origin=origin, line=line)
    state = State.MISSING if _applies(point, record) else State.NOT_APPLICABLE
    return Finding(point=point, state=state)


def _look(origin: Origin, path: str, record: Record) -> tuple[str, int]:
    if origin == Origin.CASE:
        return text(record.facts.get(path)), 0
    if origin == Origin.ANSWER:
        return text(record.answers.get(path)), record.answer_lines.get(path, 0)
    if origin == Origin.MEASURED:
        lines = (number for number, value in reversed(record.lines) if _is(value, "acquire", record))
        return text(dig(record.acquisition, path)), next(lines, 0)
    return _on_ledger(path, record)


def _on_ledger(path: str, record: Record) -> tuple[str, int]:
    """``act:path``: the newest line of that act that holds a value there; ``acquire`` means the finished line."""
    act, _, inner = path.partition(":")
    for number, value in reversed(record.lines):
        if _is(value, act, record):
            found = text(dig(value, inner))
            if found:
                return found, number
    return "", 0


def _is(value: Values, act: str, record: Record) -> bool:
    """Whether a line tells of such an act at its end; an acquisition has to be that of this item, not of one inside."""
    if value.get("act") != act or value.get("phase") not in ("finished", "done"):
        return False
    return act != "acquire" or dig(value, "params.evidence") == record.acquisition.get("item")


def _applies(point: Point, record: Record) -> bool:
    """Points with a condition apply where it holds; a condition that nobody has settled counts as holding."""
    kind = str(dig(record.acquisition, "source.kind") or "")
    if point.when == "server":
        return kind in SERVER_KINDS
    if point.when == "medium":
        return kind not in SERVER_KINDS and not dig(record.acquisition, "source.parent")
    if point.when == "export":
        return bool(dig(record.acquisition, "source.export"))
    if point.when == "parent":
        return bool(dig(record.acquisition, "source.parent"))
    if point.when == "consent":
        return str(record.answers.get("owner_consent", "")).lower() in ("yes", "はい", "有", "同意あり")
    if point.when == "unprotected":
        return str(record.answers.get("write_protection", "")).lower() in ("none", "なし", "無")
    return True


def dig(value: Any, path: str) -> Any:
    """The value at ``a.b.c`` of nested mappings; ``None`` where there is none."""
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text(value: Any) -> str:
    """A value as words; an empty string for one that says nothing. A number and ``False`` do say something."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return "; ".join(f"{key}={text(each)}" for key, each in value.items() if text(each))
    if isinstance(value, (list, tuple)):
        said = [text(each) for each in value]
        more = f" … ({len(said)})" if len(said) > _SHOWN else ""
        return "; ".join(each for each in said[:_SHOWN] if each) + more
    return f"{value:,}" if isinstance(value, int) and abs(value) < 10**15 else str(value)


def gaps(points: Sequence[Point], line: Values) -> Iterator[Point]:
    """The points of list B, C or D that one ledger line does not meet; ``a|b`` names two places for the same thing."""
    for point in points:
        if not any(text(dig(line, path)) for _, path in point.sources):
            yield point
