"""What a damaged header no longer says, taken from the rest of the file: layout, encoding, roots of the trees."""

from __future__ import annotations

from collections import Counter

from forensics.errors import FormatError
from forensics.formats.pst.ndb import encryption
from forensics.formats.pst.ndb.blocks import INTERNAL, Place, read_block
from forensics.formats.pst.ndb.carving import CarvedPages
from forensics.formats.pst.ndb.header import HEADER_SIZE, Ref, StoreHeader, parse_header
from forensics.formats.pst.ndb.layout import LAYOUTS, PTYPE_BBT, PTYPE_NBT, Layout, Width
from forensics.formats.pst.ndb.pages import tree_page
from forensics.formats.pst.ndb.source import Source

_SAMPLE = 400
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
        raise FormatError("The header is damaged, and the file holds no page of a node or block tree.", offset=0)
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
            crypt=_encoding(source, layout, best),
            nodes=nodes,
            blocks=blocks,
        ),
        best,
    )


def _root(pages: CarvedPages, kind: int, said: Ref | None) -> Ref:
    """The root that the header names if it is one, else the one that the pages themselves show."""
    page = pages.read(said.at) if said is not None else None
    if said is not None and page is not None and page.sound and page.kind == kind and page.bid == said.bid:
        return said
    return pages.root(kind) or Ref(0, 0)


def _encoding(source: Source, layout: Layout, pages: CarvedPages) -> int:
    """Which encoding gives heaps: a heap says so in its third byte, and most small blocks are one."""
    votes: Counter[int] = Counter()
    seen = 0
    for page in pages.leaves(PTYPE_BBT):
        for row in page.rows:
            bid, at, count = row[:3]
            if bid & INTERNAL or seen >= _SAMPLE:
                continue
            inflated = row[3] if layout.inflated_first else 0
            try:
                block = read_block(source, layout, encryption.NONE, bid, Place(at, count, inflated))
            except FormatError:
                continue
            if block.fault or len(block.data) < 12:
                continue
            seen += 1
            for method in (encryption.NONE, encryption.PERMUTE, encryption.CYCLIC):
                head = encryption.decode(block.data[:12], method, bid)
                votes[method] += head[2] == _HEAP and head[3] in _CLIENTS
    return max(votes, key=lambda method: (votes[method], -method)) if votes else encryption.PERMUTE
