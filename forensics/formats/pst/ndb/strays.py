"""Blocks found by their own trailers, without an index: [MS-PST] 2.2.2.8.1.

The signature in a trailer binds a block to its id and its place, and the CRC to its bytes, so a find is no guess.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from forensics.formats.pst.ndb.blocks import Place, block_trailer
from forensics.formats.pst.ndb.checksums import crc
from forensics.formats.pst.ndb.layout import Layout
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.source import Source


class Stray(NamedTuple):
    """A block with a valid trailer."""

    bid: int
    place: Place


class Strays:
    """Blocks by their ids, held in a few bytes each."""

    def __init__(self, source: Source, layout: Layout, ranges: Iterable[tuple[int, int]]) -> None:
        found = sorted(stray for start, stop in ranges for stray in scan(source, layout, start, stop))
        self._bids = array("Q", [stray.bid for stray in found])
        self._ats = array("Q", [stray.place.at for stray in found])
        self._counts = array("L", [stray.place.stored for stray in found])
        self._inflated = array("L", [stray.place.inflated for stray in found])

    def __len__(self) -> int:
        return len(self._bids)

    def __iter__(self) -> Iterator[Stray]:
        return (self._stray(index) for index in range(len(self._bids)))

    def find(self, bid: int) -> Place | None:
        index = bisect_left(self._bids, bid)
        if index < len(self._bids) and self._bids[index] == bid:
            return self._stray(index).place
        return None

    def _stray(self, index: int) -> Stray:
        return Stray(self._bids[index], Place(self._ats[index], self._counts[index], self._inflated[index]))


def scan(source: Source, layout: Layout, start: int, stop: int) -> Iterator[Stray]:
    """Every block with a valid trailer that lies within a range."""
    slot, size = layout.slot, layout.block_trailer_size
    first = (start + slot - 1) // slot * slot
    for base, window in source.windows(first, stop):
        if not window.strip(b"\0"):
            continue
        for end in range(slot, len(window) + 1, slot):
            tail = window[end - size : end]
            # A block has at least one byte, and its count stands first in the trailer.
            if tail[:2] == b"\0\0":
                continue
            stray = _stray(source, layout, window, base, end)
            if stray is not None and stray.place.at >= start:
                yield stray


def _stray(source: Source, layout: Layout, window: bytes, base: int, end: int) -> Stray | None:
    found = block_trailer(layout, window, end - layout.block_trailer_size)
    if found.stored > layout.largest:
        return None
    taken = layout.stored_size(found.stored)
    at = base + end - taken
    both = at ^ found.bid
    if found.sign != (both >> 16 ^ both) & 0xFFFF or at < 0:
        return None
    raw = window[end - taken : end - taken + found.stored] if taken <= end else source.read(at, found.stored)
    if crc(raw) != found.crc:
        return None
    return Stray(found.bid & BID_MASK, Place(at, found.stored, found.inflated))
