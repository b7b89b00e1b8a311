"""Which bytes of a store its header, pages and blocks take up, and which are free ([MS-PST] 2.6.1)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats.pst.ndb.blocks import Place, read_block
from forensics.formats.pst.ndb.database import NodeDatabase
from forensics.formats.pst.ndb.layout import PTYPE_DLIST, UNSIGNED
from forensics.formats.pst.ndb.pages import trailer

_MAPS_TOGETHER = 4
_LENGTH = 20
_START = 23
_FARTHEST = 1 << 64 - _START
_LONGEST = (1 << _LENGTH) - 1


class Use(IntEnum):
    """What a range of bytes is. Where two claim the same byte, the one that begins first has it, then the lower."""

    HEADER = 0
    PAGE = 1
    LIVE = 2
    RECOVERED = 3
    UNREADABLE = 4
    FREE_EMPTY = 5
    FREE_NOT_EMPTY = 6


class Piece(NamedTuple):
    """A range of the file, its end exclusive, and what it is."""

    start: int
    end: int
    use: Use


def taken(db: NodeDatabase) -> Iterator[Piece]:
    """What the index of a store names: its header, its pages, its blocks; each page and block is checked."""
    layout = db.layout
    yield Piece(0, layout.header_size, Use.HEADER)
    yield from _maps(db)
    for found in db.bbt.rows():
        bid, at, stored = found.row[:3]
        yield Piece(at, at + layout.stored_size(stored), Use.LIVE if _whole(db, bid, at, stored) else Use.UNREADABLE)
    for _ in db.nbt.rows():
        pass
    for tree in (db.nbt, db.bbt):
        broken = tree.faults.keys()
        for at in tree.offsets | broken:
            yield Piece(at, at + layout.page_size, Use.UNREADABLE if at in broken else Use.PAGE)


def _whole(db: NodeDatabase, bid: int, at: int, stored: int) -> bool:
    try:
        # What the bytes inflate to is nothing that this check needs.
        return not read_block(db.source, db.layout, 0, bid, Place(at, stored)).fault
    except FormatError:
        return False


def _maps(db: NodeDatabase) -> Iterator[Piece]:
    """The allocation maps stand at fixed places, and the density list before the first of them."""
    layout = db.layout
    size = layout.page_size
    front = layout.first_map - size
    listed = trailer(layout, db.source.read(front, size), front)
    if listed is not None and listed.whole and listed.kind == PTYPE_DLIST:
        yield Piece(front, front + size, Use.PAGE)
    for base in range(layout.first_map, db.source.size, layout.map_step):
        for at in range(base, base + _MAPS_TOGETHER * size, size):
            found = trailer(layout, db.source.read(at, size), at)
            if found is None or found.kind not in UNSIGNED or found.bid != at:
                break
            yield Piece(at, at + size, Use.PAGE if found.whole else Use.UNREADABLE)


def packed(pieces: Iterable[Piece]) -> array[int]:
    """Pieces in eight bytes each, in the order in which they claim: a store of some gigabytes has millions of them."""
    near = (piece for piece in pieces if piece.start <= piece.end and piece.start < _FARTHEST)
    return array("Q", (start << _START | use << _LENGTH | min(end - start, _LONGEST) for start, end, use in near))


def unpacked(pieces: Iterable[int]) -> Iterator[Piece]:
    """The pieces that ``packed`` holds."""
    for each in pieces:
        start = each >> _START
        yield Piece(start, start + (each & _LONGEST), Use(each >> _LENGTH & 7))


def without_overlap(pieces: Iterable[Piece], size: int) -> Iterator[Piece]:
    """The pieces in the order of the file, cut so that none lies over another or over the end."""
    done = 0
    for start, end, use in unpacked(sorted(packed(piece for piece in pieces if piece.start < size))):
        start, end = max(start, done), min(end, size)
        if start < end:
            yield Piece(start, end, use)
            done = end


def gaps(pieces: Iterable[Piece], size: int) -> Iterator[tuple[int, int]]:
    """What lies between pieces that do not overlap."""
    done = 0
    for start, end, _ in pieces:
        if start > done:
            yield done, start
        done = end
    if done < size:
        yield done, size
