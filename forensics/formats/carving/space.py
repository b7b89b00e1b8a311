"""The part of a medium that is searched: runs of bytes that no live file has, and reads that never leave them."""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from forensics.formats.carving.found import Extent

ReadAt = Callable[[int, int], bytes]
_WINDOW = 1 << 20
_BEHIND = 1 << 16
_FIND_FIRST, _FIND = 1 << 12, 4 << 20


class Area(NamedTuple):
    """A range of the medium and what it is: unallocated, slack or raw."""

    start: int
    end: int
    what: str


class Run(NamedTuple):
    """Bytes that lie together, whatever areas they are made of."""

    start: int
    end: int


class Space:
    """Areas of a medium. Those that touch are one run, for an old file goes on from slack into free blocks."""

    def __init__(self, read_at: ReadAt, areas: Iterable[Area]) -> None:
        self._read_at = read_at
        self.areas: tuple[Area, ...] = tuple(_apart(areas))
        self.runs: tuple[Run, ...] = tuple(_runs(self.areas))
        self._starts = [run.start for run in self.runs]
        self._area_starts = [area.start for area in self.areas]
        self._held, self._held_at = b"", 0
        self._kept, self._kept_at = b"", 0

    @property
    def size(self) -> int:
        return sum(run.end - run.start for run in self.runs)

    def hold(self, at: int, data: bytes) -> None:
        """Bytes that were read already and will be asked for again; they lie in one run."""
        self._kept, self._kept_at = data, at

    def run(self, at: int) -> Run | None:
        """The run that holds this byte."""
        index = bisect_right(self._starts, at) - 1
        return self.runs[index] if index >= 0 and at < self.runs[index].end else None

    def before(self, at: int) -> int:
        """The byte before, if it is searched too: a line begins behind one."""
        return at - 1 if self.run(at - 1) is not None else at

    def after(self, end: int) -> Run | None:
        """The first run that begins at or behind ``end``."""
        index = bisect_left(self._starts, end)
        return self.runs[index] if index < len(self.runs) else None

    def what(self, at: int) -> str:
        """The kind of area that holds this byte."""
        index = bisect_right(self._area_starts, at) - 1
        return self.areas[index].what if index >= 0 and at < self.areas[index].end else ""

    def read(self, at: int, length: int) -> bytes:
        """Up to ``length`` bytes, fewer at the end of the run or where the medium cannot be read."""
        low = at - self._kept_at
        if low >= 0 and low + length <= len(self._kept):
            return self._kept[low : low + length]
        run = self.run(at)
        if run is None:
            return b""
        length = min(length, run.end - at)
        low = at - self._held_at
        if low >= 0 and low + length <= len(self._held):
            return self._held[low : low + length]
        if length > _WINDOW - _BEHIND:
            return self._read_at(at, length)
        begin = max(run.start, at - _BEHIND)
        self._held = self._read_at(begin, min(_WINDOW, run.end - begin))
        self._held_at = begin
        return self._held[at - begin : at - begin + length]

    def windows(self, start: int, end: int, step: int) -> Iterator[tuple[int, bytes]]:
        """The bytes from ``start`` to ``end``, which lie in one run, in pieces."""
        for at in range(start, end, step):
            yield at, self._read_at(at, min(step, end - at))

    def find(self, needle: bytes, start: int, end: int) -> int:
        """The first place of ``needle`` that lies wholly between; -1 where there is none."""
        at, step = start, _FIND_FIRST
        while at + len(needle) <= end:
            data = self.read(at, min(step, end - at))
            step = min(step * 8, _FIND)
            found = data.find(needle)
            if found >= 0:
                return at + found
            if len(data) < len(needle):
                return -1
            at += len(data) - len(needle) + 1
        return -1


class View(io.RawIOBase):
    """Extents of a medium as one file; what no extent holds reads as zeros."""

    def __init__(self, read_at: ReadAt, extents: Sequence[Extent], size: int) -> None:
        super().__init__()
        self._read_at = read_at
        self._extents = sorted(extents)
        self._starts = [extent.at for extent in self._extents]
        self._size = size
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._place)
        length = left if size < 0 else min(size, left)
        data = self.at(self._place, length)
        self._place += len(data)
        return data

    def at(self, offset: int, length: int) -> bytes:
        """Bytes of the object, zeros where nothing is known of them."""
        length = max(0, min(length, self._size - offset))
        out = bytearray(length)
        index = max(0, bisect_right(self._starts, offset) - 1)
        for extent in self._extents[index:]:
            if extent.at >= offset + length:
                break
            low, high = max(extent.at, offset), min(extent.at + extent.length, offset + length)
            if low < high:
                got = self._read_at(extent.offset + low - extent.at, high - low)
                out[low - offset : low - offset + len(got)] = got
        return bytes(out)


def _apart(areas: Iterable[Area]) -> Iterator[Area]:
    """In order, none over another: what comes first has the bytes."""
    done = 0
    for area in sorted(areas):
        start = max(area.start, done)
        if start < area.end:
            yield Area(start, area.end, area.what)
            done = area.end


def _runs(areas: Sequence[Area]) -> Iterator[Run]:
    start = end = -1
    for area in areas:
        if area.start != end:
            if end > start:
                yield Run(start, end)
            start = area.start
        end = area.end
    if end > start:
        yield Run(start, end)
