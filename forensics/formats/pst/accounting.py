"""The account of every byte of a store: each is exactly one thing, and all of them together are the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from forensics.formats.pst.ndb.database import NodeDatabase
from forensics.formats.pst.ndb.source import Source
from forensics.formats.pst.recovery.space import Piece, Use, taken, without_overlap

_GRAIN = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteAccount:
    """Bytes of a store by what they are; the classes sum to ``size``."""

    size: int
    header: int
    page: int
    live_block: int
    recovered_block: int
    free_empty: int
    free_not_empty: int
    unreadable: int

    @property
    def total(self) -> int:
        """The sum of the classes."""
        blocks = self.live_block + self.recovered_block
        return self.header + self.page + blocks + self.free_empty + self.free_not_empty + self.unreadable


def account(
    db: NodeDatabase, recovered: Iterable[tuple[int, int]] = (), claimed: Iterable[Piece] | None = None
) -> ByteAccount:
    """The account of a store; ``recovered`` are the places (offset, bytes stored) of blocks of recovered items.

    ``claimed`` is what ``space.taken`` said, where it is known already: to ask again means to read the whole file.
    """
    sums = dict.fromkeys(Use, 0)
    for piece in pieces(db, recovered, claimed):
        sums[piece.use] += piece.end - piece.start
    return ByteAccount(
        size=db.source.size,
        header=sums[Use.HEADER],
        page=sums[Use.PAGE],
        live_block=sums[Use.LIVE],
        recovered_block=sums[Use.RECOVERED],
        free_empty=sums[Use.FREE_EMPTY],
        free_not_empty=sums[Use.FREE_NOT_EMPTY],
        unreadable=sums[Use.UNREADABLE],
    )


def pieces(
    db: NodeDatabase, recovered: Iterable[tuple[int, int]] = (), claimed: Iterable[Piece] | None = None
) -> Iterator[Piece]:
    """Every byte of the file, in order, in pieces of one use each."""
    size = db.source.size
    known = taken(db) if claimed is None else claimed
    more = (Piece(at, at + db.layout.stored_size(stored), Use.RECOVERED) for at, stored in set(recovered))
    done = 0
    for piece in without_overlap(chain(known, more), size):
        yield from _free(db.source, done, piece.start)
        yield piece
        done = piece.end
    yield from _free(db.source, done, size)


def _free(source: Source, start: int, end: int) -> Iterator[Piece]:
    """Free bytes, by the slots in which blocks are laid: a slot is empty where all its bytes are zero."""
    for base, window in source.windows(start, end):
        if not window.strip(b"\0"):
            yield Piece(base, base + len(window), Use.FREE_EMPTY)
            continue
        at = 0
        while at < len(window):
            stop = min(len(window), (base + at) // _GRAIN * _GRAIN + _GRAIN - base)
            empty = not window[at:stop].strip(b"\0")
            while stop < len(window) and empty is not bool(window[stop : stop + _GRAIN].strip(b"\0")):
                stop = min(len(window), stop + _GRAIN)
            yield Piece(base + at, base + stop, Use.FREE_EMPTY if empty else Use.FREE_NOT_EMPTY)
            at = stop
