"""Heaps, property contexts and table contexts of a store that is changed: [MS-PST] 2.3, by the specification alone."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from forensics.formats.pst.writer.blocks import Subnode, Subnodes
from forensics.formats.pst.writer.contexts import write_properties
from forensics.formats.pst.writer.heap import fill_level, filled, header_size, heap_block
from forensics.formats.pst.writer.layout import BLOCK_DATA, HEAP_ITEM, Nid
from forensics.formats.pst.writer.values import Encoded, inline_width
from sample_data.maker.pst.image import Image

ROW_ID, ROW_VER = 0x67F20003, 0x67F30003


class Node:
    """A node's data and subnodes while they are changed."""

    def __init__(self, image: Image, bid_data: int, bid_sub: int) -> None:
        self.image = image
        self.bid_data, self.bid_sub = bid_data, bid_sub
        self.parts = [image.payload(bid) for bid in image.leaves(bid_data)]
        self.subnodes = image.subnodes(bid_sub)

    def long_value(self, nid: int) -> list[bytes]:
        return [self.image.payload(bid) for bid in self.image.leaves(self.subnodes[nid].bid_data)]


class Heap:
    """The allocations of a heap; a freed one keeps its place in the page map and loses its bytes, as 2.3.1.5 has it."""

    def __init__(self, parts: list[bytes]) -> None:
        self.signature, self.root = parts[0][3], struct.unpack_from("<I", parts[0], 4)[0]
        self.items = [self._items(part) for part in parts]

    @staticmethod
    def _items(part: bytes) -> list[bytes]:
        at = struct.unpack_from("<H", part)[0]
        count = struct.unpack_from("<H", part, at)[0]
        ends = struct.unpack_from(f"<{count + 1}H", part, at + 4)
        return [part[a:b] for a, b in pairwise(ends)]

    def get(self, hid: int) -> bytes:
        return self.items[hid >> 16][(hid >> 5 & 0x7FF) - 1] if hid else b""

    def set(self, hid: int, data: bytes) -> None:
        self.items[hid >> 16][(hid >> 5 & 0x7FF) - 1] = data

    def free(self, hid: int) -> None:
        if hid:
            self.set(hid, b"")

    def put(self, data: bytes) -> int:
        if not data:
            return 0
        last = len(self.items) - 1
        used = header_size(last) + 6 + sum(len(item) + 2 for item in self.items[last])
        if used + len(data) + 2 > BLOCK_DATA or len(self.items[last]) == 0x7FF:
            self.items.append([])
            last += 1
        self.items[last].append(data)
        return last << 16 | len(self.items[last]) << 5

    def parts(self) -> list[bytes]:
        first = struct.pack("<HBBII", 0, 0xEC, self.signature, self.root, 0)
        made, levels = [], []
        for number, items in enumerate(self.items):
            block, free = heap_block(bytes(header_size(number)) if number else first, items)
            made.append(block)
            levels.append(fill_level(free))
        made[0][8:12] = _nibbles(levels[:8], 4)
        for number in range(8, len(made), 128):
            made[number][2:66] = _nibbles(levels[number : number + 128], 64)
        return filled(made)

    def records(self, header: int) -> tuple[list[bytes], list[int]]:
        """The records of a BTH, and the allocations that hold them and the levels above."""
        _, key_size, entry_size, levels, root = struct.unpack("<BBBBI", self.get(header))
        nodes, held = [root] if root else [], [root] if root else []
        for _ in range(levels):
            step = key_size + 4
            raws = [self.get(hid) for hid in nodes]
            nodes = [struct.unpack_from("<I", raw, at + key_size)[0] for raw in raws for at in range(0, len(raw), step)]
            held += nodes
        step = key_size + entry_size
        raws = [self.get(hid) for hid in nodes]
        return [raw[at : at + step] for raw in raws for at in range(0, len(raw), step)], held

    def set_records(self, header: int, rows: list[bytes]) -> None:
        """Put other records into a BTH: the old allocations are freed, new ones made."""
        _, key_size, entry_size, _, _ = struct.unpack("<BBBBI", self.get(header))
        for hid in self.records(header)[1]:
            self.free(hid)
        level, nodes = 0, self._leaves(rows, key_size)
        while len(nodes) > 1:
            level += 1
            nodes = self._leaves([key + struct.pack("<I", hid) for key, hid in nodes], key_size)
        root = nodes[0][1] if nodes else 0
        self.set(header, struct.pack("<BBBBI", 0xB5, key_size, entry_size, level, root))

    def _leaves(self, rows: list[bytes], key_size: int) -> list[tuple[bytes, int]]:
        many = HEAP_ITEM // len(rows[0]) if rows else 1
        parts = [rows[at : at + many] for at in range(0, len(rows), many)]
        return [(part[0][:key_size], self.put(b"".join(part))) for part in parts]


