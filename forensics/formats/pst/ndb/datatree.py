"""The bytes of a node: one block, or a tree of up to two levels of X-blocks over many ([MS-PST] 2.2.2.8.3.2).

A tree that names a block twice would say more than the file holds; it is cut there, so that no bomb can unfold.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from forensics.errors import FormatError
from forensics.formats.pst.ndb.blocks import INTERNAL, Block, Blocks
from forensics.formats.pst.ndb.pages import BID_MASK

# offset  bytes  name in [MS-PST] 2.2.2.8.3.2
#   0       1    btype     0x01
#   1       1    cLevel    1 XBLOCK, 2 XXBLOCK
#   2       2    cEnt
#   4       4    lcbTotal
#   8            rgbid
_XBLOCK = struct.Struct("<BBHI")
_XTYPE = 0x01
_HIGHEST = 2
# An item may read its blocks several times over, but not unfold few of them to many times their size.
_REPEATS = 16
_FREE = 1 << 20
_FREE_IN_ALL = 1 << 30
_SLOT = 64
"""No two blocks begin in the same 64 bytes, in any layout."""
_SPENT = "The items of the store repeat the same blocks over and over; this one is not read."


class Trail:
    """Which blocks were read for one thing, and what was wrong with them."""

    __slots__ = ("_budget", "_limit", "_own", "_said", "_unique", "blocks", "faults", "first")

    def __init__(self, budget: Budget | None = None, limit: int = 0) -> None:
        self.first: Block | None = None
        self.blocks: dict[int, tuple[int, int]] = {}
        """Id of each block to its offset and its bytes as stored."""
        self.faults: list[str] = []
        self._budget = budget
        self._limit = limit
        self._said = 0
        self._unique = 0
        self._own = 0

    @property
    def said(self) -> int:
        """How many bytes were read for the thing, repeats included."""
        return self._said

    @property
    def cost(self) -> int:
        """How much more was read than the blocks warrant that nothing else had read before."""
        return max(0, self._said - _REPEATS * self._own)

    def note(self, block: Block) -> None:
        bid, place, data, _ = block
        if self.first is None:
            self.first = Block(bid, place, b"", block.fault)
        if bid not in self.blocks:
            self.blocks[bid] = place[:2]
            self._unique += len(data)
            if self._budget is not None and self._budget.is_new(place.at):
                self._own += len(data)
        self._said += len(data)
        if self._said > _REPEATS * self._unique + _FREE:
            raise FormatError("The item repeats the same blocks over and over; the rest of it is not read.")
        if self._limit and self._said > self._limit:
            raise FormatError(f"It takes more than {self._limit} bytes; the rest of it is not read.")
        if self._budget is not None and self._budget.is_spent and self.cost:
            raise FormatError(_SPENT)
        if block.fault:
            self.fault(f"block {block.bid:#x} at offset {block.place.at}: {block.fault}")

    def fault(self, what: str) -> None:
        if what not in self.faults:
            self.faults.append(what)


class Budget:
    """What all items of a store together may read: nodes that share a few large blocks could say terabytes.

    Only what was read before costs anything, so that an item of its own blocks is read whatever stands before it.
    """

    def __init__(self, size: int, repeats: int = _REPEATS, free: int | None = None) -> None:
        self._left = repeats * size + (_FREE_IN_ALL if free is None else free)
        self._last = Trail()
        self._seen = bytearray(size // _SLOT // 8 + 1)

    @property
    def is_spent(self) -> bool:
        return self._left < 0

    def is_new(self, at: int) -> bool:
        """Whether the block at an offset is read for the first time; from now on it is not."""
        byte, bit = at // _SLOT >> 3, 1 << (at // _SLOT & 7)
        new = byte < len(self._seen) and not self._seen[byte] & bit
        if new:
            self._seen[byte] |= bit
        return new

    def trail(self, *, strict: bool = False, limit: int = 0) -> Trail:
        """A trail for the next item; ``FormatError``, if ``strict``, once the items before it have read too much."""
        self._left -= self._last.cost
        self._last = Trail()
        if strict and self.is_spent:
            raise FormatError(_SPENT)
        self._last = Trail(self, limit)
        return self._last


class DataTree:
    """The leaves of a node's data, read when they are asked for."""

    __slots__ = ("_blocks", "_only", "_trail", "bids", "size")

    def __init__(self, blocks: Blocks, bid: int, trail: Trail) -> None:
        self._blocks = blocks
        self._trail = trail
        self._only: Block | None = None
        self.bids: list[int] = []
        self.size = 0
        if not bid & BID_MASK:
            return
        first = self._read(bid)
        if bid & INTERNAL:
            self._expand(first)
        else:
            self._only, self.bids, self.size = first, [bid], len(first.data)

    def __len__(self) -> int:
        return len(self.bids)

    def leaf(self, index: int) -> bytes:
        """The bytes of one leaf; ``FormatError`` where it is gone."""
        if self._only is not None and index == 0:
            return self._only.data
        if not 0 <= index < len(self.bids):
            raise FormatError(f"The node has {len(self.bids)} blocks and no block {index}.")
        return self._read(self.bids[index]).data

    def chunks(self) -> Iterator[bytes]:
        """All bytes, a leaf at a time."""
        for index in range(len(self.bids)):
            yield self.leaf(index)

    def read(self, limit: int) -> bytes:
        """All bytes, where they are not more than ``limit``."""
        if self._only is not None:
            return self._only.data
        if self.size > limit:
            raise FormatError(f"A value of {self.size} bytes is larger than {limit} bytes.")
        return b"".join(self.chunks())

    def _expand(self, first: Block) -> None:
        total = 0
        todo = [first]
        seen = {first.bid & BID_MASK}
        level = _HIGHEST + 1
        while todo:
            block = todo.pop()
            own, stated, bids = x_entries(self._blocks, block)
            if own >= level and block is not first:
                raise FormatError(f"Block {block.bid:#x} of level {own} lies below one of its own level.")
            total = stated if block is first else total
            level = own if block is first else level
            inner = []
            for bid in bids:
                if bid & BID_MASK in seen:
                    raise FormatError(f"Block {block.bid:#x} names block {bid:#x} a second time.")
                seen.add(bid & BID_MASK)
                if own == 1:
                    self.bids.append(bid)
                else:
                    inner.append(self._read(bid))
            todo.extend(reversed(inner))
        self.size = min(total, len(self.bids) * 65536)

    def _read(self, bid: int) -> Block:
        """A block, noted in the trail; so is one that is gone."""
        try:
            block = self._blocks.read(bid)
        except FormatError as error:
            self._trail.fault(error.what)
            raise
        self._trail.note(block)
        return block


def x_entries(blocks: Blocks, block: Block) -> tuple[int, int, list[int]]:
    """Level, stated size and entries of an XBLOCK or XXBLOCK."""
    data, layout = block.data, blocks.layout
    if len(data) < _XBLOCK.size:
        raise FormatError(f"Block {block.bid:#x} is too short for an X-block.")
    kind, level, count, total = _XBLOCK.unpack_from(data)
    width = layout.id.size
    if kind != _XTYPE or not 1 <= level <= _HIGHEST or _XBLOCK.size + count * width > len(data):
        raise FormatError(f"Block {block.bid:#x} is no X-block.", offset=block.place.at)
    entries = data[_XBLOCK.size : _XBLOCK.size + count * width]
    return level, total, [each for (each,) in layout.id.iter_unpack(entries)]
