"""The state that the lines of a ledger come to: keys and whom they belong to, transfers, corrections, what is gone.

The rules. (1) A key counts from its ``key.add`` line to its ``key.revoke`` line; a person's key also within
its dates. (2) A ``transfer.out`` is in transit until a ``transfer.in`` answers it by its id with the same items and
hashes. (3) ``corrects`` names the id of an earlier line. (4) What was disposed of is neither handed over nor disposed
of again. (5) Time never runs backwards from line to line, unless a ``clock.check`` says why: that is a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from forensics.casefile import sshsig
from forensics.casefile.acts import Act, Phase
from forensics.casefile.ledger import Line
from forensics.errors import FormatError
from forensics.evidence.verification import Difference

EXAMINER = "examiner"


@dataclass(slots=True, kw_only=True)
class LogKey:
    """A key of the log; it counts from line ``added`` to line ``revoked`` (0: still)."""

    vkey: str
    added: int
    revoked: int = 0

    def counts_at(self, line: int) -> bool:
        """Whether it may have signed a checkpoint of this many lines."""
        return self.added <= line and (not self.revoked or line <= self.revoked)


@dataclass(slots=True, kw_only=True)
class PersonKey:
    """An SSH key of a person, with the role in which it signs; times in nanoseconds since 1970, 0 for no limit.

    Whoever had a key revoked had it until then: what was signed before stays signed.
    """

    principal: str
    public_key: str
    fingerprint: str
    role: str
    valid_after_ns: int
    valid_before_ns: int
    added: int
    revoked: int = 0
    revoked_ns: int = 0

    def line(self) -> str:
        """The line of ``allowed_signers``: a revoked key is valid no longer than it was."""
        # The form knows whole seconds only, and what was signed just before the revocation stays signed.
        revoked = -(-self.revoked_ns // 10**9) * 10**9
        before = min((ns for ns in (self.valid_before_ns, revoked) if ns), default=0)
        options = [f'valid-after="{sshsig.stamp(self.valid_after_ns)}"'] if self.valid_after_ns else []
        options += [f'valid-before="{sshsig.stamp(before)}"'] if before else []
        return " ".join(part for part in (self.principal, ",".join(options), self.public_key) if part)


@dataclass(slots=True, kw_only=True)
class Transfer:
    """Items that left: the line, to whom, and the line of the ``transfer.in`` that answers (0: in transit)."""

    line: int
    id: str
    ts_ns: int
    items: dict[str, str]
    to: str
    method: str
    answered: int = 0


@dataclass(slots=True, kw_only=True)
class Custody:
    """What the lines come to, what breaks a rule, and what a person should look at."""

    log_keys: list[LogKey] = field(default_factory=list)
    people: list[PersonKey] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    disposed: dict[str, int] = field(default_factory=dict)
    corrections: dict[int, list[int]] = field(default_factory=dict)
    """The number of a line, and those of the lines that correct it."""
    broken: list[Difference] = field(default_factory=list)
    warnings: list[Difference] = field(default_factory=list)

    @property
    def in_transit(self) -> list[Transfer]:
        """Transfers that nobody has answered."""
        return [each for each in self.transfers if not each.answered]

    def examiner_key(self, now_ns: int) -> str:
        """The fingerprint of the key with which the examiner signs now; empty where there is none."""
        for each in reversed(self.people):
            dated = each.valid_after_ns <= now_ns and (not each.valid_before_ns or now_ns < each.valid_before_ns)
            if each.role == EXAMINER and not each.revoked and dated:
                return each.fingerprint
        return ""


def custody(lines: Iterable[Line]) -> Custody:
    """Walk over the lines in order."""
    walk = _Walk()
    for line in lines:
        walk.follow(line)
    return walk.state


class _Walk:
    def __init__(self) -> None:
        self.state = Custody()
        self._numbers: dict[str, int] = {}
        self._time = 0
        self._checked = False
        self._rules = {
            Act.KEY_ADD: self._key_add,
            Act.KEY_REVOKE: self._key_revoke,
            Act.TRANSFER_OUT: self._out,
            Act.TRANSFER_IN: self._in,
            Act.DISPOSE: self._dispose,
        }

    def follow(self, line: Line) -> None:
        """One more line."""
        self._corrects(line)
        self._clock(line)
        rule = self._rules.get(Act(line.act)) if line.act in self._rules else None
        if rule is not None and line.phase in (Phase.DONE, Phase.FINISHED):
            rule(line, params_of(line))
        self._numbers[str(line.value.get("id"))] = line.number

    def _wrong(self, line: Line, what: str) -> None:
        self.state.broken.append(Difference(place=f"ledger/events.jsonl line {line.number}", what=what))

    def _warn(self, line: Line, what: str) -> None:
        self.state.warnings.append(Difference(place=f"ledger/events.jsonl line {line.number}", what=what))

    def _corrects(self, line: Line) -> None:
        named = line.value.get("corrects")
        if named is None:
            if line.act == Act.CORRECT:
                self._wrong(line, "it corrects no line")
            return
        number = self._numbers.get(str(named))
        if number is None:
            self._wrong(line, f"it corrects {named!r}, which is no earlier line")
        else:
            self.state.corrections.setdefault(number, []).append(line.number)

    def _clock(self, line: Line) -> None:
        time = time_of(line)
        if time < self._time and line.act != Act.CLOCK_CHECK:
            late = (self._time - time) / 1e9
            self._warn(line, f"its time is {late:.3f} s before that of the line before, and no clock.check says why")
        self._time = time

    def _key_add(self, line: Line, params: Mapping[str, Any]) -> None:
        if "vkey" in params:
            self.state.log_keys.append(LogKey(vkey=str(params["vkey"]), added=line.number))
        elif "public_key" in params:
            try:
                self.state.people.append(_person(line, params))
            except (FormatError, KeyError, ValueError) as error:
                self._wrong(line, f"the key that it adds cannot be read: {error}")
        elif "tsa" not in params:
            self._wrong(line, "it adds no key")

    def _key_revoke(self, line: Line, params: Mapping[str, Any]) -> None:
        logs = [key for key in self.state.log_keys if key.vkey == params.get("vkey") and not key.revoked]
        people = [k for k in self.state.people if k.fingerprint == params.get("fingerprint") and not k.revoked]
        for key in logs:
            key.revoked = line.number
        for person in people:
            person.revoked, person.revoked_ns = line.number, time_of(line)
        if not (logs or people):
            self._wrong(line, "it revokes a key that was not valid")

    def _out(self, line: Line, params: Mapping[str, Any]) -> None:
        items = items_of(line)
        self._not_gone(line, items)
        to = params.get("to", {})
        self.state.transfers.append(
            Transfer(
                line=line.number,
                id=str(line.value.get("id")),
                ts_ns=time_of(line),
                items=items,
                to=str(to.get("name", "")) if isinstance(to, Mapping) else str(to),
                method=str(params.get("method", "")),
            )
        )

    def _in(self, line: Line, params: Mapping[str, Any]) -> None:
        answers = str(params.get("answers", ""))
        if not answers:
            return  # items that came from outside, whose sender keeps another ledger
        found = next((each for each in self.state.transfers if each.id == answers), None)
        if found is None:
            self._wrong(line, f"it answers {answers!r}, which is no transfer.out before it")
        elif found.answered:
            self._wrong(line, f"it answers line {found.line}, which line {found.answered} answered already")
        elif items_of(line) != found.items:
            self._wrong(line, f"its items and hashes are not those that left by line {found.line}")
        else:
            found.answered = line.number
            result = line.value.get("result")
            if isinstance(result, Mapping) and result.get("rc"):
                self._warn(line, "whoever received the items found other hashes")  # the case can still be handed over

    def _dispose(self, line: Line, params: Mapping[str, Any]) -> None:
        items = items_of(line)
        self._not_gone(line, items)
        self.state.disposed.update(dict.fromkeys(items, line.number))

    def _not_gone(self, line: Line, items: Iterable[str]) -> None:
        for item in items:
            if item in self.state.disposed:
                self._wrong(line, f"{item} was disposed of by line {self.state.disposed[item]}")


def time_of(line: Line) -> int:
    """The time of a line in nanoseconds; 0 where it has none, which the check of the chain tells."""
    found = line.value.get("ts_ns")
    return found if isinstance(found, int) else 0


def params_of(line: Line) -> Mapping[str, Any]:
    """The params of a line, empty where it has none."""
    found = line.value.get("params", {})
    return found if isinstance(found, Mapping) else {}


def items_of(line: Line) -> dict[str, str]:
    """The items that a line lists among its inputs, with their hashes."""
    listed = line.value.get("in", [])
    return {str(each.get("id")): str(each.get("sha256")) for each in listed if isinstance(each, Mapping)}


def _person(line: Line, params: Mapping[str, Any]) -> PersonKey:
    public = sshsig.public_line(str(params["public_key"]))
    return PersonKey(
        principal=str(params["principal"]),
        public_key=public,
        fingerprint=sshsig.fingerprint(sshsig.public_blob(public)),
        role=str(params.get("role", "")),
        valid_after_ns=_time(params.get("valid_after")),
        valid_before_ns=_time(params.get("valid_before")),
        added=line.number,
    )


def _time(text: object) -> int:
    return sshsig.time_ns(str(text)) if text else 0
