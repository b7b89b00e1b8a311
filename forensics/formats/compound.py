"""Compound files (OLE2, the container of MSG files): storages and streams, read a run of sectors at a time ([MS-CFB]).

olefile reads the header and the sector table. The directory is walked here, because olefile's own walk recurses once
per entry and compares every stream with all before it, so that a long or a forged list of entries defeats it.
"""

from __future__ import annotations

import array
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import olefile

from forensics.errors import FormatError

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
STORAGE, STREAM, ROOT = 1, 2, 5

_ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")
_ENTRIES_CAP = 1 << 18
_RUN_CAP = 1 << 20
_MINI_CUTOFF = 4096
_HEADER = 512
_ENDOFCHAIN = 0xFFFFFFFE
_END = 0xFFFFFFFA  # DIFSECT, FATSECT, ENDOFCHAIN, FREESECT and NOSTREAM all lie above
_BROKEN = (OSError, ValueError, IndexError, OverflowError, struct.error, TypeError)


@dataclass(slots=True, eq=False)
class Entry:
    """One storage or stream. ``created`` and ``modified`` are FILETIME ticks, 0 if not set.

    Directory entry, [MS-CFB] 2.6.1:

        offset  size  field
        0       64    Directory Entry Name, UTF-16LE
        64      2     Directory Entry Name Length, in bytes with the terminating zero
        66      1     Object Type: 0 unallocated, 1 storage, 2 stream, 5 root
        67      1     Color Flag
        68      12    Left Sibling ID, Right Sibling ID, Child ID
        80      16    CLSID
        96      4     State Bits
        100     16    Creation Time, Modified Time
        116     4     Starting Sector Location
        120     8     Stream Size (of version 3 files the lower half counts)
    """

    name: str
    type: int
    clsid: bytes
    created: int
    modified: int
    start: int
    size: int
    links: tuple[int, int, int]
    children: list[Entry] = field(default_factory=list)

    @property
    def is_stream(self) -> bool:
        return self.type == STREAM

    def child(self, name: str) -> Entry | None:
        """The first child of this name; names differ in case only by mistake ([MS-CFB] 2.6.4)."""
        wanted = name.upper()
        return next((one for one in self.children if one.name.upper() == wanted), None)


