"""Two sources that come out of an export: the members of an archive, and the comparison with the provider's statement.

Both are filled by guarded workers into a spool and hashed again while they are read into the case.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.acquisition.exports import archives, jobs
from forensics.acquisition.exports.recognised import TITLES, Export
from forensics.acquisition.exports.statement import MISSING, STATEMENT
from forensics.acquisition.receipt import Refusal
from forensics.acquisition.source import Found
from forensics.errors import ForensicsError, FormatError
from forensics.evidence.item import FILE, Entry
from forensics.workers.job import Engine, Job, Limits, Outcome

ARCHIVE, STATED = "archive", "statement of a provider"
_ARCHIVE_LIMITS = (
    "Links, devices and other special members of the archive were listed, not followed.",
    "The times of a zip have no zone and stand here as if they were UTC.",
)
_STATED_LIMITS = (
    "Only what the provider states can be missed: what it left out without a word cannot be found here.",
    "A provider's own digests show that the files arrived as it sent them, not that they are what users wrote.",
)


def limits_for(size: int, expanding: bool = False) -> Limits:
    """Limits for a job that reads ``size`` bytes, or writes many times as many: 2 minutes and then 4 MB/s."""
    most = max(archives.FREE_BYTES, archives.MOST_RATIO * size) if expanding else size
    seconds = 120 + 2 * size // 4_000_000
    return replace(Limits(), wall=float(seconds), cpu=seconds, file_size=max(Limits().file_size, most))


def run(
    engine: Engine, call: str, args: dict[str, Any], reads: tuple[Path, ...], spool: Path, limits: Limits
) -> Outcome:
    """Run one job of this part in a fresh spool."""
    if spool.exists():
        shutil.rmtree(spool)
    spool.mkdir(parents=True)
    return engine.submit(Job(call=call, args=args, reads=reads, spool=spool, limits=limits)).result()


class _Spooled:
    """Reads files of a spool; knows what the worker said of each."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._copies: dict[bytes, tuple[Path, str | None]] = {}

    @contextmanager
    def read(self, entry: Entry) -> Iterator[_Copy]:
        """The spooled copy of a listed file."""
        path, sha256 = self._copies[entry.path]
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb", buffering=0) as file:
            yield _Copy(file, entry, sha256)


class ArchiveSource(_Spooled):
    """The members of one archive as an evidence item of their own, with the archive as its parent."""

    def __init__(self, *, engine: Engine, stored: Path, size: int, at: str, name: str, spool: Path) -> None:
        super().__init__(spool)
        self._engine = engine
        self._stored = stored
        self._size = size
        self._at = at
        self._name = name
        self._answer: dict[str, Any] = {}
        self._remarks: list[Refusal] = []

    def describe(self) -> dict[str, Any]:
        """The archive, where it is stored, and what came of opening it."""
        return {"kind": ARCHIVE, "given": self._name, "parent": self._at, "archive": self._answer}

    def limits(self) -> tuple[str, ...]:
        """What of an archive is not acquired."""
        return _ARCHIVE_LIMITS

    def remarks(self) -> tuple[Refusal, ...]:
        """Members that are kept although they differ from what the archive states, and where it broke off."""
        return tuple(self._remarks)

    def entries(self) -> Iterable[Found]:
        """Unpack the archive, and tell what came out."""
        args, limits = {"size": self._size}, limits_for(self._size, expanding=True)
        outcome = run(self._engine, f"{archives.__name__}:unpack", args, (self._stored,), self._spool, limits)
        self._answer = outcome.value or {"broken": f"opening it stopped the worker: {outcome.cause}"}
        for entry in _listed(self._spool / archives.MEMBERS):
            yield self._found(entry)
        if self._answer["broken"]:
            self._remarks.append(Refusal(path=self._name.encode(), reason=self._answer["broken"]))

    def _found(self, entry: Entry) -> Found:
        plain = replace(entry, number=None, sha256=None, md5=None)
        if entry.type != FILE:
            return Found(entry=plain)
        if entry.number is None:
            return Found(entry=plain, refusal=Refusal(path=entry.path, reason=entry.note or "not read"))
        if entry.note:
            self._remarks.append(Refusal(path=entry.path, reason=entry.note))
        self._copies[entry.path] = (self._spool / f"{entry.number:06d}.bin", entry.sha256)
        return Found(entry=plain)