def _nibbles(levels: list[int], size: int) -> bytes:
    padded = levels + [0] * (size * 2 - len(levels))
    return bytes(padded[at] | padded[at + 1] << 4 for at in range(0, size * 2, 2))


class Column(NamedTuple):
    tag: int
    at: int
    width: int
    bit: int


class Table:
    """A table context whose rows are added, changed and removed; ``save`` writes what changed."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.heap = Heap(node.parts)
        info = self.heap.get(self.heap.root)
        count = info[1]
        self.ends = struct.unpack_from("<4H", info, 2)
        self.index, self.rows_hnid = struct.unpack_from("<II", info, 10)
        self.columns = [Column(*struct.unpack_from("<IHBB", info, 22 + 8 * at)) for at in range(count)]
        self.size = self.ends[3]
        self.slots = self._slots()
        self.order = dict(struct.unpack("<II", row) for row in self.heap.records(self.index)[0])

    def _slots(self) -> list[bytes]:
        hnid = self.rows_hnid
        parts = self.node.long_value(hnid) if hnid & 0x1F else [self.heap.get(hnid)]
        many = BLOCK_DATA // self.size
        rows = [part[at * self.size : (at + 1) * self.size] for part in parts for at in range(many)]
        return [row for row in rows if len(row) == self.size]

    def cells(self, row: bytes) -> dict[int, bytes]:
        """The cells that a row holds, by tag."""
        found = {}
        for tag, at, width, bit in self.columns:
            if row[self.ends[2] + bit // 8] >> (7 - bit % 8) & 1:
                raw = row[at : at + width]
                found[tag] = raw if inline_width(tag & 0xFFFF) else self._long(struct.unpack("<I", raw)[0])
        return found

    def _long(self, hnid: int) -> bytes:
        return b"".join(self.node.long_value(hnid)) if hnid & 0x1F else self.heap.get(hnid)

    def row(self, row_id: int) -> bytes:
        return self.slots[self.order[row_id]]

    def remove(self, row_id: int, *, rows: str, cells: str) -> None:
        """Take a row out of the index.

        ``rows``: "compacted" moves the last row into its place, "left" leaves its bytes where they are.
        ``cells``: "freed" takes its values out of the heap, "kept" leaves them there.
        """
        at = self.order.pop(row_id)
        if cells == "freed":
            for tag, column_at, _, _ in self.columns:
                if not inline_width(tag & 0xFFFF):
                    hnid = struct.unpack_from("<I", self.slots[at], column_at)[0]
                    self.heap.free(0 if hnid & 0x1F else hnid)
        if rows == "compacted":
            last = len(self.slots) - 1
            moved = next((one for one, number in self.order.items() if number == last), None)
            if moved is not None:
                self.slots[at], self.order[moved] = self.slots[last], at
            self.slots.pop()

    def add(self, row_id: int, cells: Mapping[int, bytes]) -> None:
        made = {**cells, ROW_ID: struct.pack("<I", row_id), ROW_VER: struct.pack("<I", len(self.slots) + 1)}
        row = bytearray(self.size)
        for column in self.columns:
            if column.tag in made:
                self._set(row, column, made[column.tag])
        self.order[row_id] = len(self.slots)
        self.slots.append(bytes(row))

    def change(self, row_id: int, cells: Mapping[int, bytes]) -> None:
        row = bytearray(self.row(row_id))
        for column in self.columns:
            if column.tag in cells:
                self._set(row, column, cells[column.tag])
        self.slots[self.order[row_id]] = bytes(row)

    def _set(self, row: bytearray, column: Column, raw: bytes) -> None:
        tag, at, width, bit = column
        if not inline_width(tag & 0xFFFF):
            old = struct.unpack_from("<I", row, at)[0]
            if not old & 0x1F:
                self.heap.free(old)
            raw = struct.pack("<I", self.heap.put(raw[:HEAP_ITEM]))
        row[at : at + width] = raw
        row[self.ends[2] + bit // 8] |= 1 << 7 - bit % 8

    def save(self) -> tuple[int, int]:
        """Write the table's changed blocks; returns bidData and bidSub of its node."""
        image, node = self.node.image, self.node
        self.heap.set_records(self.index, [struct.pack("<II", *pair) for pair in sorted(self.order.items())])
        subnodes = dict(node.subnodes)
        matrix = b"".join(self.slots)
        old = self.rows_hnid
        if len(matrix) <= HEAP_ITEM and not old & 0x1F:
            if matrix != self.heap.get(old):
                self.heap.free(old)
                self.rows_hnid = self.heap.put(matrix)
        elif old & 0x1F:
            if self._blocks(matrix) == node.long_value(old):
                return self._saved(subnodes)
            subnodes[old] = Subnode(old, image.rewrite(image.hold(subnodes[old].bid_data), self._blocks(matrix)), 0)
        else:
            self.heap.free(old)
            self.rows_hnid = Nid.LTP | 0x7F0 << 5
            subnodes[self.rows_hnid] = Subnode(self.rows_hnid, image.tree(self._blocks(matrix)), 0)
        return self._saved(subnodes)

    def _saved(self, subnodes: dict[int, Subnode]) -> tuple[int, int]:
        image, node = self.node.image, self.node
        info = bytearray(self.heap.get(self.heap.root))
        struct.pack_into("<II", info, 10, self.index, self.rows_hnid)
        self.heap.set(self.heap.root, bytes(info))
        bid_data = image.rewrite(node.bid_data, self.heap.parts())
        return bid_data, replace_subnodes(image, node.bid_sub, node.subnodes, subnodes)

    def _blocks(self, matrix: bytes) -> list[bytes]:
        step = BLOCK_DATA // self.size * self.size
        parts = [matrix[at : at + step] for at in range(0, len(matrix), step)]
        return [*(part.ljust(BLOCK_DATA, b"\0") for part in parts[:-1]), *parts[-1:]]


