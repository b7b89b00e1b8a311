"""The records of an NTFS master file table: which are deleted, what they are called, and which folder they stood in.

NTFS 3.1 as libfsntfs documents it (FILE record, $FILE_NAME attribute). Only the record's own bytes count: the indexes
of folders forget deleted names, the records do not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# FILE record: signature 0-4, fix-up offset 4-6 and count 6-8, sequence 16-18, first attribute 20-22, flags 22-24
# (1 in use, 2 folder), base record 32-40. Attribute: type 0-4, length 4-8, non-resident 8, value offset 20-22.
# $FILE_NAME (0x30): parent reference 0-8 (record 48 bits, sequence 16), name length 64, name space 65, name 66.
_FILE_NAME, _END = 0x30, 0xFFFFFFFF
_IN_USE, _FOLDER = 1, 2
_DOS = 2
_ROOT = 5
_FIRST_USER = 24
ORPHANS = b"$OrphanFiles"
_STRIDE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A base record that has a name."""

    number: int
    sequence: int
    in_use: bool
    folder: bool
    parent: int
    parent_sequence: int
    name: bytes


def records(pieces: Iterator[bytes], size: int) -> Iterator[Record]:
    """Every base record with a name, from the content of $MFT in pieces of whole records of ``size`` bytes."""
    number = 0
    for piece in pieces:
        for at in range(0, len(piece) - size + 1, size):
            if piece[at : at + 4] == b"FILE":
                found = _record(number, piece[at : at + size])
                if found is not None:
                    yield found
            number += 1


def _record(number: int, raw: bytes) -> Record | None:
    data = _fixed(raw)
    sequence, attributes, flags = (struct.unpack_from("<H", data, at)[0] for at in (16, 20, 22))
    if int.from_bytes(data[32:40], "little") & 0xFFFFFFFFFFFF:
        return None
    name = _best_name(data, attributes)
    if name is None:
        return None
    parent = int.from_bytes(name[0:8], "little")
    return Record(
        number=number,
        sequence=sequence,
        in_use=bool(flags & _IN_USE),
        folder=bool(flags & _FOLDER),
        parent=parent & 0xFFFFFFFFFFFF,
        parent_sequence=parent >> 48,
        name=name[66 : 66 + 2 * name[64]].decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass"),
    )


def _fixed(raw: bytes) -> bytes:
    """The record with the last two bytes of each sector put back; one that is torn is read as it stands."""
    data = bytearray(raw)
    start, count = struct.unpack_from("<HH", raw, 4)
    if start + 2 * count > len(raw) or (count - 1) * _STRIDE > len(raw):
        return raw
    for index in range(1, count):
        end = index * _STRIDE
        if data[end - 2 : end] == raw[start : start + 2]:
            data[end - 2 : end] = raw[start + 2 * index : start + 2 * index + 2]
    return bytes(data)


def _best_name(data: bytes, at: int) -> bytes | None:
    """The value of the $FILE_NAME that is not the short one for DOS, where there is another."""
    best: bytes | None = None
    while at + 24 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == _END or length < 24 or at + length > len(data):
            break
        if kind == _FILE_NAME and not data[at + 8]:
            start = at + int.from_bytes(data[at + 20 : at + 22], "little")
            value = data[start : at + length]
            whole = len(value) >= 66 and len(value) >= 66 + 2 * value[64]
            if whole and (best is None or best[65] == _DOS):
                best = value
        at += length
    return best


class Deleted:
    """The deleted files of a table, each with the path that its record and those of its folders give."""

    def __init__(self, found: Iterator[Record]) -> None:
        self._folders: dict[int, Record] = {}
        self._files: list[Record] = []
        for record in found:
            if record.folder:
                self._folders[record.number] = record
            elif not record.in_use and record.number >= _FIRST_USER:
                self._files.append(record)

    def __iter__(self) -> Iterator[tuple[int, tuple[bytes, ...]]]:
        """Record number and path."""
        for record in self._files:
            yield record.number, (*self._above(record), record.name)

    def _above(self, record: Record) -> tuple[bytes, ...]:
        """The folders above; a folder whose record was used again since is not the one the file stood in."""
        names: list[bytes] = []
        seen: set[int] = set()
        here = record
        while here.parent != _ROOT:
            folder = self._folders.get(here.parent)
            # The sequence counts up when a record is given up, so a deleted folder is one ahead of those that name it.
            if folder is None or folder.number in seen or not _same(folder, here.parent_sequence):
                names.append(ORPHANS)
                break
            seen.add(folder.number)
            names.append(folder.name)
            here = folder
        return tuple(reversed(names))


def _same(folder: Record, sequence: int) -> bool:
    return folder.sequence == sequence or (not folder.in_use and folder.sequence == (sequence + 1) & 0xFFFF)
