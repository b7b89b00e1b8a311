"""One store of a disk image as a source of evidence: workers copy its files out, the parent hashes them again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.acquisition.image_values import ImageReport, ImageStore, image_args, limits_for, run_job
from forensics.acquisition.receipt import Refusal
from forensics.acquisition.source import Found
from forensics.errors import FormatError
from forensics.evidence.item import FILE, Entry
from forensics.evidence.vault import derive, open_sealed
from forensics.workers.job import Engine, Outcome

_EXTRACTED = "extracted.jsonl"
_SPOOLED = "copied"


class ImageSource:
    """One store of an image as a source of evidence: its files come from a spool that a worker filled."""

    def __init__(self, *, engine: Engine, report: ImageReport, store: ImageStore, spool: Path, parent: str) -> None:
        self._engine = engine
        self._report = report
        self._store = store
        self._spool = spool
        self._parent = parent
        self._copies: dict[bytes, tuple[Path, bytes, Entry]] = {}
        self._remarks: list[Refusal] = []

    def describe(self) -> dict[str, Any]:
        """What ``acquisition.json`` says: the store, where it stood, the image item it came from, and its soundness."""
        checked = self._report.checked
        deleted = "" if self._store.allocated else ", deleted,"
        return {
            "kind": f"{self._store.kind}{deleted} in a disk image",
            "given": self._store.path.decode("utf-8", "backslashreplace"),
            "parent": self._parent,
            "volume": dict(self._store.volume),
            "told_by": self._store.why,
            "strength": self._store.strength,
            "allocated": self._store.allocated,
            "overwritten_bytes": self._store.overwritten,
            "damaged_files": self._store.damaged,
            "image": {key: checked[key] for key in ("size", "verdict", "computed", "stored", "unread", "damaged")},
        }

    def limits(self) -> tuple[str, ...]:
        """What is not among these files, whatever their receipt says."""
        what = "Of this volume, only what belongs to this store; the whole image is the parent item."
        slack = "No slack of the files, no unallocated space: the image holds them, and carving reads them there."
        if self._store.allocated:
            return what, slack
        return (
            what,
            slack,
            "Of deleted files, the places that their metadata name and that no live file has taken since.",
            "Zeros stand for the rest; each such range is listed. Whether a third file was there between is not told.",
        )

    def remarks(self) -> tuple[Refusal, ...]:
        """The files that damaged parts of the image touch: they are stored, and the receipt is not complete."""
        return tuple(self._remarks)

    def entries(self) -> Iterable[Found]:
        """Copy the store out of the image and tell what came; a file that stops a worker costs only itself."""
        listed = _lines(self._store.listing)
        done = 0
        while done < len(listed):
            spool, key, outcome = self._extract(done + 1)
            for entry in _extracted(spool / _EXTRACTED, listed[done:]):
                done += 1
                yield self._found(entry, spool, key)
            if done < len(listed):
                yield _lost(listed[done], outcome)
                done += 1

    def _extract(self, first: int) -> tuple[Path, bytes, Outcome]:
        keys = self._report.keys
        key = keys.fresh() if keys else b""
        args = {**image_args(self._report.image), "volume": self._store.volume, "first": first}
        if keys:
            args["keys"] = keys.job(key)
        reads = (*self._report.image.paths, self._store.listing)
        spool = self._spool / f"from-{first:06d}"
        return spool, key, run_job(self._engine, "extract", args, reads, spool, limits_for(self._store.size))

    @contextmanager
    def read(self, entry: Entry) -> Iterator[_Copy]:
        """The spooled copy of a listed file."""
        path, key, extracted = self._copies[entry.path]
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb", buffering=0) as file:
            yield _Copy(open_sealed(file, key, path.name) if key else file, entry, extracted.sha256)

    def _found(self, entry: Entry, spool: Path, key: bytes) -> Found:
        plain = replace(entry, number=None, sha256=None, md5=None)
        if entry.number is None:
            return Found(entry=plain, refusal=Refusal(path=entry.path, reason=entry.note or "not read"))
        facts = entry.facts or {}
        if facts.get("damaged") or facts.get("damage"):
            self._remarks.append(Refusal(path=entry.path, reason=entry.note))
        own = derive(key, _SPOOLED, entry.number.to_bytes(8, "big")) if key else b""
        self._copies[entry.path] = (spool / f"{entry.number:06d}.bin", own, entry)
        return Found(entry=plain)


class _Copy:
    """A spooled file, hashed again while it is read; ``entry`` is the file as it was listed in the image."""

    def __init__(self, file: Any, entry: Entry, expected: str | None) -> None:
        self.entry = entry
        self._file = file
        self._expected = expected
        self._sum = hashlib.sha256()

    def readinto(self, view: memoryview, /) -> int:
        got = int(self._file.readinto(view) or 0)
        self._sum.update(view[:got])
        return got

    def changed(self) -> str:
        """In words, where the spool no longer holds what the worker said it wrote; "" where it does."""
        same = self._sum.hexdigest() == self._expected
        return "" if same else "its copy in the spool differs from what was read in the image"


def _lines(listing: Path) -> list[dict[str, Any]]:
    return [canonical.decode(line) for line in listing.read_bytes().splitlines()]


def _extracted(path: Path, listed: list[dict[str, Any]]) -> Iterator[Entry]:
    """What a worker wrote, as far as it goes and as far as it is about the files that were asked for."""
    written = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    for line, wanted in zip(written, listed, strict=False):
        try:
            entry = Entry.from_json(canonical.decode(line))
        except FormatError:
            return
        if entry.path.hex() != wanted["path_hex"]:
            return
        yield entry


def _lost(wanted: dict[str, Any], outcome: Outcome) -> Found:
    path = bytes.fromhex(wanted["path_hex"])
    reason = f"reading it stopped the worker: {outcome.cause or 'no answer'}"
    entry = Entry(path=path, type=FILE, inode=wanted["inode"], note=f"not read: {reason}")
    return Found(entry=entry, refusal=Refusal(path=path, reason=reason))
