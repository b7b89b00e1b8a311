"""The two checks that every page and block carries: CRC and signature ([MS-PST] 5.3 and 5.5)."""

from __future__ import annotations

import zlib


def crc(data: bytes | memoryview) -> int:
    """The CRC of [MS-PST] 5.3: the usual polynomial, begun with zero and not inverted at the end."""
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def signature(at: int, bid: int) -> int:
    """The signature of [MS-PST] 5.5, from the place of a page or block and its id."""
    both = at ^ bid
    return (both >> 16 ^ both) & 0xFFFF
