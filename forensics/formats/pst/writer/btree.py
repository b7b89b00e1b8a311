"""The two B-trees over pages, built from sorted entries: [MS-PST] 2.2.2.7.7."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import NamedTuple

from forensics.formats.pst.writer.layout import PAGE, Page
from forensics.formats.pst.writer.space import Space, page

ENTRY_ROOM = 488


class Bref(NamedTuple):
    """BREF: a page's or block's id and offset."""

    bid: int
    ib: int


class _Child(NamedTuple):
    key: int
    at: Bref


def btree_page(kind: Page, level: int, rows: list[bytes], size: int) -> bytes:
    """BTPAGE without its trailer, 2.2.2.7.7.1.

    offset  size  field
    0       488   rgentries
    488     1     cEnt
    489     1     cEntMax
    490     1     cbEnt
    491     1     cLevel: 0 for leaves
    492     4     dwPadding
    """
    return b"".join(rows).ljust(ENTRY_ROOM, b"\0") + struct.pack(
        "<BBBBI", len(rows), ENTRY_ROOM // size, size, level, 0
    )


def write_btree(
    space: Space, kind: Page, entries: Iterable[tuple[int, bytes]], size: int, next_bid: Callable[[], int]
) -> Bref:
    """Write the pages of a tree from its leaves up; returns where its root is."""
    level, children = 0, _level(space, kind, 0, entries, size, next_bid)
    while len(children) > 1:
        level += 1
        rows = ((child.key, struct.pack("<QQQ", child.key, *child.at)) for child in children)
        children = _level(space, kind, level, rows, 24, next_bid)
    return children[0].at


def _level(
    space: Space, kind: Page, level: int, entries: Iterable[tuple[int, bytes]], size: int, next_bid: Callable[[], int]
) -> list[_Child]:
    room = ENTRY_ROOM // size
    children: list[_Child] = []
    rows: list[bytes] = []
    first = 0

    def flush() -> None:
        at = Bref(next_bid(), space.take(PAGE, align=PAGE))
        space.write(at.ib, page(kind, btree_page(kind, level, rows, size), at.ib, at.bid))
        children.append(_Child(first, at))

    for key, row in entries:
        if len(rows) == room:
            flush()
            rows = []
        if not rows:
            first = key
        rows.append(row)
    flush()
    return children
