"""The bytes of a store, read where they are asked for and never as a whole."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import BinaryIO

WINDOW = 1 << 22
_AHEAD = 1 << 16
_NEAR = 1 << 14


class Source:
    """Random access to a file by offset; what lies past its end is read as nothing.

    Blocks that are read one after another mostly lie one behind the other, so where a read goes on a little behind
    the last one, a larger piece is read and kept.
    """

    __slots__ = ("_at", "_descriptor", "_end", "_handle", "_held", "_next", "size")

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        before = handle.tell()
        self.size = handle.seek(0, os.SEEK_END)
        handle.seek(before)
        self._held = b""
        self._at = self._end = self._next = 0
        self._descriptor = -1
        # Only of these is it known that the descriptor gives the same bytes as the handle.
        if isinstance(handle, io.BufferedReader) and isinstance(handle.raw, io.FileIO) and hasattr(os, "pread"):
            self._descriptor = handle.fileno()

    def read(self, at: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``at``; fewer at the end of the file."""
        if 0 < count <= self._end - at and self._at <= at:
            return self._held[at - self._at : at - self._at + count]
        if at < 0 or count <= 0 or at >= self.size:
            return b""
        count = min(count, self.size - at)
        near = 0 <= at - self._next < _NEAR
        self._next = at + count
        if near and count < _AHEAD:
            self._held = self._raw(at, _AHEAD)
            self._at, self._end = at, at + len(self._held)
            self._next = self._end
            return self._held[:count]
        return self._raw(at, count)

    def _raw(self, at: int, count: int) -> bytes:
        if self._descriptor >= 0:
            return os.pread(self._descriptor, count, at)
        self._handle.seek(at)
        return self._handle.read(count)

    def windows(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """The bytes of a range in pieces of 4 MiB, each with its offset."""
        for at in range(start, min(stop, self.size), WINDOW):
            yield at, self._raw(at, min(WINDOW, stop - at))
