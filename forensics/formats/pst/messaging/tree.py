"""The folders of a store, which items each lists, and what no folder lists ([MS-PST] 2.4.4).

A folder's sub-folders and items stand in its tables; where a table is gone, the parents that the nodes name stand in.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from forensics.errors import FormatError
from forensics.formats.mapi import Lost, tags
from forensics.formats.pst import folders
from forensics.formats.pst.folders import FolderNode, Place
from forensics.formats.pst.messaging.objects import (
    NID_ROOT_FOLDER,
    TYPE_ASSOCIATED,
    TYPE_CONTENTS,
    TYPE_HIERARCHY,
    TYPE_MASK,
    NodeObject,
)
from forensics.formats.pst.ndb.subnodes import Node

if TYPE_CHECKING:
    from forensics.formats.pst.messaging.store import Store

_FOLDERS = frozenset({folders.NID_TYPE_NORMAL_FOLDER, folders.NID_TYPE_SEARCH_FOLDER})
_ITEMS = frozenset({folders.NID_TYPE_NORMAL_MESSAGE, folders.NID_TYPE_ASSOC_MESSAGE})
_MOST_MISSING = 2000
UNLISTED = "the contents table of its folder does not list it"
NO_PARENT = "the node tree has no folder that it names as its parent"


class _Step(NamedTuple):
    nid: int
    parent: int
    path: tuple[str, ...]
    place: Place


class FolderTree:
    """Everything is read on first use and kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._nodes: dict[int, FolderNode] | None = None
        self._listed: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}
        self._children: dict[int, list[int]] | None = None
        self._orphans: list[tuple[Node, tuple[str, ...], Place]] | None = None
        self.lost: list[Lost] = []

    def nodes(self) -> dict[int, FolderNode]:
        """Every folder by its node."""
        if self._nodes is None:
            self._nodes = {}
            self._walk([_Step(NID_ROOT_FOLDER, 0, (), folders.LIVE)], self._nodes)
            self._walk_unlisted(self._nodes)
        return self._nodes

    def listed(self, nid: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The nodes of a folder's items and of its associated items."""
        if nid not in self._listed:
            if nid & TYPE_MASK == folders.NID_TYPE_SEARCH_FOLDER:
                # It shows items that lie in other folders; they are read there, once.
                self._listed[nid] = ((), ())
            else:
                live = self._contents(nid, TYPE_CONTENTS, folders.NID_TYPE_NORMAL_MESSAGE)
                hidden = self._contents(nid, TYPE_ASSOCIATED, folders.NID_TYPE_ASSOC_MESSAGE)
                self._listed[nid] = (live, hidden)
        return self._listed[nid]

    def orphans(self) -> list[tuple[Node, tuple[str, ...], Place]]:
        """Items that the node tree names and no folder lists, each with the folder that it names as its parent."""
        if self._orphans is None:
            known = self.nodes()
            listed = {nid for each in known for part in self.listed(each) for nid in part}
            found = []
            for node, _ in self._store.db.nodes():
                if node.nid & TYPE_MASK in _ITEMS and node.nid not in listed and node.nid != node.parent:
                    parent = known.get(node.parent)
                    basis = NO_PARENT if parent is None else UNLISTED
                    path = () if parent is None else parent.path
                    found.append((node, path, Place(folders.ORPHANED.recovery, basis)))
            self._orphans = found
        return self._orphans

    def _walk(self, todo: list[_Step], known: dict[int, FolderNode]) -> None:
        wastebasket = folders.entry_nid(self._store.properties.binary(tags.PR_IPM_WASTEBASKET_ENTRYID))
        while todo:
            step = todo.pop()
            if step.nid in known:
                why = "the folders run in a ring, or two folders list it"
                self.lost.append(Lost(f"folder {step.nid:#x}", "a second way to this folder", why))
                continue
            node = self._folder(step, wastebasket)
            known[step.nid] = node
            below = (nid for nid in self._below(step.nid))
            todo.extend(reversed([_Step(nid, step.nid, node.path, node.place) for nid in below]))

    def _walk_unlisted(self, known: dict[int, FolderNode]) -> None:
        """Folders that the node tree names and no folder lists."""
        left = [node for node, _ in self._store.db.nodes() if node.nid & TYPE_MASK in _FOLDERS]
        for node in left:
            if node.nid in known or node.parent == node.nid:
                continue
            parent = known.get(node.parent)
            path = () if parent is None else parent.path
            self._walk([_Step(node.nid, node.parent, path, folders.ORPHANED)], known)

    def _folder(self, step: _Step, wastebasket: int | None) -> FolderNode:
        lost: list[Lost] = []
        node, _ = self._store.node(step.nid)
        bag = self._store.bag(node or Node(step.nid, 0, 0), lost)
        name = bag.text(tags.PR_DISPLAY_NAME) or ""
        path = () if step.nid == NID_ROOT_FOLDER else (*step.path, name)
        before = len(self.lost)
        live, hidden = self.listed(step.nid)
        lost += self.lost[before:]
        del self.lost[before:]
        return FolderNode(
            path=path,
            nid=step.nid,
            parent_nid=step.parent,
            properties=bag,
            live=len(live),
            associated=len(hidden),
            place=folders.place_of(step.nid, path, wastebasket, step.place),
            problems=tuple(lost),
        )

    def _below(self, nid: int) -> Iterator[int]:
        found = self._rows(nid, TYPE_HIERARCHY, "the folders below it")
        if found is None:
            found = self._named_by(nid)
        yield from self._there(nid, [each for each in found if each & TYPE_MASK in _FOLDERS], "folders")

    def _contents(self, nid: int, table: int, wanted: int) -> tuple[int, ...]:
        found = self._rows(nid, table, "the order of its items")
        if found is None:
            found = [each for each in self._named_by(nid) if each & TYPE_MASK == wanted]
        return tuple(self._there(nid, list(dict.fromkeys(found)), "items"))

    def _there(self, nid: int, listed: list[int], what: str) -> list[int]:
        """What a table lists, without those that no index names, beyond the first ones: a list costs its maker little,
        and each entry of it would be a record.
        """
        if len(listed) <= _MOST_MISSING:
            return listed
        kept, missing = [], 0
        for each in listed:
            missing += self._store.node(each)[0] is None
            if missing <= _MOST_MISSING or self._store.node(each)[0] is not None:
                kept.append(each)
        if len(kept) < len(listed):
            why = "the folder lists them, and no index names their nodes"
            self.lost.append(Lost(f"folder {nid:#x}", f"{len(listed) - len(kept)} more {what}", why))
        return kept

    def _rows(self, nid: int, type_: int, lost: str) -> list[int] | None:
        """The row ids of one of a folder's tables; ``None`` where it cannot be read."""
        what = f"folder {nid:#x}, table {type_:#x}"
        node, _ = self._store.node(nid & ~TYPE_MASK | type_)
        if node is None:
            if nid & TYPE_MASK == folders.NID_TYPE_NORMAL_FOLDER:
                self.lost.append(Lost(what, lost, "its node is not there"))
            return None
        trail = self._store.folder_budget.trail()
        try:
            table = NodeObject(self._store.db, node, trail).table()
        except FormatError as error:
            self.lost.append(Lost(what, lost, error.what))
            return None
        self.lost.extend(Lost(what, "whether it is complete", fault) for fault in trail.faults)
        return [id_ for id_, _ in table.index]

    def _named_by(self, parent: int) -> list[int]:
        """The nodes that name this one as their parent."""
        if self._children is None:
            self._children = {}
            for node, _ in self._store.db.nodes():
                if node.parent and node.parent != node.nid:
                    self._children.setdefault(node.parent, []).append(node.nid)
        return self._children.get(parent, [])
