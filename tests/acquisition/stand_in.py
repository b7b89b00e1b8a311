"""A source in memory with the interface of a real one, for what no real folder does on demand: fail, grow, vanish."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from forensics.acquisition.acquire import Acquired, acquire
from forensics.acquisition.source import Found, Source
from forensics.evidence.item import FILE, Entry, Times
from forensics.evidence.store import EvidenceStore

TOOL = {"name": "email-forensics", "version": "0"}
_INSTANT = 1_700_000_000_000_000_000


def clock() -> Callable[[], int]:
    """A clock that goes on by a second with each look at it."""
    ticks = iter(range(_INSTANT, _INSTANT * 2, 1_000_000_000))
    return lambda: next(ticks)


def acquired(source: Source, case: Path, item: str = "EV-0001") -> tuple[EvidenceStore, Acquired]:
    """The whole of one acquisition into a case folder."""
    store = EvidenceStore(case / "evidence")
    return store, acquire(source, store.begin(item), now=clock(), tool=TOOL, about={"case": "K-1"})


@dataclass
class MemoryReading:
    entry: Entry
    data: bytes
    fails_at: int
    verdict: str
    offset: int = 0

    def readinto(self, view: memoryview, /) -> int:
        if 0 <= self.fails_at <= self.offset:
            raise OSError(errno.EIO, "Input/output error")
        end = len(self.data) if self.fails_at < 0 else min(len(self.data), self.fails_at)
        piece = self.data[self.offset : min(end, self.offset + len(view))]
        view[: len(piece)] = piece
        self.offset += len(piece)
        return len(piece)

    def changed(self) -> str:
        return self.verdict


@dataclass
class MemorySource:
    """``fails_at``: path to the offset of a bad sector. ``restless``: path to how often it changes while it is read."""

    files: dict[bytes, bytes]
    fails_at: dict[bytes, int] = field(default_factory=dict)
    restless: dict[bytes, int] = field(default_factory=dict)
    vanishing: set[bytes] = field(default_factory=set)
    stop_at: bytes = b""
    reads: list[bytes] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        return {"kind": "memory", "given": "stand-in"}

    def entries(self) -> Iterator[Found]:
        for number, (path, data) in enumerate(self.files.items(), start=1):
            times = Times(accessed=1, modified=len(data), changed=3, born=4)
            yield Found(entry=Entry(path=path, type=FILE, size=len(data), inode=number, dev=1, nlink=1, times=times))

    @contextmanager
    def read(self, entry: Entry) -> Iterator[MemoryReading]:
        path = entry.path
        self.reads.append(path)
        if path == self.stop_at:
            raise KeyboardInterrupt
        if path in self.vanishing:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        left = self.restless.get(path, 0)
        self.restless[path] = left - 1
        yield MemoryReading(replace(entry), self.files[path], self.fails_at.get(path, -1), "size" if left > 0 else "")
