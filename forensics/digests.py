"""Hash once while reading, with several algorithms side by side: SHA-256 (FIPS 180-4); MD5 (RFC 1321) to compare lists.

``hashlib`` lets go of the interpreter lock for large blocks, so each algorithm has a thread of its own and hashes one
block while the next is read and the last is written.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Protocol, Self

SHA256 = "sha256"
MD5 = "md5"
BOTH = (SHA256, MD5)

BLOCK = 1 << 22
_DEPTH = 4
_SMALL = 1 << 17

Fill = Callable[[memoryview], int]
"""Puts the next bytes into the view and says how many; 0 at the end."""

Also = Callable[[memoryview], object]
"""What else is to be done with each block while it is hashed: writing it, mostly. It must not keep the view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a hash function said about some bytes, in lower-case hexadecimal."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """How many bytes went by and what their digests are, by algorithm."""

    size: int
    digests: dict[str, Digest]

    def hex(self, algorithm: str) -> str:
        return self.digests[algorithm].hex


class _Sum(Protocol):
    def update(self, data: memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


class Hasher:
    """Hashes one stream after another; keeps its threads and buffers between them. Close it, or use ``with``."""

    def __init__(self, algorithms: Sequence[str] = BOTH, *, block: int = BLOCK) -> None:
        self._algorithms = tuple(algorithms)
        self._block = block
        self._buffers: list[memoryview] = []
        self._threads: list[ThreadPoolExecutor] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for thread in self._threads:
            thread.shutdown()
        self._threads = []

    def hash(self, fill: Fill, also: Also | None = None) -> Hashed:
        """Read to the end through ``fill``; each block goes to every algorithm and to ``also``."""
        sums: list[_Sum] = [hashlib.new(name, usedforsecurity=False) for name in self._algorithms]
        busy: list[list[Future[None]]] = [[] for _ in range(_DEPTH)]
        size = turn = 0
        try:
            while True:
                _settle(busy[turn])
                buffer = self._buffer(turn)
                count = fill(buffer)
                if not count:
                    break
                size += count
                view = buffer[:count]
                if count < _SMALL:
                    self._hash_here(sums, view, busy)
                else:
                    busy[turn] = self._hash_aside(sums, view)
                if also is not None:
                    also(view)
                turn = (turn + 1) % _DEPTH
        finally:
            for futures in busy:
                _settle(futures)
        found = {
            name: Digest(algorithm=name, hex=each.hexdigest())
            for name, each in zip(self._algorithms, sums, strict=True)
        }
        return Hashed(size=size, digests=found)

    def _buffer(self, turn: int) -> memoryview:
        """Page-aligned memory, as direct transfers want it."""
        if turn == len(self._buffers):
            self._buffers.append(memoryview(mmap.mmap(-1, self._block)))
        return self._buffers[turn]

    def _hash_here(self, sums: list[_Sum], view: memoryview, busy: list[list[Future[None]]]) -> None:
        """A handful of bytes costs less than waking a thread; blocks handed out earlier must be through first."""
        for futures in busy:
            _settle(futures)
        for each in sums:
            each.update(view)

    def _hash_aside(self, sums: list[_Sum], view: memoryview) -> list[Future[None]]:
        if not self._threads:
            self._threads = [ThreadPoolExecutor(1, thread_name_prefix=name) for name in self._algorithms]
        return [thread.submit(each.update, view) for thread, each in zip(self._threads, sums, strict=True)]


def _settle(futures: list[Future[None]]) -> None:
    while futures:
        futures.pop().result()


def filler(handle: BinaryIO) -> Fill:
    """Reads a binary handle block by block, straight into the buffer where the handle can do that."""
    into = getattr(handle, "readinto", None)
    if into is None:
        return lambda view: _read_into(handle, view)
    return lambda view: into(view) or 0


def _read_into(handle: BinaryIO, view: memoryview) -> int:
    data = handle.read(len(view))
    view[: len(data)] = data
    return len(data)


def digest_file(handle: BinaryIO, algorithms: Sequence[str] = BOTH) -> dict[str, Digest]:
    """The digests of everything from the handle's position to its end."""
    with Hasher(algorithms) as hasher:
        return hasher.hash(filler(handle)).digests


def digest_bytes(data: bytes, algorithm: str = SHA256) -> Digest:
    """The digest of bytes in memory."""
    return Digest(algorithm=algorithm, hex=hashlib.new(algorithm, data, usedforsecurity=False).hexdigest())
