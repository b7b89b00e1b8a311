"""Pages and B-trees of a store in memory, and what stood in the file before they were replaced ([MS-PST] 2.2.2.7)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from forensics.formats.pst.writer.btree import ENTRY_ROOM
from forensics.formats.pst.writer.layout import Page

KEY = struct.Struct("<Q")


@dataclass(slots=True, eq=False)
class TreePage:
    """A page of a B-tree; ``ib`` is 0 while it has no place, ``dirty`` once it differs from what stands there."""

    kind: Page
    level: int
    size: int
    rows: list[bytes] = field(default_factory=list)
    children: list[TreePage] = field(default_factory=list)
    ib: int = 0
    bid: int = 0
    dirty: bool = False

    @property
    def first(self) -> int:
        return int(KEY.unpack_from(self.rows[0])[0]) if self.level == 0 else self.children[0].first

    @property
    def room(self) -> int:
        return ENTRY_ROOM // (self.size if self.level == 0 else 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class StalePage:
    """A page that was replaced: where it stood, and the bytes that stood there."""

    kind: Page
    level: int
    ib: int
    bid: int
    raw: bytes
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockAt:
    """A block as it stood in the file: ``raw`` is the whole of it, trailer included."""

    bid: int
    ib: int
    size: int
    raw: bytes


class Tree:
    """One of the two B-trees, held whole."""

    def __init__(self, root: TreePage) -> None:
        self.root = root
        self.dropped: list[TreePage] = []

    def get(self, key: int) -> bytes | None:
        leaf = self._path(key)[-1]
        return next((row for row in leaf.rows if KEY.unpack_from(row)[0] == key), None)

    def rows(self) -> Iterator[bytes]:
        for one in self.pages():
            yield from one.rows

    def pages(self) -> Iterator[TreePage]:
        todo = [self.root]
        while todo:
            one = todo.pop()
            yield one
            todo += reversed(one.children)

    def put(self, row: bytes) -> None:
        """Add a row or replace the one with its key."""
        key = KEY.unpack_from(row)[0]
        path = self._path(key)
        rows = [one for one in path[-1].rows if KEY.unpack_from(one)[0] != key]
        path[-1].rows = sorted([*rows, row], key=lambda one: KEY.unpack_from(one)[0])
        for one in path:
            one.dirty = True
        self._split(path)

    def remove(self, key: int) -> None:
        path = self._path(key)
        path[-1].rows = [row for row in path[-1].rows if KEY.unpack_from(row)[0] != key]
        for one in path:
            one.dirty = True
        for parent, child in reversed(list(pairwise(path))):
            if not child.rows and not child.children:
                parent.children.remove(child)
                child.dirty = False
                self.dropped.append(child)

    def _path(self, key: int) -> list[TreePage]:
        path = [self.root]
        while path[-1].level:
            children = path[-1].children
            at = max((number for number, child in enumerate(children) if child.first <= key), default=0)
            path.append(children[at])
        return path

    def _split(self, path: list[TreePage]) -> None:
        for depth in range(len(path) - 1, -1, -1):
            one = path[depth]
            many = one.rows if one.level == 0 else one.children
            if len(many) <= one.room:
                return
            half = len(many) // 2
            other = TreePage(kind=one.kind, level=one.level, size=one.size, dirty=True)
            if one.level == 0:
                one.rows, other.rows = one.rows[:half], one.rows[half:]
            else:
                one.children, other.children = one.children[:half], one.children[half:]
            if depth:
                siblings = path[depth - 1].children
                siblings.insert(siblings.index(one) + 1, other)
            else:
                self.root = TreePage(
                    kind=one.kind, level=one.level + 1, size=one.size, children=[one, other], dirty=True
                )
