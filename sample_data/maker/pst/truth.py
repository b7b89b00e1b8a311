"""What still stands in a changed store of an item as it was before: the ground truth of the recovery tests.

Written from [MS-PST] (2.2.2, 2.4.4) alone, without the reader.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from forensics.formats.pst.writer.blocks import Subnode
from forensics.formats.pst.writer.layout import DECODE, Crypt, Nid
from forensics.formats.pst.writer.values import Encoded
from sample_data.maker.pst.contexts import Node, Table, read_properties
from sample_data.maker.pst.image import Image, still
from sample_data.maker.pst.trees import BlockAt, StalePage

Tier = Literal["SOFT_DELETED", "ORPHANED", "STALE", "REMNANT", "ROW", "GONE"]
Deed = Literal["moved", "hard_deleted", "orphaned", "edited"]

_SUBJECT, _BODY = 0x0037001F, 0x1000001F


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


def version_of(image: Image, nid: int, table: Table | None = None) -> Version:
    """A message as it is now; ``table`` is the contents table of its folder, where it was read already."""
    data, sub, parent = image.node(nid)
    listed = table or table_of(image, parent)
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
        row=listed.row(nid) if nid in listed.order else b"",
    )


def contents(folder: int) -> int:
    """The node of a folder's contents table."""
    return folder - Nid.NORMAL_FOLDER + Nid.CONTENTS_TABLE


def table_of(image: Image, folder: int) -> Table:
    """A folder's contents table as it is now."""
    data, sub, _ = image.node(contents(folder))
    return Table(Node(image, data, sub))


class Teller:
    """Tells of every change of a store what is still there."""

    def __init__(self, image: Image, changes: Sequence[Change]) -> None:
        self._image = image
        self._changes = changes
        self._used = {struct.unpack_from("<Q", row)[0] for row in image.bbt.rows()}
        self._pages = {kind: self._standing_pages(kind) for kind in (0x80, 0x81)}
        self._rows = self._freed_tables()
        self._tables: dict[int, Table | None] = {}

    def truth(self) -> list[Truth]:
        """Of every change, what still stands of the item as it was before."""
        return [self._truth(change) for change in self._changes]

    def _truth(self, change: Change) -> Truth:
        before = change.before
        shared = tuple(block.bid for block in before.blocks if block.bid in self._used)
        loose = [block for block in before.blocks if block.bid not in self._used]
        stands = list(still(self._image.data, loose))
        entry = struct.pack("<QQQI", before.nid, before.bid_data, before.bid_sub, before.parent)
        leaves = tuple(page for page in self._pages[0x81] if entry in page.raw[:480])
        bids = {block.bid for block in before.blocks}
        block_leaves = tuple(page for page in self._pages[0x80] if not bids.isdisjoint(_keys(page)))
        standing = tuple(block for block, stand in zip(loose, stands, strict=True) if stand)
        readable = {block.bid for block in standing} | set(shared)
        context_stands = readable.issuperset(before.context)
        row_left = bool(before.row) and before.row in self._beyond(change.folder)
        return Truth(
            deed=change.deed,
            tier=self._tier(change, context_stands, bool(leaves), bool(standing), row_left),
            before=before,
            former_parent=change.folder,
            standing=standing,
            overwritten=tuple(block for block, stand in zip(loose, stands, strict=True) if not stand),
            shared=shared,
            leaves=leaves,
            block_leaves=block_leaves,
            context_stands=context_stands,
            row_left=row_left,
            row_in_freed_table=bool(before.row) and any(before.row in raw for raw in self._rows),
        )

    def _beyond(self, folder: int) -> list[bytes]:
        """The rows of a folder's live table that its index does not name; none where the folder itself is gone."""
        if folder not in self._tables:
            alive = self._image.nbt.get(contents(folder)) is not None
            self._tables[folder] = table_of(self._image, folder) if alive else None
        table = self._tables[folder]
        if table is None:
            return []
        counted = set(table.order.values())
        return [row for number, row in enumerate(table.slots) if number not in counted]

    def _freed_tables(self) -> list[bytes]:
        """What stands in freed blocks that belonged to no message."""
        held = {block.bid for change in self._changes for block in change.before.blocks}
        loose = [one for one in self._image.freed if one.bid not in held]
        standing = (one for one, stands in zip(loose, still(self._image.data, loose), strict=True) if stands)
        decode = bytes(range(256)) if self._image.crypt is Crypt.NONE else DECODE
        return [one.raw.translate(decode) for one in standing]

    def _tier(self, change: Change, data: bool, leaf: bool, any_block: bool, row_left: bool) -> Tier:
        alive = self._image.nbt.get(change.before.nid) is not None
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
        leaves = [page for page in self._image.stale if page.kind == kind and page.level == 0]
        return [page for page, stands in zip(leaves, still(self._image.data, leaves), strict=True) if stands]


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
