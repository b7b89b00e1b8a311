"""Forges small stores with valid check values: what a hostile or a real store can say, without Outlook ([MS-PST])."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from forensics.formats.mapi import tags
from forensics.formats.pst.ndb import encryption
from forensics.formats.pst.ndb.checksums import crc, signature
from forensics.formats.pst.ndb.layout import PTYPE_BBT, PTYPE_NBT, UNICODE, Layout, Width
from forensics.formats.pst.ndb.subnodes import Node

ROOT, STORE, NAMES = 0x122, 0x21, 0x61
WIDE = tags.PTYP_STRING
_ENTRIES = 8
"""Entries a page: few, so that small stores have trees of several levels."""


def heap(items: Sequence[bytes], client: int, root: int = 1) -> bytes:
    """A heap of one block; the first item is its root."""
    offsets = [12]
    for item in items:
        offsets.append(offsets[-1] + len(item))
    body = b"".join(items)
    header = struct.pack("<HBBII", 12 + len(body), 0xEC, client, root << 5, 0)
    return header + body + struct.pack(f"<HH{len(offsets)}H", len(items), 0, *offsets)


def context(values: dict[int, bytes | int], nids: dict[int, int] | None = None) -> bytes:
    """A property context: tag to value, a number for those that stand in the record itself."""
    items, records = [b"", b""], b""
    for tag, value in sorted({**values, **(nids or {})}.items()):
        held = value if isinstance(value, int) else 0
        if isinstance(value, bytes) and value:
            items.append(value)
            held = len(items) << 5
        records += struct.pack("<HHI", tag >> 16, tag & 0xFFFF, held)
    items[0] = struct.pack("<BBBBI", 0xB5, 2, 6, 0, 2 << 5 if records else 0)
    items[1] = records
    return heap(items, 0xBC)


def text(tag_id: int, value: str) -> dict[int, bytes]:
    return {tag_id << 16 | WIDE: value.encode("utf-16-le")}


def table(layout: Layout, rows: Sequence[tuple[int, str]], beyond: Sequence[tuple[int, str]] = ()) -> bytes:
    """A table with row id, row version, class and subject; ``beyond`` follow the counted rows."""
    columns = [(0x67F20003, 0, 4, 0), (0x67F30003, 4, 4, 1), (0x001A001F, 8, 4, 2), (0x0037001F, 12, 4, 3)]
    info = struct.pack("<BB4HIII", 0x7C, len(columns), 16, 16, 16, 17, 2 << 5, 4 << 5, 0)
    info += b"".join(struct.pack("<IHBB", *column) for column in columns)
    form = "<I" + layout.row_number.format[1:]
    index = b"".join(struct.pack(form, nid, number) for number, (nid, _) in enumerate(rows))
    header = struct.pack("<BBBBI", 0xB5, 4, layout.row_number.size, 0, 3 << 5 if rows else 0)
    items = [info, header, index, b"", "IPM.Note".encode("utf-16-le")]
    matrix = b""
    for nid, subject in (*rows, *beyond):
        items.append(subject.encode("utf-16-le"))
        matrix += struct.pack("<IIIIB", nid, 1, 5 << 5, len(items) << 5, 0xF0)
    items[3] = matrix
    return heap(items, 0x7C)


@dataclass
class Forge:
    """Gathers blocks and nodes and lays them out as a store."""

    layout: Layout = UNICODE
    crypt: int = encryption.PERMUTE
    blocks: dict[int, bytes] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    refused: set[int] = field(default_factory=set)
    """Blocks that stand in the file and that the block tree does not name."""
    stale: list[list[Node]] = field(default_factory=list)
    """Leaf pages of the node tree that the tree does not name."""
    deflate: bool = False

    def bid(self, *, internal: bool = False) -> int:
        return 4 * (len(self.blocks) + 1) + (2 if internal else 0)

    def block(self, data: bytes, *, internal: bool = False, bid: int | None = None) -> int:
        bid = self.bid(internal=internal) if bid is None else bid
        self.blocks[bid] = data
        return bid

    def xblock(self, bids: Sequence[int], total: int, level: int = 1) -> int:
        entries = b"".join(self.layout.id.pack(each) for each in bids)
        return self.block(struct.pack("<BBHI", 1, level, len(bids), total) + entries, internal=True)

    def slblock(self, entries: Iterable[tuple[int, int, int]]) -> int:
        rows = [self.layout.sub_leaf.pack(*entry) for entry in entries]
        head = struct.pack("<BBH", 2, 0, len(rows)).ljust(self.layout.sub_at, b"\0")
        return self.block(head + b"".join(rows), internal=True)

    def siblock(self, entries: Iterable[tuple[int, int]], bid: int | None = None) -> int:
        rows = [self.layout.sub_branch.pack(*entry) for entry in entries]
        head = struct.pack("<BBH", 2, 1, len(rows)).ljust(self.layout.sub_at, b"\0")
        return self.block(head + b"".join(rows), internal=True, bid=bid)

    def node(self, nid: int, data: int, sub: int = 0, parent: int = 0) -> int:
        self.nodes[nid] = Node(nid, data, sub, parent)
        return nid

    def frame(self) -> Forge:
        """The store, the map of names and the root folder, as every store has them."""
        self.node(STORE, self.block(context(text(tags.PR_DISPLAY_NAME, "forged"))))
        self.node(NAMES, self.block(context({})))
        self.node(ROOT, self.block(context(text(tags.PR_DISPLAY_NAME, "Root"))), parent=ROOT)
        return self

    def folder(self, nid: int, name: str, below: Sequence[int] = (), listed: Sequence[tuple[int, str]] = (),
               beyond: Sequence[tuple[int, str]] = (), parent: int = ROOT) -> int:  # fmt: skip
        if nid != ROOT:
            self.node(nid, self.block(context(text(tags.PR_DISPLAY_NAME, name))), parent=parent)
        self.node(nid & ~31 | 0x0D, self.block(table(self.layout, [(each, "") for each in below])))
        self.node(nid & ~31 | 0x0E, self.block(table(self.layout, listed, beyond)))
        self.node(nid & ~31 | 0x0F, self.block(table(self.layout, [])))
        return nid

    def message(self, nid: int, subject: str, body: str = "", parent: int = 0, sub: int = 0) -> int:
        values = text(tags.PR_MESSAGE_CLASS, "IPM.Note") | text(tags.PR_SUBJECT, subject) | text(tags.PR_BODY, body)
        return self.node(nid, self.block(context(values)), sub, parent)

    def build(self) -> bytes:
        """The bytes of the store."""
        layout = self.layout
        out = bytearray(layout.first_map + 4 * layout.page_size)
        inflated: dict[int, int] = {}
        stored: dict[int, int] = {}
        for bid, data in self.blocks.items():
            raw = data if bid & 2 else encryption.encode(data, self.crypt, bid)
            if self.deflate and layout.inflated_first:
                inflated[bid], raw = len(raw), zlib.compress(raw)
            self.places[bid], stored[bid] = len(out), len(raw)
            out += self._block(raw, bid, len(out), inflated.get(bid, 0))
        rows = []
        for bid in sorted(set(self.blocks) - self.refused):
            extra = (inflated.get(bid, stored[bid]),) if layout.inflated_first else ()
            rows.append((bid, layout.block.pack(bid, self.places[bid], stored[bid], *extra, 2)))
        out += bytes(-len(out) % layout.page_size)
        bbt = self._tree(out, PTYPE_BBT, rows)
        for page in self.stale:
            held = [(node.nid, layout.node.pack(*node)) for node in page]
            self._page(out, PTYPE_NBT, 0, held, len(layout.node.pack(0, 0, 0, 0)))
        nbt = self._tree(out, PTYPE_NBT, [(nid, layout.node.pack(*self.nodes[nid])) for nid in sorted(self.nodes)])
        self._header(out, nbt, bbt)
        return bytes(out)

    def _block(self, raw: bytes, bid: int, at: int, inflated: int) -> bytes:
        layout = self.layout
        taken = layout.stored_size(len(raw))
        two = (bid, crc(raw)) if layout.bid_first else (crc(raw), bid)
        rest = (0, inflated, 0) if layout.inflated_first else ()
        trailer = layout.block_trailer.pack(len(raw), signature(at, bid), *two, *rest)
        return raw.ljust(taken - len(trailer), b"\0") + trailer

    def _tree(self, out: bytearray, kind: int, rows: list[tuple[int, bytes]]) -> tuple[int, int]:
        level = 0
        width = len(rows[0][1])
        while True:
            above = []
            for start in range(0, len(rows), _ENTRIES):
                part = rows[start : start + _ENTRIES]
                bid, at = self._page(out, kind, level, part, width)
                above.append((part[0][0], self.layout.branch.pack(part[0][0], bid, at)))
                root = (bid, at)
            if len(above) == 1:
                return root
            rows, level, width = above, level + 1, self.layout.branch.size

    def _page(
        self, out: bytearray, kind: int, level: int, rows: list[tuple[int, bytes]], width: int
    ) -> tuple[int, int]:
        layout, at = self.layout, len(out)
        bid = at // layout.page_size * 4 + 1
        body = b"".join(row for _, row in rows).ljust(layout.counts_at, b"\0")
        body += layout.counts.pack(len(rows), layout.counts_at // width, width, level)
        body = body.ljust(layout.page_body, b"\0")
        two = (bid, crc(body)) if layout.bid_first else (crc(body), bid)
        out += body + layout.page_trailer.pack(kind, kind, signature(at, bid), *two)
        return bid, at

    def _header(self, out: bytearray, nbt: tuple[int, int], bbt: tuple[int, int]) -> None:
        ansi = self.layout.width is Width.ANSI
        version = {Width.ANSI: 14, Width.UNICODE: 23, Width.UNICODE_4K: 36}[self.layout.width]
        out[0:4], out[8:14] = b"!BDN", b"SM" + struct.pack("<HH", version, 19)
        form, eof_at, roots_at, sentinel = ("<I", 168, 184, 460) if ansi else ("<Q", 184, 216, 512)
        struct.pack_into(form, out, eof_at, len(out))
        struct.pack_into(form[0] + form[1] * 4, out, roots_at, *nbt, *bbt)
        out[sentinel], out[sentinel + 1] = 0x80, self.crypt
        if not ansi:
            struct.pack_into("<I", out, 524, crc(bytes(out[8:524])))
        struct.pack_into("<I", out, 4, crc(bytes(out[8:479])))


def small(layout: Layout = UNICODE, crypt: int = encryption.PERMUTE, messages: int = 20) -> Forge:
    """A store with one folder of messages."""
    forge = Forge(layout, crypt).frame()
    nids = [(0x200000 + 32 * index) | 4 for index in range(messages)]
    for index, nid in enumerate(nids):
        forge.message(nid, f"subject {index}", f"body {index}", parent=0x8022)
    forge.folder(ROOT, "Root", below=[0x8022])
    forge.folder(0x8022, "Inbox", listed=[(nid, f"subject {index}") for index, nid in enumerate(nids)])
    return forge
