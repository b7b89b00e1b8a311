"""Lays a writer-made Unicode store out anew in any family of stores: ANSI (wVer 14, 15), Unicode (23), 4 KiB (36).

Written from [MS-PST] 2.2.2 and 2.3.4.3, without the reader; of 5.2 only the table S is the reader's. What [MS-PST] does
not say of 4 KiB pages is as libpff documents it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from forensics.formats.pst.ndb.encryption import S
from forensics.formats.pst.writer.blocks import Blocks, Subnode
from forensics.formats.pst.writer.layout import DECODE, ENCODE, Page, crc, signature
from sample_data.maker.pst.contexts import Heap
from sample_data.maker.pst.image import Image

NONE, PERMUTE, CYCLIC = 0, 1, 2
_PC, _TC, _LTP = 0xBC, 0x7C, 0x1F
_STRING, _STRING8 = 0x1F, 0x1E


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How one family lays out pages, blocks and entries."""

    version: int
    wide: bool
    page: int = 512
    counts: str = "<BBBB"
    counts_at: int
    body: int
    slot: int = 64
    first_map: int = 0x4400
    deflated: bool = False

    @property
    def id(self) -> str:
        return "Q" if self.wide else "I"

    def page_trailer(self, kind: int, at: int, bid: int, body: bytes) -> bytes:
        sig = 0 if kind == Page.AMAP else signature(at, bid)
        if not self.wide:
            return struct.pack("<BBHII", kind, kind, sig, bid, crc(body))
        return struct.pack("<BBHIQ", kind, kind, sig, crc(body), bid).ljust(self.page - self.body, b"\0")

    def block_trailer(self, raw: bytes, at: int, bid: int, inflated: int = 0) -> bytes:
        sig = signature(at, bid)
        if not self.wide:
            return struct.pack("<HHII", len(raw), sig, bid, crc(raw))
        tail = struct.pack("<HHI", 0, inflated, 0) if self.deflated else b""
        return struct.pack("<HHIQ", len(raw), sig, crc(raw), bid) + tail

    def block_entry(self, bid: int, at: int, size: int, inflated: int) -> bytes:
        if not self.wide:
            return struct.pack("<IIHH", bid, at, size, 2)
        return (
            struct.pack("<QQHHH2x", bid, at, size, inflated, 2)
            if self.deflated
            else struct.pack("<QQHH4x", bid, at, size, 2)
        )

    def node_entry(self, nid: int, data: int, sub: int, parent: int) -> bytes:
        return struct.pack("<QQQI4x" if self.wide else "<IIII", nid, data, sub, parent)


ANSI14 = Family(version=14, wide=False, counts_at=496, body=500)
ANSI15 = Family(version=15, wide=False, counts_at=496, body=500)
UNICODE = Family(version=23, wide=True, counts_at=488, body=496)
PAGES_4K = Family(
    version=36, wide=True, page=4096, counts="<HHBB", counts_at=4056, body=4072, slot=512, first_map=0x22000,
    deflated=True,
)  # fmt: skip
FAMILIES = (ANSI14, ANSI15, UNICODE, PAGES_4K)


def relaid(data: bytes, family: Family, crypt: int) -> bytes:
    """The same store in another family and encoding; an ANSI store has its strings in code page 932."""
    image = Image(data)
    out = _Relaid(family)
    nodes = []
    for nid in image.nids():
        bid_data, bid_sub, parent = image.node(nid)
        nodes.append((nid, *out.copy(image, nid, bid_data, bid_sub), parent))
    return out.write(nodes, crypt)


