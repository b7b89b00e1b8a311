"""Everything that a store no longer shows and still holds, tier by tier, never in place of a live item.

Deleted Items and orphans are read with the folders (`messaging.store`); the tiers here come from superseded pages,
free blocks and old rows.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from functools import partial

from forensics.errors import FormatError
from forensics.formats.mapi import Item, Lost, PropertyBag, tags
from forensics.formats.pst.accounting import ByteAccount, account
from forensics.formats.pst.folders import FolderNode, Place
from forensics.formats.pst.messaging.attachments import open_attachment
from forensics.formats.pst.messaging.found import FoundItem
from forensics.formats.pst.messaging.items import ItemReader
from forensics.formats.pst.messaging.objects import TYPE_ASSOCIATED, TYPE_CONTENTS, TYPE_MASK
from forensics.formats.pst.messaging.store import Store
from forensics.formats.pst.ndb.datatree import Trail
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.subnodes import Node
from forensics.formats.pst.recovery import remnants, rows
from forensics.formats.pst.recovery.fingerprint import sameness
from forensics.formats.pst.recovery.found import Confidence, Recovered, Tier
from forensics.formats.pst.recovery.reach import reachable
from forensics.formats.pst.recovery.space import packed, taken, unpacked
from forensics.formats.pst.recovery.stale import UNKNOWN, StaleNodes, Version
from forensics.formats.pst.recovery.view import RecoveryView
from forensics.records import Recovery

_ITEMS = frozenset({0x04, 0x08})
_HIDDEN = 0x08
_FOLDER = 0x02
_HAS_ATTACHMENTS = 0x10
_DELETED = Place(Recovery.STALE, "a superseded page of the node tree names it")
_OLDER = Place(Recovery.STALE, "a superseded page of the node tree names other blocks for it")
_REMNANT = Place(Recovery.REMNANT, "free blocks that no page names")
_ROW = Place(Recovery.REMNANT, "a row of a contents table that outlived its item")

_NO_MESSAGE = Lost("the message", "every property, body and recipient of it", "only this attachment of it was found")
_ONLY_ROW = "the item itself: only its row in the folder's list is left"

_Rows = Callable[[Trail], Iterator[rows.OldRow]]
_Table = tuple[Node, tuple[str, ...], int | None, _Rows]


class Recoverer:
    """Recovers from one store. ``used`` grows while items are read: the places of the blocks that they needed."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._taken = packed(taken(store.db))
        self.view = RecoveryView(store.db, unpacked(self._taken))
        self.reader = ItemReader(self.view, store.named, store.reader.codepage)
        self.stale = StaleNodes(store, self.view)
        self.stale.read_names(self.reader)
        self._trails: list[Trail] = []
        self._seen: dict[bytes, str] = {}
        self._shown: dict[int, tuple[str, Node]] = {}
        """The deleted nodes that were shown as whole items, each with its step."""
        self.fragments = 0
        self.unread: list[str] = []
        """What was not looked into, and why."""
        self._found = remnants.Remnants()
        self._by_size: dict[int, list[int]] | None = None
        self._by_content: dict[int, dict[bytes, int]] = {}

    def items(self) -> Iterator[Recovered]:
        """Every recovered item, the surest tiers first."""
        yield from self._stale_items()
        yield from self._remnants()
        yield from self._rows()

    def folders(self) -> Iterator[FolderNode]:
        """Folders that only superseded pages name, as their newest version says."""
        seen: set[int] = set()
        for version in self.stale.of_types(frozenset({_FOLDER})):
            nid = version.node.nid
            if version.live or nid in seen:
                continue
            seen.add(nid)
            lost: list[Lost] = []
            try:
                bag = self.reader.bag(version.node, self._trail(), lost)
            except FormatError:
                continue
            path = (*self.stale.path(version.node.parent), bag.text(tags.PR_DISPLAY_NAME) or "")
            yield FolderNode(
                path=path, nid=nid, parent_nid=version.node.parent, properties=bag, live=0, associated=0,
                place=_DELETED, problems=tuple(lost),
            )  # fmt: skip

    def account(self) -> ByteAccount:
        """The account of the file, once the items were read."""
        used = (place for trail in self._trails for place in trail.blocks.values())
        return account(self.store.db, used, unpacked(self._taken))

    def _trail(self, *, strict: bool = False) -> Trail:
        trail = self.store.budget.trail(strict=strict)
        self._trails.append(trail)
        return trail

    def _stale_items(self) -> Iterator[Recovered]:
        for version in self.stale.of_types(_ITEMS):
            node = version.node
            place = _OLDER if version.live else _DELETED
            path = self.stale.path(node.parent)
            found = self._read(node, path, place)
            if found.item is not None and not version.live:
                self._shown.setdefault(node.nid, (_step(node), node))
            newest = not version.live and self.stale.versions[node.nid][0] is version
            yield self._grouped(
                Recovered(
                    found=found,
                    tier=Tier.DELETED_NODE if newest else Tier.OLDER_VERSION,
                    confidence=Confidence.PROBABLE if version.torn else Confidence.CERTAIN,
                    step=_step(node),
                    page=version.page,
                    overwritten=_overwritten(found),
                ),
                self._live_twin(version),
            )

    def _live_twin(self, version: Version) -> FoundItem | None:
        """The live item of the same node, to compare with; of a node that is gone, a copy of it that lives."""
        if not version.live:
            return self._live_like(version.node)
        node, _ = self.store.node(version.node.nid)
        return None if node is None else self.store.read(node, (), 0, _OLDER)

    def _read(self, node: Node, path: tuple[str, ...], place: Place) -> FoundItem:
        trail = Trail()
        item: Item | None = None
        error = None
        try:
            trail = self._trail()
            item = self.reader.item(node, trail)
        except FormatError as refusal:
            error = Lost("a recovered item", "the whole item", refusal.what)
        hidden = node.nid & TYPE_MASK == _HIDDEN
        return FoundItem(
            node=node, path=path, position=0, associated=hidden, place=place, item=item, error=error, trail=trail
        )

    def _grouped(self, one: Recovered, twin: FoundItem | None = None) -> Recovered:
        """The same, with the step of the item that it equals byte for byte."""
        mark = None if one.found.item is None else sameness(one.found.item)
        if mark is None:
            return one
        if twin is not None and twin.item is not None and sameness(twin.item) == mark:
            same_as = f"node:{twin.nid}"
        else:
            same_as = self._seen.setdefault(mark, one.step)
        if same_as == one.step:
            return one
        return Recovered(
            found=one.found, tier=one.tier, confidence=one.confidence, step=one.step, page=one.page,
            same_as=same_as, overwritten=one.overwritten,
        )  # fmt: skip

    def _remnants(self) -> Iterator[Recovered]:
        used = {bid & BID_MASK for trail in self._trails for bid in trail.blocks}
        if self.view.torn:
            used |= reachable(self.view, (node for node, _ in self.store.db.nodes()))
        found = remnants.sort_out(self.view, used)
        self.fragments = len(found.fragments)
        self._found = found
        items = {nid: blocks for nid, blocks in self.stale.live.items() if nid & TYPE_MASK in _ITEMS}
        for node, inside in remnants.nodes_of(self.view, found, items):
            if inside and node.data & BID_MASK in used:
                continue
            read = self._read(node, (UNKNOWN,), _REMNANT)
            used.update(bid & BID_MASK for bid in read.trail.blocks)
            if read.item is None:
                continue
            yield self._grouped(
                Recovered(
                    found=read,
                    tier=Tier.REMNANT,
                    confidence=Confidence.PROBABLE if node.sub else Confidence.CERTAIN,
                    step=f"block:{node.data or node.sub}",
                    overwritten=(*_overwritten(read), *_apart(read)),
                ),
                self._live_like(node),
            )
        yield from self._attachments(used)

    def _attachments(self, used: set[int]) -> Iterator[Recovered]:
        """Attachments that stand by themselves: name and bytes, in an item of which nothing else is left."""
        for node in remnants.attachments_of(self.view, self._found, used):
            lost: list[Lost] = []
            try:
                trail = self._trail(strict=True)
            except FormatError as error:
                self.unread.append(f"attachments without a message: {error.what}")
                return
            opened = open_attachment(self.view, node, trail, self.store.named, self.reader.codepage, lost)
            item = Item(properties=PropertyBag(), attachments=(opened.thing,), problems=(*lost, _NO_MESSAGE))
            if opened.embedded is not None:
                # The message in it has a property context of its own, which was read as one.
                continue
            if opened.thing.data is not None:
                # Which of its blocks are gone stands in the trail once they were asked for.
                with contextlib.suppress(FormatError):
                    collections.deque(opened.thing.data.chunks(), maxlen=0)
            found = FoundItem(
                node=node,
                path=(UNKNOWN,),
                position=0,
                associated=False,
                place=_REMNANT,
                item=item,
                error=None,
                trail=trail,
            )
            yield Recovered(
                found=found,
                tier=Tier.REMNANT,
                confidence=Confidence.PROBABLE if node.sub else Confidence.CERTAIN,
                step=f"block:{node.data}",
                overwritten=_overwritten(found),
            )

    def _rows(self) -> Iterator[Recovered]:
        """Old rows. A table is written anew with each change, and most rows say in each version what they said in the
        last: the first stands for all, and each further place is grouped with it, or with the item that it repeats.
        """
        same: dict[bytes, str] = {}
        places: set[tuple[int, int, bytes]] = set()
        for table, path, page, sources in self._tables_of_rows():
            try:
                trail = self._trail(strict=True)
            except FormatError as error:
                self.unread.append(f"old rows of table {table.nid} and of those after it: {error.what}")
                return
            for row in rows.readable(sources(trail), trail):
                if row.block and page is not None and self.store.db.place(row.block) is not None:
                    # The live table still names this block, and what stands beyond its index was read there.
                    continue
                if row.block and row.mark in same:
                    # Versions of a table share the blocks of their rows: the same bytes are no further place.
                    if (row.block, row.number, row.mark) in places:
                        continue
                    places.add((row.block, row.number, row.mark))
                yield self._old(row, table, path, page, trail, same)

    def _old(
        self, row: rows.OldRow, table: Node, path: tuple[str, ...], page: int | None, trail: Trail,
        same: dict[bytes, str],
    ) -> Recovered:  # fmt: skip
        """One old row at its place."""
        step = f"row:{table.nid}:{table.data}:{row.number}:{row.nid}"
        if row.mark not in same:
            content = sameness(row.item)
            known = step if content is None else same.setdefault(row.nid.to_bytes(4, "little") + content, step)
            same[row.mark] = self._row_twin(row) or known
        found = FoundItem(
            node=Node(row.nid, table.data, 0), path=self._path_of(row.nid, path), position=row.number,
            associated=row.nid & TYPE_MASK == _HIDDEN, place=_ROW, item=row.item, error=None, trail=trail,
        )  # fmt: skip
        return Recovered(
            found=found,
            tier=Tier.TABLE_ROW,
            confidence=Confidence.PROBABLE if row.sure else Confidence.POSSIBLE,
            step=step,
            page=page,
            same_as="" if same[row.mark] == step else same[row.mark],
            overwritten=(*_overwritten(found), _ONLY_ROW),
        )

    def _row_twin(self, row: rows.OldRow) -> str:
        """The step of the item that says the same as a row, live or recovered, or ""."""
        live, _ = self.store.node(row.nid)
        step, node = (f"node:{row.nid}", live) if live is not None else self._shown.get(row.nid, ("", None))
        if node is None:
            return ""
        with contextlib.suppress(FormatError):
            if rows.agrees(row.item.properties, self.reader.bag(node, Trail(), [])):
                return step
        return ""

    def _path_of(self, nid: int, path: tuple[str, ...]) -> tuple[str, ...]:
        """The folder of a row; where its table does not say whose it is, the folder of its item."""
        if path != (UNKNOWN,):
            return path
        node, _ = self.store.node(nid)
        held = self.stale.versions.get(nid)
        if node is None and held:
            node = held[0].node
        return path if node is None else self.stale.path(node.parent)

    def _tables_of_rows(self) -> Iterator[_Table]:
        """The contents tables that may hold rows of items that are gone: live ones, superseded ones, remnants."""
        reading = rows.Reading(self.store.named, self.store.reader.codepage)
        for folder in self.store.folders():
            for type_ in () if folder.is_search else (TYPE_CONTENTS, TYPE_ASSOCIATED):
                node, _ = self.store.node(folder.nid & ~TYPE_MASK | type_)
                if node is not None:
                    yield node, folder.path, None, partial(reading.beyond_index, self.store.db, node)
        tables = frozenset({TYPE_CONTENTS, TYPE_ASSOCIATED})
        for version in self.stale.of_types(tables):
            node = version.node
            path = self.stale.path(node.nid & ~TYPE_MASK | _FOLDER)
            yield node, path, version.page, partial(reading.all_rows, self.view, node)
        read = {version.node.data & BID_MASK for version in self.stale.of_types(tables)}
        for node in remnants.rows_of_tables(self.view, self._found, read):
            yield node, (UNKNOWN,), None, partial(reading.all_rows, self.view, node)

    def _live_like(self, node: Node) -> FoundItem | None:
        """A live item whose first block has the same bytes as that of a recovered one."""
        place = self.view.strays.find(node.data & BID_MASK) or self.store.db.place(node.data)
        nids = () if place is None else self._live_sizes().get(place.stored, ())
        if not nids or place is None:
            return None
        if place.stored not in self._by_content:
            contents = ((self._content(self.stale.live[nid][0]), nid) for nid in reversed(nids))
            self._by_content[place.stored] = {content: nid for content, nid in contents if content}
        nid = self._by_content[place.stored].get(self._content(node.data))
        live, _ = (None, False) if nid is None else self.store.node(nid)
        return None if live is None else self.store.read(live, (), 0, _REMNANT)

    def _live_sizes(self) -> dict[int, list[int]]:
        """The live items by the size of their first block."""
        if self._by_size is None:
            self._by_size = {}
            for nid, (bid, _) in self.stale.live.items():
                place = self.store.db.place(bid) if nid & TYPE_MASK in _ITEMS else None
                if place is not None:
                    self._by_size.setdefault(place.stored, []).append(nid)
        return self._by_size

    def _content(self, bid: int) -> bytes:
        """A digest of a block; nothing where it cannot be read."""
        try:
            return hashlib.sha256(self.view.read(bid).data).digest()
        except FormatError:
            return b""


