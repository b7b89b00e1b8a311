"""From what stands in each stretch to objects that share no byte, always the same whatever the stretches were.

Who owns bytes that two could have, in this order: a whole Outlook store; pages and blocks of stores; a message file of
Outlook; text by the first start, so that a mailbox owns its messages and a message those attached to it. What an owner
takes from an object that goes on behind it is looked at again from there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from forensics.formats.carving.claims import Claims
from forensics.formats.carving.found import Extent, Found, Kind, Tally
from forensics.formats.carving.pages import Piece, blocks_in
from forensics.formats.carving.salvage import MAPS_ONLY, gather
from forensics.formats.carving.scan import Scanned, scan
from forensics.formats.carving.space import Space

_STORES = (Kind.PST, Kind.OST)
_TEXT = (Kind.MESSAGE, Kind.MBOX)
_HOLE = 1 << 16
"""A gap between two pages or blocks of one store is its own up to this; what lies in wider ones may be anything."""
_AGAIN = 64
INSIDE = "inside another object"
CUT_OFF = "another object begins"


@dataclass(slots=True, kw_only=True)
class Settled:
    """The objects by their offset, what was looked at, and how many lay inside others."""

    found: list[Found] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    inside: int = 0


def settle(space: Space, stretches: Iterable[Scanned]) -> Settled:
    """Give every byte one owner."""
    return _Settlement(space, list(stretches)).run()


def carve(space: Space, step: int = 1 << 28) -> Settled:
    """All of it in one process: what tests and small media need."""
    return settle(space, [scan(space, start, end) for start, end in cut(space, step)])


def cut(space: Space, step: int) -> list[tuple[int, int]]:
    """The stretches of a space, none longer than ``step``."""
    return [(at, min(at + step, run.end)) for run in space.runs for at in range(run.start, run.end, step)]


class _Settlement:
    def __init__(self, space: Space, stretches: Sequence[Scanned]) -> None:
        self._space = space
        self._claims = Claims()
        self._out = Settled()
        self._all = [found for each in stretches for found in each.found]
        self._pieces = sorted({piece for each in stretches for piece in each.pieces})
        self._heads = sorted({head for each in stretches for head in each.heads})
        for each in stretches:
            self._out.tally.add(each.tally)

    def run(self) -> Settled:
        for found in self._of(_STORES):
            self._take_if_free(found)
        salvaged = self._salvage()
        for found in self._of((Kind.MSG,)):
            self._take_if_free(found)
        self._text()
        self._out.found += map(self._filled, salvaged)
        self._out.found.sort(key=lambda found: found.start)
        return self._out

    def _of(self, kinds: tuple[Kind, ...]) -> list[Found]:
        return sorted((each for each in self._all if each.kind in kinds), key=lambda each: (each.start, -each.size))

    def _take_if_free(self, found: Found) -> None:
        if self._claims.free(found.extents):
            self._claims.add(found.extents)
            self._out.found.append(found)
        else:
            self._out.inside += 1

    def _salvage(self) -> list[Found]:
        """Stores from their pages and blocks; blocks are sought only where some page shows that there were stores."""
        pieces = [piece for piece in self._pieces if self._claims.free((_extent(piece),))]
        heads = [head for head in self._heads if self._claims.within(head.at) < 0]
        widths = sorted({piece.width for piece in pieces} | {head.width for head in heads})
        for width in widths:
            pieces += self._blocks(width, pieces)
        found, maps = gather(self._space, pieces, heads)
        for _ in range(maps):
            self._out.tally.refuse(MAPS_ONLY)
        kept = []
        for each in found:
            if self._claims.free(each.extents):
                self._claims.add(each.extents)
                kept.append(each)
        return kept

    def _blocks(self, width: int, pages: Sequence[Piece]) -> list[Piece]:
        taken = Claims()
        taken.add(_extent(page) for page in pages)
        found = []
        for run in self._space.runs:
            for start, end in self._claims.gaps(run.start, run.end):
                for block in blocks_in(self._space, width, start, end):
                    if taken.free((_extent(block),)):
                        taken.add((_extent(block),))
                        found.append(block)
        return found

    def _text(self) -> None:
        waiting = [(found.start, number, found) for number, found in enumerate(self._of(_TEXT))]
        heapq.heapify(waiting)
        number = len(waiting)
        again = len(waiting) * _AGAIN + _AGAIN
        while waiting:
            _, _, found = heapq.heappop(waiting)
            first = found.extents[0]
            owned = self._claims.within(first.offset)
            if owned < 0:
                self._own(found)
                continue
            self._out.inside += 1
            # What an owner hid from the pass goes on behind it: there another start may be.
            for more in self._rescanned(owned, found.extents[-1].end) if again > 0 else ():
                number, again = number + 1, again - 1
                heapq.heappush(waiting, (more.start, number, more))

    def _rescanned(self, start: int, end: int) -> list[Found]:
        run = self._space.run(start)
        if start >= end or run is None:
            return []
        return [each for each in scan(self._space, start, min(end, run.end)).found if each.kind in _TEXT]

    def _own(self, found: Found) -> None:
        """Take what is free of it: where another object begins, it is cut off."""
        first = found.extents[0]
        limit = self._claims.next(first.offset)
        if 0 <= limit < first.end:
            extents = (Extent(0, first.offset, limit - first.offset),)
            told = {"ended": CUT_OFF, "validated": False, "truncated": True}
            found = replace(found, extents=extents, size=extents[0].length, **told)  # type: ignore[arg-type]
        elif not self._claims.free(found.extents):
            found = replace(found, extents=(first,), size=first.length, validated=False, truncated=True, notes=())
        self._claims.add(found.extents)
        self._out.found.append(found)

    def _filled(self, found: Found) -> Found:
        """What lies free between two pieces of one store is part of it: unused slots, and what was deleted there."""
        extents: list[Extent] = []
        for extent in found.extents:
            last = extents[-1] if extents else None
            hole = extent.offset - last.end if last else 0
            if last and 0 < hole <= _HOLE and extent.at - last.at == extent.offset - last.offset:
                gap = Extent(last.at + last.length, last.end, hole)
                if self._claims.free((gap,)):
                    self._claims.add((gap,))
                    extents[-1] = Extent(last.at, last.offset, extent.end - last.offset)
                    continue
            extents.append(extent)
        return replace(found, extents=tuple(extents))


def _extent(piece: Piece) -> Extent:
    return Extent(0, piece.at, piece.length)
