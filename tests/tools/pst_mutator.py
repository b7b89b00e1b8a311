"""Deletes, moves, orphans and edits messages of a writer-made store as Outlook does, and tells what is still there.

Written from [MS-PST] (2.2.2, 2.4.4, 2.6) alone, without the reader: the ground truth of the recovery tests.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from forensics.formats.pst.writer import PstItem
from forensics.formats.pst.writer.blocks import Subnode
from forensics.formats.pst.writer.layout import DECODE, NID_DELETED_ITEMS, NID_ROOT_FOLDER, Crypt, Nid
from forensics.formats.pst.writer.messages import ItemWriter, stored_subject
from forensics.formats.pst.writer.names import Names
from forensics.formats.pst.writer.values import Encoded, encode
from tests.tools.pst_contexts import Node, Table, read_properties, rewrite_properties
from tests.tools.pst_image import BlockAt, Image, StalePage, still

Tier = Literal["SOFT_DELETED", "ORPHANED", "STALE", "REMNANT", "ROW", "GONE"]
Deed = Literal["moved", "hard_deleted", "orphaned", "edited"]
Rows = Literal["compacted", "left"]
Cells = Literal["freed", "kept"]
Raw = bytes

_SUBJECT, _BODY, _MODIFIED = 0x0037001F, 0x1000001F, 0x30080040
_COUNT, _UNREAD, _FLAGS = 0x3602, 0x3603, 0x0E07


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentAt:
    """An attachment as it was; ``sha256`` of its bytes ("" for an embedded message), ``bids`` of all that it needs."""

    nid: int
    name: str
    sha256: str
    bids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An item as it was: its node, its properties by id, and every block that held it.

    ``context`` are the blocks of its property context, without which nothing else of it can be told.
    """

    nid: int
    bid_data: int
    bid_sub: int
    parent: int
    properties: Mapping[int, Encoded]
    attachments: tuple[AttachmentAt, ...]
    blocks: tuple[BlockAt, ...]
    context: tuple[int, ...]
    row: bytes = b""

    def text(self, tag: int) -> str:
        """A text property; the subject without the mark of its prefix."""
        raw = self.properties[tag >> 16].raw if tag >> 16 in self.properties else b""
        text = raw.decode("utf-16-le")
        return text[2:] if text[:1] == "\x01" else text

    @property
    def subject(self) -> str:
        return self.text(_SUBJECT)

    @property
    def body(self) -> str:
        return self.text(_BODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that was done to one item. ``commit`` is the number of the commit in which it came to stand."""

    deed: Deed
    before: Version
    folder: int
    commit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a recovery can find of one changed item in the store as it is now.

    ``standing`` and ``overwritten`` are the blocks of the former version that no live node uses, ``shared`` the ids of
    those that one uses. ``context_stands`` if its property context can be read. ``leaves`` are the stale NBT leaf pages
    that still stand and name just this version in its former folder, ``block_leaves`` those of the BBT that name one
    of its blocks. ``row_left`` if its row is in the live table beyond the index, ``row_in_freed_table`` if a former
    version of the table, in a freed block that stands, holds it. What was moved and then deleted has a truth for each.
    """

    deed: Deed
    tier: Tier
    before: Version
    former_parent: int
    standing: tuple[BlockAt, ...]
    overwritten: tuple[BlockAt, ...]
    shared: tuple[int, ...]
    leaves: tuple[StalePage, ...]
    block_leaves: tuple[StalePage, ...]
    context_stands: bool
    row_left: bool
    row_in_freed_table: bool

    @property
    def whole(self) -> bool:
        """Every block stands, so all of the item can be read."""
        return not self.overwritten


@dataclass(slots=True)
class Mutator:
    """Changes a store; each verb ends with a commit, after which the bytes are a store that opens."""

    data: bytes
    image: Image = field(init=False)
    changes: list[Change] = field(init=False, default_factory=list)
    _tables: dict[int, Table] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.image = Image(self.data)

    def bytes(self) -> bytes:
        """The store as it stands."""
        return bytes(self.image.data)

    # Looking.

    def folders(self) -> dict[str, int]:
        """Node ids of the folders by their names."""
        image = self.image
        return {
            self._text(nid, 0x3001): nid
            for nid in image.nids()
            if nid & 0x1F == Nid.NORMAL_FOLDER and nid != NID_ROOT_FOLDER
        }

    def messages(self, folder: int) -> list[int]:
        """Node ids of the messages that a folder's contents table lists."""
        return sorted(self._table(folder).order)

    def version(self, nid: int) -> Version:
        """A message as it is now."""
        image = self.image
        data, sub, parent = image.node(nid)
        table = self._tables.get(parent) or self._table(parent)
        node = Node(image, data, sub)
        return Version(
            nid=nid,
            bid_data=data,
            bid_sub=sub,
            parent=parent,
            properties=read_properties(node),
            attachments=tuple(_attachment(image, one) for one in node.subnodes.values() if one.nid & 0x1F == 5),
            blocks=tuple(image.block_at(bid) for bid in image.below(data, sub)),
            context=tuple(image.below(data)),
            row=table.row(nid) if nid in table.order else b"",
        )

    def _text(self, nid: int, prop_id: int) -> str:
        data, sub, _ = self.image.node(nid)
        return read_properties(Node(self.image, data, sub))[prop_id].raw.decode("utf-16-le")

    def _table(self, folder: int) -> Table:
        data, sub, _ = self.image.node(_contents(folder))
        return Table(Node(self.image, data, sub))

    # Doing.

    def move(self, nids: Iterable[int], folder: int = NID_DELETED_ITEMS) -> None:
        """Move messages to another folder, by default to Deleted Items: rows change tables, the node keeps its id."""
        for nid in self._begin("moved", nids):
            source = self.image.node(nid)[2]
            table = self._table(source)
            cells = table.cells(table.row(nid))
            table.remove(nid, rows="compacted", cells="freed")
            self._save(source, table)
            other = self._table(folder)
            other.add(nid, cells)
            self._save(folder, other)
            data, sub, _ = self.image.node(nid)
            self.image.set_node(nid, data, sub, folder)
            self._recount(source, folder)
        self.image.commit()

    def hard_delete(self, nids: Iterable[int], *, rows: Rows = "compacted", cells: Cells = "freed") -> None:
        """Delete messages past the bin: node and row go, blocks are freed, pages are copied on write."""
        for parent, group in self._by_parent(self._begin("hard_deleted", nids)).items():
            table = self._table(parent)
            for nid in group:
                table.remove(nid, rows=rows, cells=cells)
                data, sub, _ = self.image.node(nid)
                self.image.nbt.remove(nid)
                self.image.release(data)
                self.image.release(sub)
            self._save(parent, table)
            self._recount(parent)
        self.image.commit()

    def orphan(self, nids: Iterable[int], *, parent: int | None = None) -> None:
        """Take messages out of their contents table and leave their nodes, under another ``parent`` if one is given."""
        for folder, group in self._by_parent(self._begin("orphaned", nids)).items():
            table = self._table(folder)
            for nid in group:
                table.remove(nid, rows="compacted", cells="freed")
                data, sub, old = self.image.node(nid)
                self.image.set_node(nid, data, sub, old if parent is None else parent)
            self._save(folder, table)
            self._recount(folder)
        self.image.commit()

    def edit(
        self, nid: int, *, subject: str | None = None, body: str | None = None, modified: int | None = None
    ) -> None:
        """Change a message: its property context is written anew, the old blocks are freed, its row is changed."""
        self._begin("edited", [nid])
        image = self.image
        data, sub, parent = image.node(nid)
        node = Node(image, data, sub)
        given = {
            _SUBJECT: None if subject is None else encode(0x1F, stored_subject(subject)),
            _BODY: None if body is None else encode(0x1F, body),
            _MODIFIED: None if modified is None else encode(0x40, modified),
        }
        changed = {tag: value for tag, value in given.items() if value is not None}
        properties = read_properties(node) | {tag >> 16: value for tag, value in changed.items()}
        image.set_node(nid, *rewrite_properties(node, properties), parent)
        table = self._table(parent)
        table.change(nid, {tag: value.raw for tag, value in changed.items()})
        self._save(parent, table)
        image.commit()

    def add(self, items: Iterable[PstItem], folder: int, *, reuse: bool = False) -> list[int]:
        """Put new messages into a folder; with ``reuse`` into freed room first, as Outlook does."""
        image = self.image
        image.reuse = reuse
        writer = ItemWriter(blocks=image, names=Names(), seed=b"mutator", new_nid=self._new_nid)
        table, made = self._table(folder), []
        for item in items:
            nid = self._new_nid()
            written = writer.write(item, f"{nid:x}")
            image.set_node(nid, written.bid_data, written.bid_sub, folder)
            table.add(nid, {tag: value.raw for tag, value in written.cells.items()})
            made.append(nid)
        self._save(folder, table)
        self._recount(folder)
        image.commit()
        image.reuse = False
        return made

    def _new_nid(self) -> int:
        self.image.rgnid[Nid.NORMAL_MESSAGE] += 1
        return (self.image.rgnid[Nid.NORMAL_MESSAGE] - 1) << 5 | Nid.NORMAL_MESSAGE

    # Overwriting what was freed.

    def overwrite_blocks(self, nids: Iterable[int] | None = None, *, every: int = 1, fill: bytes = b"\xa5") -> int:
        """Fill each ``every``-th freed block of changed items (all, or those of ``nids``); returns how many."""
        wanted = None if nids is None else set(nids)
        versions = [one.before for one in self.changes if wanted is None or one.before.nid in wanted]
        blocks = [block for version in versions for block in version.blocks if self._is_free(block)]
        return self._fill(blocks[::every], fill)

    def overwrite_pages(self, *, every: int = 1, fill: bytes = b"\xa5") -> int:
        """Fill stale B-tree pages, each ``every``-th of them; returns how many."""
        pages = [one for one in self.image.stale if self._is_free(one)]
        return self._fill(pages[::every], fill)

    def overwrite_tables(self, *, fill: bytes = b"\xa5") -> int:
        """Fill the freed blocks that belonged to no message: former tables and folders, with the rows they held."""
        held = {block.bid for change in self.changes for block in change.before.blocks}
        return self._fill([one for one in self.image.freed if one.bid not in held and self._is_free(one)], fill)

    def _is_free(self, one: BlockAt | StalePage) -> bool:
        at = (one.ib - 0x4400) // 64
        return b"1" not in self.image.bits[at : at + len(one.raw) // 64]

    def _fill(self, things: Iterable[BlockAt | StalePage], fill: bytes) -> int:
        count = 0
        for one in things:
            self.image.data[one.ib : one.ib + len(one.raw)] = (fill * len(one.raw))[: len(one.raw)]
            count += 1
        return count

    # Ground truth.

    def truth(self) -> list[Truth]:
        """Of every change, what still stands of the item as it was before."""
        used = self._used_blocks()
        live_rows = {folder: self._table(folder) for folder in {change.folder for change in self.changes}}
        pages = {kind: self._standing_pages(kind) for kind in (0x80, 0x81)}
        rows = self._freed_tables()
        return [self._truth(change, used, live_rows[change.folder], pages, rows) for change in self.changes]

    def _truth(
        self, change: Change, used: set[int], table: Table, pages: dict[int, list[StalePage]], rows: list[Raw]
    ) -> Truth:
        before = change.before
        shared = tuple(block.bid for block in before.blocks if block.bid in used)
        loose = [block for block in before.blocks if block.bid not in used]
        stands = list(still(self.image.data, loose))
        entry = struct.pack("<QQQI", before.nid, before.bid_data, before.bid_sub, before.parent)
        leaves = tuple(page for page in pages[0x81] if entry in page.raw[:480])
        bids = {block.bid for block in before.blocks}
        block_leaves = tuple(page for page in pages[0x80] if not bids.isdisjoint(_keys(page)))
        unlisted = set(range(len(table.slots))) - set(table.order.values())
        row_left = bool(before.row) and any(table.slots[number] == before.row for number in unlisted)
        standing = tuple(block for block, stand in zip(loose, stands, strict=True) if stand)
        readable = {block.bid for block in standing} | set(shared)
        context_stands = readable.issuperset(before.context)
        tier = self._tier(change, context_stands, bool(leaves), bool(standing), row_left)
        return Truth(
            deed=change.deed,
            tier=tier,
            before=before,
            former_parent=change.folder,
            standing=standing,
            overwritten=tuple(block for block, stand in zip(loose, stands, strict=True) if not stand),
            shared=shared,
            leaves=leaves,
            block_leaves=block_leaves,
            context_stands=context_stands,
            row_left=row_left,
            row_in_freed_table=bool(before.row) and any(before.row in raw for raw in rows),
        )

    def _freed_tables(self) -> list[Raw]:
        """What stands in freed blocks that belonged to no message."""
        held = {block.bid for change in self.changes for block in change.before.blocks}
        loose = [one for one in self.image.freed if one.bid not in held]
        standing = (one for one, stands in zip(loose, still(self.image.data, loose), strict=True) if stands)
        decode = bytes(range(256)) if self.image.crypt is Crypt.NONE else DECODE
        return [one.raw.translate(decode) for one in standing]

    def _tier(self, change: Change, data: bool, leaf: bool, any_block: bool, row_left: bool) -> Tier:
        alive = self.image.nbt.get(change.before.nid) is not None
        if change.deed == "moved" and alive:
            return "SOFT_DELETED"
        if change.deed == "orphaned" and alive:
            return "ORPHANED"
        if leaf and data:
            return "STALE"
        if any_block:
            return "REMNANT"
        return "ROW" if row_left else "GONE"

    def _standing_pages(self, kind: int) -> list[StalePage]:
        leaves = [page for page in self.image.stale if page.kind == kind and page.level == 0]
        return [page for page, stands in zip(leaves, still(self.image.data, leaves), strict=True) if stands]

    def _used_blocks(self) -> set[int]:
        return {struct.unpack_from("<Q", row)[0] for row in self.image.bbt.rows()}

    # Small change.

    def _begin(self, deed: Deed, nids: Iterable[int]) -> list[int]:
        chosen = list(nids)
        # Read once for all of them: a table of many rows takes its time.
        self._tables = {parent: self._table(parent) for parent in {self.image.node(nid)[2] for nid in chosen}}
        for nid in chosen:
            before = self.version(nid)
            commit = self.image.commits + 1
            self.changes.append(Change(deed=deed, before=before, folder=before.parent, commit=commit))
        self._tables = {}
        return chosen

    def _by_parent(self, nids: Iterable[int]) -> dict[int, list[int]]:
        groups: dict[int, list[int]] = {}
        for nid in nids:
            groups.setdefault(self.image.node(nid)[2], []).append(nid)
        return groups

    def _save(self, folder: int, table: Table) -> None:
        self.image.set_node(_contents(folder), *table.save(), 0)

    def _recount(self, *folders: int) -> None:
        """Put the numbers of items into the folder's properties and into its row in the parent's hierarchy table."""
        image = self.image
        for folder in folders:
            table = self._table(folder)
            flags = [table.cells(table.row(nid))[_FLAGS << 16 | 3] for nid in table.order]
            counts = {_COUNT: len(flags), _UNREAD: sum(not raw[0] & 1 for raw in flags)}
            new = {prop_id: Encoded(3, struct.pack("<I", count)) for prop_id, count in counts.items()}
            data, sub, parent = image.node(folder)
            node = Node(image, data, sub)
            image.set_node(folder, *rewrite_properties(node, read_properties(node) | new), parent)
            hierarchy = parent - Nid.NORMAL_FOLDER + Nid.HIERARCHY_TABLE
            data, sub, _ = image.node(hierarchy)
            rows = Table(Node(image, data, sub))
            rows.change(folder, {prop_id << 16 | 3: value.raw for prop_id, value in new.items()})
            image.set_node(hierarchy, *rows.save(), 0)


def _contents(folder: int) -> int:
    return folder - Nid.NORMAL_FOLDER + Nid.CONTENTS_TABLE


@cache
def _keys(page: StalePage) -> frozenset[int]:
    count, _, size, _ = page.raw[488:492]
    return frozenset(struct.unpack_from("<Q", page.raw, at)[0] for at in range(0, count * size, size))


def _attachment(image: Image, one: Subnode) -> AttachmentAt:
    properties = read_properties(Node(image, one.bid_data, one.bid_sub))
    name = next((properties[prop_id].raw for prop_id in (0x3707, 0x3001) if prop_id in properties), b"")
    data = properties.get(0x3701)
    digest = hashlib.sha256(data.raw).hexdigest() if data is not None and data.ptype == 0x0102 else ""
    bids = tuple(image.below(one.bid_data, one.bid_sub))
    return AttachmentAt(nid=one.nid, name=name.decode("utf-16-le"), sha256=digest, bids=bids)
