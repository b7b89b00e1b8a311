"""An open PST or OST: its folders, its items, the ones that no folder lists ([MS-PST] 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

from forensics.errors import FormatError
from forensics.formats.mapi import Lost, NamedId, PropertyBag, tags
from forensics.formats.pst import codepage, folders, names
from forensics.formats.pst.folders import ORPHANS, FolderNode, Place, Range
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.messaging.items import ItemReader
from forensics.formats.pst.messaging.objects import NID_MESSAGE_STORE, NID_NAME_TO_ID_MAP
from forensics.formats.pst.messaging.tree import FolderTree
from forensics.formats.pst.ndb import StoreHeader, Width
from forensics.formats.pst.ndb.database import NodeDatabase, as_node
from forensics.formats.pst.ndb.datatree import Budget, Trail
from forensics.formats.pst.ndb.subnodes import Node
from forensics.records import Recovery

_SAMPLE = 50
_FREE_FOR_FOLDERS = 1 << 24
_LARGEST_FOLDER, _LEAST_FOLDER = 1 << 24, 1 << 16
_MOST_KEPT = 1 << 28
"""The bytes that the properties of all folders may take up; then each may have only ``_LEAST_FOLDER``."""
_PR_CODE_PAGE_ID = 0x66C3
_PR_PST_PASSWORD = 0x67FF
CARVED = Place(Recovery.CARVED, "no index that is whole names its node; a page found by its own check values does")


def open_store(handle: BinaryIO) -> Store:
    """Open the PST or OST behind a handle, whatever state it is in; ``FormatError`` where nothing in it can be read."""
    return Store(NodeDatabase(handle))


class Store:
    """An open store. ``problems`` says what of the store itself could not be read."""

    def __init__(self, db: NodeDatabase) -> None:
        self.db = db
        self.budget = Budget(db.source.size)
        # Folders are kept in memory, all of them, so much less is granted to them than to items.
        self.folder_budget = Budget(db.source.size, 1, _FREE_FOR_FOLDERS)
        self._kept = 0
        self._lost: list[Lost] = []
        self.codepage: codepage.CodePage | None = None
        self.named = self._read_names()
        self.reader = ItemReader(db, self.named)
        self.properties = self._read_store()
        self.tree = FolderTree(self)
        if self.header.width is Width.ANSI:
            self._choose_codepage()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """The handle is the caller's; nothing else is open."""

    @property
    def header(self) -> StoreHeader:
        return self.db.header

    @property
    def kind(self) -> str:
        return self.header.kind

    @property
    def problems(self) -> tuple[Lost, ...]:
        """What is wrong with header and trees, and what it costs."""
        found = [Lost("header of the store", "whether its other fields are right", why) for why in self.header.problems]
        if self.db.why:
            found.append(Lost("header of the store", "what it says; layout and trees were recognised", self.db.why))
        elif self.db.rebuilt:
            why = "it points to no root of the two trees"
            found.append(Lost("header of the store", "its pointers; the trees were found by their pages", why))
        for tree, what in ((self.db.nbt, "node tree"), (self.db.bbt, "block tree")):
            for fault in tree.faults.values():
                lost = "its entries, where no other page still has them"
                found.append(Lost(f"page of the {what} at offset {fault.at}", lost, fault.why))
        return (*found, *self._lost, *self.tree.lost)

    @property
    def password_crc(self) -> int:
        """The CRC of the store's password, 0 without one. It keeps nobody out: nothing is encrypted with it."""
        return (self.properties.integer(_PR_PST_PASSWORD) or 0) & 0xFFFFFFFF

    def folders(self) -> Iterator[FolderNode]:
        """Every folder, the root first and each before what lies in it; folders without a parent come last."""
        yield from self.tree.nodes().values()

    @property
    def orphan_count(self) -> int:
        """How many items stand in the node tree that no folder lists."""
        return len(self.tree.orphans())

    def items(self, folder_nid: int, start: int = 0, stop: int | None = None) -> Iterator[FoundItem]:
        """The items of a folder in order, the live ones first, then the associated ones; or of ``ORPHANS``."""
        if folder_nid == ORPHANS:
            for position, (node, path, place) in enumerate(self.tree.orphans()[start:stop], start=start):
                yield self.read(node, path, position, place)
            return
        folder = self.tree.nodes().get(folder_nid)
        if folder is None:
            raise FormatError(f"The store has no folder {folder_nid:#x}.")
        yield from self.contents(folder_nid, folder.path, folder.place, start, stop)

    def contents(
        self, folder_nid: int, path: tuple[str, ...], place: Place, start: int = 0, stop: int | None = None
    ) -> Iterator[FoundItem]:
        """The items of a folder of which path and place are known: no other folder is read for it."""
        live, associated = self.tree.listed(folder_nid)
        both = [*((nid, False) for nid in live), *((nid, True) for nid in associated)]
        for position, (nid, hidden) in enumerate(both[start:stop], start=start):
            node, indexed = self.node(nid)
            if node is not None:
                own = place if indexed or place.recovery is not Recovery.LIVE else CARVED
                yield self.read(node, path, position, own, associated=hidden)
                continue
            why = "the folder lists it, and no index names its node"
            yield FoundItem(
                node=Node(nid, 0, 0, folder_nid), path=path, position=position, associated=hidden, place=place,
                item=None, error=Lost(f"item {position}", "the whole item", why), trail=Trail(),
            )  # fmt: skip

    def read(
        self, node: Node, path: tuple[str, ...], position: int, place: Place, *, associated: bool = False
    ) -> FoundItem:
        """One item by its node."""
        trail = self.budget.trail()
        item, error = None, None
        found = self.db.nbt.find(node.nid)
        if found is not None and found.indexed and found.page in self.db.nbt.faults:
            # Each of its blocks may hold and yet be another item's: which ones are its own, only this page says.
            trail.fault(f"the page of the node tree at offset {found.page}, which names its blocks, does not hold")
        try:
            item = self.reader.item(node, trail)
        except FormatError as refusal:
            error = Lost(f"item {position}", "the whole item", refusal.what)
        return FoundItem(
            node=node, path=path, position=position, associated=associated, place=place, item=item, error=error,
            trail=trail,
        )  # fmt: skip

    def node(self, nid: int) -> tuple[Node | None, bool]:
        """A node, and whether the tree names it or only a carved page does."""
        found = self.db.nbt.find(nid)
        if found is None:
            return None, False
        return as_node(found.row), found.indexed

    def bag(self, node: Node, lost: list[Lost]) -> PropertyBag:
        """The properties of a node that is no item; none, and a note, where they cannot be read."""
        room = max(_LEAST_FOLDER, min(_LARGEST_FOLDER, _MOST_KEPT - self._kept))
        trail = self.folder_budget.trail(limit=room)
        try:
            bag = self.reader.bag(node, trail, lost)
        except FormatError as error:
            lost.append(Lost(f"node {node.nid:#x}", "its properties", error.what))
            return PropertyBag(codepage=self.reader.codepage)
        finally:
            self._kept += trail.said
        lost.extend(Lost(f"node {node.nid:#x}", "whether its properties are right", fault) for fault in trail.faults)
        return bag

    def _read_names(self) -> dict[int, NamedId]:
        node, _ = self.node(NID_NAME_TO_ID_MAP)
        if node is None:
            self._lost.append(Lost("named properties", "the names of named properties", "its node is not there"))
            return {}
        self.reader = ItemReader(self.db, {})
        bag = self.bag(node, self._lost)
        wanted = (names.STREAM_GUID, names.STREAM_ENTRY, names.STREAM_STRING)
        return names.named_ids(*(bag.binary(stream) or b"" for stream in wanted))

    def _read_store(self) -> PropertyBag:
        node, _ = self.node(NID_MESSAGE_STORE)
        if node is None:
            self._lost.append(Lost("message store", "the store's own properties", "its node is not there"))
            return PropertyBag()
        return self.bag(node, self._lost)

    def _choose_codepage(self) -> None:
        """An ANSI store rarely says which code page its strings are in."""
        bags = [found.item.properties for found in self._sample() if found.item is not None]
        bags += [node.properties for node in self.folders()]
        texts = (one.raw for bag in bags for one in bag.everything if one.type == tags.PTYP_STRING8)
        locales = [found for bag in bags if (found := bag.integer(tags.PR_MESSAGE_LOCALE_ID))]
        self.codepage = codepage.choose(self.properties.integer(_PR_CODE_PAGE_ID), texts, locales)
        self.reader.codepage = self.codepage.number
        self.properties = PropertyBag(self.properties.everything, codepage=self.codepage.number)
        # What was read for this is not yet read for anybody.
        self.budget = Budget(self.db.source.size)
        self.folder_budget = Budget(self.db.source.size, 1, _FREE_FOR_FOLDERS)
        self._kept = 0
        self.tree = FolderTree(self)

    def _sample(self) -> Iterator[FoundItem]:
        left = _SAMPLE
        for node in self.folders():
            for found in self.items(node.nid, 0, left):
                left -= 1
                yield found


def outline(store: Store) -> list[Range]:
    """What there is to read and how much of it, without reading an item: the plan for reading in ranges."""
    ranges = [Range(node.path, node.nid, node.live + node.associated) for node in store.folders()]
    orphans = store.orphan_count
    return [*ranges, Range((), folders.ORPHANS, orphans)] if orphans else ranges


def read(store: Store, folder_nid: int, start: int, stop: int) -> Iterator[FoundItem]:
    """One range of a folder, as ``outline`` counts it."""
    return store.items(folder_nid, start, stop)
