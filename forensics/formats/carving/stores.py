"""Outlook stores by their header: the size that ROOT.ibFileEof states, if trees and maps stand where it says."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

from forensics.errors import FormatError
from forensics.formats.carving.found import Extent, Found, Kind
from forensics.formats.carving.space import Space, View
from forensics.formats.pst.ndb.database import NodeDatabase
from forensics.formats.pst.ndb.header import HEADER_SIZE, MAGIC, StoreHeader, parse_header
from forensics.formats.pst.ndb.layout import LAYOUTS, UNSIGNED
from forensics.formats.pst.ndb.pages import trailer
from forensics.formats.pst.ndb.probing import points_to_trees
from forensics.formats.pst.ndb.source import Source
from forensics.formats.pst.recovery.space import Use, taken

__all__ = ["MAGIC", "header_at", "kind_of", "whole_store"]
_BUFFER = 1 << 20
NO_HEADER = "a store signature without a header whose CRC holds"
_KINDS = {"PST": Kind.PST, "OST": Kind.OST, "PAB": Kind.PST}


def header_at(space: Space, at: int) -> StoreHeader | None:
    """The header of a store, if its CRC holds."""
    try:
        header = parse_header(space.read(at, HEADER_SIZE))
    except FormatError:
        return None
    sound = not any("CRC" in problem for problem in header.problems)
    return header if sound and header.client in _KINDS and header.stated_size >= HEADER_SIZE else None


def kind_of(header: StoreHeader) -> Kind:
    """What to call the store: the client that wrote it says so."""
    return _KINDS[header.client]


def whole_store(space: Space, start: int, header: StoreHeader) -> Found | None:
    """The store in one piece; None where its trees or maps are not where they must be: then pieces are sought."""
    run = space.run(start)
    size = header.stated_size
    if run is None or size > run.end - start:
        return None
    extent = Extent(0, start, size)
    source = Source(cast("BinaryIO", View(space.read, (extent,), size)))
    if not points_to_trees(source, header) or not _mapped(source, header):
        return None
    faults = _faults(space, extent)
    if faults > 0:
        return None
    return Found(
        kind=kind_of(header),
        extents=(extent,),
        size=size,
        ended="the size that its header states; its maps, its trees and all they name stand where they must",
        validated=faults == 0,
        notes=() if faults == 0 else ("its blocks could not be checked",),
    )


def _faults(space: Space, extent: Extent) -> int:
    """How many pages and blocks that the trees name are not there or do not hold; -1 where they cannot be read."""
    view = io.BufferedReader(View(space.read, (extent,), extent.length), _BUFFER)
    try:
        return sum(piece.use is Use.UNREADABLE for piece in taken(NodeDatabase(view)))
    except FormatError:
        return -1


def _mapped(source: Source, header: StoreHeader) -> bool:
    """Whether the first page of every stretch of the store is its allocation map ([MS-PST] 2.2.2.7.2)."""
    layout = LAYOUTS[header.width]
    for at in range(layout.first_map, source.size, layout.map_step):
        found = trailer(layout, source.read(at, layout.page_size), at)
        if found is None or found.kind not in UNSIGNED or found.bid != at or not found.whole:
            return False
    return True
