"""One page of a B-tree, checked in every way that it can be: CRC, signature, id, entries ([MS-PST] 2.2.2.7)."""

from __future__ import annotations

from typing import NamedTuple

from forensics.formats.pst.ndb.checksums import crc, signature
from forensics.formats.pst.ndb.layout import PTYPE_BBT, PTYPE_NBT, PTYPES, UNSIGNED, Layout

_DEEPEST = 16
BID_MASK = ~1
"""The lowest bit of a block's id is not part of it ([MS-PST] 2.2.2.2)."""


class Trailer(NamedTuple):
    """PAGETRAILER, and whether CRC and signature hold. A page that was moved still holds its CRC."""

    kind: int
    bid: int
    whole: bool
    placed: bool


class TreePage(NamedTuple):
    """A BTPAGE. ``rows`` are its entries as stored, ``keys`` the first field of each; ``sound`` if its CRC holds,
    ``placed`` if its signature is that of its place.
    """

    at: int
    bid: int
    kind: int
    level: int
    keys: list[int]
    rows: list[tuple[int, ...]]
    sound: bool
    placed: bool


def trailer(layout: Layout, raw: bytes, at: int) -> Trailer | None:
    """What the trailer of a page says, or ``None`` where there is none."""
    if len(raw) != layout.page_size:
        return None
    kind, again, sign, one, two = layout.page_trailer.unpack_from(raw, layout.page_body)
    if kind != again or kind not in PTYPES:
        return None
    bid, stated = (one, two) if layout.bid_first else (two, one)
    whole = crc(raw[: layout.page_body]) == stated
    return Trailer(kind, bid, whole, sign == (0 if kind in UNSIGNED else signature(at, bid)))


def tree_page(layout: Layout, raw: bytes, at: int) -> TreePage | None:
    """A page of one of the two trees, or ``None`` where these bytes cannot be one."""
    found = trailer(layout, raw, at)
    if found is None or found.kind not in (PTYPE_BBT, PTYPE_NBT):
        return None
    count, _, width, level = layout.counts.unpack_from(raw, layout.counts_at)
    form = layout.branch
    if level == 0:
        form = layout.block if found.kind == PTYPE_BBT else layout.node
    if level > _DEEPEST or width < form.size or count * width > layout.counts_at:
        return None
    if width == form.size:
        rows = list(form.iter_unpack(raw[: count * width]))
    else:
        rows = [form.unpack_from(raw, width * index) for index in range(count)]
    mask = BID_MASK if found.kind == PTYPE_BBT else 0xFFFFFFFF
    keys = [row[0] & mask for row in rows]
    return TreePage(at, found.bid, found.kind, level, keys, rows, found.whole, found.placed)
