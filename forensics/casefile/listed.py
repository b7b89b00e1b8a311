"""What the ledger of a case lists: evidence items, manifests of records, files of the newest finished steps.

Only what the newest finished step lists counts, and each file's SHA-256 is checked before anything is made of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile.acts import Act, Phase
from forensics.casefile.case import CaseFacts, read_facts
from forensics.casefile.ledger import Line, read_lines
from forensics.errors import FormatError, IntegrityError
from forensics.evidence.answers import read_answers
from forensics.evidence.item import ACQUISITION, FILES, MANIFEST, Entry, load_entries
from forensics.evidence.readback import open_stored, read_stored


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceItem:
    """One evidence item as acquired: its own record of the acquisition, its files, the hash of its manifest."""

    name: str
    manifest_sha256: str
    acquisition: dict[str, Any]
    files: tuple[Entry, ...]


class Listed:
    """The facts of a case and what its ledger lists. Opening it checks nothing; a file is checked when it is used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.facts: CaseFacts
        self.facts_sha256: str
        self.facts, self.facts_sha256 = read_facts(folder)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Every line of the ledger."""
        return tuple(read_lines(self.folder / "ledger"))

    @property
    def head(self) -> Line | None:
        """The last line of the ledger."""
        return self.lines[-1] if self.lines else None

    def newest(self, act: Act, **params: Any) -> Line | None:
        """The newest finished line of ``act`` whose params hold these values."""
        for line in reversed(self.lines):
            if line.act == act and line.phase == Phase.FINISHED:
                found = line.value.get("params", {})
                if all(found.get(key) == value for key, value in params.items()):
                    return line
        return None

    def evidence_names(self) -> tuple[str, ...]:
        """The evidence items whose acquisition was finished, in order."""
        lines = (line for line in self.lines if line.act == Act.ACQUIRE and line.phase == Phase.FINISHED)
        return tuple(sorted({str(line.value["params"]["evidence"]) for line in lines}))

    @cached_property
    def evidence(self) -> tuple[EvidenceItem, ...]:
        """Every finished evidence item."""
        return tuple(self._evidence_item(name) for name in self.evidence_names())

    def _evidence_item(self, name: str) -> EvidenceItem:
        folder = self.folder / "evidence" / name
        try:
            manifest = hashlib.sha256(read_stored(folder / MANIFEST)).hexdigest()
            acquisition = canonical.decode(read_stored(folder / ACQUISITION))
            files = tuple(load_entries(read_stored(folder / FILES)))
        except (OSError, FormatError, IntegrityError) as error:
            raise IntegrityError(
                f"the description of {name} cannot be read: {error}", place=str(folder), todo="run 'forensics verify'"
            ) from error
        return EvidenceItem(name=name, manifest_sha256=manifest, acquisition=acquisition, files=files)

    def answered(self, question: str) -> dict[str, str]:
        """What persons answered to a question, by evidence item; lists are joined with ``; ``."""
        known = read_answers(self.folder / "ledger", ((line.number, line.value) for line in self.lines))
        said = {name: known.of(name).get(question) for name in self.evidence_names()}
        return {name: "; ".join(each) if isinstance(each, list) else each for name, each in said.items() if each}

    @cached_property
    def manifests(self) -> tuple[dict[str, Any], ...]:
        """What the newest finished parse of each evidence item lists: parts, contents, files, counts."""
        return tuple(self._manifests())

    def _manifests(self) -> Iterator[dict[str, Any]]:
        for name in self.evidence_names():
            line = self.newest(Act.PARSE, evidence=name)
            for output in line.value.get("out", []) if line else []:
                value = canonical.decode(self.read_output(output))
                if isinstance(value, dict):
                    yield value

    def read_output(self, output: dict[str, Any]) -> bytes:
        """The bytes of a file that a ledger line lists, or :class:`IntegrityError` where they are not those bytes."""
        try:
            data = read_stored(self.folder / str(output["path"]))
        except (OSError, ValueError, IntegrityError) as error:
            raise self._differs(output, "cannot be read") from error
        if hashlib.sha256(data).hexdigest() != output["sha256"]:
            raise self._differs(output, "is not what the ledger lists")
        return data

    def _differs(self, output: dict[str, Any], what: str) -> IntegrityError:
        todo = "run 'forensics verify', then make it anew with --again"
        return IntegrityError(f"{output['path']} {what}", place=str(self.folder / str(output["path"])), todo=todo)

    def checked_path(self, output: dict[str, Any]) -> Path:
        """The path of a listed file after its hash was compared."""
        path = self.folder / str(output["path"])
        try:
            with open_stored(path) as handle:
                found = hashlib.file_digest(handle, "sha256").hexdigest()
        except (OSError, ValueError, IntegrityError) as error:
            raise self._differs(output, "cannot be read") from error
        if found != output["sha256"]:
            raise self._differs(output, "is not what the ledger lists")
        return path
