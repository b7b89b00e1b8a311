"""Which clusters a file system has free, from its own bitmap or table: ext, FAT, exFAT, NTFS, HFS+.

The Sleuth Kit's Python binding does not walk blocks, so the bitmaps are read as the specifications lay them out.

    ext     superblock at 1024; group descriptors behind it (Linux ext4, "Layout"); one bit a block, lowest first
    FAT     the table behind the reserved sectors; an entry of zero is a free cluster (FATGEN103)
    exFAT   the entry 0x81 of the root directory names the bitmap (exFAT 7.1); lowest bit first
    NTFS    the file 6, $Bitmap; lowest bit first
    HFS+    the file 6, the allocation file (TN1150); highest bit first
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forensics.errors import FormatError

ReadAt = Callable[[int, int], bytes]
_NOT_FULL, _ZEROS = re.compile(rb"[^\xff]"), re.compile(rb"\x00+")
_EXT_64BIT, _EXT_META_BG, _EXT_BIGALLOC, _EXT_UNINIT = 0x80, 0x10, 0x200, 0x2
_MOST_BITMAP = 1 << 32
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """The clusters of a volume: where the first begins on the medium, how large and how many they are."""

    origin: int
    size: int
    count: int

    def end_of(self, at: int) -> int:
        """The end of the cluster that the byte before ``at`` lies in."""
        return self.origin - (self.origin - at) // self.size * self.size

    @property
    def end(self) -> int:
        return self.origin + self.count * self.size


def free_bits(bits: bytes, count: int, *, highest_first: bool = False) -> Iterator[tuple[int, int]]:
    """Runs of clear bits among the first ``count``, as first and behind the last."""
    start = end = -1
    for low, high in _clear(bits, highest_first):
        high = min(high, count)
        if low >= high:
            continue
        if low == end:
            end = high
            continue
        if end > start:
            yield start, end
        start, end = low, high
    if end > start:
        yield start, end


def _clear(bits: bytes, highest_first: bool) -> Iterator[tuple[int, int]]:
    at = 0
    while (found := _NOT_FULL.search(bits, at)) is not None:
        at = found.start()
        zeros = _ZEROS.match(bits, at)
        if zeros is not None:
            yield at * 8, zeros.end() * 8
            at = zeros.end()
            continue
        for bit in range(8):
            if not bits[at] >> (7 - bit if highest_first else bit) & 1:
                yield at * 8 + bit, at * 8 + bit + 1
        at += 1


Free = tuple[Clusters, Iterator[tuple[int, int]]]
"""The clusters of a volume, and runs of their numbers (from 0) that are free."""


def free_in_ext(read_at: ReadAt, start: int) -> Free:
    """ext2, ext3 and ext4, block groups by their bitmaps; those never initialised are free but for their own tables."""
    raw = read_at(start + 1024, 1024)
    if len(raw) < 1024 or raw[56:58] != b"\x53\xef":
        raise FormatError("the superblock of this ext file system cannot be read", offset=start + 1024)
    low, first, block_log, cluster_log, per_group = (_u32(raw, at) for at in (4, 20, 24, 28, 36))
    wide, big = _u32(raw, 96) & _EXT_64BIT, _u32(raw, 100) & _EXT_BIGALLOC
    if block_log > 6 or cluster_log > 20 or not per_group or _u32(raw, 96) & _EXT_META_BG:
        raise FormatError("the block groups of this ext file system are laid out in a way that is not read")
    block = 1024 << block_log
    unit = 1024 << cluster_log if big else block
    blocks = low | (_u32(raw, 0x150) << 32 if wide else 0)
    step = max(int.from_bytes(raw[254:256], "little"), 32) if wide else 32
    clusters = Clusters(origin=start + first * block, size=unit, count=(blocks - first) * block // unit)
    groups = -(-clusters.count // per_group)
    table = read_at(start + (first + 1) * block, groups * step)
    if len(table) < groups * step or groups > _MOST_BITMAP >> 12:
        raise FormatError("the group descriptors of this ext file system cannot be read")
    return clusters, _ext_groups(read_at, start, (block, per_group, step, _tables(raw, groups, block)), table, clusters)


def _ext_groups(
    read_at: ReadAt, start: int, layout: tuple[int, int, int, int], table: bytes, clusters: Clusters
) -> Iterator[tuple[int, int]]:
    block, per_group, step, reserved = layout
    for group in range(len(table) // step):
        raw = table[group * step : (group + 1) * step]
        count = min(per_group, clusters.count - group * per_group)
        base = group * per_group
        if int.from_bytes(raw[18:20], "little") & _EXT_UNINIT:
            # Its bitmap was never written: what it may hold is the copy of the superblock and its tables.
            yield base + min(reserved, count), base + count
            continue
        place = _u32(raw, 0) | (_u32(raw, 0x20) << 32 if step >= 64 else 0)
        for low, high in free_bits(read_at(start + place * block, block), count):
            yield base + low, base + high


def _tables(raw: bytes, groups: int, block: int) -> int:
    """Blocks at the start of a group that a copy of the superblock, the descriptors and reserved ones may take."""
    step = max(int.from_bytes(raw[254:256], "little"), 32)
    return 1 + -(-groups * step // block) + int.from_bytes(raw[206:208], "little")


def free_in_fat(read_at: ReadAt, start: int) -> Free:
    """FAT12, FAT16 and FAT32 by the first table."""
    raw = read_at(start, 512)
    if len(raw) < 512:
        raise FormatError("the boot sector of this FAT file system cannot be read", offset=start)
    sector, per, reserved, tables, root, small = struct.unpack_from("<HBHBHH", raw, 11)
    fat, total = int.from_bytes(raw[22:24], "little") or _u32(raw, 36), small or _u32(raw, 32)
    if not sector or not per or not fat or sector & (sector - 1):
        raise FormatError("the boot sector of this FAT file system contradicts itself", offset=start)
    data = reserved + tables * fat + -(-root * 32 // sector)
    count = max(total - data, 0) // per
    clusters = Clusters(origin=start + data * sector, size=sector * per, count=count)
    bits = 12 if count < 4085 else 16 if count < 65525 else 32
    return clusters, _fat_free(read_at, start + reserved * sector, fat * sector, bits, count)


def _fat_free(read_at: ReadAt, at: int, length: int, bits: int, count: int) -> Iterator[tuple[int, int]]:
    marks = bytearray()
    for place in range(0, min(length, -(-(count + 2) * bits // 8)), _PIECE * 3):
        raw = read_at(at + place, min(_PIECE * 3, length - place))
        if bits == 12:
            marks += bytes(
                each for one, two, three in zip(raw[::3], raw[1::3], raw[2::3], strict=False)
                for each in (bool(one or two & 15), bool(two >> 4 or three))
            )  # fmt: skip
        elif bits == 16:
            marks += bytes(value != 0 for (value,) in struct.iter_unpack("<H", raw[: len(raw) & ~1]))
        else:
            marks += bytes(value & 0x0FFFFFFF != 0 for (value,) in struct.iter_unpack("<I", raw[: len(raw) & ~3]))
    for run in re.finditer(rb"\x00+", marks[2 : count + 2]):
        yield run.start(), run.end()


def free_in_exfat(read_at: ReadAt, start: int) -> Free:
    """exFAT by the bitmap that its root directory names."""
    raw = read_at(start, 512)
    if len(raw) < 512 or raw[3:11] != b"EXFAT   ":
        raise FormatError("the boot sector of this exFAT file system cannot be read", offset=start)
    fat, heap, count, root = (_u32(raw, at) for at in (80, 88, 92, 96))
    sector, size = 1 << (raw[108] & 15), 1 << min(raw[108] + raw[109], 26)
    clusters = Clusters(origin=start + heap * sector, size=size, count=count)

    def chain(first: int, most: int) -> Iterator[bytes]:
        at = first
        for _ in range(most):
            if not 2 <= at < count + 2:
                return
            yield read_at(clusters.origin + (at - 2) * size, size)
            at = int.from_bytes(read_at(start + fat * sector + 4 * at, 4), "little") or at + 1

    for piece in chain(root, 256):
        for at in range(0, len(piece) - 31, 32):
            if piece[at] == 0x81 and not piece[at + 1] & 1:
                first, length = struct.unpack_from("<IQ", piece, at + 20)
                wanted = -(-min(length, _MOST_BITMAP) // size)
                return clusters, free_bits(b"".join(chain(first, wanted)), count)
    raise FormatError("the root directory of this exFAT file system names no bitmap", offset=start)


def free_in_ntfs(read_at: ReadAt, start: int, bitmap: bytes) -> Free:
    """NTFS by its file $Bitmap."""
    raw = read_at(start, 512)
    if len(raw) < 512 or raw[3:7] != b"NTFS":
        raise FormatError("the boot sector of this NTFS file system cannot be read", offset=start)
    sector, per = int.from_bytes(raw[11:13], "little"), raw[13]
    size = sector * (1 << (256 - per) if per > 128 else per)
    if not size or size > 1 << 26:
        raise FormatError("the boot sector of this NTFS file system contradicts itself", offset=start)
    count = int.from_bytes(raw[40:48], "little") * sector // size
    clusters = Clusters(origin=start, size=size, count=min(count, len(bitmap) * 8))
    return clusters, free_bits(bitmap, clusters.count)


def free_in_hfs(read_at: ReadAt, start: int, bitmap: bytes) -> Free:
    """HFS+ and HFSX by their allocation file."""
    raw = read_at(start + 1024, 512)
    if len(raw) < 512 or raw[:2] not in (b"H+", b"HX"):
        raise FormatError("the volume header of this HFS+ file system cannot be read", offset=start + 1024)
    size, count = struct.unpack_from(">II", raw, 40)
    if not 512 <= size <= 1 << 26:
        raise FormatError("the volume header of this HFS+ file system contradicts itself", offset=start + 1024)
    clusters = Clusters(origin=start, size=size, count=min(count, len(bitmap) * 8))
    return clusters, free_bits(bitmap, clusters.count, highest_first=True)


def _u32(raw: bytes, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
