"""What the ledger says of a playbook: each round, each tick, the way taken so far and the step that is next.

A tick is one line of the act ``playbook``; ``params`` hold playbook, version, sha256, sheets_sha256, round, step,
outcome and, where a person said something, ``answer`` (its beginning, where the whole is attached). ``why`` holds the
reason of a step that was skipped or overridden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from forensics.playbooks.model import Condition, Playbook, Step

ACT = "playbook"


class Outcome(StrEnum):
    """What came of a step."""

    BEGUN = "begun"
    """A round was begun; the step is the start."""
    DONE = "done"
    """This program did it; ``result`` says what came of it."""
    ANSWERED = "answered"
    """A person did it, or knew it, and said so."""
    NOTED = "noted"
    """A part of a sheet was filled in; the step is still open."""
    SKIPPED = "skipped"
    """A person left it out, for the reason given."""
    OVERRIDDEN = "overridden"
    """A lawyer let the work go on without a whole sheet, for the reason given."""
    TRUE = "true"
    FALSE = "false"
    """A condition was decided."""
    ENDED = "ended"


class LedgerLine(Protocol):
    """A line of the ledger, as the view of a case gives it."""

    @property
    def number(self) -> int:
        """Its number, from 1."""

    @property
    def value(self) -> dict[str, Any]:
        """What it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One step that is behind us."""

    step: str
    outcome: Outcome
    line: int
    ts_ns: int
    who: str
    answer: str
    why: str
    result: Mapping[str, Any]
    sha256: str
    """The digest of the whole answer, where it was attached."""


@dataclass(slots=True, kw_only=True)
class Round:
    """One run of a playbook from its start. ``noted`` are the numbers of lines with parts of a sheet, by step."""

    playbook: str
    version: str
    number: int
    sha256: str
    sheets_sha256: str
    ticks: dict[str, Tick] = field(default_factory=dict)
    noted: dict[str, list[int]] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether an end was reached."""
        return any(tick.outcome is Outcome.ENDED for tick in self.ticks.values())


def rounds(lines: Iterable[LedgerLine]) -> dict[str, list[Round]]:
    """Every round of every playbook that the ledger tells of, in order."""
    found: dict[str, list[Round]] = {}
    for line in lines:
        if line.value.get("act") == ACT:
            _take(found, line)
    return found


def _take(found: dict[str, list[Round]], line: LedgerLine) -> None:
    params = line.value["params"]
    known = found.setdefault(str(params["playbook"]), [])
    outcome = Outcome(str(params["outcome"]))
    if outcome is Outcome.BEGUN:
        known.append(
            Round(
                playbook=str(params["playbook"]),
                version=str(params["version"]),
                number=int(params["round"]),
                sha256=str(params["sha256"]),
                sheets_sha256=str(params["sheets_sha256"]),
            )
        )
    step = str(params["step"])
    if outcome is Outcome.NOTED:
        known[-1].noted.setdefault(step, []).append(line.number)
        return
    attached = line.value.get("attach") or [{}]
    known[-1].ticks[step] = Tick(
        step=step,
        outcome=outcome,
        line=line.number,
        ts_ns=int(line.value["ts_ns"]),
        who=str(line.value.get("actor", {}).get("name", "")),
        answer=str(params.get("answer", "")),
        why=str(line.value.get("why", "")),
        result=dict(line.value.get("result", {})),
        sha256=str(attached[0].get("sha256", "")),
    )


def way(playbook: Playbook, ticks: Mapping[str, Tick]) -> tuple[tuple[Step, ...], Step | None]:
    """The steps that are behind us, in the order in which they were taken, and the one that is next."""
    passed: list[Step] = []
    step: Step | None = playbook.steps[playbook.start]
    while step is not None and step.id in ticks:
        passed.append(step)
        step = playbook.steps[_next(step, ticks[step.id])] if step.following else None
    return tuple(passed), step


def _next(step: Step, tick: Tick) -> str:
    return step.following[1] if tick.outcome is Outcome.FALSE else step.following[0]


def ahead(playbook: Playbook, step: Step | None) -> frozenset[str]:
    """The steps that can still come, this one among them."""
    found: set[str] = set()
    open_ = [step.id] if step is not None else []
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += playbook.steps[name].following
    return frozenset(found)


def decided(made: Round, condition: Condition) -> tuple[bool | None, dict[str, Any]]:
    """Whether a condition holds, and from what; ``None`` where the case cannot tell, and ``open`` says why."""
    if condition.answered:
        tick = made.ticks[condition.answered]
        if tick.outcome is Outcome.ANSWERED:
            return tick.answer == condition.equals, {"answered": condition.answered, "answer": tick.answer}
        return None, {"open": f"the step {condition.answered} was skipped"}
    found: dict[str, int] = {}
    for tick in made.ticks.values():
        found |= {rule: n for rule, n in tick.result.get("found", {}).items() if rule in condition.found}
    silent = [rule for tick in made.ticks.values() for rule in tick.result.get("not_run", []) if rule in found]
    silent += [rule for rule in condition.found if rule not in found]
    if any(found.values()) or not silent:
        return any(found.values()), {"found": found}
    return None, {"found": found, "open": f"nothing was found, and these rules were not run: {', '.join(silent)}"}
