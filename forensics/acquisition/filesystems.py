"""Partitions, file systems and files of a disk image, through The Sleuth Kit; the only module that imports pytsk3.

Runs in a guarded worker only. Allocated files for now; deleted ones and carving come with the later acquisition issue
and take the same :class:`FoundFile` with ``allocated`` false.
"""

from __future__ import annotations

import calendar
import enum
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pytsk3

from forensics.errors import FormatError
from forensics.evidence.item import Times
from forensics.formats.volumes import recognise

MAX_DEPTH = 512
_NANO = 1_000_000_000


class Medium(Protocol):
    """The sectors of an image, whatever container they come in."""

    @property
    def size(self) -> int: ...

    def read_at(self, offset: int, length: int) -> bytes: ...


class Clock(enum.StrEnum):
    """What the times of a file system are counted in."""

    UTC = "utc"
    LOCAL = "local"  # FAT and exFAT here: the wall clock of the machine that wrote it, counted as if it were UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One stretch of the medium, with the file system found on it; ``""`` and ``problem`` say that there is none."""

    number: int
    start: int
    length: int
    table: str
    description: str
    file_system: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """``length`` bytes from ``file_offset`` stand at ``image_offset``; -1 there means sparse: no sector holds them."""

    file_offset: int
    image_offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A data stream: the content (``name`` empty) or an NTFS alternate data stream. ``id`` is TSK's attribute id.

    ``ranges`` is empty where the bytes have no place of their own: inside the inode or MFT record, or compressed.
    """

    name: bytes
    type: int
    id: int
    size: int
    resident: bool
    compressed: bool
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A regular file as its file system describes it; names are the bytes that TSK gives (UTF-8 on FAT and NTFS)."""

    volume: int
    path: tuple[bytes, ...]
    inode: int
    size: int
    times: Times
    clock: Clock
    mode: int
    uid: int
    gid: int
    allocated: bool
    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFolder:
    """A directory that was entered: told because Maildir is a matter of folders, empty ones too."""

    volume: int
    path: tuple[bytes, ...]
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A place that could not be read: what was lost, in words."""

    volume: int
    path: tuple[bytes, ...]
    what: str


class _Sectors(pytsk3.Img_Info):  # type: ignore[misc]  # pytsk3 has no types
    """Feeds TSK from our own medium, so that one reader serves raw, split and EWF images."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def read(self, offset: int, length: int) -> bytes:
        return self._medium.read_at(offset, length)

    def get_size(self) -> int:
        return self._medium.size

    def close(self) -> None:
        """The medium belongs to whoever opened it."""


