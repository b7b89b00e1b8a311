"""A whole store: header, mandatory nodes, folders, and both B-trees: [MS-PST] 2.2.2.6, 2.4.2 to 2.4.4 and 2.7."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from forensics.formats.mapi.tags import (
    PTYP_BINARY,
    PTYP_BOOLEAN,
    PTYP_INTEGER32,
    PTYP_STRING,
)
from forensics.formats.pst.writer import layout, tables
from forensics.formats.pst.writer.blocks import FileBlocks, Subnodes
from forensics.formats.pst.writer.btree import Bref, write_btree
from forensics.formats.pst.writer.contexts import Layout, Table, write_properties
from forensics.formats.pst.writer.layout import FIRST_INDEX, Nid, Page, crc, nid
from forensics.formats.pst.writer.messages import ItemWriter
from forensics.formats.pst.writer.model import PstFolder, PstItem, PstStore, Written
from forensics.formats.pst.writer.names import Names
from forensics.formats.pst.writer.space import Space
from forensics.formats.pst.writer.values import Encoded, encode

_FIRST_FOLDER: Final = 0x404
"""Index of the first folder beside those that every store has."""
_VALID_FOLDERS: Final = 0x89
"""PR_VALID_FOLDER_MASK: subtree, wastebasket and finder."""


def write_pst(out: BinaryIO, store: PstStore) -> Written:
    """Write a Unicode store into an empty seekable stream; the same input gives the same bytes."""
    return _Writer(out, store).write()


def header(
    *,
    bids: tuple[int, int],
    rgnid: Mapping[int, int],
    space: tuple[int, int, int],
    trees: tuple[Bref, Bref],
    crypt: int,
) -> bytes:
    """HEADER of a Unicode store, 2.2.2.6, and its ROOT, 2.2.2.5.

    offset  size  field
    0       4     dwMagic "!BDN"
    4       4     dwCRCPartial: of the 471 bytes from offset 8
    8       16    wMagicClient "SM", wVer 23, wVerClient 19, platform 1 1, two reserved
    24      16    bidUnused, bidNextP
    40      4     dwUnique
    44      128   rgnid[32]: next index for each type of node id
    172     8     qwUnused
    180     72    ROOT: dwReserved, ibFileEof, ibAMapLast, cbAMapFree, cbPMapFree, BREFNBT, BREFBBT, fAMapValid 2
    252     4     dwAlign
    256     256   rgbFM, rgbFP: no longer used, all ones
    512     4     bSentinel 0x80, bCryptMethod, rgbReserved
    516     8     bidNextB
    524     4     dwCRCFull: of the 516 bytes from offset 8
    528     36    reserved
    """
    bid_next_p, bid_next_b = bids
    indices = [rgnid.get(kind, 0x400) for kind in range(32)]
    root = struct.pack("<IQQQQ4QBBH", 0, *space, 0, *trees[0], *trees[1], 2, 0, 0)
    front = (
        b"SM" + struct.pack("<HHBBIIQQI32IQ", 23, 19, 1, 1, 0, 0, 0, bid_next_p, bid_next_b // 4, *indices, 0) + root
    )
    body = front + bytes(4) + b"\xff" * 256 + struct.pack("<BBHQ", 0x80, crypt, 0, bid_next_b)
    return (b"!BDN" + struct.pack("<I", crc(body[:471])) + body + struct.pack("<I", crc(body))).ljust(564, b"\0")


def node_entry(node: int, bid_data: int, bid_sub: int, parent: int) -> bytes:
    """NBTENTRY, 2.2.2.7.7.4: nid, bidData, bidSub, nidParent, padding."""
    return struct.pack("<QQQII", node, bid_data, bid_sub, parent, 0)


@dataclass(slots=True)
class _Counts:
    folders: int = 0
    items: int = 0


@dataclass(slots=True)
class _Writer:
    out: BinaryIO
    store: PstStore
    space: Space = field(init=False)
    blocks: FileBlocks = field(init=False)
    items: ItemWriter = field(init=False)
    key: bytes = field(init=False)
    nodes: dict[int, tuple[int, int, int]] = field(init=False, default_factory=dict)
    templates: dict[int, int] = field(init=False, default_factory=dict)
    indices: dict[Nid, int] = field(init=False)
    counts: _Counts = field(init=False, default_factory=_Counts)
    next_page_bid: int = 1

    def __post_init__(self) -> None:
        self.space = Space(self.out)
        self.blocks = FileBlocks(self.space, self.store.crypt)
        self.key = self.store.record_key or hashlib.sha256(self.store.name.encode("utf-8")).digest()[:16]
        self.items = ItemWriter(
            blocks=self.blocks, names=Names(), seed=self.key, new_nid=lambda: self._new(Nid.NORMAL_MESSAGE)
        )
        self.indices = {Nid.NORMAL_FOLDER: _FIRST_FOLDER, Nid.NORMAL_MESSAGE: 0x10001, Nid.ASSOC_MESSAGE: 0x8000}

    def write(self) -> Written:
        self._templates()
        top = PstFolder(name=self.store.top_name, container_class="", children=self.store.folders)
        finder = PstFolder(name="Search Root", container_class="")
        rows = {
            layout.NID_IPM_SUBTREE: self._folder(layout.NID_IPM_SUBTREE, layout.NID_ROOT_FOLDER, top),
            layout.NID_SEARCH_ROOT: self._folder(layout.NID_SEARCH_ROOT, layout.NID_ROOT_FOLDER, finder),
            layout.NID_SPAM_SEARCH_FOLDER: self._spam_search_folder(),
        }
        self._root_folder(rows)
        self._internal_nodes()
        self._message_store()
        self._properties(layout.NID_NAME_TO_ID_MAP, self.items.names.properties())
        return self._finish()

    # The store's own nodes.

    def _templates(self) -> None:
        every = {
            layout.NID_HIERARCHY_TABLE_TEMPLATE: tables.HIERARCHY,
            layout.NID_CONTENTS_TABLE_TEMPLATE: tables.CONTENTS,
            layout.NID_ASSOC_CONTENTS_TABLE_TEMPLATE: tables.ASSOC_CONTENTS,
            layout.NID_SEARCH_CONTENTS_TABLE_TEMPLATE: tables.SEARCH_CONTENTS,
            layout.NID_OUTGOING_QUEUE_TABLE: tables.OUTGOING_QUEUE,
            layout.NID_ATTACHMENT_TABLE: tables.ATTACHMENTS,
            layout.NID_RECIPIENT_TABLE: tables.RECIPIENTS,
            **tables.REPLICATION,
        }
        for node, columns in every.items():
            self.templates[id(columns)] = self._table(node, Table(Subnodes(self.blocks), columns))

    def _table(self, node: int, table: Table) -> int:
        """Write a table of which no value lies in a subnode."""
        bid = table.write()
        self.nodes[node] = (bid, 0, 0)
        return bid

    def _empty(self, node: int, columns: Layout) -> None:
        """An empty table uses the template's block, as in the stores that Outlook makes."""
        bid = self.templates[id(columns)]
        self.blocks.share(bid)
        self.nodes[node] = (bid, 0, 0)

    def _properties(self, node: int, properties: Mapping[int, Encoded], parent: int = 0) -> None:
        subnodes = Subnodes(self.blocks)
        bid_data = write_properties(subnodes, properties)
        self.nodes[node] = (bid_data, subnodes.write(), parent)

    def _message_store(self) -> None:
        """The message store object, 2.4.3."""
        entry_ids = {0x35E0: layout.NID_IPM_SUBTREE, 0x35E3: layout.NID_DELETED_ITEMS, 0x35E7: layout.NID_SEARCH_ROOT}
        made = {prop: encode(PTYP_BINARY, self.entry_id(node)) for prop, node in entry_ids.items()}
        made |= {
            0x0FF9: encode(PTYP_BINARY, self.key),
            0x0E34: encode(PTYP_BINARY, b"\1\0\0\0" + self.key + b"\1\0\0\0"),
            0x0E38: encode(PTYP_INTEGER32, 0),
            0x3001: encode(PTYP_STRING, self.store.name),
            0x35DF: encode(PTYP_INTEGER32, _VALID_FOLDERS),
            0x6633: encode(PTYP_BOOLEAN, True),
            0x66FA: encode(PTYP_INTEGER32, 0x000E0011),
            0x67FF: encode(PTYP_INTEGER32, 0),
        }
        self._properties(layout.NID_MESSAGE_STORE, made)

    def entry_id(self, node: int) -> bytes:
        """EntryID of a node of this store, 2.4.3.2: rgbFlags, uid, nid."""
        return bytes(4) + self.key + node.to_bytes(4, "little")

    def _internal_nodes(self) -> None:
        for node in (layout.NID_SEARCH_MANAGEMENT_QUEUE, layout.NID_SEARCH_DOMAIN_OBJECT):
            self.nodes[node] = (0, 0, 0)
        active = layout.NID_SPAM_SEARCH_FOLDER.to_bytes(4, "little")
        self.nodes[layout.NID_SEARCH_ACTIVITY_LIST] = (self.blocks.store(active, internal=False), 0, 0)
        table = Table(Subnodes(self.blocks), tables.RECEIVE_FOLDER)
        row = {0x001A001F: encode(PTYP_STRING, ""), 0x66050003: encode(PTYP_INTEGER32, layout.NID_ROOT_FOLDER)}
        table.add(1, row)
        self._table(layout.NID_RECEIVE_FOLDER_TABLE, table)

    # Folders.

    def _root_folder(self, rows: Mapping[int, dict[int, Encoded]]) -> None:
        node = layout.NID_ROOT_FOLDER
        self._hierarchy(node, rows)
        self._empty(node - Nid.NORMAL_FOLDER | Nid.CONTENTS_TABLE, tables.CONTENTS)
        self._empty(node - Nid.NORMAL_FOLDER | Nid.ASSOC_CONTENTS_TABLE, tables.ASSOC_CONTENTS)
        made = _folder_properties(PstFolder(name="", container_class=""), 0, 0, has_children=True)
        self._properties(node, made, node)

    def _spam_search_folder(self) -> dict[int, Encoded]:
        """The search folder that 2.7.1 demands: properties, update queue, criteria and an empty contents table."""
        node = layout.NID_SPAM_SEARCH_FOLDER
        made = _folder_properties(PstFolder(name="SPAM Search Folder 2", container_class=""), 0, 0, has_children=False)
        self._properties(node, made, layout.NID_ROOT_FOLDER)
        base = node - Nid.SEARCH_FOLDER
        self.nodes[base | Nid.SEARCH_UPDATE_QUEUE] = (0, 0, 0)
        self._properties(base | Nid.SEARCH_CRITERIA, {0x660B: encode(PTYP_INTEGER32, 0)})
        self._empty(base | Nid.SEARCH_CONTENTS_TABLE, tables.SEARCH_CONTENTS)
        return made

    def _folder(self, node: int, parent: int, folder: PstFolder) -> dict[int, Encoded]:
        """Write a folder with all below it; returns its property context, from which the parent takes its row."""
        base = node - Nid.NORMAL_FOLDER
        if node > layout.NID_SEARCH_ROOT:
            self.counts.folders += 1
        count, unread = self._contents(node, base | Nid.CONTENTS_TABLE, folder)
        self._associated(node, base | Nid.ASSOC_CONTENTS_TABLE, folder)
        rows = {}
        if node == layout.NID_IPM_SUBTREE:
            rows[layout.NID_DELETED_ITEMS] = self._folder(layout.NID_DELETED_ITEMS, node, self.store.deleted_items)
        for child in folder.children:
            at = self._new(Nid.NORMAL_FOLDER)
            rows[at] = self._folder(at, node, child)
        self._hierarchy(node, rows)
        made = _folder_properties(folder, count, unread, has_children=bool(rows))
        made |= self.items.encoded(folder.properties)
        self._properties(node, made, parent)
        return made

    def _contents(self, parent: int, node: int, folder: PstFolder) -> tuple[int, int]:
        table = Table(subnodes := Subnodes(self.blocks), tables.CONTENTS)
        unread = 0
        for item in folder.items:
            unread += not self._item(Nid.NORMAL_MESSAGE, parent, table, item)
        self.counts.items += len(table)
        self._finish_table(node, table, subnodes, tables.CONTENTS)
        return len(table), unread

    def _associated(self, parent: int, node: int, folder: PstFolder) -> None:
        table = Table(subnodes := Subnodes(self.blocks), tables.ASSOC_CONTENTS)
        for item in folder.associated:
            self._item(Nid.ASSOC_MESSAGE, parent, table, item)
        self._finish_table(node, table, subnodes, tables.ASSOC_CONTENTS)

    def _item(self, kind: Nid, parent: int, table: Table, item: PstItem) -> bool:
        at = self._new(kind)
        written = self.items.write(item, f"{at:x}")
        self.nodes[at] = (written.bid_data, written.bid_sub, parent)
        table.add(at, written.cells)
        return written.read

    def _hierarchy(self, folder: int, rows: Mapping[int, dict[int, Encoded]]) -> None:
        table = Table(subnodes := Subnodes(self.blocks), tables.HIERARCHY)
        for node, properties in rows.items():
            table.add(node, {prop_id << 16 | value.ptype: value for prop_id, value in properties.items()})
        node = folder - Nid.NORMAL_FOLDER | Nid.HIERARCHY_TABLE
        self._finish_table(node, table, subnodes, tables.HIERARCHY)

    def _finish_table(self, node: int, table: Table, subnodes: Subnodes, columns: Layout) -> None:
        if not len(table):
            self._empty(node, columns)
            return
        bid_data = table.write()
        self.nodes[node] = (bid_data, subnodes.write(), 0)

    def _new(self, kind: Nid) -> int:
        index = self.indices[kind]
        self.indices[kind] = index + 1
        return nid(kind, index)

    # The end: B-trees, maps, header.

    def _next_page(self) -> int:
        self.next_page_bid += 1
        return self.next_page_bid - 1

    def _finish(self) -> Written:
        nodes = ((node, node_entry(node, *self.nodes[node])) for node in sorted(self.nodes))
        nbt = write_btree(self.space, Page.NBT, nodes, 32, self._next_page)
        bbt = write_btree(self.space, Page.BBT, self.blocks.entries(), 24, self._next_page)
        self.space.finish(self._next_page())
        space = (self.space.end, self.space.last_amap, self.space.free_bytes)
        bids = (self.next_page_bid, self.blocks.next_bid)
        rgnid = {int(kind): index for kind, index in (FIRST_INDEX | self.indices).items()}
        for kind in (Nid.HIERARCHY_TABLE, Nid.CONTENTS_TABLE, Nid.ASSOC_CONTENTS_TABLE):
            rgnid[kind] = self.indices[Nid.NORMAL_FOLDER]
        self.space.write(0, header(bids=bids, rgnid=rgnid, space=space, trees=(nbt, bbt), crypt=self.store.crypt))
        made = self.counts
        blocks = self.blocks.next_bid // 4 - 1
        return Written(size=space[0], folders=made.folders, items=made.items, blocks=blocks, nodes=len(self.nodes))


def _folder_properties(folder: PstFolder, count: int, unread: int, *, has_children: bool) -> dict[int, Encoded]:
    """The property context of a folder, 2.4.4.1.1; its parent's hierarchy table repeats it."""
    made = {
        0x3001: encode(PTYP_STRING, folder.name),
        0x3602: encode(PTYP_INTEGER32, count),
        0x3603: encode(PTYP_INTEGER32, unread),
        0x360A: encode(PTYP_BOOLEAN, has_children),
    }
    if folder.container_class:
        made[0x3613] = encode(PTYP_STRING, folder.container_class)
    if folder.comment:
        made[0x3004] = encode(PTYP_STRING, folder.comment)
    return made