class _Relaid(Blocks):
    """Gathers blocks, then writes the file: blocks, both trees, the maps, the header."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._payloads: list[tuple[int, bytes]] = []

    def store(self, payload: bytes, *, internal: bool) -> int:
        bid = (len(self._payloads) + 1) * 4 | (2 if internal else 0)
        self._payloads.append((bid, payload))
        return bid

    def tree(self, parts: Sequence[bytes]) -> int:  # type: ignore[override]
        bids = [self.store(part, internal=False) for part in parts]
        if len(bids) < 2:
            return bids[0] if bids else 0
        total = sum(map(len, parts))
        return self.store(
            struct.pack(f"<BBHI{len(bids)}{self._family.id}", 1, 1, len(bids), total, *bids), internal=True
        )

    def subnode_tree(self, entries: Sequence[Subnode]) -> int:
        if not entries:
            return 0
        values = [value for row in sorted(entries) for value in row]
        head = struct.pack("<BBHI" if self._family.wide else "<BBH", 2, 0, len(entries), *[0] * self._family.wide)
        return self.store(head + struct.pack(f"<{len(values)}{self._family.id}", *values), internal=True)

    def copy(self, image: Image, nid: int, bid_data: int, bid_sub: int) -> tuple[int, int]:
        """A node and all below it; returns the ids of its new blocks."""
        parts = [image.payload(bid) for bid in image.leaves(bid_data)]
        subs = image.subnodes(bid_sub)
        values: set[int] = set()
        if nid & 0x1F != _LTP and parts and len(parts[0]) > 12 and parts[0][2] == 0xEC and not self._family.wide:
            long = {each: [image.payload(bid) for bid in image.leaves(one.bid_data)] for each, one in subs.items()}
            heap = Heap(parts)
            values = _narrow_context(heap) if heap.signature == _PC else _narrow_table(heap, long)
            parts = heap.parts()
        made = []
        for one in subs.values():
            if one.nid in values:
                text = b"".join(image.payload(bid) for bid in image.leaves(one.bid_data))
                raw = _narrow(text)
                made.append(Subnode(one.nid, self.tree([raw[at : at + 8180] for at in range(0, len(raw), 8180)]), 0))
            else:
                made.append(Subnode(one.nid, *self.copy(image, one.nid, one.bid_data, one.bid_sub)))
        return self.tree(parts), self.subnode_tree(made)

    def write(self, nodes: list[tuple[int, int, int, int]], crypt: int) -> bytes:
        family = self._family
        out = bytearray(family.first_map + family.page)
        entries = []
        for bid, payload in self._payloads:
            raw = payload if bid & 2 else encoded(payload, bid, crypt)
            inflated = len(raw)
            if family.deflated and bid & 4:
                raw = min(raw, zlib.compress(raw), key=len)
            at, trailer = len(out), len(family.block_trailer(b"", 0, 0))
            taken = -(-(len(raw) + trailer) // family.slot) * family.slot
            out += raw.ljust(taken - trailer, b"\0") + family.block_trailer(raw, at, bid, inflated)
            entries.append((bid, family.block_entry(bid, at, len(raw), inflated)))
        out += bytes(-len(out) % family.page)
        bbt = self._tree(out, Page.BBT, entries)
        nbt = self._tree(out, Page.NBT, [(node[0], family.node_entry(*node)) for node in sorted(nodes)])
        # One map over all that there is, in which nothing is free: the stores of the tests are small.
        body = (b"" if family.wide else bytes(4)) + b"\xff" * (family.body - (0 if family.wide else 4))
        amap = body + family.page_trailer(Page.AMAP, family.first_map, family.first_map, body)
        out[family.first_map : family.first_map + family.page] = amap
        _header(out, family, nbt, bbt, crypt)
        return bytes(out)

    def _tree(self, out: bytearray, kind: Page, rows: list[tuple[int, bytes]]) -> tuple[int, int]:
        family, level = self._family, 0
        while True:
            width = len(rows[0][1])
            room = family.counts_at // width
            above = []
            for start in range(0, len(rows), room):
                part, at = rows[start : start + room], len(out)
                bid = at // family.page * 4 + 1
                body = b"".join(row for _, row in part).ljust(family.counts_at, b"\0")
                body += struct.pack(family.counts, len(part), room, width, level)
                body = body.ljust(family.body, b"\0")
                out += body + family.page_trailer(kind, at, bid, body)
                above.append((part[0][0], struct.pack(f"<3{family.id}", part[0][0], bid, at)))
            if len(above) == 1:
                return bid, at
            rows, level = above, level + 1


def _narrow(raw: bytes) -> bytes:
    return raw.decode("utf-16-le").encode("cp932")


def _narrow_context(heap: Heap) -> set[int]:
    """Strings of a property context become PtypString8; returns the sub-nodes that hold such strings."""
    rows, inside = [], set()
    for record in heap.records(heap.root)[0]:
        id_, type_, value = struct.unpack("<HHI", record)
        if type_ == _STRING:
            type_ = _STRING8
            if value & 0x1F:
                inside.add(value)
            elif value:
                heap.set(value, _narrow(heap.get(value)))
        rows.append(struct.pack("<HHI", id_, type_, value))
    heap.set_records(heap.root, rows)
    return inside


def _narrow_table(heap: Heap, long: dict[int, list[bytes]]) -> set[int]:
    """The same for a table; and its row numbers take two bytes (TCROWID, 2.3.4.3.1)."""
    info = bytearray(heap.get(heap.root))
    size, (index, matrix) = struct.unpack_from("<H", info, 8)[0], struct.unpack_from("<II", info, 10)
    texts = []
    for at in range(22, len(info), 8):
        if struct.unpack_from("<H", info, at)[0] == _STRING:
            struct.pack_into("<H", info, at, _STRING8)
            texts.append(struct.unpack_from("<H", info, at + 4)[0])
    heap.set(heap.root, bytes(info))
    raw = b"".join(long[matrix]) if matrix & 0x1F else heap.get(matrix)
    cells = {struct.unpack_from("<I", raw, start + at)[0] for start in range(0, len(raw), size) for at in texts}
    for hid in cells - {0}:
        if not hid & 0x1F:
            heap.set(hid, _narrow(heap.get(hid)))
    rows = [struct.pack("<IH", *struct.unpack("<II", row)) for row in heap.records(index)[0]]
    heap.set_records(index, [])
    heap.set(index, struct.pack("<BBBBI", 0xB5, 4, 2, 0, 0))
    heap.set_records(index, rows)
    return {hid for hid in cells if hid & 0x1F}


def encoded(data: bytes, bid: int, crypt: int) -> bytes:
    """A block as stored: CryptPermute of 5.1, CryptCyclic of 5.2."""
    if crypt == PERMUTE:
        return data.translate(ENCODE)
    if crypt == NONE:
        return data
    key = (bid & 0xFFFFFFFF ^ (bid & 0xFFFFFFFF) >> 16) & 0xFFFF
    made = bytearray()
    for byte in data:
        low, high = key & 0xFF, key >> 8
        byte = S[ENCODE[(byte + low) & 0xFF] + high & 0xFF]
        made.append(DECODE[(byte - high) & 0xFF] - low & 0xFF)
        key = (key + 1) & 0xFFFF
    return bytes(made)


def _header(out: bytearray, family: Family, nbt: tuple[int, int], bbt: tuple[int, int], crypt: int) -> None:
    """HEADER of 2.2.2.6: what says which family it is, where the trees are and how blocks are encoded."""
    out[0:4], out[8:16] = b"!BDN", b"SM" + struct.pack("<HHBB", family.version, 19, 1, 1)
    if family.wide:
        struct.pack_into("<5Q", out, 184, len(out), family.first_map, 0, 0, 0)
        struct.pack_into("<4Q", out, 216, *nbt, *bbt)
        out[248], out[256:512], out[512], out[513] = 2, b"\xff" * 256, 0x80, crypt
        struct.pack_into("<I", out, 524, crc(bytes(out[8:524])))
    else:
        struct.pack_into("<4I", out, 168, len(out), family.first_map, 0, 0)
        struct.pack_into("<4I", out, 184, *nbt, *bbt)
        out[200], out[204:460], out[460], out[461] = 2, b"\xff" * 256, 0x80, crypt
    struct.pack_into("<I", out, 4, crc(bytes(out[8:479])))
