"""Which chunks of an E01 or Ex01 image are damaged, told by our own walk over its tables and every chunk's checksum.

Expert Witness Compression Format (libewf documentation, EWF and EWF version 2). libewf gives zeros for a damaged chunk
and says nothing; here each chunk is held against its Adler-32, in zlib's trailer or behind the plain bytes. Where the
tables themselves are damaged in both copies, what is lost cannot be confined to chunks, and ``confined`` is false.
"""

from __future__ import annotations

import bz2
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from forensics.acquisition.ewf import SIGNATURE_2

# Section descriptor, 76 bytes: type 0-16, next section 16-24, size 24-32, Adler-32 of bytes 0-72 at 72.
# volume, disk or data: number of chunks 4-8, sectors per chunk 8-12, bytes per sector 12-16, sectors 16-24.
# table and table2: entries 0-4, base offset 8-16, Adler-32 of bytes 0-20 at 20, entries of 4 from 24 (highest bit:
# compressed), Adler-32 of the entries behind them.
# EWF2 section descriptor, 64 bytes, behind its data: type 0-4, data flags 4-8, previous descriptor 8-16, data size
# 16-24, descriptor size 24-28, padding 28-32, Adler-32 of bytes 0-60 at 60.
# EWF2 sector table: first chunk 0-8, entries 8-12, Adler-32 of bytes 0-16 at 16; entries of 16 from 32: data offset
# 0-8, size 8-12, flags 12-16 (1 compressed, 2 checksum, 4 pattern fill); Adler-32 of the entries behind them.
_DESCRIPTOR, _DESCRIPTOR_2 = 76, 64
_MOST_SECTIONS = 1 << 20
_COMPRESSED, _CHECKSUM, _PATTERN = 1, 2, 4
_DEVICE, _TABLE_2, _DONE_2, _NEXT_2 = 0x01, 0x04, 0x0F, 0x0D
_BZIP2 = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Where a chunk stands: segment, offset, stored bytes; ``packed`` is 0 plain, 1 zlib, 2 bzip2, 3 a fill pattern."""

    segment: int
    offset: int
    size: int
    packed: int
    summed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunks:
    """The chunks of an image in order, ``None`` where the entry is lost, and what was wrong with the tables."""

    size: int
    found: tuple[Chunk | None, ...]
    confined: bool
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Damaged chunks by number, the size of one, and whether that is all the damage there is."""

    chunks: tuple[int, ...]
    chunk_size: int
    confined: bool
    wrong: tuple[str, ...] = ()

    def stretches(self, media_size: int) -> list[tuple[int, int]]:
        """Damaged stretches of the medium, neighbours joined."""
        out: list[tuple[int, int]] = []
        for number in self.chunks:
            start = number * self.chunk_size
            length = min(self.chunk_size, media_size - start)
            if out and sum(out[-1]) == start:
                out[-1] = out[-1][0], out[-1][1] + length
            elif length > 0:
                out.append((start, length))
        return out


ReadMedium = Callable[[int, int], bytes]


