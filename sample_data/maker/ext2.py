"""A small ext2 file system behind a DOS partition table, written byte by byte, so that the image needs no tool and never changes.

Layout after "The Second Extended File System" (Dave Poirier): revision 1, 1 KiB blocks, one block group, directory entries with types.

| block     | holds                                     |
|-----------|-------------------------------------------|
| 0         | boot block (empty)                        |
| 1         | superblock                                |
| 2         | group descriptor                          |
| 3, 4      | block bitmap, inode bitmap                |
| 5 to 36   | inode table: 256 inodes of 128 bytes      |
| from 37   | data                                      |
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

BLOCK, INODES, INODE_SIZE = 1024, 256, 128
SECTOR, FIRST_SECTOR, SECTORS = 512, 64, 4096
_TABLE, _DATA = 5, 5 + INODES * INODE_SIZE // BLOCK
_BLOCKS = (SECTORS - FIRST_SECTOR) * SECTOR // BLOCK
_DIRECTORY, _FILE = 2, 1
_ROOT, _FIRST_FREE = 2, 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file or, with ``data`` None, a folder; ``removed`` is the time at which it was deleted, 0 for never."""

    data: bytes | None
    modified: int
    removed: int = 0


@dataclass(slots=True)
class _Disk:
    image: bytearray = field(default_factory=lambda: bytearray(_BLOCKS * BLOCK))
    next_block: int = _DATA
    next_inode: int = _FIRST_FREE
    freed_blocks: list[int] = field(default_factory=list)
    freed_inodes: list[int] = field(default_factory=list)
    folders: int = 0

    def block(self, data: bytes) -> int:
        number = self.next_block
        if number >= _BLOCKS:
            raise ValueError("the image is full: give ext2.SECTORS a larger value")
        self.image[number * BLOCK : number * BLOCK + len(data)] = data
        self.next_block += 1
        return number

    def pointers(self, data: bytes) -> tuple[list[int], list[int]]:
        """The 15 block pointers of an inode and every block that it uses: 12 direct, one single indirect."""
        blocks = [self.block(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]
        direct, rest = blocks[:12], blocks[12:]
        if len(rest) > BLOCK // 4:
            raise ValueError("a file of the image is larger than 268 KiB")
        used = list(blocks)
        indirect = 0
        if rest:
            indirect = self.block(struct.pack(f"<{len(rest)}I", *rest))
            used.append(indirect)
        return [*direct, *[0] * (12 - len(direct)), indirect, 0, 0], used

    def inode(self, number: int, mode: int, data: bytes, entry: Entry, links: int) -> None:
        pointers, used = self.pointers(data)
        owner = 0 if number <= _FIRST_FREE else 1000
        times = (entry.modified, entry.removed or entry.modified, entry.modified, entry.removed)
        head = struct.pack(
            "<HHIIIIIHHIII",
            mode,
            owner,
            len(data),
            *times,
            owner,
            0 if entry.removed else links,
            len(used) * BLOCK // SECTOR,
            0,
            0,
        )
        at = _TABLE * BLOCK + (number - 1) * INODE_SIZE
        self.image[at : at + INODE_SIZE] = (head + struct.pack("<15I", *pointers)).ljust(INODE_SIZE, b"\0")
        if entry.removed:
            self.freed_blocks += used
            self.freed_inodes.append(number)


def _directory(listing: list[tuple[str, int, int, bool]]) -> bytes:
    """Directory blocks; a removed name stays in the slack of the entry before it, as the kernel leaves it."""
    blocks: list[bytearray] = [bytearray()]
    starts: list[int] = []
    for name, number, kind, removed in listing:
        raw = name.encode()
        length = 8 + (len(raw) + 3) // 4 * 4
        if len(blocks[-1]) + length > BLOCK:
            _stretch(blocks[-1], starts)
            blocks.append(bytearray())
            starts = []
        entry = struct.pack("<IHBB", number, length, len(raw), kind) + raw
        if removed:
            previous = starts[-1]
            grown = struct.unpack_from("<H", blocks[-1], previous + 4)[0] + length
            struct.pack_into("<H", blocks[-1], previous + 4, grown)
        else:
            starts.append(len(blocks[-1]))
        blocks[-1] += entry.ljust(length, b"\0")
    _stretch(blocks[-1], starts)
    return b"".join(bytes(block) for block in blocks)


def _stretch(block: bytearray, starts: list[int]) -> None:
    struct.pack_into("<H", block, starts[-1] + 4, BLOCK - starts[-1])
    block.extend(bytes(BLOCK - len(block)))


def _children(entries: dict[str, Entry], path: str) -> list[str]:
    lead = path + "/" if path else ""
    inside = [name for name in entries if name.startswith(lead) and name != path and "/" not in name[len(lead) :]]
    # A removed entry must follow a live one in its block; "." and ".." always stand before it.
    return sorted(inside)


def _write_folder(disk: _Disk, entries: dict[str, Entry], path: str, number: int, parent: int, own: Entry) -> None:
    disk.folders += 1
    listing = [(".", number, _DIRECTORY, False), ("..", parent, _DIRECTORY, False)]
    links = 2
    for name in _children(entries, path):
        entry = entries[name]
        child, disk.next_inode = disk.next_inode, disk.next_inode + 1
        kind = _DIRECTORY if entry.data is None else _FILE
        listing.append((name.rpartition("/")[2], child, kind, bool(entry.removed)))
        if entry.data is None:
            links += 1
            _write_folder(disk, entries, name, child, number, entry)
        else:
            disk.inode(child, 0o100600, entry.data, entry, 1)
    data = _directory(listing)
    if path == "lost+found":
        data = data.ljust(12 * BLOCK, b"\0")
        data = data[:BLOCK] + b"".join(struct.pack("<IH", 0, BLOCK).ljust(BLOCK, b"\0") for _ in range(11))
    disk.inode(number, 0o040755, data, own, links)


def _bitmap(size: int, used: int, freed: list[int], first: int) -> bytes:
    bits = bytearray(b"\xff" * BLOCK)
    for at in range(used - first, size):
        bits[at // 8] &= ~(1 << at % 8) & 0xFF
    for number in freed:
        bits[(number - first) // 8] &= ~(1 << (number - first) % 8) & 0xFF
    return bytes(bits)


def _superblock(free_blocks: int, free_inodes: int, at: int, name: bytes, uuid: bytes) -> bytes:
    counts = struct.pack("<13I", INODES, _BLOCKS, 0, free_blocks, free_inodes, 1, 0, 0, 8192, 8192, INODES, at, at)
    state = struct.pack("<HHHHHHIIIIHH", 1, 65535, 0xEF53, 1, 1, 0, at, 0, 0, 1, 0, 0)
    features = struct.pack("<IHHIII", _FIRST_FREE, INODE_SIZE, 0, 0, 2, 1)  # filetype; sparse superblocks
    return (counts + state + features + uuid + name.ljust(16, b"\0")).ljust(BLOCK, b"\0")


def _partition_table() -> bytes:
    entry = struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", FIRST_SECTOR, SECTORS - FIRST_SECTOR)
    sector = bytes(440) + b"\x20\x26\x06\x30" + b"\0\0" + entry + bytes(48) + b"\x55\xaa"
    return sector.ljust(FIRST_SECTOR * SECTOR, b"\0")


def disk_image(entries: dict[str, Entry], *, at: int, name: bytes, uuid: bytes) -> bytes:
    """The bytes of the whole disk; ``entries`` are paths without a leading slash, folders among them."""
    everything = {"lost+found": Entry(data=None, modified=at), **entries}
    disk = _Disk()
    _write_folder(disk, everything, "", _ROOT, _ROOT, Entry(data=None, modified=at))
    free_blocks = _BLOCKS - disk.next_block + len(disk.freed_blocks)
    free_inodes = INODES - disk.next_inode + 1 + len(disk.freed_inodes)
    group = struct.pack("<IIIHHH", 3, 4, _TABLE, free_blocks, free_inodes, disk.folders).ljust(BLOCK, b"\0")
    blocks = _bitmap(_BLOCKS - 1, disk.next_block, disk.freed_blocks, 1)
    inodes = _bitmap(INODES, disk.next_inode, disk.freed_inodes, 1)
    head = _superblock(free_blocks, free_inodes, at, name, uuid) + group + blocks + inodes
    disk.image[BLOCK : BLOCK + len(head)] = head
    return _partition_table() + bytes(disk.image)
