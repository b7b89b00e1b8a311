"""Acquire one source as one evidence item: list, copy, hash, read back, seal; go on where a killed run stopped."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from forensics.acquisition.receipt import Receipt, Refusal
from forensics.acquisition.source import Found, Reading, Source
from forensics.digests import BOTH
from forensics.errors import ForensicsError
from forensics.evidence import item as layout
from forensics.evidence.item import Entry
from forensics.evidence.writer import Copy, ItemWriter, Sealed

Told = Callable[[int, int, int, int], object]
"""Progress: bytes and files dealt with, bytes and files in all."""

_FORMAT = 1
_LIMITS = (
    "Only what the file system shows was read: no deleted files, no slack, no snapshots.",
    "Links were not followed; pipes, sockets and devices were not opened.",
    "Extended attributes, access control lists and alternate streams were not recorded.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquired:
    """What an acquisition gives back to the conductor, which writes it to the ledger."""

    receipt: Receipt
    sealed: Sealed
    resumed: bool


class SourceFault(Exception):
    """The source could not be read on; kept apart from failures of our own disk."""

    def __init__(self, error: OSError, offset: int) -> None:
        super().__init__(str(error))
        self.error = error
        self.offset = offset


def acquire(
    source: Source,
    writer: ItemWriter,
    *,
    now: Callable[[], int],
    tool: Mapping[str, str],
    about: Mapping[str, Any] | None = None,
    told: Told | None = None,
) -> Acquired:
    """Copy everything the source lets us read. ``about`` (case, people, authority) is written down as given."""
    with writer:
        run = _Run(source, writer, told)
        started = now()
        run.list()
        run.copy()
        entries = run.numbered()
        receipt = run.receipt(entries, tool)
        if receipt.asked and not receipt.received:
            raise _nothing_read(source, receipt)
        papers = {
            "format": _FORMAT,
            "item": writer.item,
            "source": source.describe(),
            "started_ns": started,
            "ended_ns": now(),
            "hashes": {"algorithms": list(BOTH), "read_back": "every copy, after fsync, through a new descriptor"},
            "resumed": run.resumed(),
            "receipt": receipt.to_json(),
            "limits": list(limits_of(source)),
            "about": dict(about or {}),
        }
        return Acquired(receipt=receipt, sealed=writer.finish(entries, papers), resumed=writer.resumed)


class _Run:
    """The state of one acquisition between its steps."""

    def __init__(self, source: Source, writer: ItemWriter, told: Told | None) -> None:
        self._source = source
        self._same = _sameness_of(source)
        self._writer = writer
        self._told = told
        self._found: list[Found] = []
        self._stored: dict[bytes, Entry] = {}
        self._first_link: dict[bytes, bytes] = {}
        self._refused: dict[bytes, Refusal] = {}
        self._flagged: list[Refusal] = []
        self._again: list[Refusal] = []
        self._todo: list[Found] = []
        self._done = self._total = 0
        self._done_files = self._total_files = 0

    def list(self) -> None:
        """See what is there, take over what an earlier run kept, and check that the rest fits on the disk."""
        self._found = sorted(self._source.entries(), key=lambda found: found.entry.path)
        seen: dict[tuple[int | None, int | None], bytes] = {}
        kept = self._writer.kept
        for found in self._found:
            entry = found.entry
            if found.refusal is not None:
                self._refused[entry.path] = found.refusal
            elif entry.type == layout.FILE:
                link = seen.setdefault((entry.dev, entry.inode), entry.path) if (entry.nlink or 1) > 1 else entry.path
                if link != entry.path:
                    self._first_link[entry.path] = link
                elif not self._taken_over(entry, kept.pop(entry.path, None)):
                    self._todo.append(found)
        self._total = self._done + sum(found.entry.size or 0 for found in self._todo)
        self._total_files = self._done_files + len(self._todo)
        self._take_vanished(kept)
        self._writer.need_space(sum(_takes(found) for found in self._todo))

    def _taken_over(self, entry: Entry, kept: Entry | None) -> bool:
        if kept is None:
            if entry.path in self._writer.damaged:
                self._again.append(Refusal(path=entry.path, reason="the copy of the interrupted run was damaged"))
            return False
        taken = self._same(kept, entry)
        if taken is None:
            self._again.append(Refusal(path=entry.path, reason="changed since the interrupted run copied it"))
            return False
        self._stored[entry.path] = taken
        self._done += kept.size or 0
        self._done_files += 1
        return True

    def _take_vanished(self, kept: Mapping[bytes, Entry]) -> None:
        """What an interrupted run copied and the source no longer has is the last there is of it: it stays."""
        listed = {found.entry.path for found in self._found}
        for path, entry in kept.items():
            if path not in listed:
                reason = "gone from the source when the interrupted run was resumed; this is the copy made before"
                self._stored[path] = entry.noted(reason)
                self._found.append(Found(entry=entry))
                self._flagged.append(Refusal(path=path, reason=reason))
        self._found.sort(key=lambda found: found.entry.path)

    def copy(self) -> None:
        for found in self._todo:
            entry = self._copy_file(found)
            if entry is not None:
                self._stored[found.entry.path] = entry
            self._done += found.entry.size or 0
            self._done_files += 1
            self._tell(0)
        self._writer.commit()

    def _copy_file(self, found: Found) -> Entry | None:
        """One file, tried again once when it changed while it was read."""
        path = found.entry.path
        try:
            copy, entry, changed = self._read(found)
            if changed:
                self._writer.discard(copy)
                copy, entry, changed = self._read(found)
        except SourceFault as fault:
            self._refused[path] = Refusal.of(path, fault.error, fault.offset)
            return None
        if changed:
            reason = f"changed while it was read, twice: {changed}"
            self._flagged.append(Refusal(path=path, reason=reason))
            entry = entry.noted(reason)
        if _has_holes(found):
            entry = entry.noted(f"sparse: {found.allocated:,} of its bytes are allocated")
        return self._writer.keep(copy, entry)

    def _read(self, found: Found) -> tuple[Copy, Entry, str]:
        with ExitStack() as stack:
            try:
                reading = stack.enter_context(self._source.read(found.entry))
            except OSError as error:
                raise SourceFault(error, -1) from error
            fill = _Fill(reading, self._tell)
            copy = self._writer.copy(fill, expected=found.entry.size or 0, sparse=_has_holes(found))
            changed = reading.changed()
            if not changed and reading.entry.size not in (None, copy.hashed.size):
                changed = "size"
            return copy, reading.entry, changed

    def _tell(self, more: int) -> None:
        if self._told is not None:
            self._told(self._done + more, self._done_files, self._total, self._total_files)

    def numbered(self) -> tuple[Entry, ...]:
        """All lines of ``files.jsonl``: stored files numbered in byte order of their paths, the others as they are.

        Another name of a file that was copied already is a stored file too: a message in two folders is in both.
        """
        numbers: dict[bytes, int] = {}
        lines = []
        for found in self._found:
            path = found.entry.path
            first = self._stored.get(self._first_link.get(path, path))
            if first is None:
                refusal = self._refused.get(self._first_link.get(path, path))
                if refusal is not None:
                    self._refused[path] = replace(refusal, path=path)
                lines.append(found.entry if refusal is None or found.refusal else found.entry.noted(refusal.sentence()))
                continue
            numbers[path] = len(numbers) + 1
            entry = replace(first, number=numbers[path])
            if path in self._first_link:
                same = numbers[first.path]
                entry = replace(found.entry, number=entry.number, size=entry.size, sha256=entry.sha256, md5=entry.md5)
                entry = replace(entry, same_as=same).noted("hard link")
            lines.append(entry)
        return tuple(lines)

    def receipt(self, entries: tuple[Entry, ...], tool: Mapping[str, str]) -> Receipt:
        stored = [entry for entry in entries if entry.number is not None]
        links = [entry for entry in entries if entry.path in self._first_link]
        files = [found.entry for found in self._found if found.entry.type == layout.FILE]
        refused = sorted(self._refused.values(), key=lambda each: each.path)
        remarks: Callable[[], tuple[Refusal, ...]] = getattr(self._source, "remarks", tuple)
        return Receipt(
            asked=len(files),
            asked_bytes=sum(entry.size or 0 for entry in files),
            received=len(stored),
            received_bytes=sum(entry.size or 0 for entry in stored),
            special=sum(1 for found in self._found if found.entry.special and found.refusal is None),
            links=len(links),
            refused=tuple(each for each in refused if not each.vanished),
            missing=tuple(each for each in refused if each.vanished),
            flagged=(*self._flagged, *remarks()),
            tool=tool,
        )

    def resumed(self) -> dict[str, Any]:
        return {"yes": self._writer.resumed, "copied_again": [each.to_json() for each in self._again]}


class _Fill:
    """Reads the source for the writer, counts, and marks its failures as the source's own."""

    def __init__(self, reading: Reading, tell: Callable[[int], None]) -> None:
        self._reading = reading
        self._tell = tell
        self._offset = 0

    def __call__(self, view: memoryview) -> int:
        try:
            count = self._reading.readinto(view)
        except OSError as error:
            raise SourceFault(error, self._offset) from error
        self._offset += count
        self._tell(self._offset)
        return count


