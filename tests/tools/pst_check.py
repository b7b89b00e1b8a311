"""Holds a store against [MS-PST]: check values, order of the B-trees, reference counts, allocation maps; no reader."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator

from forensics.formats.pst.writer.layout import (
    BID_INTERNAL,
    DLIST,
    FIRST_AMAP,
    PAGE,
    PAGE_DATA,
    SECTION,
    SLOT,
    Page,
    block_size,
    crc,
    signature,
)
from forensics.formats.pst.writer.space import map_pages
from sample_data.maker.pst.image import Image


def faults(data: bytes) -> list[str]:
    """Every rule of the node database layer that a store breaks, one sentence each."""
    image = Image(data)
    return [*_header(data), *_pages(image), *_blocks(image), *_references(image), *_maps(image)]


def _header(data: bytes) -> Iterator[str]:
    if struct.unpack_from("<I", data, 4)[0] != crc(data[8:479]):
        yield "dwCRCPartial of the header is wrong"
    if struct.unpack_from("<I", data, 524)[0] != crc(data[8:524]):
        yield "dwCRCFull of the header is wrong"
    if struct.unpack_from("<Q", data, 184)[0] != len(data):
        yield "ibFileEof is not the size of the file"


def _page_fault(data: bytes | bytearray, ib: int, kind: Page, bid: int) -> str:
    raw = bytes(data[ib : ib + PAGE])
    ptype, again, sig, check, own = struct.unpack_from("<BBHIQ", raw, PAGE_DATA)
    is_map = Page.FMAP <= kind <= Page.FPMAP
    right = (kind, kind, 0 if is_map else signature(ib, own), crc(raw[:PAGE_DATA]), ib if is_map else bid or own)
    return "" if (ptype, again, sig, check, own) == right else f"the page at {ib:X} is not a sound {kind.name}"


def _pages(image: Image) -> Iterator[str]:
    for kind, tree in ((Page.NBT, image.nbt), (Page.BBT, image.bbt)):
        for one in tree.pages():
            if fault := _page_fault(image.data, one.ib, kind, one.bid):
                yield fault
        keys = [struct.unpack_from("<Q", row)[0] for row in tree.rows()]
        if keys != sorted(set(keys)):
            yield f"the keys of the {kind.name} are not in order"
    if fault := _page_fault(image.data, DLIST, Page.DLIST, 0):
        yield fault


def _blocks(image: Image) -> Iterator[str]:
    for row in image.bbt.rows():
        bid, ib, size, _, _ = struct.unpack("<QQHHI", row)
        end = ib + block_size(size)
        stored = bytes(image.data[ib : ib + size])
        if struct.unpack_from("<HHIQ", image.data, end - 16) != (size, signature(ib, bid), crc(stored), bid):
            yield f"the trailer of block {bid:X} is wrong"
        if bid & BID_INTERNAL and any(image.bbt.get(child) is None for child in image.children(bid)):
            yield f"block {bid:X} refers to a block that the BBT does not name"


def _references(image: Image) -> Iterator[str]:
    counts: Counter[int] = Counter()
    for row in image.nbt.rows():
        _, data, sub, _, _ = struct.unpack("<QQQII", row)
        counts.update(bid for bid in (data, sub) if bid)
    for row in image.bbt.rows():
        counts.update(image.children(struct.unpack_from("<Q", row)[0]))
    for row in image.bbt.rows():
        bid, _, _, references, _ = struct.unpack("<QQHHI", row)
        if references != counts.pop(bid, 0) + 1:
            yield f"cRef of block {bid:X} is wrong"
    yield from (f"block {bid:X} is referred to and not in the BBT" for bid in counts)


def _maps(image: Image) -> Iterator[str]:
    want = bytearray(b"0" * len(image.bits))

    def take(ib: int, size: int) -> None:
        at = (ib - FIRST_AMAP) // SLOT
        if b"1" in want[at : at + size // SLOT]:
            raise AssertionError(f"something else lies at {ib:X}")
        want[at : at + size // SLOT] = b"1" * (size // SLOT)

    for number in range(len(image.bits) // (PAGE_DATA * 8)):
        for offset, kind in {0: Page.AMAP, **map_pages(number)}.items():
            ib = FIRST_AMAP + number * SECTION + offset
            take(ib, PAGE)
            if fault := _page_fault(image.data, ib, kind, ib):
                yield fault
    for tree in (image.nbt, image.bbt):
        for one in tree.pages():
            take(one.ib, PAGE)
    for row in image.bbt.rows():
        _, ib, size, _, _ = struct.unpack("<QQHHI", row)
        take(ib, block_size(size))
    if want != image.bits:
        yield "the allocation maps do not say what is in use"
    if struct.unpack_from("<Q", image.data, 200)[0] != want.count(b"0") * SLOT:
        yield "cbAMapFree is wrong"