def _step(node: Node) -> str:
    return f"stale:{node.nid}:{node.data}:{node.sub}"


def _apart(found: FoundItem) -> tuple[str, ...]:
    """What a remnant says that it had, where no sub-nodes could be shown to be its own."""
    if found.node.sub or found.item is None:
        return ()
    bag = found.item.properties
    shown = any(bag.text(key) for key in (tags.PR_DISPLAY_TO, tags.PR_DISPLAY_CC, tags.PR_DISPLAY_BCC))
    attached = (bag.integer(tags.PR_MESSAGE_FLAGS) or 0) & _HAS_ATTACHMENTS
    parts = ("recipients",) * shown + ("attachments",) * bool(attached)
    return tuple(f"{part}: no block of sub-nodes is left that can be shown to be its own" for part in parts)


def _overwritten(found: FoundItem) -> tuple[str, ...]:
    """What of an item is gone, in words."""
    lost = list(found.item.problems) if found.item is not None else []
    if found.error is not None:
        lost.append(found.error)
    parts = [f"{each.what}: {each.lost} ({each.cause})" for each in lost]
    parts += found.trail.faults
    if found.item is not None:
        things = enumerate(found.item.attachments, start=1)
        parts += [f"attachment {number}: its content ({thing.lost})" for number, thing in things if thing.lost]
    return tuple(parts)
