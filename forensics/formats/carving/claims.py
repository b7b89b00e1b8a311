"""Which bytes of the medium belong to an object already: no byte stands in two."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from forensics.formats.carving.found import Extent


class Claims:
    """Ranges that do not overlap, in order; neighbours become one."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, extents: Iterable[Extent]) -> None:
        for extent in extents:
            self._add(extent.offset, extent.end)

    def _add(self, start: int, end: int) -> None:
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last], self._ends[first:last] = [start], [end]

    def within(self, at: int) -> int:
        """The end of the claim that holds this byte; -1 where none does."""
        index = bisect_right(self._starts, at) - 1
        return self._ends[index] if index >= 0 and at < self._ends[index] else -1

    def next(self, at: int) -> int:
        """Where the first claim behind ``at`` begins; -1 where there is none."""
        index = bisect_right(self._starts, at)
        return self._starts[index] if index < len(self._starts) else -1

    def free(self, extents: Iterable[Extent]) -> bool:
        """Whether no byte of these is claimed."""
        return all(
            self.within(extent.offset) < 0 and not 0 <= self.next(extent.offset) < extent.end for extent in extents
        )

    def gaps(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What of a range is not claimed."""
        at = start
        while at < end:
            inside = self.within(at)
            if inside >= 0:
                at = inside
                continue
            stop = self.next(at)
            yield at, end if stop < 0 else min(stop, end)
            at = end if stop < 0 else stop
