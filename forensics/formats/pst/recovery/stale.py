"""Nodes that superseded pages of the node tree still name: deleted ones, and older versions of those that live.

A page of a tree is never changed in place: a new one is written and the old one freed ([MS-PST] 2.6.1.1). Until its
bytes are used again it tells what the store was before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.errors import FormatError
from forensics.formats.mapi import tags
from forensics.formats.pst.messaging.items import ItemReader
from forensics.formats.pst.messaging.objects import NID_ROOT_FOLDER, TYPE_MASK
from forensics.formats.pst.messaging.store import Store
from forensics.formats.pst.ndb.database import as_node
from forensics.formats.pst.ndb.datatree import Trail
from forensics.formats.pst.ndb.layout import PTYPE_NBT
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.subnodes import Node

_FOLDER = 0x02
_DEEPEST = 256
UNKNOWN = "(folder unknown)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A node as a superseded page names it; ``page`` is the offset of the newest such page, ``age`` its id."""

    node: Node
    page: int
    age: int
    live: bool
    """Whether the tree still has the node, with other blocks."""


class StaleNodes:
    """Every version of every node that only superseded pages name, the newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        db = store.db
        self.live: dict[int, tuple[int, int]] = {}
        used = set()
        for found in db.nbt.rows():
            self.live[found.row[0] & 0xFFFFFFFF] = (found.row[1] & BID_MASK, found.row[2] & BID_MASK)
            used.add(found.page)
        used |= db.nbt.offsets
        leaves = [page for page in db.carved().pages if page.kind == PTYPE_NBT and page.level == 0]
        self.pages = [page for page in sorted(leaves, key=lambda one: (-one.bid, one.at)) if page.at not in used]
        self.versions: dict[int, list[Version]] = {}
        self._names: dict[int, str] = {}
        for page in self.pages:
            self._collect(page.at)

    def _collect(self, at: int) -> None:
        page = self._store.db.carved().read(at)
        for row in page.rows if page is not None else ():
            node = as_node(row)
            blocks = (node.data & BID_MASK, node.sub & BID_MASK)
            held = self.versions.setdefault(node.nid, [])
            known = [self.live.get(node.nid), *((one.node.data & BID_MASK, one.node.sub & BID_MASK) for one in held)]
            if page is not None and blocks[0] and blocks not in known:
                held.append(Version(node=node, page=at, age=page.bid, live=node.nid in self.live))

    def of_types(self, types: frozenset[int]) -> Iterator[Version]:
        """The versions of nodes of some types, in the order of their ids, each node's newest first."""
        for nid in sorted(self.versions):
            if nid & TYPE_MASK in types:
                yield from self.versions[nid]

    def path(self, parent: int) -> tuple[str, ...]:
        """The former folder of a node: of live folders as they are, of deleted ones as their last version says."""
        parts: list[str] = []
        seen: set[int] = set()
        known = self._store.tree.nodes()
        while parent not in known:
            if parent in seen or len(seen) > _DEEPEST or parent == NID_ROOT_FOLDER:
                return (UNKNOWN, *reversed(parts))
            seen.add(parent)
            held = self.versions.get(parent)
            if not held:
                return (UNKNOWN, *reversed(parts))
            parts.append(self._names.get(parent, f"(folder {parent:#x})"))
            parent = held[0].node.parent
        return (*known[parent].path, *reversed(parts))

    def read_names(self, reader: ItemReader) -> None:
        """The names of deleted folders, read through ``reader``, which knows superseded blocks."""
        for version in self.of_types(frozenset({_FOLDER})):
            if version.node.nid in self._names:
                continue
            with contextlib.suppress(FormatError):
                name = reader.bag(version.node, Trail(), []).text(tags.PR_DISPLAY_NAME)
                if name:
                    self._names[version.node.nid] = name
