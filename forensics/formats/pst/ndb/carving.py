"""Finds pages of the two trees by their own check values, without header or parents, and the newest view they give."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from forensics.formats.pst.ndb.header import Ref
from forensics.formats.pst.ndb.layout import PTYPE_BBT, PTYPE_NBT, Layout
from forensics.formats.pst.ndb.pages import TreePage, tree_page
from forensics.formats.pst.ndb.source import Source

_SECTOR = 512


class PageAt(NamedTuple):
    """A page: where it lies, what it is, its keys; whether its signature is that of its place and its CRC holds."""

    at: int
    bid: int
    kind: int
    level: int
    first: int
    last: int
    placed: bool = True
    sound: bool = True


class CarvedPages:
    """Every page of the trees in a file, whether a tree still names it or not."""

    def __init__(self, source: Source, layout: Layout) -> None:
        self._source = source
        self.layout = layout
        found = list(_scan(source, layout))
        self.pages: tuple[PageAt, ...] = tuple(page for page in found if page.sound)
        self.torn: tuple[PageAt, ...] = tuple(page for page in found if not page.sound)
        """Pages of which a part was overwritten; what is left of their entries must be believed one by one."""
        self._leaves: dict[int, list[TreePage]] = {}

    def leaves(self, kind: int) -> list[TreePage]:
        """The leaves of one tree in the order of their keys; of those that cover the same keys, the newest."""
        if kind not in self._leaves:
            candidates = [page for page in self.pages if page.kind == kind and page.level == 0]
            chosen = newest(candidates)
            read = (self.read(page.at) for page in chosen)
            self._leaves[kind] = [page for page in read if page is not None]
        return self._leaves[kind]

    def read(self, at: int) -> TreePage | None:
        return tree_page(self.layout, self._source.read(at, self.layout.page_size), at)

    def root(self, kind: int) -> Ref | None:
        """The newest page at the highest level that no other page names: the root of a tree whose header is gone."""
        of_kind = [page for page in self.pages if page.kind == kind]
        if not of_kind:
            return None
        level = max(page.level for page in of_kind)
        if level == 0:
            return None
        top = max((page for page in of_kind if page.level == level), key=lambda page: page.bid)
        return Ref(top.bid, top.at)


def newest(pages: list[PageAt]) -> list[PageAt]:
    """Pages in the order of their keys, none over another: each page gives way to a newer one that overlaps it."""
    chosen: list[PageAt] = []
    firsts: list[int] = []
    for page in sorted(pages, key=lambda page: (not page.placed, -page.bid, page.at)):
        index = bisect_left(firsts, page.first)
        before = chosen[index - 1] if index else None
        after = chosen[index] if index < len(chosen) else None
        if (before is None or before.last < page.first) and (after is None or after.first > page.last):
            chosen.insert(index, page)
            firsts.insert(index, page.first)
    return chosen


def _scan(source: Source, layout: Layout) -> Iterator[PageAt]:
    size, kind_at = layout.page_size, layout.page_body
    for base, window in source.windows(0, source.size):
        kinds, again = window[kind_at::_SECTOR], window[kind_at + 1 :: _SECTOR]
        for index, (one, other) in enumerate(zip(kinds, again, strict=False)):
            if one != other or (one != PTYPE_BBT and one != PTYPE_NBT):
                continue
            start = index * _SECTOR
            raw = window[start : start + size]
            at = base + start
            if len(raw) < size:
                raw = source.read(at, size)
            page = tree_page(layout, raw, at)
            if page is not None and page.keys:
                ends = page.keys[0], page.keys[-1]
                yield PageAt(at, page.bid, page.kind, page.level, *ends, page.placed, page.sound)
