"""Blocks, data trees and subnode trees of the node database layer: [MS-PST] 2.2.2.8."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from forensics.formats.pst.writer.layout import (
    BID_INTERNAL,
    BID_STEP,
    BLOCK_DATA,
    ENCODE,
    FIRST_INDEX,
    SLOT,
    Crypt,
    Nid,
    block_size,
    crc,
    nid,
    signature,
)
from forensics.formats.pst.writer.space import Space

_XBLOCK_ENTRIES: Final = (BLOCK_DATA - 8) // 8
_SLBLOCK_ENTRIES: Final = (BLOCK_DATA - 8) // 24
_SIBLOCK_ENTRIES: Final = (BLOCK_DATA - 8) // 16
_UNREFERENCED: Final = 1
"""cRef of a block counts the BBT's own reference, so a block that one node uses has 2 (2.2.2.7.7.3)."""


class Subnode(NamedTuple):
    """SLENTRY: a subnode's id, its data and its own subnodes."""

    nid: int
    bid_data: int
    bid_sub: int


def whole_block(payload: bytes, ib: int, bid: int, crypt: Crypt) -> bytes:
    """A block as it lies in the file: data, fill, and the trailer of 2.2.2.8.1.

    offset  size  field (from the block's end: -16)
    0       2     cb: bytes of data
    2       2     wSig
    4       4     dwCRC of the data as stored
    8       8     bid
    """
    stored = payload if crypt is Crypt.NONE or bid & BID_INTERNAL else payload.translate(ENCODE)
    trailer = struct.pack("<HHIQ", len(stored), signature(ib, bid), crc(stored), bid)
    return stored.ljust(block_size(len(stored)) - 16, b"\0") + trailer


def chunks(data: bytes) -> Iterator[bytes]:
    """Data cut into blocks; every one but the last is full."""
    for at in range(0, len(data), BLOCK_DATA):
        yield data[at : at + BLOCK_DATA]


class Blocks(ABC):
    """What builds trees of blocks; where the blocks go is for the subclass to say."""

    @abstractmethod
    def store(self, payload: bytes, *, internal: bool) -> int:
        """Keep one block with one reference; returns its id."""

    def tree(self, parts: Iterable[bytes]) -> int:
        """A data tree (2.2.2.8.3.2) over parts of at most one block each; returns the id of its root, 0 for none."""
        bids, sizes = [], []
        for part in parts:
            bids.append(self.store(part, internal=False))
            sizes.append(len(part))
        if len(bids) <= 1:
            return bids[0] if bids else 0
        level = 1
        while len(bids) > 1 or level == 1:
            rows = range(0, len(bids), _XBLOCK_ENTRIES)
            made = [
                self._xblock(level, bids[a : a + _XBLOCK_ENTRIES], sum(sizes[a : a + _XBLOCK_ENTRIES])) for a in rows
            ]
            sizes = [sum(sizes[a : a + _XBLOCK_ENTRIES]) for a in rows]
            bids, level = made, level + 1
            if level > 3:
                raise ValueError("a data tree holds at most 8 GB: two levels of XBLOCK are all there are")
        return bids[0]

    def _xblock(self, level: int, bids: Sequence[int], total: int) -> int:
        """XBLOCK and XXBLOCK: btype 1, cLevel, cEnt, lcbTotal, rgbid."""
        if total >= 1 << 32:
            raise ValueError("a value of 4 GB or more does not fit into lcbTotal")
        return self.store(struct.pack(f"<BBHI{len(bids)}Q", 1, level, len(bids), total, *bids), internal=True)

    def subnode_tree(self, entries: Sequence[Subnode]) -> int:
        """SLBLOCK, and a SIBLOCK above where one does not hold all (2.2.2.8.3.3); 0 for none."""
        rows = sorted(entries)
        leaves = [rows[at : at + _SLBLOCK_ENTRIES] for at in range(0, len(rows), _SLBLOCK_ENTRIES)]
        bids = [self._slblock(leaf) for leaf in leaves]
        if len(bids) <= 1:
            return bids[0] if bids else 0
        if len(bids) > _SIBLOCK_ENTRIES:
            raise ValueError("a node holds at most 173,400 subnodes")
        pairs = [value for leaf, bid in zip(leaves, bids, strict=True) for value in (leaf[0].nid, bid)]
        return self.store(struct.pack(f"<BBHI{len(pairs)}Q", 2, 1, len(bids), 0, *pairs), internal=True)

    def _slblock(self, rows: Sequence[Subnode]) -> int:
        values = [value for row in rows for value in row]
        return self.store(struct.pack(f"<BBHI{len(values)}Q", 2, 0, len(rows), 0, *values), internal=True)


class FileBlocks(Blocks):
    """Blocks of a store that is written from the front: what the BBT must say of each is kept in arrays."""

    def __init__(self, space: Space, crypt: Crypt) -> None:
        self._space = space
        self._crypt = crypt
        self._bids, self._ibs = array("Q"), array("Q")
        self._sizes, self._references = array("H"), array("H")
        self._shared: dict[int, int] = {}
        self.next_bid = BID_STEP

    def store(self, payload: bytes, *, internal: bool) -> int:
        """Write one block behind the last one."""
        bid = self.next_bid | (BID_INTERNAL if internal else 0)
        self.next_bid += BID_STEP
        ib = self._space.take(block_size(len(payload)), align=SLOT)
        self._space.write(ib, whole_block(payload, ib, bid, self._crypt))
        self._bids.append(bid)
        self._ibs.append(ib)
        self._sizes.append(len(payload))
        self._references.append(_UNREFERENCED + 1)
        return bid

    def share(self, bid: int) -> None:
        """One more node uses this block."""
        self._references[bid // BID_STEP - 1] += 1

    def entries(self) -> Iterator[tuple[int, bytes]]:
        """Key and BBTENTRY of every block in order of its id: BREF, cb, cRef, padding (2.2.2.7.7.3)."""
        rows = zip(self._bids, self._ibs, self._sizes, self._references, strict=True)
        for bid, ib, size, references in rows:
            yield bid, struct.pack("<QQHHI", bid, ib, size, references, 0)


class Subnodes:
    """The subnodes of one node while it is built; hands out ids that are unique within the node."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self._entries: list[Subnode] = []
        self._next: dict[Nid, int] = {}

    def new(self, nid_type: Nid) -> int:
        """The next free id of a type."""
        index = self._next.get(nid_type, FIRST_INDEX.get(nid_type, 0x400)) + 1
        self._next[nid_type] = index
        return nid(nid_type, index)

    def add(self, at: int, bid_data: int, bid_sub: int = 0) -> None:
        """Enter a subnode whose blocks are written."""
        self._entries.append(Subnode(at, bid_data, bid_sub))

    def keep(self, data: bytes) -> int:
        """Write a long value as a subnode of its own; returns its id."""
        at = self.new(Nid.LTP)
        self.add(at, self.blocks.tree(chunks(data)))
        return at

    def write(self) -> int:
        """Write the subnode tree: the id of its root block, 0 if there are no subnodes."""
        return self.blocks.subnode_tree(self._entries)
