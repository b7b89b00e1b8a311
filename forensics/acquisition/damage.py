"""What a damaged part of an image touches: the files whose bytes or whose records stand in it, and the volumes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from forensics.acquisition.filesystem_values import FoundFile, Stream, Unread, Volume
from forensics.acquisition.filesystems import Image
from forensics.acquisition.image_stores import FoundStore, StoreFile
from forensics.acquisition.standing import Extents, parts
from forensics.errors import FormatError

_MFT = 0


class Touched:
    """Marks the files of one volume that damage touches."""

    def __init__(self, image: Image, volume: Volume, stretches: Iterable[Sequence[int]], record_size: int) -> None:
        self._lost = Extents((int(start), int(length)) for start, length in stretches)
        self._volume = volume
        self._records = _records(image, volume) if self._lost and volume.file_system == "NTFS" else ()
        self._record_size = record_size

    def problem(self) -> tuple[Unread, ...]:
        """That damage lies in this volume at all: names and folders that stood there are gone without a trace."""
        here = list(self._lost.common(self._volume.start, self._volume.length))
        if not here:
            return ()
        what = (
            f"{sum(length for _, length in here):,} bytes of this volume stand in damaged chunks of the image, in "
            f"{len(here)} stretches, the first at {here[0][0]}: files whose names or records stood there are not listed"
        )
        return (Unread(volume=self._volume.number, path=(f"volume {self._volume.number}".encode(),), what=what),)

    def marked(self, store: FoundStore) -> FoundStore:
        """The store with its damaged files marked."""
        if not self._lost:
            return store
        return replace(store, files=tuple(self._marked(one) for one in store.files))

    def _marked(self, one: StoreFile) -> StoreFile:
        stream = replace(one.stream, damaged=parts(one.stream.ranges, self._lost))
        return replace(one, stream=stream, file=replace(one.file, damage=self._about(one.file, stream)))

    def _about(self, file: FoundFile, stream: Stream) -> str:
        if self._volume.shadow:
            return "the image is damaged, and where the bytes of a shadow copy stand is not told" if self._lost else ""
        if any(list(self._lost.common(*place)) for place in self._record(file.inode)):
            return "its record in the master file table stands in a damaged chunk"
        content = Extents((each.image_offset, each.length) for each in stream.ranges)
        for start, length in file.blocks:
            for at, size in self._lost.common(start, length):
                if stream.compressed:
                    return "a part of its compressed content stands in a damaged chunk"
                if sum(n for _, n in content.common(at, size)) < size and not stream.damaged:
                    return "a list of its blocks, or another stream of it, stands in a damaged chunk"
        return ""

    def _record(self, inode: int) -> list[tuple[int, int]]:
        at, out = inode * self._record_size, []
        for start, place, length in self._records:
            first, last = max(at, start), min(at + self._record_size, start + length)
            if first < last:
                out.append((place + first - start, last - first))
        return out


def _records(image: Image, volume: Volume) -> tuple[tuple[int, int, int], ...]:
    try:
        table = image.file(volume, _MFT, (b"$MFT",))
    except FormatError:
        return ()
    content = [each for each in table.streams if not each.name]
    return tuple((r.file_offset, r.image_offset, r.length) for each in content[:1] for r in each.ranges)
