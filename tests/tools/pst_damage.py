"""Damage done to a store on purpose: wiped, cut, zeroed or misplaced; loops and bombs whose check values hold."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from forensics.formats.pst.writer.blocks import whole_block
from forensics.formats.pst.writer.layout import (
    BLOCK_DATA,
    NID_IPM_SUBTREE,
    Nid,
    block_size,
)
from sample_data.maker.pst.image import Image, seal_page
from sample_data.maker.pst.trees import TreePage

SECTOR = 512


def wipe_header(data: bytes, size: int = 0x400) -> bytes:
    """The header and what follows it, zeroed."""
    return bytes(size) + data[size:]


def truncate(data: bytes, share: float) -> bytes:
    """The first part of a store."""
    return data[: int(len(data) * share) // SECTOR * SECTOR]


def zero_sectors(data: bytes, sectors: Iterable[int]) -> bytes:
    """Sectors (of 512 bytes, by number) zeroed, as a failing disk reads them."""
    made = bytearray(data)
    for number in sectors:
        made[number * SECTOR : (number + 1) * SECTOR] = bytes(len(made[number * SECTOR : (number + 1) * SECTOR]))
    return bytes(made)


def swap_sectors(data: bytes, pairs: Iterable[tuple[int, int]], sectors: int = 1) -> bytes:
    """Runs of sectors exchanged, as a file put together in the wrong order has them."""
    made, run = bytearray(data), sectors * SECTOR
    for one, other in pairs:
        a, b = one * SECTOR, other * SECTOR
        made[a : a + run], made[b : b + run] = made[b : b + run], made[a : a + run]
    return bytes(made)


def spread(data: bytes, every: int, first: int = 34) -> list[int]:
    """Sector numbers evenly over a store, behind its header."""
    return list(range(first, len(data) // SECTOR, every))


def btree_loop(data: bytes) -> bytes:
    """The second child of the NBT's root is the root itself; the page's CRC holds."""
    image = Image(data)
    root = image.nbt.root
    if not root.level:
        raise ValueError("a loop needs a B-tree of two levels: give the store more nodes")
    struct.pack_into("<QQ", image.data, root.ib + 24 + 8, root.bid, root.ib)
    seal_page(image.data, root.ib)
    return bytes(image.data)


def leaf_cross_link(data: bytes) -> bytes:
    """Two entries of the NBT's root lead to the same leaf, so that its nodes would be met twice."""
    image = Image(data)
    root: TreePage = image.nbt.root
    other = root.children[0]
    struct.pack_into("<QQ", image.data, root.ib + 24 + 8, other.bid, other.ib)
    seal_page(image.data, root.ib)
    return bytes(image.data)


def siblock_loop(data: bytes, nid: int) -> bytes:
    """A node's subnode tree becomes a SIBLOCK whose only entry is itself; its trailer holds."""
    image = Image(data)
    bid = image.next_bid | 2
    raw = struct.pack("<BBHIQQ", 2, 1, 1, 0, 0x671, bid)
    made = image.store(raw, internal=True)
    _point(image, nid, bid_sub=made)
    return bytes(image.data)


def xblock_loop(data: bytes, nid: int) -> bytes:
    """A node's data tree becomes an XXBLOCK whose entries are itself."""
    image = Image(data)
    bid = image.next_bid | 2
    made = image.store(struct.pack("<BBHIQQ", 1, 2, 2, BLOCK_DATA * 2, bid, bid), internal=True)
    _point(image, nid, bid_data=made)
    return bytes(image.data)


def xxblock_bomb(data: bytes, nid: int, fan_out: int = 1021) -> bytes:
    """An XXBLOCK that names one XBLOCK 1,021 times, which names one block 1,021 times: 8.5 GB from 16 KB."""
    image = Image(data)
    leaf = image.store(bytes(BLOCK_DATA), internal=False)
    total = fan_out * BLOCK_DATA
    middle = image.store(struct.pack(f"<BBHI{fan_out}Q", 1, 1, fan_out, total, *[leaf] * fan_out), internal=True)
    whole = total * fan_out % (1 << 32)
    top = image.store(struct.pack(f"<BBHI{fan_out}Q", 1, 2, fan_out, whole, *[middle] * fan_out), internal=True)
    _point(image, nid, bid_data=top)
    return bytes(image.data)


def subnode_bomb(data: bytes, nid: int, fan_out: int = 510) -> bytes:
    """A SIBLOCK of 510 entries that all name one SLBLOCK of 340 entries, of which each has the whole tree below it."""
    image = Image(data)
    data_bid = image.node(nid)[0]
    top = (image.next_bid + 4) | 2
    rows = [value for at in range(340) for value in (at << 5 | Nid.LTP, data_bid, top)]
    leaf = image.store(struct.pack(f"<BBHI{len(rows)}Q", 2, 0, 340, 0, *rows), internal=True)
    pairs = [value for at in range(fan_out) for value in (at << 5 | Nid.LTP, leaf)]
    made = image.store(struct.pack(f"<BBHI{len(pairs)}Q", 2, 1, fan_out, 0, *pairs), internal=True)
    _point(image, nid, bid_sub=made)
    return bytes(image.data)


def parent_ring(data: bytes, folder: int, child: int) -> bytes:
    """A folder becomes the child of its own child: by nidParent, while the hierarchy tables still name both."""
    image = Image(data)
    bid_data, bid_sub, _ = image.node(folder)
    image.set_node(folder, bid_data, bid_sub, child)
    image.commit()
    return bytes(image.data)


def hierarchy_ring(data: bytes, folder: int) -> bytes:
    """A folder's hierarchy table becomes that of the top folder, so that walking down never ends."""
    image = Image(data)
    top = image.node(NID_IPM_SUBTREE - Nid.NORMAL_FOLDER + Nid.HIERARCHY_TABLE)
    node = folder - Nid.NORMAL_FOLDER + Nid.HIERARCHY_TABLE
    old = image.node(node)
    image.set_node(node, image.hold(top[0]), image.hold(top[1]), 0)
    image.release(old[0])
    image.commit()
    return bytes(image.data)


def change_byte(data: bytes, nid: int, at: int = 8) -> bytes:
    """One byte of a node's first data block inverted, the trailer left: the CRC fails."""
    image = Image(data)
    ib = image.block(image.leaves(image.node(nid)[0])[0])[0]
    image.data[ib + at] ^= 0xFF
    return bytes(image.data)


def misdirect(data: bytes, nid: int, other: int) -> bytes:
    """A write that went astray: one node's first data block stands where another's should be, with its own trailer."""
    image = Image(data)
    source = image.block_at(image.leaves(image.node(nid)[0])[0])
    target = image.block_at(image.leaves(image.node(other)[0])[0])
    size = min(source.size, target.size)
    image.data[target.ib : target.ib + size] = source.raw[:size]
    return bytes(image.data)


def forge_payload(data: bytes, nid: int, payload: bytes) -> bytes:
    """Other content in a node's only data block, of the same length, with check values that hold."""
    image = Image(data)
    bid = image.node(nid)[0]
    ib, size, _ = image.block(bid)
    if len(payload) != size:
        raise ValueError(f"the block has {size} bytes")
    image.data[ib : ib + block_size(size)] = whole_block(payload, ib, bid, image.crypt)
    return bytes(image.data)


def _point(image: Image, nid: int, *, bid_data: int | None = None, bid_sub: int | None = None) -> None:
    data, sub, parent = image.node(nid)
    image.set_node(nid, data if bid_data is None else bid_data, sub if bid_sub is None else bid_sub, parent)
    image.commit()
