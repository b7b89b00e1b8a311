"""Blocks that no index names any more, together with those that it does: what recovery reads from."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.errors import FormatError
from forensics.formats.pst.ndb import encryption
from forensics.formats.pst.ndb.blocks import Block, Place, read_block
from forensics.formats.pst.ndb.database import NodeDatabase, as_place
from forensics.formats.pst.ndb.layout import PTYPE_BBT, Layout
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.strays import Stray, Strays
from forensics.formats.pst.recovery.space import Piece, gaps, without_overlap

_CACHED_BYTES = 1 << 22
HEAD = 13
"""So many bytes say whether a block begins a heap and of what kind."""


class RecoveryView:
    """A block is sought in the live index, then among the blocks in free space that say themselves which they are."""

    def __init__(self, db: NodeDatabase, pieces: Iterable[Piece]) -> None:
        self.db = db
        self.layout: Layout = db.layout
        free = gaps(without_overlap(pieces, db.source.size), db.source.size)
        # Where the node tree is torn, blocks that the block tree still names may belong to nodes that it lost.
        self.torn = db.rebuilt or bool(db.nbt.faults)
        self.strays = db.strays() if self.torn else Strays(db.source, db.layout, free)
        self._former: dict[int, Place] | None = None
        self._held: dict[int, Block] = {}
        self._held_bytes = 0

    def read(self, bid: int) -> Block:
        """A block by its id; ``FormatError`` says where it once was if a superseded page still tells."""
        held = self._held.get(bid)
        if held is None:
            held = self._read(bid)
            self._held_bytes += len(held.data)
            if self._held_bytes > _CACHED_BYTES:
                self._held.clear()
                self._held_bytes = len(held.data)
            self._held[bid] = held
        return held

    def head(self, stray: Stray) -> bytes:
        """The first bytes of a free block, which tell what it is; its check value was compared when it was found."""
        db = self.db
        if stray.place.inflated or db.place(stray.bid) is not None:
            return self.read(stray.bid).data[:HEAD]
        raw = db.source.read(stray.place.at, min(HEAD, stray.place.stored))
        return encryption.decode(raw, db.crypt, stray.bid)

    def has(self, bid: int) -> bool:
        """Whether a block of this id is there, in the index or in free space."""
        return self.strays.find(bid & BID_MASK) is not None or self.db.place(bid) is not None

    def _read(self, bid: int) -> Block:
        db = self.db
        if db.place(bid) is not None:
            return db.read(bid)
        stray = self.strays.find(bid & BID_MASK)
        if stray is not None:
            return read_block(db.source, db.layout, db.crypt, bid, stray)
        former = self.former().get(bid & BID_MASK)
        if former is None:
            raise FormatError(f"Block {bid:#x} was overwritten; no page says any more where it was.")
        raise FormatError(f"Block {bid:#x} at offset {former.at} was overwritten.", offset=former.at)

    def former(self) -> dict[int, Place]:
        """Where superseded pages of the block tree say that blocks were."""
        if self._former is None:
            self._former = {}
            live = self.db.bbt.offsets
            pages = [one for one in self.db.carved().pages if one.kind == PTYPE_BBT and one.level == 0]
            for page in sorted(pages, key=lambda one: one.bid):
                read = None if page.at in live else self.db.carved().read(page.at)
                for row in read.rows if read is not None else ():
                    self._former[row[0] & BID_MASK] = as_place(row, self.layout.inflated_first)
        return self._former
