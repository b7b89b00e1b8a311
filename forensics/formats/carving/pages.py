"""Pages and blocks of Outlook stores without a header, by type, CRC and id ([MS-PST] 2.2.2.7.1, 2.2.2.8.1)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from forensics.formats.carving.space import Space
from forensics.formats.pst.ndb.blocks import block_trailer
from forensics.formats.pst.ndb.checksums import crc
from forensics.formats.pst.ndb.layout import LAYOUTS, PTYPES, TREES, UNSIGNED, Layout, Width

WIDTHS = (Width.ANSI, Width.UNICODE, Width.UNICODE_4K)
_SECTOR = 512
_WINDOW = 1 << 22
_MOST_ID = {Width.ANSI: 1 << 31, Width.UNICODE: 1 << 40, Width.UNICODE_4K: 1 << 40}
BLOCK = 0
_PTYPE = re.compile(b"[%c-%c]" % (PTYPES.start, PTYPES.stop - 1))


class Piece(NamedTuple):
    """A page (``kind`` is its ptype) or a block (``BLOCK``): where it lies on the medium, what its trailer says."""

    at: int
    length: int
    width: int
    kind: int
    bid: int
    sign: int
    stored: int = 0

    @property
    def layout(self) -> Layout:
        return LAYOUTS[WIDTHS[self.width]]

    @property
    def is_tree(self) -> bool:
        return self.kind in TREES

    @property
    def is_map(self) -> bool:
        return self.kind in UNSIGNED


def pages_in(space: Space, base: int, data: bytes, end: int) -> Iterator[Piece]:
    """Pages that begin at the sectors of ``data``, which stands at ``base``, before ``end``."""
    first = -base % _SECTOR
    for number, width in enumerate(WIDTHS):
        layout = LAYOUTS[width]
        at = first + layout.page_body
        # Of nearly all sectors two bytes tell that they are no page.
        kinds, again = data[at::_SECTOR], data[at + 1 :: _SECTOR]
        for hit in _PTYPE.finditer(kinds):
            index = hit.start()
            place = base + first + index * _SECTOR
            if place < end and again[index : index + 1] == hit[0]:
                piece = _page(space, number, layout, place)
                if piece is not None:
                    yield piece
        # The trailer of a large page may lie behind the data: those begin in the last sectors of it.
        tail = range(first + len(kinds) * _SECTOR, len(data), _SECTOR)
        for start in tail:
            piece = _page(space, number, layout, base + start) if base + start < end else None
            if piece is not None:
                yield piece


def _page(space: Space, number: int, layout: Layout, at: int) -> Piece | None:
    raw = space.read(at, layout.page_size)
    if len(raw) < layout.page_size:
        return None
    kind, again, sign, one, two = layout.page_trailer.unpack_from(raw, layout.page_body)
    if kind != again or kind not in PTYPES:
        return None
    bid, stated = (one, two) if layout.bid_first else (two, one)
    if not stated or crc(raw[: layout.page_body]) != stated or bid >= 1 << 48:
        return None
    return Piece(at, layout.page_size, number, kind, bid, sign)


def blocks_in(space: Space, number: int, start: int, end: int) -> Iterator[Piece]:
    """Every block of one layout between, which lie in one run: a plausible id, and a CRC that holds."""
    layout = LAYOUTS[WIDTHS[number]]
    slot, size, largest = layout.slot, layout.block_trailer_size, layout.largest
    tail = struct.Struct(f"<{slot - size}x{layout.block_trailer.format[1:]}")
    bid_at, most = (2 if layout.bid_first else 3), _MOST_ID[layout.width]
    first = -(-start // _SECTOR) * _SECTOR
    for base, window in space.windows(first, end, _WINDOW):
        if not window.strip(b"\0"):
            continue
        place = base
        # Once for each slot of the space: it only asks what tells most of them from a trailer.
        for fields in tail.iter_unpack(window[: len(window) // slot * slot]):
            place += slot
            stored = fields[0]
            if 0 < stored <= largest and 0 < fields[bid_at] < most:
                at = place - (stored + size + slot - 1) // slot * slot
                piece = _block(space, number, layout, at, place) if at >= start else None
                if piece is not None:
                    yield piece


def _block(space: Space, number: int, layout: Layout, at: int, end: int) -> Piece | None:
    raw = space.read(at, end - at)
    if len(raw) < end - at:
        return None
    found = block_trailer(layout, raw, len(raw) - layout.block_trailer_size)
    if not found.crc or crc(raw[: found.stored]) != found.crc:
        return None
    return Piece(at, end - at, number, BLOCK, found.bid, found.sign, found.stored)
