"""Constants, check values and the permutation of the node database layer: [MS-PST] 2.2.2, 2.4.1, 5.1, 5.3 and 5.5."""

from __future__ import annotations

import zlib
from enum import IntEnum
from typing import Final

PAGE: Final = 512
PAGE_DATA: Final = 496
SLOT: Final = 64
"""Bytes that one bit of an allocation map stands for."""
SECTION: Final = PAGE_DATA * 8 * SLOT
"""Bytes that one allocation map (AMap) covers, itself included."""
FIRST_AMAP: Final = 0x4400
DLIST: Final = 0x4200
BLOCK_DATA: Final = 8176
"""Bytes of data in the largest block: 8192 without the trailer."""
HEAP_ITEM: Final = 3580
"""Bytes of the largest heap allocation; what is longer lies in a subnode."""

BID_INTERNAL: Final = 0x2
"""Set in the id of XBLOCK, XXBLOCK, SLBLOCK and SIBLOCK: blocks that are never encoded."""
BID_STEP: Final = 4


class Page(IntEnum):
    """ptype of a page: 2.2.2.7.1."""

    BBT = 0x80
    NBT = 0x81
    FMAP = 0x82
    PMAP = 0x83
    AMAP = 0x84
    FPMAP = 0x85
    DLIST = 0x86


class Crypt(IntEnum):
    """bCryptMethod: 2.2.2.6."""

    NONE = 0x00
    PERMUTE = 0x01


class Nid(IntEnum):
    """nidType, the low five bits of a node id: 2.2.2.1."""

    INTERNAL = 0x01
    NORMAL_FOLDER = 0x02
    SEARCH_FOLDER = 0x03
    NORMAL_MESSAGE = 0x04
    ATTACHMENT = 0x05
    SEARCH_UPDATE_QUEUE = 0x06
    SEARCH_CRITERIA = 0x07
    ASSOC_MESSAGE = 0x08
    HIERARCHY_TABLE = 0x0D
    CONTENTS_TABLE = 0x0E
    ASSOC_CONTENTS_TABLE = 0x0F
    SEARCH_CONTENTS_TABLE = 0x10
    ATTACHMENT_TABLE = 0x11
    RECIPIENT_TABLE = 0x12
    LTP = 0x1F


# Ids with a fixed meaning: 2.4.1; the folders above 0x8000 as Outlook numbers them in a new store.
NID_MESSAGE_STORE: Final = 0x21
NID_NAME_TO_ID_MAP: Final = 0x61
NID_ROOT_FOLDER: Final = 0x122
NID_SEARCH_MANAGEMENT_QUEUE: Final = 0x1E1
NID_SEARCH_ACTIVITY_LIST: Final = 0x201
NID_SEARCH_DOMAIN_OBJECT: Final = 0x261
NID_HIERARCHY_TABLE_TEMPLATE: Final = 0x60D
NID_CONTENTS_TABLE_TEMPLATE: Final = 0x60E
NID_ASSOC_CONTENTS_TABLE_TEMPLATE: Final = 0x60F
NID_SEARCH_CONTENTS_TABLE_TEMPLATE: Final = 0x610
NID_RECEIVE_FOLDER_TABLE: Final = 0x62B
NID_OUTGOING_QUEUE_TABLE: Final = 0x64C
NID_ATTACHMENT_TABLE: Final = 0x671
NID_RECIPIENT_TABLE: Final = 0x692
NID_SPAM_SEARCH_FOLDER: Final = 0x2223
NID_IPM_SUBTREE: Final = 0x8022
NID_SEARCH_ROOT: Final = 0x8042
NID_DELETED_ITEMS: Final = 0x8062

FIRST_INDEX: Final = {Nid.SEARCH_FOLDER: 0x4000, Nid.NORMAL_MESSAGE: 0x10000, Nid.ASSOC_MESSAGE: 0x8000}
"""First index that rgnid hands out for a type, in a new store; 0x400 for every other."""

# mpbbCrypt of 5.1, the part that encodes; the part that decodes is its inverse.
ENCODE: Final = bytes.fromhex(
    "41361362a8216ebbf416cc047f64e85d1ef2cb2a74c55e35d295479e962d9a884c7d843fdbac31b6485ff6c4d8398be7233b388e"
    "c8c1df25b120a546604e9cfbaad35651457c550007c92b9d859b09a08fadb30f63ab894bd7a7155a716642bf264a6b98faea7753"
    "b270052cfd593a867ece06eb827857c78d43afb41cd45bcde2e9274fc3087280cfb0eff5286dbe304d3492d50e3c2232e5e4f99f"
    "c2d10a8112e1ee918376e397e6618a1779a4b7dc907a5c8c02a6ca69de501a1193b9528758fced1d37491b6ae0293399bd6cd994"
    "f340546ff0c673b8d63e6518441fdd6710f10c19ecae03a1147ba90bfff8a3c0a201f72ebc2468750dfeba2fb5d0da3d"
)
DECODE: Final = bytes(ENCODE.index(value) for value in range(256))


def crc(data: bytes) -> int:
    """The CRC of 5.3: the usual CRC-32, begun with 0 and not inverted at the end."""
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def signature(ib: int, bid: int) -> int:
    """wSig of 5.5: where a block or page lies, folded with its id."""
    mixed = (ib ^ bid) & 0xFFFFFFFF
    return (mixed >> 16) ^ (mixed & 0xFFFF)


def nid(nid_type: Nid, index: int) -> int:
    """A node id from its type and index: 2.2.2.1."""
    return index << 5 | nid_type


def block_size(count: int) -> int:
    """Bytes on disk of a block with ``count`` bytes of data: trailer added, filled up to 64 (2.2.2.8)."""
    return (count + 16 + SLOT - 1) // SLOT * SLOT
