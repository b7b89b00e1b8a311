"""Deleted files of one volume: found in its metadata, put where they stood, and held against the live files.

A deleted file is what its residual metadata names and no more; what live files have taken is marked, never read as its
own (NIST deleted file recovery, DFR-CR-01 to 04).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from forensics.acquisition.fat_entries import FatVolume, Owners
from forensics.acquisition.filesystem_values import FoundFile, FoundFolder, Gone, Stream, Volume
from forensics.acquisition.filesystems import Image
from forensics.acquisition.ntfs_records import Deleted, records
from forensics.acquisition.standing import Extents, nothing_left, with_claims, with_overwritten
from forensics.errors import FormatError

_MFT = 0
_PIECE = 1 << 20
_LATE = 1 << 63  # a folder says nothing of when it took a cluster: the deleted file is not taken to have gone round it


@dataclass(slots=True, kw_only=True)
class Settled:
    """Deleted files of which something stands, and the names of those of which nothing does."""

    files: list[FoundFile] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)


def settle(
    image: Image,
    volume: Volume,
    live: Sequence[FoundFile],
    folders: Sequence[FoundFolder],
    deleted: Iterable[FoundFile],
) -> Settled:
    """Mark what of each deleted file is overwritten; those of which nothing is left are told by name."""
    found = list(_of_ntfs(image, volume) if volume.file_system == "NTFS" else _once(deleted))
    if volume.file_system in ("FAT12", "FAT16", "FAT32", "exFAT"):
        found = _placed(image, volume, live, folders, found)
    taken = Extents(_blocks(live, folders))
    settled = Settled()
    for file in with_claims([with_overwritten(each, taken) for each in found]):
        left = tuple(each for each in file.streams if each.size > 0 and not nothing_left(each))
        if left:
            settled.files.append(replace(file, streams=left))
        else:
            settled.gone.append(Gone(volume=volume.number, path=file.path, inode=file.inode, why=_why(file)))
    return settled


def _blocks(live: Sequence[FoundFile], folders: Sequence[FoundFolder]) -> Iterator[tuple[int, int]]:
    for file in live:
        yield from file.blocks
    for folder in folders:
        if folder.allocated:
            yield from folder.blocks


def _why(file: FoundFile) -> str:
    if file.size == 0 and not file.streams:
        return "its inode no longer says how long it was or where it stood"
    if not any(each.size for each in file.streams):
        return "it was empty when it was deleted, or its inode no longer says how long it was"
    if any(each.overwritten and each.overwritten[0].image_offset >= 0 for each in file.streams):
        return "other files have taken all of its places since"
    return "its inode no longer says where it stood"


def _once(files: Iterable[FoundFile]) -> Iterator[FoundFile]:
    """Each inode once: TSK lists one under its old name, and again among those without a parent."""
    seen: set[int] = set()
    for file in sorted(files, key=lambda each: each.path[:1] == (b"$OrphanFiles",)):
        if file.inode not in seen:
            seen.add(file.inode)
            yield file


def _of_ntfs(image: Image, volume: Volume) -> Iterator[FoundFile]:
    """Every record that is not in use and has a name."""
    table = image.file(volume, _MFT, (b"$MFT",))
    content = next((each for each in table.streams if not each.name), None)
    if content is None:
        return
    size = record_size(image, volume)
    for number, path in Deleted(records(image.content(volume, _MFT, content, _PIECE), size)):
        try:
            file = image.file(volume, number, path)
        except FormatError:
            continue  # TSK finds nothing in this record that could be read
        if not file.allocated:
            yield file


def record_size(image: Image, volume: Volume) -> int:
    """Of the master file table; the boot sector has it in clusters, or, negative, as a power of two."""
    # bytes per sector 11-13, sectors per cluster 13, clusters per record 64
    boot = image.medium(volume).read_at(volume.base, 512)
    if len(boot) < 512:
        return 1024
    clusters = int.from_bytes(boot[64:65], "little", signed=True)
    size = 1 << -clusters if clusters < 0 else clusters * boot[13] * int.from_bytes(boot[11:13], "little")
    return size if size in (1024, 2048, 4096) else 1024


def _placed(
    image: Image,
    volume: Volume,
    live: Sequence[FoundFile],
    folders: Sequence[FoundFolder],
    deleted: Sequence[FoundFile],
) -> list[FoundFile]:
    """FAT and exFAT forget the chain: where the files stood is counted from their first cluster."""
    try:
        table = FatVolume(image.medium(volume).read_at, volume.base)
    except FormatError:
        return list(deleted)
    spans = [(at, size, each.times.born or each.times.modified or _LATE) for each in live for at, size in each.blocks]
    spans += [(at, size, _LATE) for each in folders if each.allocated for at, size in each.blocks]
    owners = Owners(spans)
    return [_placed_one(table, owners, file) for file in deleted]


def _placed_one(table: FatVolume, owners: Owners, file: FoundFile) -> FoundFile:
    written = max(file.times.modified or 0, file.times.born or 0)
    place = table.ranges(file.inode, file.size, written, owners)
    if place is None:
        return file
    stream = Stream(
        name=b"", type=1, id=0, size=file.size, resident=False, compressed=False, ranges=place[0], placed=True,
        assumed=place[1],
    )  # fmt: skip
    return replace(file, streams=(stream,))