class Image:
    """The volumes of a medium and their files."""

    def __init__(self, medium: Medium) -> None:
        if medium.size < 512:
            raise FormatError("an image of less than one sector holds no file system")
        self._medium = medium
        self._sectors = _Sectors(medium)
        self._open: dict[int, Any] = {}

    def volumes(self) -> tuple[Volume, ...]:
        """The partitions in table order, or the whole medium where a file system starts at its first sector."""
        first = recognise(self._medium.read_at, self._medium.size)
        tabled = first is None or first.what.startswith(("MBR", "GPT"))
        found, tried = self._partitions() if tabled else ((), ())
        if any(volume.file_system for volume in found):
            return found
        whole = self._volume(len(found), 0, self._medium.size, "none", "the whole medium")
        if whole.file_system:
            return (*found, whole)
        return found or (replace(whole, problem=_nothing(tried, first.what if first else "", whole.problem)),)

    def walk(self, volume: Volume) -> Iterator[FoundFile | FoundFolder | Unread]:
        """Every allocated folder and regular file below the root, each folder entered once whatever links to it."""
        system = self._system(volume)
        todo: list[tuple[int, tuple[bytes, ...]]] = [(int(system.info.root_inum), ())]
        entered: set[int] = set()
        while todo:
            inode, path = todo.pop()
            if inode in entered:
                continue
            entered.add(inode)
            if len(path) > MAX_DEPTH:
                yield Unread(volume=volume.number, path=path, what=f"folders nested deeper than {MAX_DEPTH}")
                continue
            yield FoundFolder(volume=volume.number, path=path, inode=inode)
            yield from self._folder(volume, inode, path, todo)

    def file(self, volume: Volume, inode: int, path: tuple[bytes, ...]) -> FoundFile:
        """The file of that inode, described again as :meth:`walk` did."""
        try:
            return _describe(volume, self._system(volume), self._system(volume).open_meta(inode=inode), path)
        except OSError as error:
            raise FormatError(f"inode {inode} cannot be opened: {_words(error)}") from error

    def read(self, volume: Volume, inode: int, stream: Stream, offset: int, length: int) -> bytes:
        """Bytes of a stream; fewer only at its end."""
        wanted = min(length, stream.size - offset)
        if wanted <= 0:
            return b""
        try:
            entry = self._system(volume).open_meta(inode=inode)
            data = bytes(entry.read_random(offset, wanted, stream.type, stream.id))
        except OSError as error:
            raise FormatError(f"inode {inode} cannot be read at {offset}: {_words(error)}", offset=offset) from error
        return data

    def content(self, volume: Volume, inode: int, stream: Stream, piece: int = 1 << 20) -> Iterator[bytes]:
        """The whole stream in pieces; a short read is an error, never a short file."""
        at = 0
        while at < stream.size:
            data = self.read(volume, inode, stream, at, piece)
            if not data:
                raise FormatError(f"inode {inode} ends at {at} of {stream.size} bytes", offset=at)
            yield data
            at += len(data)

    def _partitions(self) -> tuple[tuple[Volume, ...], tuple[str, ...]]:
        """The partitions of the first kind of table that lists any; else what each kind of table came to."""
        tried: list[str] = []
        for name, kind in _TRIED_TABLES:
            try:
                table = pytsk3.Volume_Info(self._sectors, kind)
                parts = [part for part in table if part.flags == pytsk3.TSK_VS_PART_FLAG_ALLOC]
            except OSError as error:
                tried.append(f"{name} ({_words(error)})")
                continue
            if parts:
                return tuple(self._listed(table, parts)), ()
            tried.append(f"{name} (it lists no partition)")
        return (), tuple(tried[1:])

    def _listed(self, table: Any, parts: list[Any]) -> Iterator[Volume]:
        name, block = _TABLES.get(int(table.info.vstype), "other"), int(table.info.block_size)
        for number, part in enumerate(parts):
            words = bytes(part.desc).decode("utf-8", "backslashreplace")
            yield self._volume(number, int(part.start) * block, int(part.len) * block, name, words)

    def _volume(self, number: int, start: int, length: int, table: str, description: str) -> Volume:
        problem, kind = "", ""
        try:
            system = pytsk3.FS_Info(self._sectors, offset=start)
            kind = _SYSTEMS.get(int(system.info.ftype), "")
            problem = "" if kind else "a file system that this program does not read"
            if kind:
                self._open[start] = system
        except OSError as error:
            problem = f"no file system that is known ({_KNOWN_SYSTEMS}): {_words(error)}"
        return Volume(
            number=number,
            start=start,
            length=length,
            table=table,
            description=description,
            file_system=kind,
            problem=problem,
        )

    def _system(self, volume: Volume) -> Any:
        if volume.start not in self._open:
            try:
                self._open[volume.start] = pytsk3.FS_Info(self._sectors, offset=volume.start)
            except OSError as error:
                raise FormatError(f"no file system at {volume.start}: {_words(error)}", offset=volume.start) from error
        return self._open[volume.start]

    def _folder(
        self, volume: Volume, inode: int, path: tuple[bytes, ...], todo: list[tuple[int, tuple[bytes, ...]]]
    ) -> Iterator[FoundFile | Unread]:
        system = self._system(volume)
        try:
            entries = list(system.open_dir(inode=inode))
        except OSError as error:
            yield Unread(volume=volume.number, path=path, what=f"this folder cannot be listed: {_words(error)}")
            return
        for entry in entries:
            name = entry.info.name
            if name is None or bytes(name.name or b"") in (b".", b"..", b""):
                continue
            if not int(name.flags) & int(pytsk3.TSK_FS_NAME_FLAG_ALLOC):
                continue
            here = (*path, bytes(name.name))
            meta = entry.info.meta
            if meta is None:
                yield Unread(volume=volume.number, path=here, what="its inode cannot be read")
            elif int(meta.type) == int(pytsk3.TSK_FS_META_TYPE_DIR):
                todo.append((int(meta.addr), here))
            elif int(meta.type) == int(pytsk3.TSK_FS_META_TYPE_REG):
                yield _described(volume, system, entry, here)


