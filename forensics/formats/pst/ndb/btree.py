"""The node tree and the block tree: looking a key up, and walking all leaves ([MS-PST] 2.2.2.7.7).

A page that is not what its parent says leaves a gap in the keys; the gap is filled from carved leaves, newest first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from forensics.formats.pst.ndb.header import Ref
from forensics.formats.pst.ndb.layout import Layout
from forensics.formats.pst.ndb.pages import TreePage, tree_page
from forensics.formats.pst.ndb.source import Source

ENDLESS = 1 << 64
_CACHED = 2048
_Row = tuple[int, ...]


class Spare(Protocol):
    """Leaves found by their own check values instead of through the tree."""

    def leaves(self, kind: int) -> list[TreePage]:
        """Leaves of one tree in the order of their keys, none over another."""


class Fault(NamedTuple):
    """A page that is not what its parent says, and the keys that it stood for."""

    at: int
    why: str
    low: int
    high: int


class Found(NamedTuple):
    """An entry, the offset of its page, and whether it came from a page that the tree still names."""

    row: _Row
    page: int
    indexed: bool


class BTree:
    """One of the two trees. ``faults`` and ``offsets`` grow as pages are read."""

    def __init__(self, source: Source, layout: Layout, kind: int, root: Ref, spare: Callable[[], Spare]) -> None:
        self._source = source
        self._layout = layout
        self.kind = kind
        self.root = root
        self._spare = spare
        self._pages: dict[int, TreePage | None] = {}
        self.faults: dict[int, Fault] = {}
        self._near: tuple[int, int, TreePage] | None = None
        """The leaf that was found last and the keys it stands for: what is asked for next mostly lies there too."""
        self.offsets: set[int] = set()
        """Where every page of the tree lies that was read so far."""

    def find(self, key: int) -> Found | None:
        """The entry of a key, or ``None`` where neither the tree nor carved leaves have it."""
        near = self._near
        if near is not None and near[0] <= key < near[1]:
            return self._find_in(near[2], key)
        ref, level, low, high = self.root, -1, 0, ENDLESS
        while True:
            page = self._page(ref, level, low, high)
            if page is None:
                return self._find_spare(key)
            if page.level == 0:
                self._near = low, high, page
                return self._find_in(page, key)
            index = bisect_right(page.keys, key) - 1
            if index < 0:
                return None
            low = page.keys[index]
            high = page.keys[index + 1] if index + 1 < len(page.keys) else high
            ref, level = Ref(page.rows[index][1], page.rows[index][2]), page.level - 1

    def _find_in(self, page: TreePage, key: int) -> Found | None:
        index = bisect_right(page.keys, key) - 1
        if index >= 0 and page.keys[index] == key:
            return Found(page.rows[index], page.at, True)
        return None if page.sound else self._find_spare(key)

    def rows(self) -> Iterator[Found]:
        """Every entry, in the order of the keys."""
        for page, indexed in self.leaves():
            for row in page.rows:
                yield Found(row, page.at, indexed)

    def leaves(self) -> Iterator[tuple[TreePage, bool]]:
        """Every leaf, and whether the tree names it; a leaf from a gap holds only the entries of that gap."""
        todo = [(self.root, -1, 0, ENDLESS)]
        seen: set[int] = set()
        while todo:
            ref, level, low, high = todo.pop()
            page = None if ref.at in seen else self._page(ref, level, low, high)
            if page is None:
                if ref.at in seen:
                    self._fault(ref.at, "the tree leads to it twice", low, high)
                yield from self._fill(low, high)
                continue
            seen.add(ref.at)
            if page.level == 0:
                yield page, True
                continue
            bounds = [*page.keys[1:], high]
            children = zip(page.rows, page.keys, bounds, strict=True)
            below = [(Ref(row[1], row[2]), page.level - 1, start, stop) for row, start, stop in children]
            todo.extend(reversed(below))

    def _page(self, ref: Ref, level: int, low: int, high: int) -> TreePage | None:
        if ref.at in self._pages:
            page = self._pages[ref.at]
        else:
            page = self._read(ref.at)
        if page is None:
            self._fault(ref.at, "it is no page of this tree", low, high)
        elif page.bid != ref.bid:
            self._fault(ref.at, f"it is page {page.bid:#x} and not {ref.bid:#x}", low, high)
        elif page.level != level and level >= 0:
            self._fault(ref.at, f"its level is {page.level} and not {level}", low, high)
        else:
            if not page.sound:
                self._fault(ref.at, "its CRC does not hold", low, high)
            self.offsets.add(ref.at)
            return page
        return None

    def _read(self, at: int) -> TreePage | None:
        page = tree_page(self._layout, self._source.read(at, self._layout.page_size), at)
        if page is not None:
            rising = all(one < other for one, other in zip(page.keys, page.keys[1:], strict=False))
            if page.kind != self.kind or not page.keys or not rising:
                page = None
        if len(self._pages) >= _CACHED:
            self._pages.clear()
        self._pages[at] = page
        return page

    def _fault(self, at: int, why: str, low: int, high: int) -> None:
        self.faults.setdefault(at, Fault(at, why, low, high))

    def _find_spare(self, key: int) -> Found | None:
        leaves = self._spare().leaves(self.kind)
        index = bisect_right(leaves, key, key=lambda page: page.keys[0]) - 1
        if index < 0:
            return None
        page = leaves[index]
        at = bisect_left(page.keys, key)
        found = at < len(page.keys) and page.keys[at] == key
        return Found(page.rows[at], page.at, False) if found else None

    def _fill(self, low: int, high: int) -> Iterator[tuple[TreePage, bool]]:
        for page in self._spare().leaves(self.kind):
            if page.keys[-1] < low or page.keys[0] >= high:
                continue
            first, last = bisect_left(page.keys, low), bisect_left(page.keys, high)
            yield page._replace(keys=page.keys[first:last], rows=page.rows[first:last]), False