def replace_subnodes(image: Image, bid_sub: int, old: dict[int, Subnode], new: dict[int, Subnode]) -> int:
    """A subnode tree with other entries; what both name is referred to once more before the old tree lets go of it."""
    if new == old:
        return bid_sub
    for nid, one in new.items():
        if nid in old and one == old[nid]:
            image.hold(one.bid_data)
            image.hold(one.bid_sub)
    made = image.subnode_tree(list(new.values()))
    image.release(bid_sub)
    return made


def read_properties(node: Node) -> dict[int, Encoded]:
    """The values of a property context."""
    heap = Heap(node.parts)
    found = {}
    for record in heap.records(heap.root)[0]:
        prop_id, ptype, raw = struct.unpack("<HH4s", record)
        width = inline_width(ptype)
        if not 0 < width <= 4:
            hnid = struct.unpack("<I", raw)[0]
            value = b"".join(node.long_value(hnid)) if hnid & 0x1F else heap.get(hnid)
        else:
            value = raw[:width]
        found[prop_id] = Encoded(ptype, value)
    return found


class _Kept(Subnodes):
    """Subnodes of a node that is written again: a long value that did not change keeps its subnode and its blocks."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.image)
        self._node = node
        self.entries: dict[int, Subnode] = {nid: one for nid, one in node.subnodes.items() if nid & 0x1F != Nid.LTP}
        self._old = {b"".join(node.long_value(nid)): one for nid, one in node.subnodes.items() if nid & 0x1F == Nid.LTP}
        self._next = {Nid.LTP: max((nid >> 5 for nid in node.subnodes if nid & 0x1F == Nid.LTP), default=0x400)}

    def keep(self, data: bytes) -> int:
        one = self._old.get(data)
        if one is None:
            return super().keep(data)
        self.entries[one.nid] = one
        return one.nid

    def add(self, at: int, bid_data: int, bid_sub: int = 0) -> None:
        self.entries[at] = Subnode(at, bid_data, bid_sub)

    def write(self) -> int:
        return replace_subnodes(self._node.image, self._node.bid_sub, self._node.subnodes, self.entries)


def rewrite_properties(node: Node, properties: Mapping[int, Encoded]) -> tuple[int, int]:
    """Write a property context anew, as an edit does: new data blocks, the old ones freed, other subnodes kept."""
    subnodes = _Kept(node)
    bid_data = write_properties(subnodes, properties)
    bid_sub = subnodes.write()
    node.image.release(node.bid_data)
    return bid_data, bid_sub
