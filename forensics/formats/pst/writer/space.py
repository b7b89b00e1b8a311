"""Room in the file: blocks and pages one behind the other, between the allocation maps of [MS-PST] 2.2.2.7.2 to .6."""

from __future__ import annotations

import struct
from array import array
from typing import BinaryIO, Final

from forensics.formats.pst.writer.layout import DLIST, FIRST_AMAP, PAGE, PAGE_DATA, SECTION, SLOT, Page, crc, signature

_PMAP_EVERY: Final = 8
_FMAP_FIRST, _FMAP_EVERY = 128, PAGE_DATA
_FPMAP_FIRST, _FPMAP_EVERY = 128 * 8 * 8, PAGE_DATA * 8 * 8
_DLIST_ENTRIES: Final = 119
_DENSE: Final = 0xFFF


def page(kind: Page, data: bytes, ib: int, bid: int) -> bytes:
    """One page with its trailer, 2.2.2.7.1.

    offset  size  field
    0       496   the page's own data
    496     1     ptype
    497     1     ptypeRepeat
    498     2     wSig: 0 for the allocation maps
    500     4     dwCRC of the 496 bytes
    504     8     bid: for the allocation maps where the page lies
    """
    is_map = Page.FMAP <= kind <= Page.FPMAP
    sig = 0 if is_map else signature(ib, bid)
    return data + struct.pack("<BBHIQ", kind, kind, sig, crc(data), ib if is_map else bid)


def map_pages(section: int) -> dict[int, Page]:
    """Where in a section which deprecated map stands, by its offset from the AMap (2.2.2.7.3, .5, .6)."""
    found = {}
    if section % _PMAP_EVERY == 0:
        found[PAGE] = Page.PMAP
    if section >= _FMAP_FIRST and (section - _FMAP_FIRST) % _FMAP_EVERY == 0:
        found[2 * PAGE] = Page.FMAP
    if section >= _FPMAP_FIRST and (section - _FPMAP_FIRST) % _FPMAP_EVERY == 0:
        found[3 * PAGE] = Page.FPMAP
    return found


class Space:
    """Hands out room from the front to the end and writes each section's maps when the section is full."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._position = -1
        self._section = -1
        self._cursor = 0
        self._taken = bytearray()
        self._free = array("H")
        self._open()

    @property
    def end(self) -> int:
        """ibFileEof: the file grows by whole sections (2.6.1.1.2)."""
        return FIRST_AMAP + (self._section + 1) * SECTION

    @property
    def last_amap(self) -> int:
        """ibAMapLast."""
        return FIRST_AMAP + self._section * SECTION

    @property
    def free_bytes(self) -> int:
        """cbAMapFree; right once the last section is closed."""
        return sum(self._free) * SLOT

    def take(self, size: int, *, align: int = SLOT) -> int:
        """Room for ``size`` bytes (a multiple of 64): its offset in the file."""
        ib = -(-self._cursor // align) * align
        if ib + size > self.end:
            self._close()
            self._open()
            ib = -(-self._cursor // align) * align
        first = (ib - self.last_amap) // SLOT
        self._taken[first : first + size // SLOT] = b"1" * (size // SLOT)
        self._cursor = ib + size
        return ib

    def write(self, ib: int, data: bytes) -> None:
        """Write at an offset; no seek where the file stands there already."""
        if ib != self._position:
            self._out.seek(ib)
        self._out.write(data)
        self._position = ib + len(data)

    def finish(self, dlist_bid: int) -> None:
        """Write the last maps and the density list, and fill the file up to its end."""
        if self._cursor < self.end:
            self.write(self.end - 1, b"\0")
        self._close()
        self._write_dlist(dlist_bid)

    def _open(self) -> None:
        self._section += 1
        self._taken = bytearray(b"0" * (SECTION // SLOT))
        maps = (0, *map_pages(self._section))
        for offset in maps:
            self._taken[offset // SLOT : (offset + PAGE) // SLOT] = b"1" * (PAGE // SLOT)
        self._cursor = self.last_amap + max(maps) + PAGE

    def _close(self) -> None:
        at = self.last_amap
        self.write(at, page(Page.AMAP, int(self._taken, 2).to_bytes(PAGE_DATA, "big"), at, at))
        for offset, kind in map_pages(self._section).items():
            self.write(at + offset, page(kind, b"\xff" * PAGE_DATA, at + offset, at + offset))
        self._free.append(self._taken.count(b"0"))

    def _write_dlist(self, bid: int) -> None:
        """The sections with most room first, 2.2.2.7.4: bFlags, cEntDList, padding, ulCurrentPage, rgDListPageEnt."""
        rows = sorted((-free, number) for number, free in enumerate(self._free) if free and number < 1 << 20)
        entries = [number | min(-free, _DENSE) << 20 for free, number in rows[:_DLIST_ENTRIES]]
        data = struct.pack(f"<BBHI{len(entries)}I", 1, len(entries), 0, 0, *entries).ljust(PAGE_DATA, b"\0")
        self.write(DLIST, page(Page.DLIST, data, DLIST, bid))
