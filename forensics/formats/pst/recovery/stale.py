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
from forensics.formats.pst.ndb.carving import PageAt
from forensics.formats.pst.ndb.database import as_node
from forensics.formats.pst.ndb.datatree import Trail
from forensics.formats.pst.ndb.layout import PTYPE_NBT
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.subnodes import Node
from forensics.formats.pst.recovery.view import RecoveryView

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
    torn: bool = False
    """Whether a part of the page was overwritten; the entry stands, and its blocks were found."""


class StaleNodes:
    """Every version of every node that only superseded pages name, the newest first."""

    def __init__(self, store: Store, view: RecoveryView) -> None:
        self._store = store
        self._view = view
        db = store.db
        self.live: dict[int, tuple[int, int]] = {}
        used = set()
        for found in db.nbt.rows():
            # A superseded page that fills a gap in a torn tree names what was deleted as well: its blocks are free. The
            # store itself reads free blocks where the block tree is torn too.
            if found.indexed or db.rebuilt or db.bbt.faults or db.place(found.row[1]) is not None:
                self.live[found.row[0] & 0xFFFFFFFF] = (found.row[1] & BID_MASK, found.row[2] & BID_MASK)
            if found.indexed:
                used.add(found.page)
        used |= db.nbt.offsets
        self.versions: dict[int, list[Version]] = {}
        self._names: dict[int, str] = {}
        for pages in (db.carved().pages, db.carved().torn):
            # A page that does not stand where it says may be the content of an attached store.
            leaves = [one for one in pages if one.kind == PTYPE_NBT and one.level == 0 and one.placed]
            for page in sorted(leaves, key=lambda one: (-one.bid, one.at)):
                if page.at not in used:
                    self._collect(page)

    def _collect(self, page: PageAt) -> None:
        read = self._store.db.carved().read(page.at)
        for row in read.rows if read is not None else ():
            node = as_node(row)
            if not page.sound and not self._stands(node):
                continue
            blocks = (node.data & BID_MASK, node.sub & BID_MASK)
            held = self.versions.setdefault(node.nid, [])
            known = [self.live.get(node.nid), *((one.node.data & BID_MASK, one.node.sub & BID_MASK) for one in held)]
            if blocks[0] and blocks not in known:
                live = node.nid in self.live
                held.append(Version(node=node, page=page.at, age=page.bid, live=live, torn=not page.sound))

    def _stands(self, node: Node) -> bool:
        """Whether an entry of a torn page can be believed: its parent is a node, and its blocks are there."""
        known = node.parent in self.live or node.parent in self.versions
        return known and self._view.has(node.data) and (not node.sub & BID_MASK or self._view.has(node.sub))

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
