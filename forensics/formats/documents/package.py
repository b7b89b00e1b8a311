"""The parts of an Office file in ZIP form (Open Packaging, ECMA-376 part 2; OpenDocument part 2), within limits."""

from __future__ import annotations

import posixpath

from forensics.errors import FormatError
from forensics.formats.archives import Budget, Member, read_directory
from forensics.formats.archives.unpacking import content
from forensics.formats.documents.xml_sweep import sweep


class Package:
    """An opened package: its parts by name, unpacked when they are asked for."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        self._data, self._budget = data, budget
        self.problems: list[str] = []
        self._members: dict[str, Member] = {}
        try:
            for member in read_directory(data):
                if budget.members_left <= 0:
                    self.problems.append("it has more parts than are looked at here")
                    break
                budget.members_left -= 1
                self._members.setdefault(member.name.replace("\\", "/").lstrip("/"), member)
        except FormatError as error:
            self.problems.append(error.what)

    @property
    def names(self) -> list[str]:
        return list(self._members)

    @property
    def locked(self) -> str:
        """What locks a part of it, or ``""``."""
        return next((member.locked for member in self._members.values() if member.locked), "")

    def part(self, name: str) -> bytes:
        """The bytes of a part; ``b""`` where it is missing, locked, too large or damaged, which is noted."""
        member = self._members.get(name)
        if member is None or member.locked:
            return b""
        refused = self._budget.refusal(member.packed_size, member.size)
        if refused:
            self.problems.append(f"{name} is not read: {refused}")
            return b""
        self._budget.spend(member.size)
        try:
            found = content(self._data, member).data
        except FormatError as error:
            self.problems.append(f"{name}: {error.what}")
            return b""
        if found is None:
            self.problems.append(f"{name} is too large to be read")
        return found or b""

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part refers to (part 2, 9.3): for each id the kind and the name of the other part."""
        folder, _, base = name.rpartition("/")
        data = self.part(f"{folder}/_rels/{base}.rels" if folder else f"_rels/{base}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(element: str, said: dict[str, str]) -> None:
            if element == "Relationship" and said.get("TargetMode") != "External":
                target = said.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
                found[said.get("Id", "")] = (said.get("Type", "").rpartition("/")[2], path)

        if data:
            try:
                sweep(data, start, lambda _: None, lambda _: None)
            except FormatError as error:
                self.problems.append(f"{name}: {error.what}")
        return found
