"""The map of a medium for carving: free clusters and slack of each file system, and all that no file system has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.acquisition.carving import bitmaps
from forensics.acquisition.carving.bitmaps import Clusters, Free
from forensics.acquisition.filesystem_values import FoundFile, Medium, Unread, Volume
from forensics.acquisition.filesystems import Image
from forensics.errors import FormatError
from forensics.formats.carving.space import Area

UNALLOCATED, SLACK, RAW = "unallocated", "slack", "raw"
_BITMAP_FILE = 6
_MOST_BITMAP = 1 << 32
_FULL = ("ISO9660",)
"""File systems that have no free blocks."""


@dataclass(slots=True, kw_only=True)
class Survey:
    """The areas to search, and in words what of the medium could not be mapped."""

    areas: list[Area] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def survey(medium: Medium) -> Survey:
    """Map the whole medium; a volume whose bitmap cannot be read is searched as a whole, and that is said."""
    found = Survey()
    used: list[tuple[int, int]] = []
    image = Image(medium) if medium.size >= 512 else None
    for volume in image.volumes() if image is not None else ():
        if not volume.file_system or image is None or volume.shadow:
            continue
        end = min(volume.start + volume.length, medium.size)
        try:
            found.areas += _volume(image, medium, volume, end, found.problems)
        except FormatError as error:
            found.problems.append(
                f"volume {volume.number}: its free space could not be told, so all of it was searched: {error.what}"
            )
            found.areas.append(Area(volume.start, end, RAW))
        used.append((volume.start, end))
    found.areas += _outside(used, medium.size)
    found.areas.sort()
    return found


def _outside(used: list[tuple[int, int]], size: int) -> Iterator[Area]:
    """What no file system has: gaps between partitions, partitions without one, the whole of a bare medium."""
    done = 0
    for start, end in sorted(used):
        if start > done:
            yield Area(done, start, RAW)
        done = max(done, end)
    if done < size:
        yield Area(done, size, RAW)


def _volume(image: Image, medium: Medium, volume: Volume, end: int, problems: list[str]) -> Iterator[Area]:
    if volume.file_system in _FULL:
        return
    clusters, free = _free(image, medium, volume)
    if clusters.size <= 0 or clusters.count <= 0:
        raise FormatError("it states no clusters")
    for low, high in free:
        start, stop = clusters.origin + low * clusters.size, clusters.origin + high * clusters.size
        if start < end:
            yield Area(start, min(stop, end), UNALLOCATED)
    if clusters.end < end:
        yield Area(clusters.end, end, SLACK)
    yield from _slack(image, volume, clusters, end, problems)


def _free(image: Image, medium: Medium, volume: Volume) -> Free:
    kind, start = volume.file_system, volume.start
    if kind.startswith("ext"):
        return bitmaps.free_in_ext(medium.read_at, start)
    if kind == "exFAT":
        return bitmaps.free_in_exfat(medium.read_at, start)
    if kind.startswith("FAT"):
        return bitmaps.free_in_fat(medium.read_at, start)
    if kind == "NTFS":
        return bitmaps.free_in_ntfs(medium.read_at, start, _bitmap(image, volume))
    if kind.startswith("HFS"):
        return bitmaps.free_in_hfs(medium.read_at, start, _bitmap(image, volume))
    raise FormatError(f"the bitmap of {kind} is not read")


def _bitmap(image: Image, volume: Volume) -> bytes:
    file = image.file(volume, _BITMAP_FILE, ())
    stream = next((each for each in file.streams if not each.name), None)
    if stream is None or stream.size > _MOST_BITMAP:
        raise FormatError("its bitmap has no content")
    return b"".join(image.content(volume, file.inode, stream))


def _slack(image: Image, volume: Volume, clusters: Clusters, end: int, problems: list[str]) -> Iterator[Area]:
    """Behind the last byte of each live file, to the end of its last cluster."""
    missed = 0
    for file in image.walk(volume):
        if isinstance(file, Unread):
            missed += 1
        if not isinstance(file, FoundFile) or not file.allocated:
            continue
        for stream in file.streams:
            last = max(stream.ranges, key=lambda each: each.file_offset, default=None)
            if last is None or last.image_offset < clusters.origin or last.file_offset + last.length != stream.size:
                continue
            stop = last.image_offset + last.length
            if stop < clusters.end_of(stop) <= end:
                yield Area(stop, clusters.end_of(stop), SLACK)
    if missed:
        problems.append(f"volume {volume.number}: the slack behind {missed} files or folders could not be told")