def check_chunks(
    segments: Sequence[BinaryIO],
    media_size: int,
    chunk_size: int,
    as_read: ReadMedium | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Damage:
    """Hold every chunk against its checksum, and, with ``as_read``, against what libewf gave for it."""
    wanted = (media_size + chunk_size - 1) // chunk_size
    chunks = _chunks_2(segments, chunk_size) if _is_version_2(segments[0]) else _chunks_1(segments, chunk_size)
    wrong, confined = list(chunks.wrong), chunks.confined
    if len(chunks.found) != wanted:
        wrong.append(f"the tables name {len(chunks.found)} chunks where the medium has {wanted}")
        confined = False
    bad = []
    for number, chunk in enumerate(chunks.found[:wanted]):
        length = min(chunk_size, media_size - number * chunk_size)
        data = _content(segments, chunk, length) if chunk is not None else None
        if data is None or (as_read is not None and as_read(number * chunk_size, length) != data):
            bad.append(number)
        progress((number + 1) * chunk_size)
    return Damage(chunks=tuple(bad), chunk_size=chunk_size, confined=confined, wrong=tuple(wrong))


def _is_version_2(file: BinaryIO) -> bool:
    return _at(file, 0, 8) == SIGNATURE_2


def _content(segments: Sequence[BinaryIO], chunk: Chunk, length: int) -> bytes | None:
    """The bytes of a chunk; None where they are not what its checksum says."""
    if chunk.packed == 3:
        return (chunk.offset.to_bytes(8, "little") * (length // 8 + 1))[:length]
    raw = _at(segments[chunk.segment], chunk.offset, chunk.size)
    try:
        if chunk.packed == 1:
            data = zlib.decompress(raw)
        elif chunk.packed == _BZIP2:
            data = bz2.decompress(raw)
        else:
            data = raw[:length]
            stored = raw[len(data) : len(data) + 4]
            if chunk.summed and (len(stored) < 4 or zlib.adler32(data) != int.from_bytes(stored, "little")):
                return None
    except (zlib.error, OSError, ValueError, EOFError):
        return None
    # The last chunk may be stored whole where the medium ends inside it.
    return data[:length] if len(data) >= length else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    kind: str
    start: int
    size: int


def _sections(file: BinaryIO, size: int) -> Iterator[_Section | None]:
    """The sections of one segment; None where the chain of them is broken."""
    at = 13
    for _ in range(_MOST_SECTIONS):
        raw = _at(file, at, _DESCRIPTOR)
        if len(raw) < _DESCRIPTOR or zlib.adler32(raw[:72]) != int.from_bytes(raw[72:76], "little"):
            yield None
            return
        kind = raw[:16].partition(b"\0")[0].decode("ascii", "backslashreplace")
        following, length = struct.unpack_from("<QQ", raw, 16)
        yield _Section(kind=kind, start=at, size=length)
        if kind in ("next", "done"):
            return
        if not at < following <= size:
            yield None
            return
        at = following


def _chunks_1(segments: Sequence[BinaryIO], chunk_size: int) -> Chunks:
    found: list[Chunk | None] = []
    wrong: list[str] = []
    confined = True
    for number, file in enumerate(segments):
        size, sectors, waiting = file.seek(0, 2), 0, False
        for section in _sections(file, size):
            if section is None:
                wrong.append(f"segment {number + 1}: the chain of its sections is broken")
                confined = False
            elif section.kind == "sectors":
                sectors = section.start + section.size
            elif section.kind == "table" or (section.kind == "table2" and waiting):
                ends = sectors or section.start
                table = _table(file, section, ends, number, chunk_size)
                waiting = section.kind == "table" and table is None
                if table is not None:
                    found += table
                elif section.kind == "table":
                    wrong.append(f"segment {number + 1}: a chunk table does not fit its checksum")
                else:
                    wrong.append(f"segment {number + 1}: the copy of that chunk table does not either")
                    confined = False
        confined = confined and not waiting
    return Chunks(size=chunk_size, found=tuple(found), confined=confined, wrong=tuple(wrong))


def _table(file: BinaryIO, section: _Section, sectors_end: int, segment: int, chunk_size: int) -> list[Chunk] | None:
    """The chunks of one table; None where it does not fit its checksums."""
    head = _at(file, section.start + _DESCRIPTOR, 24)
    if len(head) < 24 or zlib.adler32(head[:20]) != int.from_bytes(head[20:24], "little"):
        return None
    count, base = int.from_bytes(head[:4], "little"), int.from_bytes(head[8:16], "little")
    if count * 4 + 24 + _DESCRIPTOR > section.size:
        return None
    raw = _at(file, section.start + _DESCRIPTOR + 24, count * 4)
    stored = _at(file, section.start + _DESCRIPTOR + 24 + count * 4, 4)
    # EnCase 1 wrote no checksum behind the entries.
    summed = section.size >= _DESCRIPTOR + 24 + count * 4 + 4
    if len(raw) < count * 4 or (summed and zlib.adler32(raw) != int.from_bytes(stored, "little")):
        return None
    starts = list(_starts(struct.unpack(f"<{count}I", raw), base))
    ends = [start for start, _ in starts[1:]] + [sectors_end]
    return [
        Chunk(segment=segment, offset=start, size=max(0, end - start), packed=int(packed))
        for (start, packed), end in zip(starts, ends, strict=True)
    ]


def _starts(entries: Sequence[int], base: int) -> Iterator[tuple[int, bool]]:
    """Offset of each chunk and whether it is compressed; behind 2 GiB the flag's bit belongs to the offset."""
    beyond, last = False, 0
    for entry in entries:
        offset = entry & 0x7FFFFFFF
        beyond = beyond or (offset < last and last > 0x7FFFFFFF - (1 << 24))
        if beyond:
            yield base + entry, False
        else:
            yield base + offset, bool(entry >> 31)
        last = offset


def _chunks_2(segments: Sequence[BinaryIO], chunk_size: int) -> Chunks:
    found: dict[int, Chunk] = {}
    wrong: list[str] = []
    for number, file in enumerate(segments):
        method = int.from_bytes(_at(file, 10, 2), "little")
        for kind, start, size in _sections_2(file):
            if kind < 0:
                wrong.append(f"segment {number + 1}: the chain of its sections is broken")
            elif kind == _TABLE_2 and not _table_2(file, (start, size), number, method, found):
                wrong.append(f"segment {number + 1}: a sector table does not fit its checksum")
    last = max(found, default=-1)
    whole = tuple(found.get(number) for number in range(last + 1))
    return Chunks(size=chunk_size, found=whole, confined=not wrong, wrong=tuple(wrong))


def _sections_2(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Type, start and size of the data of each section, last one first; type -1 where the chain is broken."""
    at = file.seek(0, 2) - _DESCRIPTOR_2
    for _ in range(_MOST_SECTIONS):
        raw = _at(file, at, _DESCRIPTOR_2) if at > 0 else b""
        if len(raw) < _DESCRIPTOR_2 or zlib.adler32(raw[:60]) != int.from_bytes(raw[60:64], "little"):
            yield -1, 0, 0
            return
        kind, _, previous, size, _, padding = struct.unpack_from("<IIQQII", raw)
        # The data size counts the padding in.
        yield kind, at - size, size - padding
        if not previous:
            return
        if previous >= at:
            yield -1, 0, 0
            return
        at = previous


def _table_2(file: BinaryIO, place: tuple[int, int], segment: int, method: int, found: dict[int, Chunk]) -> bool:
    start, size = place
    head = _at(file, start, 32)
    if len(head) < 32 or zlib.adler32(head[:16]) != int.from_bytes(head[16:20], "little"):
        return False
    first, count = struct.unpack_from("<QI", head)
    raw = _at(file, start + 32, count * 16)
    stored = int.from_bytes(_at(file, start + 32 + count * 16, 4), "little")
    if 32 + count * 16 > size or len(raw) < count * 16 or zlib.adler32(raw) != stored:
        return False
    for index in range(count):
        offset, length, flags = struct.unpack_from("<QII", raw, index * 16)
        packed = 0
        if flags & _COMPRESSED:
            packed = 3 if flags & _PATTERN else _BZIP2 if method == _BZIP2 else 1
        found[first + index] = Chunk(
            segment=segment, offset=offset, size=length, packed=packed, summed=bool(flags & _CHECKSUM)
        )
    return True


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
