"""What persons answered: payloads under ``ledger/attached/<sha256>`` that ledger lines name, and what they come to.

A payload is canonical JSON ``{"answers":{"":{name:value},"EV-0001":{...}},"v":1}``: under "" stands what holds for
every item. A later answer replaces an earlier one; ``null`` takes it back. Unknown stays missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.errors import FormatError, IntegrityError
from forensics.evidence.readback import read_stored

ATTACHED = "attached"
VERSION = 1
WHOLE_CASE = ""
Answer = str | list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers that hold now, by item, with the number of the ledger line that each stands in."""

    values: Mapping[str, Mapping[str, Answer]]
    lines: Mapping[str, Mapping[str, int]]

    def of(self, item: str = WHOLE_CASE) -> dict[str, Answer]:
        """What holds for an item: its own answers, and those for the whole case where it has none."""
        return {**self.values.get(WHOLE_CASE, {}), **self.values.get(item, {})}

    def lines_of(self, item: str = WHOLE_CASE) -> dict[str, int]:
        """The line of the ledger behind each of these answers."""
        return {**self.lines.get(WHOLE_CASE, {}), **self.lines.get(item, {})}


def payload(given: Mapping[str, Mapping[str, Answer]]) -> bytes:
    """The bytes that are attached."""
    return canonical.encode({"v": VERSION, "answers": {item: dict(values) for item, values in given.items()}})


def read_answers(ledger: Path, lines: Iterable[tuple[int, Mapping[str, Any]]]) -> Answers:
    """All answers that the lines of a ledger name; a payload that is not what its line says raises."""
    values: dict[str, dict[str, Answer]] = {}
    places: dict[str, dict[str, int]] = {}
    for number, line in lines:
        named = line.get("params", {}).get("answers")
        if line.get("act") != "case.set" or not isinstance(named, Mapping):
            continue
        for item, given in _read(ledger, str(named.get("sha256", ""))).items():
            for name, value in given.items():
                values.setdefault(item, {}).pop(name, None)
                places.setdefault(item, {}).pop(name, None)
                if value is not None:
                    values[item][name] = value
                    places[item][name] = number
    return Answers(values=values, lines=places)


def _read(ledger: Path, sha256: str) -> dict[str, dict[str, Answer]]:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise IntegrityError("a line of answers names no payload", place="ledger/events.jsonl")
    path = ledger / ATTACHED / sha256
    try:
        data = read_stored(path)
        value = canonical.decode(data)
        found = value["answers"]
    except (OSError, FormatError, KeyError, TypeError) as error:
        raise IntegrityError(f"the answers cannot be read: {error}", place=str(path)) from error
    if hashlib.sha256(data).hexdigest() != sha256 or value.get("v") != VERSION:
        raise IntegrityError("these answers are not what the ledger names", place=str(path))
    return {str(item): dict(given) for item, given in found.items()}
