"""A store in memory that is changed as Outlook changes one: pages copied on write, blocks freed by reference count.

Written from [MS-PST] 2.2.2, 2.6.1 alone, for writer-made Unicode stores; it shares constants and page trailers with the
writer and nothing with the reader.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from forensics.formats.pst.writer.blocks import Blocks, Subnode, whole_block
from forensics.formats.pst.writer.btree import btree_page
from forensics.formats.pst.writer.layout import (
    BID_INTERNAL,
    BLOCK_DATA,
    DECODE,
    DLIST,
    FIRST_AMAP,
    PAGE,
    PAGE_DATA,
    SECTION,
    SLOT,
    Crypt,
    Page,
    block_size,
    crc,
)
from forensics.formats.pst.writer.space import map_pages, page
from sample_data.maker.pst.trees import KEY, BlockAt, StalePage, Tree, TreePage


class Image(Blocks):
    """A whole store; ``commit`` makes the changes since the last one stand in the file."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != b"!BDN" or struct.unpack_from("<H", data, 10)[0] != 23:
            raise ValueError("not a Unicode store")
        self.data = bytearray(data)
        self.next_page, self.unique = struct.unpack_from("<QI", data, 32)
        self.rgnid: list[int] = list(struct.unpack_from("<32I", data, 44))
        self.next_bid: int = struct.unpack_from("<Q", data, 516)[0]
        self.crypt = Crypt(data[513])
        nbt, bbt = struct.unpack_from("<Q", data, 224)[0], struct.unpack_from("<Q", data, 240)[0]
        self.nbt, self.bbt = Tree(self._read_page(nbt, 32)), Tree(self._read_page(bbt, 24))
        self.bits = self._read_bits()
        self.high = self.bits.rfind(b"1") + 1
        self.reuse = False
        self.commits = 0
        self.stale: list[StalePage] = []
        self.freed: list[BlockAt] = []
        self._to_free: list[tuple[int, int]] = []

    # Reading.

    def _read_page(self, ib: int, size: int) -> TreePage:
        raw = bytes(self.data[ib : ib + PAGE])
        count, _, width, level = raw[488:492]
        one = TreePage(kind=Page(raw[496]), level=level, size=size, ib=ib, bid=KEY.unpack_from(raw, 504)[0])
        rows = [raw[at : at + width] for at in range(0, count * width, width)]
        if level:
            one.children = [self._read_page(KEY.unpack_from(row, 16)[0], size) for row in rows]
        else:
            one.rows = rows
        return one

    def _read_bits(self) -> bytearray:
        bits = bytearray()
        for at in range(FIRST_AMAP, len(self.data), SECTION):
            value = int.from_bytes(self.data[at : at + PAGE_DATA], "big")
            bits += format(value, f"0{PAGE_DATA * 8}b").encode()
        return bits

    def node(self, nid: int) -> tuple[int, int, int]:
        """bidData, bidSub and nidParent of a node."""
        row = self.nbt.get(nid)
        if row is None:
            raise KeyError(f"no node {nid:X}")
        _, data, sub, parent, _ = struct.unpack("<QQQII", row)
        return data, sub, parent

    def nids(self) -> list[int]:
        return [KEY.unpack_from(row)[0] for row in self.nbt.rows()]

    def block(self, bid: int) -> tuple[int, int, int]:
        """ib, cb and cRef of a block."""
        row = self.bbt.get(bid)
        if row is None:
            raise KeyError(f"no block {bid:X}")
        _, ib, size, references, _ = struct.unpack("<QQHHI", row)
        return ib, size, references

    def block_at(self, bid: int) -> BlockAt:
        ib, size, _ = self.block(bid)
        whole = block_size(size)
        return BlockAt(bid=bid, ib=ib, size=whole, raw=bytes(self.data[ib : ib + whole]))

    def payload(self, bid: int) -> bytes:
        ib, size, _ = self.block(bid)
        raw = bytes(self.data[ib : ib + size])
        return raw if bid & BID_INTERNAL or self.crypt is Crypt.NONE else raw.translate(DECODE)

    def children(self, bid: int) -> list[int]:
        """The blocks that an internal block refers to."""
        if not bid & BID_INTERNAL:
            return []
        raw = self.payload(bid)
        kind, level, count = struct.unpack_from("<BBH", raw)
        if kind == 1:
            return list(struct.unpack_from(f"<{count}Q", raw, 8))
        if level == 0:
            rows = [struct.unpack_from("<QQQ", raw, 8 + 24 * at) for at in range(count)]
            return [bid for _, data, sub in rows for bid in (data, sub) if bid]
        return [struct.unpack_from("<QQ", raw, 8 + 16 * at)[1] for at in range(count)]

    def leaves(self, bid: int) -> list[int]:
        """The data blocks of a data tree, in order."""
        if not bid & BID_INTERNAL:
            return [bid] if bid else []
        return [leaf for child in self.children(bid) for leaf in self.leaves(child)]

    def subnodes(self, bid: int) -> dict[int, Subnode]:
        if not bid:
            return {}
        raw = self.payload(bid)
        _, level, count = struct.unpack_from("<BBH", raw)
        if level:
            return {nid: one for child in self.children(bid) for nid, one in self.subnodes(child).items()}
        rows = [Subnode(*struct.unpack_from("<QQQ", raw, 8 + 24 * at)) for at in range(count)]
        return {row.nid: row for row in rows}

    def below(self, *bids: int) -> list[int]:
        """These blocks and all that they refer to, each once."""
        seen: dict[int, None] = {}
        todo = [bid for bid in bids if bid]
        while todo:
            bid = todo.pop()
            if bid not in seen:
                seen[bid] = None
                todo += self.children(bid)
        return list(seen)

    # Changing.

    def store(self, payload: bytes, *, internal: bool) -> int:
        """A new block with one reference."""
        bid = self.next_bid | (BID_INTERNAL if internal else 0)
        self.next_bid += 4
        size = block_size(len(payload))
        ib = self.take(size)
        self.data[ib : ib + size] = whole_block(payload, ib, bid, self.crypt)
        self.bbt.put(struct.pack("<QQHHI", bid, ib, len(payload), 2, 0))
        return bid

    def hold(self, bid: int) -> int:
        """One more reference to a block."""
        if bid:
            ib, size, references = self.block(bid)
            self.bbt.put(struct.pack("<QQHHI", bid, ib, size, references + 1, 0))
        return bid

    def release(self, bid: int) -> None:
        """One reference less; a block without any is freed, and what it referred to is released."""
        if not bid:
            return
        ib, size, references = self.block(bid)
        if references > 2:
            self.bbt.put(struct.pack("<QQHHI", bid, ib, size, references - 1, 0))
            return
        children = self.children(bid)
        self.freed.append(self.block_at(bid))
        self.bbt.remove(bid)
        self._to_free.append((ib, block_size(size)))
        for child in children:
            self.release(child)

    def set_node(self, nid: int, data: int, sub: int, parent: int) -> None:
        self.nbt.put(struct.pack("<QQQII", nid, data, sub, parent, 0))

    def rewrite(self, bid: int, parts: list[bytes]) -> int:
        """A data tree with new content in place of an old one; blocks that did not change are kept."""
        old = self.leaves(bid)
        made = []
        for number, part in enumerate(parts):
            same = number < len(old) and self.payload(old[number]) == part
            made.append(self.hold(old[number]) if same else self.store(part, internal=False))
        root = made[0] if len(made) == 1 else self._over(made, [len(part) for part in parts], 1)
        self.release(bid)
        return root

    def _over(self, bids: list[int], sizes: list[int], level: int) -> int:
        most = (BLOCK_DATA - 8) // 8
        made, sums = [], []
        for at in range(0, len(bids), most):
            group, total = bids[at : at + most], sum(sizes[at : at + most])
            head = struct.pack(f"<BBHI{len(group)}Q", 1, level, len(group), total, *group)
            made.append(self.store(head, internal=True))
            sums.append(total)
        return made[0] if len(made) == 1 else self._over(made, sums, level + 1)

    # Room.

    def take(self, size: int, align: int = SLOT) -> int:
        """Room from the front if freed room may be used again, else behind all that was ever used."""
        need, step = size // SLOT, align // SLOT
        start = 0 if self.reuse else self.high
        while True:
            at = self.bits.find(b"0" * need, start)
            if at < 0:
                self._grow()
            elif at % step:
                start = at + step - at % step
            else:
                break
        self.bits[at : at + need] = b"1" * need
        self.high = max(self.high, at + need)
        return FIRST_AMAP + at * SLOT

    def free(self, ib: int, size: int) -> None:
        at = (ib - FIRST_AMAP) // SLOT
        self.bits[at : at + size // SLOT] = b"0" * (size // SLOT)

    def _grow(self) -> None:
        number = (len(self.data) - FIRST_AMAP) // SECTION
        self.data += bytes(SECTION)
        fresh = bytearray(b"0" * (SECTION // SLOT))
        for offset, kind in {0: Page.AMAP, **map_pages(number)}.items():
            fresh[offset // SLOT : (offset + PAGE) // SLOT] = b"1" * (PAGE // SLOT)
            ib = FIRST_AMAP + number * SECTION + offset
            self.data[ib : ib + PAGE] = page(kind, b"\xff" * PAGE_DATA, ib, ib)
        self.bits += fresh

    # Making it stand.

    def commit(self) -> None:
        """Write changed pages to new places, free the old ones, then the allocation maps and the header."""
        self.commits += 1
        for tree in (self.bbt, self.nbt):
            self._write_pages(tree.root)
            for one in tree.dropped:
                self._retire(one)
            tree.dropped = []
        for ib, size in self._to_free:
            self.free(ib, size)
        self._to_free = []
        self._write_maps()
        self.write_header()

    def _write_pages(self, one: TreePage) -> None:
        if not one.dirty:
            return
        for child in one.children:
            self._write_pages(child)
        self._retire(one)
        one.ib, one.bid, one.dirty = self.take(PAGE, PAGE), self.next_page, False
        self.next_page += 1
        rows = one.rows or [struct.pack("<QQQ", child.first, child.bid, child.ib) for child in one.children]
        data = btree_page(one.kind, one.level, rows, one.size if one.level == 0 else 24)
        self.data[one.ib : one.ib + PAGE] = page(one.kind, data, one.ib, one.bid)

    def _retire(self, one: TreePage) -> None:
        if one.ib:
            raw = bytes(self.data[one.ib : one.ib + PAGE])
            stale = StalePage(kind=one.kind, level=one.level, ib=one.ib, bid=one.bid, raw=raw, commit=self.commits)
            self.stale.append(stale)
            self._to_free.append((one.ib, PAGE))

    def _write_maps(self) -> None:
        per_map = PAGE_DATA * 8
        for number in range(len(self.bits) // per_map):
            ib = FIRST_AMAP + number * SECTION
            value = int(self.bits[number * per_map : (number + 1) * per_map], 2)
            self.data[ib : ib + PAGE] = page(Page.AMAP, value.to_bytes(PAGE_DATA, "big"), ib, ib)
        # An empty density list, as Outlook leaves it when it has none to offer (2.2.2.7.4).
        self.data[DLIST : DLIST + PAGE] = page(Page.DLIST, bytes(PAGE_DATA), DLIST, self.next_page)
        self.next_page += 1

    def write_header(self) -> None:
        """Everything in the header that a transaction changes, and its check values (2.6.1.3)."""
        self.unique += 1
        struct.pack_into("<QI", self.data, 32, self.next_page, self.unique)
        struct.pack_into("<32I", self.data, 44, *self.rgnid)
        last = FIRST_AMAP + (len(self.bits) // (PAGE_DATA * 8) - 1) * SECTION
        struct.pack_into("<QQQ", self.data, 184, len(self.data), last, self.bits.count(b"0") * SLOT)
        roots = (self.nbt.root.bid, self.nbt.root.ib, self.bbt.root.bid, self.bbt.root.ib)
        struct.pack_into("<4Q", self.data, 216, *roots)
        struct.pack_into("<Q", self.data, 516, self.next_bid)
        seal_header(self.data)


def seal_header(data: bytearray) -> None:
    """dwCRCPartial and dwCRCFull."""
    struct.pack_into("<I", data, 4, crc(bytes(data[8:479])))
    struct.pack_into("<I", data, 524, crc(bytes(data[8:524])))


def seal_page(data: bytearray, ib: int) -> None:
    """Give a changed page a CRC that holds."""
    struct.pack_into("<I", data, ib + 500, crc(bytes(data[ib : ib + PAGE_DATA])))


def seal_block(data: bytearray, ib: int, size: int) -> None:
    """Give a changed block a CRC that holds."""
    struct.pack_into("<I", data, ib + block_size(size) - 12, crc(bytes(data[ib : ib + size])))


def still(data: bytes | bytearray, things: Iterable[BlockAt | StalePage]) -> Iterator[bool]:
    """Of each block or page, whether its bytes still stand."""
    for one in things:
        yield bytes(data[one.ib : one.ib + len(one.raw)]) == one.raw