def _described(volume: Volume, system: Any, entry: Any, path: tuple[bytes, ...]) -> FoundFile | Unread:
    try:
        return _describe(volume, system, entry, path)
    except OSError as error:
        return Unread(volume=volume.number, path=path, what=f"its attributes cannot be read: {_words(error)}")


def _describe(volume: Volume, system: Any, entry: Any, path: tuple[bytes, ...]) -> FoundFile:
    meta = entry.info.meta
    return FoundFile(
        volume=volume.number,
        path=path,
        inode=int(meta.addr),
        size=int(meta.size),
        times=_times(meta, _clock(volume)),
        clock=_clock(volume),
        mode=int(meta.mode),
        uid=int(meta.uid),
        gid=int(meta.gid),
        allocated=bool(int(meta.flags) & int(pytsk3.TSK_FS_META_FLAG_ALLOC)),
        streams=tuple(_streams(volume, system, entry)),
    )


def _clock(volume: Volume) -> Clock:
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


def _streams(volume: Volume, system: Any, entry: Any) -> Iterator[Stream]:
    for attribute in entry:
        info = attribute.info
        if int(info.type) not in _CONTENT:
            continue
        flags = int(info.flags)
        compressed = bool(flags & int(pytsk3.TSK_FS_ATTR_COMP))
        resident = bool(flags & int(pytsk3.TSK_FS_ATTR_RES))
        yield Stream(
            name=bytes(info.name or b"") if int(info.type) == int(pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA) else b"",
            type=int(info.type),
            id=int(info.id),
            size=int(info.size),
            resident=resident,
            compressed=compressed,
            ranges=() if resident or compressed else tuple(_ranges(volume, system, attribute)),
        )


def _ranges(volume: Volume, system: Any, attribute: Any) -> Iterator[Range]:
    block, size = int(system.info.block_size), int(attribute.info.size)
    for run in attribute:
        start = int(run.offset) * block
        length = min(int(run.len) * block, size - start)
        if length <= 0 or int(run.flags) & int(pytsk3.TSK_FS_ATTR_RUN_FLAG_FILLER):
            continue
        sparse = bool(int(run.flags) & int(pytsk3.TSK_FS_ATTR_RUN_FLAG_SPARSE))
        place = -1 if sparse else volume.start + int(run.addr) * block
        yield Range(file_offset=start, image_offset=place, length=length)


def _nothing(tried: tuple[str, ...], seen: str, bare: str) -> str:
    """Why a medium gave no volume at all: what it looked like, what was tried, and what a person can do."""
    looked = f"the medium begins like one with {seen}, but " if seen else ""
    ways = "; ".join((*tried, f"a bare file system from the first sector ({bare})"))
    return (
        f"{looked}neither a partition table nor a file system could be read. Tried: {ways}. What to do: rebuild the "
        "partition table on a copy of the image, or cut the partition out of it, and acquire that as a source"
    )


def _words(error: OSError) -> str:
    """TSK's message without the name and line of its source file, and without what is said around it anyway."""
    return _PREAMBLE.sub("", str(error)) or "no reason given"


_PREAMBLE = re.compile(r"^\w+: \([\w.]+:\d+\) (?:Error opening Volume_Info: |Unable to open .{1,80} with error: )?")
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
_LOCAL_CLOCKS = {"FAT12", "FAT16", "FAT32", "exFAT"}
_CONTENT = {
    int(pytsk3.TSK_FS_ATTR_TYPE_DEFAULT),
    int(pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA),
    int(pytsk3.TSK_FS_ATTR_TYPE_HFS_DATA),
}
