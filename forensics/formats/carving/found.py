"""What carving gives: an object with the ranges of the medium that it came from, and how its end was told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

SECTOR = 512
"""Files begin at sectors, whatever the file system; the tail of the last one is mostly filled with zeros."""


class Kind(StrEnum):
    """What was found."""

    MESSAGE = "message"
    MBOX = "mbox"
    PST = "pst"
    OST = "ost"
    MSG = "msg"
    NDB = "ndb"
    """Pages and blocks of an Outlook store whose header is gone."""


SUFFIXES = {
    Kind.MESSAGE: "eml",
    Kind.MBOX: "mbox",
    Kind.PST: "pst",
    Kind.OST: "ost",
    Kind.MSG: "msg",
    Kind.NDB: "pst",
}


class Extent(NamedTuple):
    """``length`` bytes that stand at ``offset`` of the medium and at ``at`` of the object."""

    at: int
    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One object. ``size`` is more than its extents hold where parts of it were not found: these stand as zeros.

    ``validated`` says that its own structure confirms the end; ``truncated`` that the structure goes on beyond it.
    ``messages`` counts those of a mailbox.
    """

    kind: Kind
    extents: tuple[Extent, ...]
    size: int
    ended: str
    validated: bool
    truncated: bool = False
    messages: int = 1
    notes: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        return self.extents[0].offset

    @property
    def name(self) -> str:
        """Kind and offset, such as ``carved/mbox-0000001048576.mbox``: unique, because no byte is in two objects."""
        return f"carved/{self.kind}-{self.start:013d}.{SUFFIXES[self.kind]}"

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "ranges": [list(extent) for extent in self.extents],
            "size": self.size,
            "ended": self.ended,
            "validated": self.validated,
            "truncated": self.truncated,
            "messages": self.messages,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Found:
        return cls(
            kind=Kind(line["kind"]),
            extents=tuple(Extent(*map(int, each)) for each in line["ranges"]),
            size=int(line["size"]),
            ended=str(line["ended"]),
            validated=bool(line["validated"]),
            truncated=bool(line["truncated"]),
            messages=int(line["messages"]),
            notes=tuple(map(str, line["notes"])),
        )


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was looked at: every place that could have been a start, and why those that are none are none."""

    starts: int = 0
    false: Counter[str] = field(default_factory=Counter)

    def refuse(self, why: str) -> None:
        self.starts += 1
        self.false[why] += 1

    def add(self, other: Tally) -> None:
        self.starts += other.starts
        self.false.update(other.false)


def whole(kind: Kind, start: int, end: int, **told: Any) -> Found:
    """An object in one piece."""
    return Found(kind=kind, extents=(Extent(0, start, end - start),), size=end - start, **told)