class StatementSource(_Spooled):
    """What a provider stated against what arrived, as an evidence item: each lack is named in its receipt."""

    def __init__(
        self, *, engine: Engine, export: Export, files: list[dict[str, Any]], reads: tuple[Path, ...], spool: Path
    ) -> None:
        super().__init__(spool)
        self._engine = engine
        self._export = export
        self._files = files
        self._reads = reads
        self._answer: dict[str, Any] = {}

    def describe(self) -> dict[str, Any]:
        """The export, the items that it lies in, and the numbers of the comparison."""
        items = sorted({file.at.partition("/")[0] for file in self._export.files})
        return {
            "kind": STATED,
            "given": f"{TITLES[self._export.kind]} in {self._export.root or '.'}",
            "parent": items[0],
            "items": items,
            "export": {**self._answer["head"], "told_by": self._export.why, "files": len(self._export.files)},
        }

    def limits(self) -> tuple[str, ...]:
        """What such a comparison cannot show."""
        return _STATED_LIMITS

    def remarks(self) -> tuple[Refusal, ...]:
        """What is there and not as the provider states it."""
        return tuple(each for kind, each in self._refusals() if kind != MISSING)

    def entries(self) -> Iterable[Found]:
        """Compare, and tell the file of the comparison and all that is missing."""
        size = sum(file.size for file in self._export.files)
        args = {"kind": self._export.kind, "files": self._files}
        outcome = run(self._engine, f"{jobs.__name__}:check", args, self._reads, self._spool, limits_for(size))
        if outcome.value is None:
            raise ForensicsError(
                f"the export could not be compared with its statement: {outcome.cause} {outcome.detail[:300]}".rstrip(),
                place=self._export.root,
                todo="its files are in the case as they came; they are parsed without what the export says of them",
            )
        self._answer = outcome.value
        path = self._spool / STATEMENT
        self._copies[STATEMENT.encode()] = (path, None)
        yield Found(entry=Entry(path=STATEMENT.encode(), type=FILE, size=path.stat().st_size))
        seen = {STATEMENT.encode()}
        for kind, refusal in self._refusals():
            if kind == MISSING and refusal.path not in seen:
                seen.add(refusal.path)
                entry = Entry(path=refusal.path, type=FILE, note=refusal.reason)
                yield Found(entry=entry, refusal=refusal)

    def _refusals(self) -> Iterator[tuple[str, Refusal]]:
        for lack in self._answer["lacks"]:
            number = errno.ENOENT if lack["lack"] == MISSING else 0
            path = str(lack["what"]).encode("utf-8", "backslashreplace") or b"(no name)"
            where = f" ({lack['at']})" if lack["at"] else ""
            yield lack["lack"], Refusal(path=path, reason=f"{lack['lack']}: {lack['why']}{where}", errno=number)
        if self._answer["more"]:
            yield "more", Refusal(path=STATEMENT.encode(), reason=f"{self._answer['more']:,} more are named in it")


class _Copy:
    """A spooled file, hashed again while it is read."""

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
        same = self._expected is None or self._sum.hexdigest() == self._expected
        return "" if same else "its copy in the spool differs from what was read in the archive"


def _listed(path: Path) -> Iterator[Entry]:
    """What a worker wrote, as far as it goes."""
    for line in path.read_bytes().split(b"\n")[:-1] if path.is_file() else []:
        try:
            yield Entry.from_json(canonical.decode(line))
        except FormatError:
            return
