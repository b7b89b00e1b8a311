"""Blocks found by their own trailers, without an index: [MS-PST] 2.2.2.8.1.

The signature in a trailer binds a block to its id and its place, and the CRC to its bytes, so a find is no guess.
"""

from __future__ import annotations

import struct
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
    slot, size, largest = layout.slot, layout.block_trailer_size, layout.largest
    tail = struct.Struct(f"<{slot - size}x{layout.block_trailer.format[1:]}")
    bid_at = 2 if layout.bid_first else 3
    first = (start + slot - 1) // slot * slot
    for base, window in source.windows(first, stop):
        if not window.strip(b"\0"):
            continue
        end = base
        # This loop runs once for each slot of the file: it only asks what tells most of them from a trailer.
        for fields in tail.iter_unpack(window[: len(window) // slot * slot]):
            end += slot
            stored = fields[0]
            if 0 < stored <= largest:
                at = end - (stored + size + slot - 1) // slot * slot
                both = at ^ fields[bid_at]
                if fields[1] == (both >> 16 ^ both) & 0xFFFF and at >= start:
                    stray = _stray(source, layout, window, base, end)
                    if stray is not None:
                        yield stray


def _stray(source: Source, layout: Layout, window: bytes, base: int, end: int) -> Stray | None:
    """The block that ends at ``end``, if its CRC holds; it may begin before the window."""
    found = block_trailer(layout, window, end - base - layout.block_trailer_size)
    at = end - layout.stored_size(found.stored)
    raw = window[at - base : at - base + found.stored] if at >= base else source.read(at, found.stored)
    if crc(raw) != found.crc:
        return None
    return Stray(found.bid & BID_MASK, Place(at, found.stored, found.inflated))
