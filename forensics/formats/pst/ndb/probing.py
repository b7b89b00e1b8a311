"""What a damaged header no longer says, taken from the rest of the file: layout, encoding, roots of the trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from forensics.errors import FormatError
from forensics.formats.pst.ndb import encryption
from forensics.formats.pst.ndb.blocks import INTERNAL, Place, read_block
from forensics.formats.pst.ndb.carving import CarvedPages
from forensics.formats.pst.ndb.header import HEADER_SIZE, Ref, StoreHeader, parse_header
from forensics.formats.pst.ndb.layout import LAYOUTS, PTYPE_BBT, PTYPE_NBT, Layout, Width
from forensics.formats.pst.ndb.pages import tree_page
from forensics.formats.pst.ndb.source import Source
from forensics.formats.pst.ndb.strays import Strays

_SAMPLE = 400
_VOTES = 2
"""So many blocks must be heaps before an encoding is believed; one among 400 encrypted ones may look so by chance."""
_LOOKED_AT = 1 << 26
_VERSIONS = {Width.ANSI: 14, Width.UNICODE: 23, Width.UNICODE_4K: 36}
_HEAP = 0xEC
_CLIENTS = frozenset((0x7C, 0xBC))


def stated(source: Source) -> tuple[StoreHeader | None, str]:
    """The header as it stands, or why it says nothing."""
    try:
        return parse_header(source.read(0, HEADER_SIZE)), ""
    except FormatError as error:
        return None, error.what


def points_to_trees(source: Source, header: StoreHeader) -> bool:
    """Whether both roots that the header names are pages of their trees."""
    layout = LAYOUTS[header.width]
    for ref, kind in ((header.nodes, PTYPE_NBT), (header.blocks, PTYPE_BBT)):
        page = tree_page(layout, source.read(ref.at, layout.page_size), ref.at)
        if page is None or not page.sound or page.kind != kind or page.bid != ref.bid:
            return False
    return True


def probe(source: Source, header: StoreHeader | None) -> tuple[StoreHeader, CarvedPages]:
    """A header put together from the pages and blocks of the file; ``FormatError`` where it holds none."""
    best = max((CarvedPages(source, layout) for layout in LAYOUTS.values()), key=lambda found: len(found.pages))
    if not best.pages:
        best = CarvedPages(source, _layout_of_blocks(source, header))
    layout = best.layout
    trusted = header if header is not None and header.width is layout.width else None
    nodes = _root(best, PTYPE_NBT, trusted.nodes if trusted else None)
    blocks = _root(best, PTYPE_BBT, trusted.blocks if trusted else None)
    return (
        StoreHeader(
            client=trusted.client if trusted else "store without a header",
            version=trusted.version if trusted else _VERSIONS[layout.width],
            width=layout.width,
            encoding="recognised from its blocks",
            stated_size=trusted.stated_size if trusted else 0,
            problems=trusted.problems if trusted else (),
            crypt=_crypt(encoding(source, layout, best), trusted),
            nodes=nodes,
            blocks=blocks,
        ),
        best,
    )


def _crypt(found: int | None, header: StoreHeader | None) -> int:
    """The encoding that the blocks show, else the one that the header names, else the usual one."""
    if found is not None:
        return found
    return encryption.PERMUTE if header is None else header.crypt


def _root(pages: CarvedPages, kind: int, said: Ref | None) -> Ref:
    """The root that the header names if it is one, else the one that the pages themselves show."""
    page = pages.read(said.at) if said is not None else None
    if said is not None and page is not None and page.sound and page.kind == kind and page.bid == said.bid:
        return said
    return pages.root(kind) or Ref(0, 0)


def _layout_of_blocks(source: Source, header: StoreHeader | None) -> Layout:
    """The layout of a file in which no page is left: that of its header, else the one in which it holds blocks."""
    if header is not None:
        return LAYOUTS[header.width]
    first = [(0, min(source.size, _LOOKED_AT))]
    count, layout = max(
        ((len(Strays(source, layout, first)), layout) for layout in LAYOUTS.values()), key=lambda each: each[0]
    )
    if not count:
        raise FormatError("The header is damaged, and the file holds no page and no block of a store.", offset=0)
    return layout


def encoding(source: Source, layout: Layout, pages: CarvedPages) -> int | None:
    """Which encoding gives heaps; ``None`` where none does, as in a store that is encrypted."""
    votes: Counter[int] = Counter()
    for bid, place in islice(_samples(source, layout, pages), _SAMPLE):
        votes.update(heaps_in(source, layout, bid, place))
    if not votes:
        return None
    best = max(votes, key=lambda method: (votes[method], -method))
    return best if votes[best] >= _VOTES else None


def heaps_in(source: Source, layout: Layout, bid: int, place: Place) -> Iterator[int]:
    """The encodings by which a block is a heap: a heap says so in its third byte, and most small blocks are one."""
    try:
        block = read_block(source, layout, encryption.NONE, bid, place)
    except FormatError:
        return
    if block.fault or len(block.data) < 12:
        return
    for method in encryption.METHODS:
        head = encryption.decode(block.data[:12], method, bid)
        if head[2] == _HEAP and head[3] in _CLIENTS:
            yield method


def _samples(source: Source, layout: Layout, pages: CarvedPages) -> Iterator[tuple[int, Place]]:
    """External blocks, from the pages that name them or, without pages, from their own trailers."""
    for page in pages.leaves(PTYPE_BBT):
        for row in page.rows:
            if not row[0] & INTERNAL:
                yield row[0], Place(row[1], row[2], row[3] if layout.inflated_first else 0)
    if not pages.leaves(PTYPE_BBT):
        for stray in Strays(source, layout, [(0, min(source.size, _LOOKED_AT))]):
            if not stray.bid & INTERNAL:
                yield stray.bid, stray.place