def limits_of(source: Source) -> tuple[str, ...]:
    """What the source says was not acquired; a source without words of its own is a tree of files."""
    said: Callable[[], tuple[str, ...]] | None = getattr(source, "limits", None)
    return _LIMITS if said is None else said()


def _sameness_of(source: Source) -> Callable[[Entry, Entry], Entry | None]:
    """Whether what an interrupted run kept is what is seen now, and the entry to go on with: by the source's own rule,
    or by what the file system says."""
    own: Callable[[Entry, Entry], Entry | None] | None = getattr(source, "taken_over", None)
    return own or (lambda kept, seen: kept if fingerprint(kept) == fingerprint(seen) else None)


def fingerprint(entry: Entry) -> tuple[object, ...]:
    """What tells, without reading a file, that it is the one seen before."""
    return entry.type, entry.size, entry.inode, entry.times.modified, entry.times.changed, entry.target


def _has_holes(found: Found) -> bool:
    return found.allocated is not None and found.allocated < (found.entry.size or 0)


def _takes(found: Found) -> int:
    size = found.entry.size or 0
    return size if found.allocated is None else min(size, found.allocated)


def _nothing_read(source: Source, receipt: Receipt) -> ForensicsError:
    first = (*receipt.refused, *receipt.missing)[0]
    given = str(source.describe().get("given", "the source"))
    may = "run as an account that may read it" if first.errno in (errno.EACCES, errno.EPERM) else "see the reason"
    return ForensicsError(f"nothing of {given!r} could be read: {first.reason}", place=given, todo=may)
