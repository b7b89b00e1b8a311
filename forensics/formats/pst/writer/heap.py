"""The heap on a node and the B-tree on the heap: [MS-PST] 2.3.1 and 2.3.2."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from forensics.formats.pst.writer.layout import BLOCK_DATA, HEAP_ITEM

SIGNATURE_PC: Final = 0xBC
SIGNATURE_TC: Final = 0x7C
_BITMAP_FIRST, _BITMAP_EVERY = 8, 128
_ITEMS_IN_BLOCK: Final = 0x7FF
# Free bytes below each bound: FILL_LEVEL values 0 (almost empty) to 15 (full), 2.3.1.2.
_FILL_BOUNDS: Final = (3584, 2560, 2048, 1792, 1536, 1280, 1024, 768, 512, 256, 128, 64, 32, 16, 8)


def fill_level(free: int) -> int:
    """The nibble of rgbFillLevel for a block with so many bytes free."""
    for level, bound in enumerate(_FILL_BOUNDS):
        if free >= bound:
            return level
    return len(_FILL_BOUNDS)


def header_size(block: int) -> int:
    """HNHDR, HNBITMAPHDR (the ninth block and every 128th from there) or HNPAGEHDR: 2.3.1.2 to 2.3.1.4."""
    if block == 0:
        return 12
    return 66 if block >= _BITMAP_FIRST and (block - _BITMAP_FIRST) % _BITMAP_EVERY == 0 else 2


def heap_block(header: bytes, items: Sequence[bytes], room: int = BLOCK_DATA) -> tuple[bytearray, int]:
    """One block of a heap and its free bytes: header with ibHnpm, items, HNPAGEMAP (cAlloc, cFree, rgibAlloc)."""
    at = [len(header)]
    for item in items:
        at.append(at[-1] + len(item))
    page_map = at[-1] + (at[-1] & 1)
    whole = bytearray(header) + b"".join(items) + bytes(page_map - at[-1])
    whole += struct.pack(f"<HH{len(at)}H", len(items), sum(not item for item in items), *at)
    whole[0:2] = struct.pack("<H", page_map)
    return whole, room - len(whole)


class Heap:
    """Allocations packed into blocks; a block is frozen when the next is opened, save the first one."""

    def __init__(self, signature: int) -> None:
        self._signature = signature
        self._first: list[bytes] = []
        self._frozen: list[bytearray] = []
        self._levels: list[int] = []
        self._open = self._first
        self._number = 0
        self._used = header_size(0) + 6

    def put(self, data: bytes) -> int:
        """Allocate a value; returns its HID, 0 for an empty one (2.3.1.1)."""
        if not data:
            return 0
        if len(data) > HEAP_ITEM:
            raise ValueError("a heap allocation has at most 3580 bytes")
        if self._used + len(data) + 2 > BLOCK_DATA or len(self._open) == _ITEMS_IN_BLOCK:
            self._next_block()
        self._open.append(data)
        self._used += len(data) + 2
        return self._number << 16 | len(self._open) << 5

    def replace(self, hid: int, data: bytes) -> None:
        """Say what an allocation of the first block holds; its size stays."""
        index = (hid >> 5) - 1
        if hid >> 16 or len(self._first[index]) != len(data):
            raise ValueError("only an allocation of the first block is replaced, by one of its size")
        self._first[index] = data

    def blocks(self, user_root: int) -> list[bytes]:
        """The finished blocks; ``user_root`` is hidUserRoot."""
        if self._number:
            self._freeze()
        first, free = heap_block(struct.pack("<HBBII", 0, 0xEC, self._signature, user_root, 0), self._first)
        levels = [fill_level(free), *self._levels]
        first[8:12] = _nibbles(levels[:8], 4)
        made = [first, *self._frozen]
        for number in range(_BITMAP_FIRST, len(made), _BITMAP_EVERY):
            made[number][2:66] = _nibbles(levels[number : number + _BITMAP_EVERY], 64)
        return filled(made)

    def _next_block(self) -> None:
        if self._number:
            self._freeze()
        self._number += 1
        if self._number > 0xFFFF:
            raise ValueError("a heap has at most 65,536 blocks")
        self._open = []
        self._used = header_size(self._number) + 6

    def _freeze(self) -> None:
        block, free = heap_block(bytes(header_size(self._number)), self._open)
        self._frozen.append(block)
        self._levels.append(fill_level(free))


def filled(blocks: Sequence[bytearray]) -> list[bytes]:
    """The blocks of a heap as a data tree wants them: every one but the last is full (2.2.2.8.3.2)."""
    return [*(bytes(block).ljust(BLOCK_DATA, b"\0") for block in blocks[:-1]), bytes(blocks[-1])]


def _nibbles(levels: Sequence[int], size: int) -> bytes:
    padded = [*levels, *([0] * (size * 2 - len(levels)))]
    return bytes(padded[at] | padded[at + 1] << 4 for at in range(0, size * 2, 2))


def bth_header(key_size: int, entry_size: int, levels: int, root: int) -> bytes:
    """BTHHEADER, 2.3.2.1: bType 0xB5, cbKey, cbEnt, bIdxLevels, hidRoot."""
    return struct.pack("<BBBBI", 0xB5, key_size, entry_size, levels, root)


def write_bth(heap: Heap, header: int, key_size: int, entry_size: int, rows: Sequence[bytes]) -> None:
    """Write the records (sorted by their keys) and the levels above, and fill in the header already allocated."""
    level, nodes = 0, _records(heap, key_size, rows)
    while len(nodes) > 1:
        level += 1
        nodes = _records(heap, key_size, [key + struct.pack("<I", hid) for key, hid in nodes])
    root = nodes[0][1] if nodes else 0
    heap.replace(header, bth_header(key_size, entry_size, level, root))


def _records(heap: Heap, key_size: int, rows: Sequence[bytes]) -> list[tuple[bytes, int]]:
    if not rows:
        return []
    many = HEAP_ITEM // len(rows[0])
    parts = [rows[at : at + many] for at in range(0, len(rows), many)]
    return [(part[0][:key_size], heap.put(b"".join(part))) for part in parts]
