"""The three families of byte layouts, side by side: ANSI, Unicode, Unicode with 4 KiB pages ([MS-PST] 2.2.2).

                              ANSI          Unicode       Unicode 4 KiB
page                          512           512           4096
PAGETRAILER   at              500           496           4072
              fields          t t sig bid crc   t t sig crc bid   t t sig crc bid (8 unknown)
BTPAGE        cEnt at         496           488           4056 (two bytes each for cEnt, cEntMax)
BTENTRY                       key bid ib    the same, 8 bytes each
NBTENTRY                      nid bidData bidSub nidParent, 4 bytes each; 8 8 8 4 (4 padding) in Unicode
BBTENTRY                      bid ib cb cRef; in 4 KiB stores cb cbInflated cRef
block aligned to              64            64            512
BLOCKTRAILER                  cb sig bid crc   cb sig crc bid   cb sig crc bid (2 unknown) cbInflated (4 unknown)
SLENTRY                       nid bidData bidSub
HID                           5 bits type, 11 index, 16 block; in 4 KiB stores 14 index, 13 block
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import StrEnum


class Width(StrEnum):
    """Which family of layouts a store uses."""

    ANSI = "ANSI"
    UNICODE = "Unicode"
    UNICODE_4K = "Unicode 4 KiB pages"


# Types of pages: [MS-PST] 2.2.2.7.1.
PTYPE_BBT = 0x80
PTYPE_NBT = 0x81
PTYPE_FMAP = 0x82
PTYPE_PMAP = 0x83
PTYPE_AMAP = 0x84
PTYPE_FPMAP = 0x85
PTYPE_DLIST = 0x86
PTYPES = range(PTYPE_BBT, PTYPE_DLIST + 1)
TREES = frozenset({PTYPE_BBT, PTYPE_NBT})
# The pages of the allocation maps carry no signature, and their id is their place.
UNSIGNED = frozenset({PTYPE_FMAP, PTYPE_PMAP, PTYPE_AMAP, PTYPE_FPMAP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Sizes and structures of one family."""

    width: Width
    page_size: int
    page_body: int
    """How many bytes the CRC of a page covers; its trailer follows."""
    page_trailer: struct.Struct
    counts: struct.Struct
    counts_at: int
    branch: struct.Struct
    node: struct.Struct
    block: struct.Struct
    inflated_first: bool
    """Whether an entry of the block tree holds cbInflated between cb and cRef."""
    bid_first: bool
    """Whether the trailers hold the id before the CRC."""
    slot: int
    block_trailer: struct.Struct
    largest: int
    """The most bytes that a block can hold, as stored."""
    id: struct.Struct
    sub_at: int
    sub_leaf: struct.Struct
    sub_branch: struct.Struct
    header_size: int
    first_map: int
    map_step: int
    row_number: struct.Struct
    """The row number in the row index of a table context."""
    heap_index_bits: int
    page_trailer_size: int
    block_trailer_size: int

    def stored_size(self, count: int) -> int:
        """What a block of ``count`` bytes takes up in the file, padding and trailer included."""
        return (count + self.block_trailer_size + self.slot - 1) // self.slot * self.slot


ANSI = Layout(
    width=Width.ANSI,
    page_size=512,
    page_body=500,
    page_trailer=struct.Struct("<BBHII"),
    page_trailer_size=12,
    counts=struct.Struct("<BBBB"),
    counts_at=496,
    branch=struct.Struct("<III"),
    node=struct.Struct("<IIII"),
    block=struct.Struct("<IIHH"),
    inflated_first=False,
    bid_first=True,
    slot=64,
    block_trailer=struct.Struct("<HHII"),
    block_trailer_size=12,
    largest=8192 - 12,
    id=struct.Struct("<I"),
    sub_at=4,
    sub_leaf=struct.Struct("<III"),
    sub_branch=struct.Struct("<II"),
    header_size=512,
    first_map=0x4400,
    map_step=496 * 8 * 64,
    row_number=struct.Struct("<H"),
    heap_index_bits=11,
)
UNICODE = Layout(
    width=Width.UNICODE,
    page_size=512,
    page_body=496,
    page_trailer=struct.Struct("<BBHIQ"),
    page_trailer_size=16,
    counts=struct.Struct("<BBBB"),
    counts_at=488,
    branch=struct.Struct("<QQQ"),
    node=struct.Struct("<QQQI4x"),
    block=struct.Struct("<QQHH4x"),
    inflated_first=False,
    bid_first=False,
    slot=64,
    block_trailer=struct.Struct("<HHIQ"),
    block_trailer_size=16,
    largest=8192 - 16,
    id=struct.Struct("<Q"),
    sub_at=8,
    sub_leaf=struct.Struct("<QQQ"),
    sub_branch=struct.Struct("<QQ"),
    header_size=564,
    first_map=0x4400,
    map_step=496 * 8 * 64,
    row_number=struct.Struct("<I"),
    heap_index_bits=11,
)
UNICODE_4K = Layout(
    width=Width.UNICODE_4K,
    page_size=4096,
    page_body=4072,
    page_trailer=struct.Struct("<BBHIQ8x"),
    page_trailer_size=24,
    counts=struct.Struct("<HHBB"),
    counts_at=4056,
    branch=struct.Struct("<QQQ"),
    node=struct.Struct("<QQQI4x"),
    block=struct.Struct("<QQHHH2x"),
    inflated_first=True,
    bid_first=False,
    slot=512,
    block_trailer=struct.Struct("<HHIQHHI"),
    block_trailer_size=24,
    largest=65536 - 24,
    id=struct.Struct("<Q"),
    sub_at=8,
    sub_leaf=struct.Struct("<QQQ"),
    sub_branch=struct.Struct("<QQ"),
    header_size=564,
    first_map=0x22000,
    map_step=4072 * 8 * 512,
    row_number=struct.Struct("<I"),
    heap_index_bits=14,
)
LAYOUTS = {each.width: each for each in (ANSI, UNICODE, UNICODE_4K)}
