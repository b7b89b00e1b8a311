"""One file of a file system as The Sleuth Kit describes it, put into our own values: times, streams, ranges, blocks."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterator
from typing import Any

from forensics.acquisition.filesystem_values import Clock, FoundFile, Range, Stream, Volume
from forensics.acquisition.tsk import pytsk3
from forensics.evidence.item import Times

_NANO = 1_000_000_000


def describe(volume: Volume, system: Any, entry: Any, path: tuple[bytes, ...]) -> FoundFile:
    """The file behind a directory entry or an inode; deleted ones are to be read by their ranges."""
    meta = entry.info.meta
    allocated = bool(int(meta.flags) & int(pytsk3.TSK_FS_META_FLAG_ALLOC))
    streams, blocks = _attributes(volume, system, entry, allocated)
    return FoundFile(
        volume=volume.number,
        path=path,
        inode=int(meta.addr),
        size=int(meta.size),
        times=_times(meta, clock_of(volume)),
        clock=clock_of(volume),
        mode=int(meta.mode),
        uid=int(meta.uid),
        gid=int(meta.gid),
        allocated=allocated,
        streams=streams,
        blocks=blocks,
    )


def blocks_of(volume: Volume, system: Any, entry: Any) -> tuple[tuple[int, int], ...]:
    """All places that a file or folder takes, as starts and lengths in the image."""
    return _attributes(volume, system, entry, allocated=True)[1]


def clock_of(volume: Volume) -> Clock:
    """FAT counts in the time of the machine that wrote it."""
    return Clock.LOCAL if volume.file_system in _LOCAL_CLOCKS else Clock.UTC


def _times(meta: Any, clock: Clock) -> Times:
    def moment(seconds: int, nano: int) -> int | None:
        if seconds <= 0:
            return None
        # TSK turned FAT's wall clock into UTC with the zone of this process; turning it back keeps what was written.
        counted = calendar.timegm(time.localtime(seconds)) if clock is Clock.LOCAL else seconds
        return counted * _NANO + (nano if 0 <= nano < _NANO else 0)

    return Times(
        modified=moment(int(meta.mtime), int(meta.mtime_nano)),
        accessed=moment(int(meta.atime), int(meta.atime_nano)),
        changed=moment(int(meta.ctime), int(meta.ctime_nano)),
        born=moment(int(meta.crtime), int(meta.crtime_nano)),
    )


def _attributes(
    volume: Volume, system: Any, entry: Any, allocated: bool
) -> tuple[tuple[Stream, ...], tuple[tuple[int, int], ...]]:
    streams: list[Stream] = []
    blocks: list[tuple[int, int]] = []
    for attribute in entry:
        flags = int(attribute.info.flags)
        if not flags & int(pytsk3.TSK_FS_ATTR_RES):
            blocks += _blocks(volume, system, attribute)
        if int(attribute.info.type) in _CONTENT:
            streams.append(_stream(volume, system, attribute, allocated))
    return tuple(streams), tuple(blocks)


def _stream(volume: Volume, system: Any, attribute: Any, allocated: bool) -> Stream:
    info = attribute.info
    compressed = bool(int(info.flags) & int(pytsk3.TSK_FS_ATTR_COMP))
    resident = bool(int(info.flags) & int(pytsk3.TSK_FS_ATTR_RES))
    bare = resident or compressed
    return Stream(
        name=bytes(info.name or b"") if int(info.type) == int(pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA) else b"",
        type=int(info.type),
        id=int(info.id),
        size=int(info.size),
        resident=resident,
        compressed=compressed,
        ranges=() if bare else tuple(_ranges(volume, system, attribute)),
        # Of NTFS, TSK knows how much of a stream was ever written and gives zeros behind it; elsewhere ranges say all.
        placed=not allocated and not bare and volume.file_system != "NTFS",
    )


def _ranges(volume: Volume, system: Any, attribute: Any) -> Iterator[Range]:
    block, size = int(system.info.block_size), int(attribute.info.size)
    for run in attribute:
        start = int(run.offset) * block
        length = min(int(run.len) * block, size - start)
        if length <= 0 or int(run.flags) & int(pytsk3.TSK_FS_ATTR_RUN_FLAG_FILLER):
            continue
        sparse = bool(int(run.flags) & int(pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE))
        place = -1 if sparse else volume.base + int(run.addr) * block
        yield Range(file_offset=start, image_offset=place, length=length)


def _blocks(volume: Volume, system: Any, attribute: Any) -> Iterator[tuple[int, int]]:
    block = int(system.info.block_size)
    for run in attribute:
        if not int(run.flags) & _NOWHERE:
            yield volume.base + int(run.addr) * block, int(run.len) * block


_NOWHERE = int(pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE) | int(pytsk3.TSK_FS_ATTR_RUN_FLAG_FILLER)
_LOCAL_CLOCKS = {"FAT12", "FAT16", "FAT32", "exFAT"}
_CONTENT = {
    int(pytsk3.TSK_FS_ATTR_TYPE_DEFAULT),
    int(pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA),
    int(pytsk3.TSK_FS_ATTR_TYPE_HFS_DATA),
}
