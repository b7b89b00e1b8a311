"""What of a deleted file still stands: its ranges held against those that live files have taken since.

NIST's DFR-CR-03 and CR-04 are the rule: a recovered file consists of blocks that its residual metadata names and that
no live file holds; the others are named and never passed off as its content.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from forensics.acquisition.filesystem_values import FoundFile, Range, Stream


class Extents:
    """Stretches of an image, sorted and joined, that can be asked what they have in common with another one."""

    def __init__(self, stretches: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, length in sorted(stretches):
            if length <= 0 or start < 0:
                continue
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], start + length)
            else:
                self._starts.append(start)
                self._ends.append(start + length)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return ((start, end - start) for start, end in zip(self._starts, self._ends, strict=True))

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(self._ends) - sum(self._starts)

    def common(self, start: int, length: int) -> Iterator[tuple[int, int]]:
        """The parts of a stretch that lie in these, as starts and lengths."""
        end = start + length
        at = max(0, bisect_right(self._starts, start) - 1)
        while at < len(self._starts) and self._starts[at] < end:
            first, last = max(start, self._starts[at]), min(end, self._ends[at])
            if first < last:
                yield first, last - first
            at += 1


def parts(ranges: Iterable[Range], taken: Extents) -> tuple[Range, ...]:
    """The parts of a file's ranges that lie in ``taken``."""
    return tuple(
        Range(file_offset=each.file_offset + start - each.image_offset, image_offset=start, length=length)
        for each in ranges
        if each.image_offset >= 0
        for start, length in taken.common(each.image_offset, each.length)
    )


def total(ranges: Iterable[Range]) -> int:
    """Bytes of these ranges."""
    return sum(each.length for each in ranges)


def with_overwritten(file: FoundFile, live: Extents) -> FoundFile:
    """The deleted file with those parts marked that live files hold now."""
    streams = (replace(each, overwritten=(*parts(_of(file, each), live), *_lost(each))) for each in file.streams)
    return replace(file, streams=tuple(streams))


def _lost(stream: Stream) -> Iterator[Range]:
    """The parts of a stream of which no place is known any more, as ranges without a place."""
    if stream.resident or stream.compressed:
        return
    at = 0
    for each in sorted(stream.ranges, key=lambda each: each.file_offset):
        if each.file_offset > at:
            yield Range(file_offset=at, image_offset=-1, length=each.file_offset - at)
        at = max(at, each.file_offset + each.length)
    if at < stream.size:
        yield Range(file_offset=at, image_offset=-1, length=stream.size - at)


def _of(file: FoundFile, stream: Stream) -> Iterable[Range]:
    """A compressed stream has no ranges of its own; that a block of the file is gone is what there is to say of it."""
    if not stream.compressed:
        return stream.ranges
    return (Range(file_offset=-1, image_offset=start, length=length) for start, length in file.blocks)


def with_claims(files: Sequence[FoundFile]) -> list[FoundFile]:
    """Deleted files that claim the same place: it is of the one written last, and overwritten in the others.

    A place had one owner at a time, so the later one wrote over the earlier. Where their times do not tell, the
    place is marked as contested in each of them.
    """
    lost: dict[int, list[tuple[int, int]]] = {}
    shared: dict[int, list[tuple[int, int]]] = {}
    for start, length, claiming in _overlaps(files):
        last = max(_written(files[number]) for number in claiming)
        latest = [number for number in claiming if _written(files[number]) == last]
        for number in claiming:
            if number not in latest:
                lost.setdefault(number, []).append((start, length))
            elif len(latest) > 1:
                shared.setdefault(number, []).append((start, length))
    return [
        _claimed(file, Extents(lost.get(number, ())), Extents(shared.get(number, ())))
        for number, file in enumerate(files)
    ]


def _written(file: FoundFile) -> int:
    return max(file.times.modified or 0, file.times.born or 0)


def _overlaps(files: Sequence[FoundFile]) -> Iterator[tuple[int, int, list[int]]]:
    """Stretches that more than one file claims, with the numbers of those files."""
    edges = sorted(
        edge
        for number, file in enumerate(files)
        for stream in file.streams
        for each in stream.ranges
        if each.image_offset >= 0
        for edge in ((each.image_offset, 1, number), (each.image_offset + each.length, -1, number))
    )
    active: dict[int, int] = {}
    last = 0
    for place, change, number in edges:
        if len(active) > 1 and place > last:
            yield last, place - last, sorted(active)
        active[number] = active.get(number, 0) + change
        if not active[number]:
            del active[number]
        last = place


def _claimed(file: FoundFile, lost: Extents, shared: Extents) -> FoundFile:
    if not lost and not shared:
        return file
    streams = (
        replace(
            each,
            overwritten=_in_order((*each.overwritten, *parts(each.ranges, lost))),
            contested=parts(each.ranges, shared),
        )
        for each in file.streams
    )
    return replace(file, streams=tuple(streams))


def _in_order(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Each byte of the file once, in its order; live files and later deleted ones may have taken the same place."""
    out: list[Range] = []
    for each in sorted(ranges, key=lambda each: (each.file_offset, -each.length)):
        done = out[-1].file_offset + out[-1].length if out else 0
        cut = max(0, done - each.file_offset)
        if cut < each.length:
            place = each.image_offset + cut if each.image_offset >= 0 else -1
            out.append(Range(file_offset=each.file_offset + cut, image_offset=place, length=each.length - cut))
    return tuple(out)


def nothing_left(stream: Stream) -> bool:
    """Whether live files hold all of it; a compressed stream is lost with its first block."""
    if stream.compressed:
        return bool(stream.overwritten)
    sparse = total(each for each in stream.ranges if each.image_offset < 0)
    return not stream.resident and total(stream.overwritten) >= stream.size - sparse


def read_placed(stream: Stream, read_at: Callable[[int, int], bytes], offset: int, length: int) -> bytes:
    """Bytes of a stream by its ranges alone; zeros stand where it has none."""
    end = min(stream.size, offset + length)
    if end <= offset:
        return b""
    data = bytearray(end - offset)
    for each in stream.ranges:
        first, last = max(offset, each.file_offset), min(end, each.file_offset + each.length)
        if first < last and each.image_offset >= 0:
            found = read_at(each.image_offset + first - each.file_offset, last - first)
            data[first - offset : first - offset + len(found)] = found
    return bytes(data)


def blanked(stream: Stream, offset: int, data: bytes) -> bytes:
    """Bytes that were read at ``offset``, with zeros where the place belongs to a live file now."""
    out, end = bytearray(data), offset + len(data)
    for each in stream.overwritten:
        first, last = max(offset, each.file_offset), min(end, each.file_offset + each.length)
        if first < last:
            out[first - offset : last - offset] = bytes(last - first)
    return bytes(out)
