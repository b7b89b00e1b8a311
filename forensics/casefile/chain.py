"""The check of the ledger's chain: every place where order, hashes, case, canonical form or the head do not hold.

Lines of every version are read; a version never falls behind that of the line before, and its acts are those of its
version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile.acts import ACTS, PHASES
from forensics.casefile.ledger import NO_PREVIOUS, read_head
from forensics.errors import FormatError, IntegrityError, LedgerError
from forensics.evidence.readback import read_stored
from forensics.evidence.verification import Difference


def check(folder: Path, case_id: str) -> list[Difference]:
    """Every place where the chain does not hold; an empty list is a whole ledger."""
    path = folder / "events.jsonl"
    try:
        data = read_stored(path) if path.exists() else b""
    except (OSError, IntegrityError) as error:
        return [Difference(place="ledger/events.jsonl", what=f"cannot be read: {error}")]
    chain = _Chain(case_id)
    for raw in data.split(b"\n")[:-1]:
        chain.follow(raw)
    if chain.size != len(data):
        chain.differ(chain.count + 1, "the last line is cut short")
    return [*chain.found, *_head(folder, chain)]


class _Chain:
    """The walk from line to line."""

    def __init__(self, case_id: str) -> None:
        self.found: list[Difference] = []
        self.count, self.size, self.previous = 0, 0, NO_PREVIOUS
        self._case_id = case_id
        self._version = 1

    def differ(self, number: int, what: str) -> None:
        """Name one thing that is wrong with a line."""
        self.found.append(Difference(place=f"ledger/events.jsonl line {number}", what=what))

    def follow(self, raw: bytes) -> None:
        """Check the next line against the one before it."""
        self.count += 1
        try:
            value = canonical.decode(raw)
        except FormatError as error:
            self.differ(self.count, str(error))
        else:
            wrong = self._wrong_in(value, raw) if isinstance(value, dict) else ["this line is not a JSON object"]
            for what in wrong:
                self.differ(self.count, what)
        self.previous = hashlib.sha256(raw).hexdigest()
        self.size += len(raw) + 1

    def _wrong_in(self, value: dict[str, Any], raw: bytes) -> Iterator[str]:
        try:
            if canonical.encode(value) != raw:
                yield "this line is not in canonical form"
        except (TypeError, UnicodeEncodeError) as error:
            yield f"this line has no canonical form: {error}"
        if value.get("prev") != self.previous:
            yield "its 'prev' is not the hash of the line before it"
        if value.get("seq") != self.count:
            yield f"its 'seq' is {value.get('seq')!r}, it stands as line {self.count}"
        if value.get("case") != self._case_id:
            yield f"it belongs to another case: {value.get('case')!r}"
        if type(value.get("ts_ns")) is not int:
            yield "its time is not a number of nanoseconds"
        yield from self._version_and_act(value)

    def _version_and_act(self, value: dict[str, Any]) -> Iterator[str]:
        version, act, phase = value.get("v"), value.get("act"), value.get("phase")
        if type(version) is not int or version not in ACTS:
            yield f"its version {version!r} is not one of {', '.join(map(str, ACTS))}"
            return
        if version < self._version:
            yield f"its version is {version}, and a line before it has version {self._version}"
        self._version = max(self._version, version)
        if not (isinstance(act, str) and act in ACTS[version] and isinstance(phase, str) and phase in PHASES):
            yield f"its act {act!r} with phase {phase!r} is not on the list of version {version}"


def _head(folder: Path, chain: _Chain) -> Iterator[Difference]:
    try:
        head = read_head(folder)
    except LedgerError as error:
        yield Difference(place="ledger/head", what=str(error))
        return
    if head == {"lines": chain.count, "sha256": chain.previous, "size": chain.size}:
        return
    has = f"the ledger has {chain.count} lines, {chain.size} bytes"
    what = f"the head names {head['lines']} lines, {head['size']} bytes; {has}"
    if head["lines"] == chain.count and head["size"] == chain.size:
        what = "the head names another last line than the ledger has"
        last = f"ledger/events.jsonl line {chain.count}"
        yield Difference(place=last, what="this is not the last line that the head names; one of the two was changed")
    yield Difference(place="ledger/head", what=what)