class Compound:
    """An opened compound file. ``problems`` says what of the directory could not be followed.

    ``cut`` says how many bytes are missing at the end of a file that is shorter than its sector table, else it is "".
    """

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self.problems: list[str] = []
        self._broken = ""
        self._ole = _opened(handle)
        self._fat: array.array[int] = self._ole.fat
        self._sector: int = self._ole.sector_size
        self._size: int = self._ole._filesize
        self._file_sectors: int = max(self._size // self._sector, 1)
        self.cut = _cut(handle)
        self._mini: tuple[array.array[int], bytes] | None = None
        self.root = self._directory()

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of a stream; raises ``FormatError`` where its chain of sectors breaks off."""
        left = entry.size
        pieces = self._mini_pieces(entry) if self._in_mini(entry) else self._pieces(entry.start, entry.size)
        for piece in pieces:
            yield piece[:left]
            left -= min(left, len(piece))
        if left:
            what = f"{left} of the {entry.size} bytes of the stream {entry.name} are missing, from byte"
            raise FormatError(f"{what} {entry.size - left} on: {self._broken}", place=entry.name)

    def read(self, entry: Entry) -> bytes:
        return b"".join(self.chunks(entry))

    def possible(self, entry: Entry) -> bool:
        """Whether the file is long enough to hold a stream of the size that its entry states."""
        return entry.size <= self._file_sectors * self._sector

    def _in_mini(self, entry: Entry) -> bool:
        return entry.size < _MINI_CUTOFF

    def _pieces(self, start: int, size: int) -> Iterator[bytes]:
        """Runs of neighbouring sectors, each read at once; ends where the chain ends or leaves the file."""
        # No stream is longer than its file, so a chain that runs in a circle ends here too.
        fat, sector, wanted = self._fat, start, min(-(-size // self._sector), self._file_sectors + 1)
        self._broken = "its chain of sectors is longer than the file"
        while wanted > 0:
            if sector >= min(len(fat), _END):
                self._broken = _chain_end(sector, len(fat), "sector")
                if sector < _END and (begins := (sector + 1) * self._sector) >= self._size:
                    self._broken = (
                        f"its sector {sector} begins at byte {begins}, but the file ends at byte {self._size}"
                    )
                return
            first, count = sector, 1
            while count < wanted and count * self._sector < _RUN_CAP and fat[sector] == sector + 1 < len(fat):
                sector += 1
                count += 1
            self._handle.seek((first + 1) * self._sector)
            piece = self._handle.read(count * self._sector)
            yield piece
            if len(piece) < count * self._sector:
                lost = first + len(piece) // self._sector
                ends = (lost + 2) * self._sector
                self._broken = f"its sector {lost} ends at byte {ends}, but the file ends at byte {self._size}"
                return
            wanted -= count
            sector = fat[sector]

    def _mini_pieces(self, entry: Entry) -> Iterator[bytes]:
        fat, stream = self._loaded_mini()
        step: int = self._ole.mini_sector_size
        sector, wanted = entry.start, -(-entry.size // step)
        while wanted > 0:
            if sector >= min(len(fat), _END):
                self._broken = _chain_end(sector, len(fat), "mini sector")
                return
            piece = stream[sector * step : (sector + 1) * step]
            yield piece
            if len(piece) < step:
                lies = f"its mini sector {sector} lies at byte {sector * step} of the mini stream"
                self._broken = f"{lies}, of which {len(stream)} of {self.root.size} bytes are there"
                return
            wanted -= 1
            sector = fat[sector]

    def _loaded_mini(self) -> tuple[array.array[int], bytes]:
        if self._mini is None:
            ole = self._ole
            table = b"".join(self._pieces(ole.first_mini_fat_sector, ole.num_mini_fat_sectors * self._sector))
            fat = array.array("I")
            fat.frombytes(table[: len(table) & ~3])
            if sys.byteorder == "big":
                fat.byteswap()
            size = min(self.root.size, self._file_sectors * self._sector)
            self._mini = fat, b"".join(self._pieces(self.root.start, size))
        return self._mini

    def _directory(self) -> Entry:
        raw = b"".join(self._pieces(self._ole.first_dir_sector, self._file_sectors * self._sector))
        count = min(len(raw) // _ENTRY.size, _ENTRIES_CAP)
        if count < len(raw) // _ENTRY.size:
            self.problems.append(f"the directory has more than {_ENTRIES_CAP} entries; the rest was not read")
        if count == 0:
            why = self.cut or self._broken
            raise FormatError(f"the directory of the compound file cannot be read: {why}", place="directory")
        if "but the file ends" in self._broken:
            self.problems.append(f"the directory is cut short: {self._broken}")
        wide = self._sector != 512
        entries = [_entry(raw, at * _ENTRY.size, wide) for at in range(count)]
        self._link(entries)
        return entries[0]

    def _link(self, entries: list[Entry]) -> None:
        """Give every storage its children in the order of the tree; each entry belongs to one storage only."""
        taken = bytearray(len(entries))
        taken[0] = 1
        storages = [entries[0]]
        while storages:
            storage = storages.pop()
            for child in self._siblings(entries, taken, storage.links[2]):
                storage.children.append(child)
                if child.type == STORAGE:
                    storages.append(child)

    def _siblings(self, entries: list[Entry], taken: bytearray, first: int) -> Iterator[Entry]:
        above: list[int] = []
        number = first
        while above or number < len(entries):
            while number < len(entries):
                if taken[number]:
                    self.problems.append(f"directory entry {number} is linked twice")
                    break
                taken[number] = 1
                above.append(number)
                number = entries[number].links[0]
            if not above:
                return
            number = above.pop()
            if entries[number].type in (STORAGE, STREAM):
                yield entries[number]
            number = entries[number].links[1]


def _chain_end(sector: int, known: int, kind: str) -> str:
    if sector == _ENDOFCHAIN:
        return f"its chain of {kind}s ends there"
    return f"its chain leads to {kind} {sector}, but the table of {kind}s holds {known}"


def _cut(handle: BinaryIO) -> str:
    """What is missing at the end of a file, by its header and its sector table, which olefile cuts to what is there.

    Compound File Header, [MS-CFB] 2.2:

        offset  size  field
        30      2     Sector Shift
        44      4     Number of FAT Sectors
        48      4     First Directory Sector Location
        60      4     First Mini FAT Sector Location
        76      436   DIFAT: the first 109 FAT sector locations
    """
    size = handle.seek(0, os.SEEK_END)
    handle.seek(0)
    header = handle.read(_HEADER)
    if not header or header[:8] != MAGIC[: len(header)]:
        return ""
    if len(header) < _HEADER:
        return f"the file is cut short: it ends after {size} of the {_HEADER} bytes of its header"
    shift, tables = struct.unpack_from("<H", header, 30)[0], struct.unpack_from("<I", header, 44)[0]
    if shift not in (9, 12):
        return ""
    places = struct.unpack_from("<109I", header, 76)[: min(tables, 109)]
    named = (*places, *struct.unpack_from("<I", header, 48), *struct.unpack_from("<I", header, 60))
    last = max((at for at in named if at < _END), default=-1)
    for number, place in enumerate(places):
        last = max(last, _last_used(handle, number, place, shift))
    # Of a last sector that is only not full, a stream or the directory says so where it matters.
    wanted = (last + 2) << shift
    if wanted - size < 1 << shift or last >= min(tables << shift, _END):
        return ""
    return (
        f"the file is cut short: its sector {last} is in use and ends at byte {wanted}, but the file ends at byte "
        f"{size}, so that at least {wanted - size} bytes are missing"
    )


def _last_used(handle: BinaryIO, number: int, place: int, shift: int) -> int:
    """The last sector that the FAT sector at ``place``, the ``number``-th, has in use; -1 if it has none or is gone."""
    if place >= _END:
        return -1
    handle.seek((place + 1) << shift)
    table = handle.read(1 << shift).rstrip(b"\xff")
    return (number << (shift - 2)) + -(-len(table) // 4) - 1 if table else -1


def _opened(handle: BinaryIO) -> olefile.OleFileIO:
    ole = olefile.OleFileIO()
    ole.loaddirectory = lambda _: None
    try:
        ole.open(handle)
    except _BROKEN as error:
        raise FormatError(f"not a readable compound file: {_cut(handle) or error}", place="header") from error
    if ole.sector_size not in (512, 4096) or ole.mini_sector_size != 64:
        raise FormatError(f"a compound file cannot have sectors of {ole.sector_size} bytes", place="header", offset=30)
    return ole


def _entry(raw: bytes, at: int, wide: bool) -> Entry:
    name, length, kind, _, left, right, child, clsid, _, created, modified, start, size = _ENTRY.unpack_from(raw, at)
    return Entry(
        name=name[: max(min(length, 64) - 2, 0)].decode("utf-16-le", errors="backslashreplace"),
        type=kind,
        clsid=clsid,
        created=created,
        modified=modified,
        start=start,
        size=size if wide else size & 0xFFFFFFFF,
        links=(left, right, child),
    )
