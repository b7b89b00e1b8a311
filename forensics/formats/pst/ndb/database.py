"""A store as a database of nodes and blocks, whatever state its header and its trees are in ([MS-PST] 2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from forensics.errors import FormatError
from forensics.formats.pst.ndb import encryption, probing
from forensics.formats.pst.ndb.blocks import INTERNAL, Block, Place, read_block
from forensics.formats.pst.ndb.btree import BTree
from forensics.formats.pst.ndb.carving import CarvedPages
from forensics.formats.pst.ndb.layout import LAYOUTS, PTYPE_BBT, PTYPE_NBT
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.source import Source
from forensics.formats.pst.ndb.strays import Strays
from forensics.formats.pst.ndb.subnodes import Node

_WIP = "The store is encrypted under Windows Information Protection; its key is not in the file."
_SURE_HEAPS = (0x21, 0x61, 0x122)
"""The message store, the named properties and the root folder: every store has them, and each is a heap."""
_CACHED_BYTES = 1 << 22
_LARGEST_CACHED = 1 << 16


class NodeDatabase:
    """Nodes and blocks by their ids. What cannot be reached through the trees is sought by its own check values."""

    def __init__(self, handle: BinaryIO) -> None:
        self.source = Source(handle)
        self._carved: CarvedPages | None = None
        self._strays: Strays | None = None
        header, self.why = probing.stated(self.source)
        self.rebuilt = header is None or not probing.points_to_trees(self.source, header)
        if header is None or self.rebuilt or header.problems:
            if header is not None and not self.rebuilt:
                self.header = header
            else:
                self.header, self._carved = probing.probe(self.source, header)
        else:
            self.header = header
        self.layout = LAYOUTS[self.header.width]
        self.nbt = BTree(self.source, self.layout, PTYPE_NBT, self.header.nodes, self.carved)
        self.bbt = BTree(self.source, self.layout, PTYPE_BBT, self.header.blocks, self.carved)
        if self._carved is None:
            self._check_encoding()
        self.crypt = self.header.crypt
        if self.crypt == encryption.WIP:
            raise FormatError(_WIP)
        self._held: dict[int, Block] = {}
        self._held_bytes = 0

    def _check_encoding(self) -> None:
        """Hold the encoding that the header names against the store's own heaps: one wrong byte there hides all."""
        said = self.header.crypt
        for nid in _SURE_HEAPS:
            node = self.node(nid)
            bid = INTERNAL if node is None else node.data
            place = None if bid & INTERNAL else self.place(bid)
            if place is not None and said in probing.heaps_in(self.source, self.layout, bid, place):
                return
        found = probing.encoding(self.source, self.layout, self.carved())
        if found is not None and found != said:
            why = f"bCryptMethod of the header is {said:#04x}, and the blocks are encoded by method {found:#04x}"
            problems = (*self.header.problems, why)
            self.header = replace(self.header, crypt=found, encoding="recognised from its blocks", problems=problems)

    def carved(self) -> CarvedPages:
        """All pages of the trees in the file; found on first use."""
        if self._carved is None:
            self._carved = CarvedPages(self.source, self.layout)
        return self._carved

    def strays(self) -> Strays:
        """All blocks of the file that carry a valid trailer, by their ids; found on first use."""
        if self._strays is None:
            self._strays = Strays(self.source, self.layout, [(0, self.source.size)])
        return self._strays

    def node(self, nid: int) -> Node | None:
        """A node of the node tree."""
        found = self.nbt.find(nid)
        return None if found is None else as_node(found.row)

    def nodes(self) -> Iterator[tuple[Node, bool]]:
        """Every node, and whether the tree names it or only a carved page does."""
        for found in self.nbt.rows():
            yield as_node(found.row), found.indexed

    def place(self, bid: int) -> Place | None:
        """Where the index says that a block lies."""
        found = self.bbt.find(bid & BID_MASK)
        return None if found is None else as_place(found.row, self.layout.inflated_first)

    def read(self, bid: int) -> Block:
        """A block by its id; ``FormatError`` where it cannot be found or its place holds something else."""
        held = self._held.get(bid)
        if held is not None:
            return held
        block = self._read(bid)
        if len(block.data) <= _LARGEST_CACHED:
            self._held_bytes += len(block.data)
            if self._held_bytes > _CACHED_BYTES:
                self._held.clear()
                self._held_bytes = len(block.data)
            self._held[bid] = block
        return block

    def _read(self, bid: int) -> Block:
        place = self.place(bid)
        gone: FormatError | None = None
        if place is not None:
            try:
                return read_block(self.source, self.layout, self.crypt, bid, place)
            except FormatError as error:
                gone = error
        # A block says itself which one it is, so it is found wherever its bytes still stand.
        if place is not None or self.bbt.faults or self.rebuilt:
            stray = self.strays().find(bid & BID_MASK)
            if stray is not None:
                return read_block(self.source, self.layout, self.crypt, bid, stray)
        raise gone or FormatError(f"No index names block {bid:#x}.")


def as_node(row: tuple[int, ...]) -> Node:
    """An NBTENTRY."""
    return Node(row[0] & 0xFFFFFFFF, row[1], row[2], row[3])


def as_place(row: tuple[int, ...], inflated_first: bool) -> Place:
    """A BBTENTRY."""
    return Place(row[1], row[2], row[3] if inflated_first else 0)
