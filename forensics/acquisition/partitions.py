"""The stretches of a medium that hold a file system: the tables of The Sleuth Kit, and what is said where none fits."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from forensics.acquisition.filesystem_values import Medium, Volume
from forensics.acquisition.tsk import pytsk3, words
from forensics.formats.volumes import recognise

Opened = Callable[[int, Any], None]


def volumes(medium: Medium, sectors: Any, opened: Opened) -> tuple[Volume, ...]:
    """The partitions in table order, or the whole medium where a file system starts at its first sector.

    ``opened`` is told each file system that was opened, with its first byte.
    """
    first = recognise(medium.read_at, medium.size)
    tabled = first is None or first.what.startswith(("MBR", "GPT"))
    found, tried = _partitions(medium, sectors, opened) if tabled else ((), ())
    if any(volume.file_system for volume in found):
        return found
    whole = _volume(medium, sectors, opened, (len(found), 0, medium.size), "none", "the whole medium")
    if whole.file_system:
        return (*found, whole)
    return found or (replace(whole, problem=_nothing(tried, first.what if first else "", whole.problem)),)


def _partitions(medium: Medium, sectors: Any, opened: Opened) -> tuple[tuple[Volume, ...], tuple[str, ...]]:
    """The partitions of the first kind of table that lists any; else what each kind of table came to."""
    tried: list[str] = []
    for name, kind in _TRIED_TABLES:
        try:
            table = pytsk3.Volume_Info(sectors, kind)
            parts = [part for part in table if part.flags == pytsk3.TSK_VS_PART_FLAG_ALLOC]
        except OSError as error:
            tried.append(f"{name} ({words(error)})")
            continue
        if parts:
            return tuple(_listed(medium, sectors, opened, table, parts)), ()
        tried.append(f"{name} (it lists no partition)")
    return (), tuple(tried[1:])


def _listed(medium: Medium, sectors: Any, opened: Opened, table: Any, parts: list[Any]) -> Iterator[Volume]:
    name, block = _TABLES.get(int(table.info.vstype), "other"), int(table.info.block_size)
    for number, part in enumerate(parts):
        said = bytes(part.desc).decode("utf-8", "backslashreplace")
        where = (number, int(part.start) * block, int(part.len) * block)
        yield _volume(medium, sectors, opened, where, name, said)


def _volume(
    medium: Medium, sectors: Any, opened: Opened, where: tuple[int, int, int], table: str, description: str
) -> Volume:
    number, start, length = where
    problem, kind = "", ""
    try:
        system = pytsk3.FS_Info(sectors, offset=start)
        kind = _SYSTEMS.get(int(system.info.ftype), "")
        problem = "" if kind else "a file system that this program does not read"
        if kind:
            opened(start, system)
    except OSError as error:
        problem = _foreign(medium, start) or f"no file system that is known ({_KNOWN_SYSTEMS}): {words(error)}"
    return Volume(
        number=number,
        start=start,
        length=length,
        table=table,
        description=description,
        file_system=kind,
        problem=problem,
    )


def _foreign(medium: Medium, start: int) -> str:
    """File systems that are recognised and not read: what a person can do with them."""
    head = medium.read_at(start, 4096)
    if head[32:36] == b"NXSB":
        return (
            "an APFS container: pytsk3 offers no way into one. What to do: mount a copy read-only on a Mac "
            "and acquire its mail folders as a source"
        )
    for magic, what in ((b"XFSB", "XFS"), (b"LUKS\xba\xbe", "an encrypted volume (LUKS)")):
        if head.startswith(magic):
            return f"{what}: this program does not read it. What to do: mount a copy read-only and acquire its folders"
    if head[3:11] == b"-FVE-FS-":
        return "an encrypted volume (BitLocker). What to do: unlock a copy and image or acquire what it shows"
    if medium.read_at(start + 65536 + 64, 8) == b"_BHRfS_M":
        return "Btrfs: this program does not read it. What to do: mount a copy read-only and acquire its folders"
    if struct.unpack_from(">H", medium.read_at(start + 1024, 2) or b"\0\0")[0] == 0x4244:
        return "HFS without plus: this program does not read it"
    return ""


def _nothing(tried: tuple[str, ...], seen: str, bare: str) -> str:
    """Why a medium gave no volume at all: what it looked like, what was tried, and what a person can do."""
    looked = f"the medium begins like one with {seen}, but " if seen else ""
    ways = "; ".join((*tried, f"a bare file system from the first sector ({bare})"))
    return (
        f"{looked}neither a partition table nor a file system could be read. Tried: {ways}. What to do: rebuild the "
        "partition table on a copy of the image, or cut the partition out of it, and acquire that as a source"
    )


_TABLES: dict[int, str] = {
    int(pytsk3.TSK_VS_TYPE_DOS): "MBR",
    int(pytsk3.TSK_VS_TYPE_GPT): "GPT",
    int(pytsk3.TSK_VS_TYPE_MAC): "Apple",
    int(pytsk3.TSK_VS_TYPE_BSD): "BSD",
    int(pytsk3.TSK_VS_TYPE_SUN): "Sun",
}
_TRIED_TABLES = (
    ("any", pytsk3.TSK_VS_TYPE_DETECT),
    ("GPT", pytsk3.TSK_VS_TYPE_GPT),
    ("MBR", pytsk3.TSK_VS_TYPE_DOS),
)
_SYSTEMS: dict[int, str] = {
    int(pytsk3.TSK_FS_TYPE_FAT12): "FAT12",
    int(pytsk3.TSK_FS_TYPE_FAT16): "FAT16",
    int(pytsk3.TSK_FS_TYPE_FAT32): "FAT32",
    int(pytsk3.TSK_FS_TYPE_EXFAT): "exFAT",
    int(pytsk3.TSK_FS_TYPE_NTFS): "NTFS",
    int(pytsk3.TSK_FS_TYPE_EXT2): "ext2",
    int(pytsk3.TSK_FS_TYPE_EXT3): "ext3",
    int(pytsk3.TSK_FS_TYPE_EXT4): "ext4",
    int(pytsk3.TSK_FS_TYPE_HFS): "HFS+",
    int(pytsk3.TSK_FS_TYPE_ISO9660): "ISO9660",
}
_KNOWN_SYSTEMS = "FAT, exFAT, NTFS, ext, HFS+ and ISO 9660 were tried"
