"""What a provider stated, what arrived, what is missing: the values that a comparison comes to, and their lines.

``statement.jsonl`` is canonical JSON, a line each: the head ``{"export":KIND,"v":1,"stated":{},"arrived":{}}``; then
what is wrong, ``{"lack":"missing","what":...,"why":...}``; then what the provider says of messages that arrived,
``{"file":"EV-0001/000002","message":3,"labels":[...]}``; then the files that hold no mail, ``{"paper":...}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forensics import canonical

STATEMENT = "statement.jsonl"
VERSION = 1
MISSING, CHANGED, UNREAD, REPORTED, EXTRA, COUNT = "missing", "changed", "unreadable", "reported", "extra", "count"
"""Not there; there with other bytes; not to be read; an error that the provider itself reports; there and not stated;
another number than stated."""
PARTLY = frozenset((MISSING, CHANGED, UNREAD, REPORTED, COUNT, EXTRA))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One thing that is not as the provider states it. ``at`` is the address of what it is about, if that is there."""

    kind: str
    what: str
    why: str
    at: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its line."""
        return {"lack": self.kind, "what": self.what, "why": self.why, "at": self.at}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the export says of one message that arrived, by file and number in it (from 1)."""

    file: str
    message: int
    labels: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    folder: str = ""
    uid: int = 0
    received_ns: int | None = None
    received_raw: str = ""
    zone_unknown: bool = False
    orphaned: bool = False
    """The export's own index lists the message no more."""

    def to_json(self) -> dict[str, Any]:
        """Its line, without what is not said."""
        line: dict[str, Any] = {"file": self.file, "message": self.message}
        given = {"labels": list(self.labels), "flags": list(self.flags), "folder": self.folder, "uid": self.uid}
        given |= {"received_raw": self.received_raw, "orphaned": self.orphaned}
        given["zone_unknown"] = self.zone_unknown
        line |= {name: value for name, value in given.items() if value}
        return line if self.received_ns is None else {**line, "received_ns": self.received_ns}


@dataclass(slots=True, kw_only=True)
class Statement:
    """The comparison of one export, filled by the reader of its kind."""

    export: str
    stated: dict[str, Any] = field(default_factory=dict)
    arrived: dict[str, Any] = field(default_factory=dict)
    verified: dict[str, int] = field(default_factory=dict)
    """How many files or messages had a stated digest or size, by what it was, and met it."""
    lacks: list[Lack] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    """The addresses of the files that tell of the mail and hold none."""

    def lack(self, kind: str, what: str, why: str, at: str = "") -> None:
        """One more thing that is not as stated."""
        self.lacks.append(Lack(kind=kind, what=what, why=why, at=at))

    def met(self, what: str) -> None:
        """One more digest or size that is as stated."""
        self.verified[what] = self.verified.get(what, 0) + 1

    def count(self, what: str, stated: int, arrived: int) -> None:
        """Hold two numbers of the same thing against each other."""
        if stated >= 0 and stated != arrived:
            self.lack(COUNT, what, f"{stated:,} stated, {arrived:,} arrived")

    def head(self) -> dict[str, Any]:
        """The first line."""
        numbers: dict[str, int] = {}
        for each in self.lacks:
            numbers[each.kind] = numbers.get(each.kind, 0) + 1
        return {
            "export": self.export,
            "v": VERSION,
            "stated": self.stated,
            "arrived": self.arrived,
            "verified": self.verified,
            "lacks": numbers,
            "notes": self.notes,
        }

    def lines(self) -> Iterator[bytes]:
        """The file, line by line."""
        yield canonical.encode(self.head()) + b"\n"
        yield from (canonical.encode(lack.to_json()) + b"\n" for lack in self.lacks)
        yield from (canonical.encode(said.to_json()) + b"\n" for said in self.said)
        yield from (canonical.encode({"paper": at}) + b"\n" for at in self.papers)


def lack_of(line: Mapping[str, Any]) -> Lack | None:
    """The lack that a line states, or ``None`` where it states something else."""
    kind = line.get("lack")
    if kind not in PARTLY:
        return None
    return Lack(
        kind=str(kind), what=str(line.get("what", "")), why=str(line.get("why", "")), at=str(line.get("at", ""))
    )
