"""Pieces of Outlook stores put where they belong: the id and the signature of each bind it to its offset in its store.

A map page states its offset, and pages of the trees state those of others and of blocks ([MS-PST] 2.2.2.7). From one
known offset follow those of its neighbours; each must agree with its own signature. Pieces that name one another, or
lie in one stretch, are one store; nothing is joined on a guess.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from forensics.formats.carving.claims import Claims
from forensics.formats.carving.found import Extent, Found, Kind
from forensics.formats.carving.pages import BLOCK, Piece
from forensics.formats.carving.space import Space
from forensics.formats.pst.ndb.checksums import signature
from forensics.formats.pst.ndb.layout import PTYPE_BBT
from forensics.formats.pst.ndb.pages import BID_MASK, tree_page

_FARTHEST = 1 << 42
MAPS_ONLY = "only allocation pages of a store"
_TOLD = "its pages and blocks, each by its own CRC"


class Head(NamedTuple):
    """A header of a store that is not whole; ``roots`` are id and offset of the pages that it names."""

    at: int
    kind: Kind
    size: int
    length: int
    width: int
    roots: tuple[tuple[int, int], ...] = ()


class Stretch(NamedTuple):
    """Pieces of one run whose offsets in their store differ from those on the medium by the same ``base``."""

    run: int
    width: int
    base: int


class Target(NamedTuple):
    """What a page says of another page or block: where it is in the store, and how many bytes a block has."""

    offset: int
    stored: int
    source: int


@dataclass(slots=True, kw_only=True)
class _Store:
    """A store as it is put together."""

    heads: list[Head]
    placed: list[tuple[int, Piece]]


def gather(space: Space, pieces: Sequence[Piece], heads: Sequence[Head]) -> tuple[list[Found], int]:
    """The stores that these pieces make, and how many groups were nothing but maps."""
    ordered = sorted(set(pieces))
    targets = _targets(space, ordered)
    stretches = _stretches(space, ordered, heads, targets)
    stores = _stores(ordered, heads, stretches, targets)
    found, maps = [], 0
    for store in stores:
        if not store.heads and not any(piece.is_tree or piece.kind == BLOCK for _, piece in store.placed):
            maps += 1
            continue
        found.append(_found(store))
    loose = [piece for piece, stretch in zip(ordered, stretches, strict=True) if stretch is None]
    found += [each for width in range(3) if (each := _unplaced([p for p in loose if p.width == width])) is not None]
    return found, maps


def _targets(space: Space, pieces: Sequence[Piece]) -> dict[tuple[int, int], list[Target]]:
    """What the pages of the trees name: by layout and id, every offset that one of them gives."""
    named: dict[tuple[int, int], dict[tuple[int, int], int]] = defaultdict(dict)
    for number, piece in enumerate(pieces):
        if not piece.is_tree:
            continue
        page = tree_page(piece.layout, space.read(piece.at, piece.length), piece.at)
        if page is None:
            continue
        for row in page.rows:
            if page.level:
                named[piece.width, row[1]].setdefault((row[2], 0), number)
            elif page.kind == PTYPE_BBT:
                named[piece.width, row[0] & BID_MASK].setdefault((row[1], row[2]), number)
    return {key: [Target(*place, source) for place, source in each.items()] for key, each in named.items()}


def _fitting(piece: Piece, targets: dict[tuple[int, int], list[Target]]) -> Iterator[Target]:
    """The offsets that are named for a piece, as far as its own signature agrees."""
    bid = piece.bid & BID_MASK if piece.kind == BLOCK else piece.bid
    for target in targets.get((piece.width, bid), ()):
        if target.stored == piece.stored and signature(target.offset, piece.bid) == piece.sign:
            yield target


def _stretches(
    space: Space, pieces: Sequence[Piece], heads: Sequence[Head], targets: dict[tuple[int, int], list[Target]]
) -> list[Stretch | None]:
    """For each piece the stretch that it lies in; None where nothing tells its offset."""
    runs = [getattr(space.run(piece.at), "start", -1) for piece in pieces]
    bases: list[int | None] = [_stated_base(piece) for piece in pieces]
    known = {(getattr(space.run(head.at), "start", -1), head.width): head.at for head in heads}
    for order in (range(len(pieces)), range(len(pieces) - 1, -1, -1)):
        current: dict[tuple[int, int], int] = dict(known)
        for index in order:
            piece, key = pieces[index], (runs[index], pieces[index].width)
            if bases[index] is None:
                bases[index] = _base(piece, current.get(key), targets)
            base = bases[index]
            if base is not None:
                current[key] = base
    return [
        None if base is None else Stretch(run, piece.width, base)
        for piece, run, base in zip(pieces, runs, bases, strict=True)
    ]


def _stated_base(piece: Piece) -> int | None:
    """A map says where it stands: its id is its offset."""
    return piece.at - piece.bid if piece.is_map and piece.sign == 0 and piece.bid < _FARTHEST else None


def _base(piece: Piece, near: int | None, targets: dict[tuple[int, int], list[Target]]) -> int | None:
    if near is not None and piece.at >= near and signature(piece.at - near, piece.bid) == piece.sign:
        return near
    for target in _fitting(piece, targets):
        if target.offset < _FARTHEST:
            return piece.at - target.offset
    return None


def _stores(
    pieces: Sequence[Piece],
    heads: Sequence[Head],
    stretches: Sequence[Stretch | None],
    targets: dict[tuple[int, int], list[Target]],
) -> list[_Store]:
    """Stretches that name one another are one store."""
    same: dict[Stretch, Stretch] = {}
    for piece, stretch in zip(pieces, stretches, strict=True):
        if stretch is None:
            continue
        root = _root(same, stretch)
        for target in _fitting(piece, targets):
            other = stretches[target.source]
            if target.offset == piece.at - stretch.base and other is not None:
                same[_root(same, other)] = root = _root(same, root)
    members: dict[Stretch, list[tuple[int, Piece]]] = defaultdict(list)
    for piece, stretch in zip(pieces, stretches, strict=True):
        if stretch is not None:
            members[stretch].append((piece.at - stretch.base, piece))
    groups: dict[Stretch, list[Stretch]] = defaultdict(list)
    for stretch in members:
        groups[_root(same, stretch)].append(stretch)
    return [store for _, group in sorted(groups.items()) for store in _copies(group, members, heads)]


def _copies(
    group: Sequence[Stretch], members: dict[Stretch, list[tuple[int, Piece]]], heads: Sequence[Head]
) -> Iterator[_Store]:
    """Of two stretches that claim the same place one is of a copy of the store: each copy is a store of its own."""
    by_stretch = {stretch: [head for head in heads if _names(head, stretch, members[stretch])] for stretch in group}
    given: set[Head] = set()
    copies: list[tuple[Claims, _Store]] = []
    for stretch in sorted(group, key=lambda each: (not by_stretch[each], each)):
        places = [Extent(piece.at, offset, piece.length) for offset, piece in members[stretch] if offset >= 0]
        fresh = Claims(), _Store(heads=[], placed=[])
        taken, store = next((each for each in copies if each[0].free(places)), fresh)
        if not store.placed:
            copies.append((taken, store))
        taken.add(places)
        store.placed += members[stretch]
        store.heads += [head for head in by_stretch[stretch] if head not in given]
        given.update(by_stretch[stretch])
    return (store for _, store in copies)


def _names(head: Head, stretch: Stretch, members: Sequence[tuple[int, Piece]]) -> bool:
    """Whether a header is that of the store of these pieces: it lies before them, or it names one of them."""
    if head.width != stretch.width:
        return False
    return head.at == stretch.base or any((piece.bid, offset) in head.roots for offset, piece in members)


def _root(same: dict[Stretch, Stretch], stretch: Stretch) -> Stretch:
    while (above := same.setdefault(stretch, stretch)) != stretch:
        same[stretch] = same[above]
        stretch = above
    return stretch


def _found(store: _Store) -> Found:
    """The object; of two pieces for the same place the one that lies first on the medium has it."""
    head = min(store.heads, default=None)
    wanted = [(0, head.at, head.length)] if head else []
    wanted += [(offset, piece.at, piece.length) for offset, piece in store.placed if offset >= 0]
    extents = tuple(_joined(_without_overlap(wanted)))
    size = max(extent.at + extent.length for extent in extents)
    whole = head is not None and size == head.size and len(extents) == 1
    return Found(
        kind=head.kind if head else Kind.NDB,
        extents=tuple(sorted(extents, key=lambda extent: extent.offset)),
        size=max(size, head.size if head and head.size < _FARTHEST else 0),
        ended=_TOLD,
        validated=True,
        truncated=not whole,
        notes=() if head else ("the header of the store was not found",),
    )


def _without_overlap(wanted: Iterable[tuple[int, int, int]]) -> Iterator[Extent]:
    done = 0
    for at, offset, length in sorted(wanted):
        if at >= done:
            yield Extent(at, offset, length)
            done = at + length


def _joined(extents: Iterable[Extent]) -> Iterator[Extent]:
    """Neighbours on the medium that are neighbours in the store too become one."""
    last: Extent | None = None
    for extent in extents:
        if last is not None and (extent.at, extent.offset) == (last.at + last.length, last.end):
            last = Extent(last.at, last.offset, last.length + extent.length)
            continue
        if last is not None:
            yield last
        last = extent
    if last is not None:
        yield last


def _unplaced(pieces: Sequence[Piece]) -> Found | None:
    """Pieces of one layout whose place nothing tells, one behind the other; maps alone are nothing."""
    if not any(piece.is_tree or piece.kind == BLOCK for piece in pieces):
        return None
    at, extents = 0, []
    for piece in pieces:
        extents.append(Extent(at, piece.at, piece.length))
        at += piece.length
    return Found(
        kind=Kind.NDB,
        extents=tuple(_joined(extents)),
        size=at,
        ended=_TOLD,
        validated=False,
        truncated=True,
        notes=("nothing tells where in their store these pages and blocks stood; they are one behind the other",),
    )
