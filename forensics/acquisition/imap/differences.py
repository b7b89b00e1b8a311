"""What differs between two looks at an account: during one run, and since the evidence item that was made before.

Within one UIDVALIDITY a UID names one message for ever, and its text never changes (RFC 9051 2.3.1.1), so that what
has the same folder, UIDVALIDITY, UID, INTERNALDATE and size is the same message and need not be fetched twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forensics.acquisition.imap.listing import Account, Listed

NEW, GONE, FLAGS, LABELS, CHANGED = "new", "gone", "flags", "labels", "changed"
FOLDER_NEW, FOLDER_GONE, RENEWED = "folder new", "folder gone", "uidvalidity"
_WORDS = {
    NEW: "new",
    GONE: "gone",
    FLAGS: "with other flags",
    LABELS: "with other labels",
    CHANGED: "with another size or date",
}


def _lasting(flags: Iterable[str]) -> tuple[str, ...]:
    return tuple(each for each in flags if each.lower() != "\\recent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What of a message may change, and what tells that it is another; not ``Recent``, which is the session's."""

    flags: tuple[str, ...]
    labels: tuple[str, ...] | None
    internaldate: str
    size: int | None

    @classmethod
    def of(cls, listed: Listed) -> Mark:
        """The mark of a listed message."""
        return cls(
            flags=_lasting(listed.flags),
            labels=listed.labels,
            internaldate=listed.internaldate,
            size=listed.size,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The folders that could be read, each with its UIDVALIDITY and the marks of its messages."""

    folders: Mapping[bytes, int]
    marks: Mapping[bytes, Mapping[int, Mark]]
    names: Mapping[bytes, str]

    @classmethod
    def of(cls, account: Account) -> State:
        """The state that a listing found."""
        read = [each for each in account.folders if each.selectable and each.wanted and not each.trouble]
        return cls(
            folders={each.raw: each.uidvalidity for each in read},
            marks={each.raw: {one.uid: Mark.of(one) for one in each.messages} for each in read},
            names={each.raw: each.shown for each in read},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was. ``uid`` is 0 where it is about a folder."""

    kind: str
    raw: bytes
    folder: str
    uid: int = 0
    before: Any = None
    after: Any = None

    def to_json(self) -> dict[str, Any]:
        """The line of ``differences.jsonl``."""
        raw = self.raw.decode("latin-1")
        found = {"kind": self.kind, "folder": self.folder, "folder_raw": raw, "uid": self.uid or None}
        return {**found, "before": self.before, "after": self.after}

    def sentence(self) -> str:
        """The same in words."""
        if self.kind in (FLAGS, LABELS):
            before, after = (" ".join(each or ()) or "none" for each in (self.before, self.after))
            return f"{self.kind} changed from {before} to {after}"
        if self.kind == CHANGED:
            return f"size and date were {self.before} and are {self.after}"
        if self.kind == RENEWED:
            return f"the folder was made anew: UIDVALIDITY was {self.before} and is {self.after}"
        return {NEW: "new", GONE: "gone", FOLDER_NEW: "the folder is new", FOLDER_GONE: "the folder is gone"}[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Where the text of a message lies that was acquired before."""

    evidence: str
    number: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The evidence item that a differential acquisition builds on: its state, and where each text lies."""

    evidence: str
    state: State
    held: Mapping[tuple[bytes, int, int], Held] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        evidence: str,
        folders: Iterable[Mapping[str, Any]],
        messages: Iterable[Mapping[str, Any]],
        numbers: Mapping[str, int],
    ) -> Base:
        """Take the papers of an item up; ``numbers`` are those of its stored files, by path."""
        read = [each for each in folders if each["read"]]
        validity = {each["folder_raw"].encode("latin-1"): int(each["uidvalidity"]) for each in read}
        names = {each["folder_raw"].encode("latin-1"): str(each["folder"]) for each in read}
        marks: dict[bytes, dict[int, Mark]] = {raw: {} for raw in validity}
        held: dict[tuple[bytes, int, int], Held] = {}
        for row in messages:
            raw, uid = row["folder_raw"].encode("latin-1"), int(row["uid"])
            marks.setdefault(raw, {})[uid] = _mark(row)
            where = _held(row, evidence, numbers)
            if where is not None:
                held[raw, int(row["uidvalidity"]), uid] = where
        return cls(evidence=evidence, state=State(folders=validity, marks=marks, names=names), held=held)


def _mark(row: Mapping[str, Any]) -> Mark:
    labels = row["labels"]
    return Mark(
        flags=_lasting(row["flags"]),
        labels=None if labels is None else tuple(labels),
        internaldate=row["internaldate"],
        size=row["size_stated"],
    )


def _held(row: Mapping[str, Any], evidence: str, numbers: Mapping[str, int]) -> Held | None:
    base = row.get("base")
    if base is not None:
        return Held(evidence=base["evidence"], number=base["number"], sha256=base["sha256"], size=row["size"])
    number = numbers.get(row["path"])
    if number is None or row["sha256"] is None:
        return None
    return Held(evidence=evidence, number=number, sha256=row["sha256"], size=row["size"])


def between(before: State, after: State) -> Iterator[Difference]:
    """Everything that differs, folder by folder."""
    for raw in sorted({*before.folders, *after.folders}):
        name = after.names.get(raw) or before.names[raw]
        if raw not in before.folders:
            yield Difference(kind=FOLDER_NEW, raw=raw, folder=name)
        elif raw not in after.folders:
            yield Difference(kind=FOLDER_GONE, raw=raw, folder=name)
        elif before.folders[raw] != after.folders[raw]:
            old, new = before.folders[raw], after.folders[raw]
            yield Difference(kind=RENEWED, raw=raw, folder=name, before=old, after=new)
            yield from _messages(raw, name, before.marks[raw], {})
            yield from _messages(raw, name, {}, after.marks[raw])
            continue
        yield from _messages(raw, name, before.marks.get(raw, {}), after.marks.get(raw, {}))


def _messages(raw: bytes, name: str, before: Mapping[int, Mark], after: Mapping[int, Mark]) -> Iterator[Difference]:
    for uid in sorted({*before, *after}):
        old, new = before.get(uid), after.get(uid)
        if old is None or new is None:
            yield Difference(kind=NEW if old is None else GONE, raw=raw, folder=name, uid=uid)
            continue
        if (old.size, old.internaldate) != (new.size, new.internaldate):
            was, now = [old.size, old.internaldate], [new.size, new.internaldate]
            yield Difference(kind=CHANGED, raw=raw, folder=name, uid=uid, before=was, after=now)
        if old.flags != new.flags:
            was, now = list(old.flags), list(new.flags)
            yield Difference(kind=FLAGS, raw=raw, folder=name, uid=uid, before=was, after=now)
        if old.labels != new.labels:
            yield Difference(
                kind=LABELS, raw=raw, folder=name, uid=uid, before=_list(old.labels), after=_list(new.labels)
            )


def _list(labels: tuple[str, ...] | None) -> list[str] | None:
    return None if labels is None else list(labels)


def summed(differences: Iterable[Difference]) -> tuple[str, ...]:
    """A sentence for each folder that something happened in."""
    counts: dict[str, Counter[str]] = {}
    whole: list[str] = []
    for each in differences:
        if each.uid:
            counts.setdefault(each.folder, Counter())[each.kind] += 1
        else:
            whole.append(f"{each.folder}: {each.sentence()}")
    named = (
        f"{folder}: " + ", ".join(f"{count[kind]:,} {words}" for kind, words in _WORDS.items() if count[kind])
        for folder, count in counts.items()
    )
    return tuple(sorted([*whole, *named]))
