"""The heap on a node: small pieces of data by their heap id ([MS-PST] 2.3.1)."""

from __future__ import annotations

import struct
from functools import lru_cache

from forensics.errors import FormatError
from forensics.formats.pst.ndb.datatree import DataTree

# offset  bytes  name in [MS-PST] 2.3.1.2 HNHDR (first block; the others begin with ibHnpm)
#   0       2    ibHnpm         where the map of this block lies
#   2       1    bSig           0xEC
#   3       1    bClientSig     0xBC property context, 0x7C table context, 0xB5 BTH
#   4       4    hidUserRoot
#   8       4    rgbFillLevel
_HEADER = struct.Struct("<HBBI")
_START = struct.Struct("<H")
# HNPAGEMAP, 2.3.1.5: cAlloc, cFree, then cAlloc + 1 offsets
_MAP = struct.Struct("<HH")
SIGNATURE = 0xEC
PROPERTY_CONTEXT = 0xBC
TABLE_CONTEXT = 0x7C


class Heap:
    """The heap of one node. A block is read and its map checked when something in it is asked for."""

    __slots__ = ("_blocks", "_mask", "_shift", "_tree", "client", "root")

    def __init__(self, tree: DataTree, index_bits: int) -> None:
        self._tree = tree
        self._mask = (1 << index_bits) - 1
        self._shift = 5 + index_bits
        self._blocks: dict[int, tuple[bytes, tuple[int, ...]]] = {}
        first = tree.leaf(0) if len(tree) else b""
        if len(first) < _HEADER.size:
            raise FormatError("The node is too short for a heap.")
        _, sign, self.client, self.root = _HEADER.unpack_from(first)
        if sign != SIGNATURE:
            raise FormatError(f"The node holds no heap: it begins with signature {sign:#x}.")

    def item(self, hid: int) -> bytes:
        """The bytes of a heap id; none for the id 0."""
        if hid == 0:
            return b""
        held = self._blocks.get(hid >> self._shift)
        data, offsets = held if held is not None else self._load(hid >> self._shift)
        index = hid >> 5 & self._mask
        if hid & 0x1F or not 0 < index < len(offsets):
            raise FormatError(f"The heap holds no item {hid:#x}.")
        start, stop = offsets[index - 1], offsets[index]
        if start > stop or stop > len(data):
            raise FormatError(f"Item {hid:#x} of the heap lies outside of its block.")
        return data[start:stop]

    def first(self) -> tuple[bytes, tuple[int, ...]]:
        """The first block and its map: what lies between two entries is an item. Nothing where the map is damaged."""
        try:
            return self._blocks.get(0) or self._load(0)
        except FormatError:
            return b"", ()

    def count(self, number: int) -> int:
        """How many items one block of the heap has."""
        held = self._blocks.get(number) or self._load(number)
        return len(held[1]) - 1

    def _load(self, number: int) -> tuple[bytes, tuple[int, ...]]:
        data = self._tree.leaf(number)
        if len(data) < _START.size:
            raise FormatError(f"Block {number} of the heap is too short.")
        (at,) = _START.unpack_from(data)
        if at + _MAP.size > len(data):
            raise FormatError(f"The map of block {number} of the heap lies outside of it.")
        count, _ = _MAP.unpack_from(data, at)
        if at + _MAP.size + 2 * (count + 1) > len(data):
            raise FormatError(f"The map of block {number} of the heap runs over its end.")
        held = (data, _offsets(count + 1).unpack_from(data, at + _MAP.size))
        self._blocks[number] = held
        return held


@lru_cache(maxsize=1024)
def _offsets(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}H")
