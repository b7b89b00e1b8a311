"""Outlook message files: a compound file whose sector table says how far it goes ([MS-CFB] 2.2 to 2.5).

    offset  size  field of the header
    28      2     Byte Order, 0xFFFE
    30      2     Sector Shift, 9 or 12
    44      4     Number of FAT Sectors
    68      4     First DIFAT Sector Location
    72      4     Number of DIFAT Sectors
    76      436   DIFAT: the first 109 FAT sector locations

Each FAT sector is marked as one in the FAT itself, which no chance bytes are.
"""

from __future__ import annotations

import array
import struct
import sys
from collections.abc import Iterator

from forensics.formats.carving.found import Extent, Found, Kind
from forensics.formats.carving.space import Space, View
from forensics.formats.sniff import CERTAIN, HEAD, sniff
from forensics.formats.sniff import Kind as Sniffed

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = struct.Struct("<28xHH12xI20xII")
_OWN = (0xFFFFFFFD, 0xFFFFFFFE)
"""How a FAT sector is marked; some writers mark it as the end of a chain."""
_FREE, _END = 0xFFFFFFFF, 0xFFFFFFFA
_MOST = 1 << 31
_RUNS = 8

NO_TABLE = "a compound file whose sector table is gone"
NOT_MAIL = "a compound file that is no message"
CUT = "a compound file that goes on beyond what was searched"


def compound_at(space: Space, start: int) -> Found | str:
    """The message file at ``start``, or why there is none."""
    run = space.run(start)
    if run is None:
        return NO_TABLE
    here = Extent(0, start, run.end - start)
    size = _size(View(space.read, (here,), here.length))
    if 0 < size <= here.length:
        return _message(space, (Extent(0, start, size),), size)
    return _in_two(space, here)


def _in_two(space: Space, here: Extent) -> Found | str:
    """A file that live ones cut in two: the table must hold when the rest is read where a later run begins."""
    place, why = here.end, NO_TABLE
    for _ in range(_RUNS):
        later = space.after(place)
        if later is None:
            break
        place = later.end
        both = (here, Extent(here.length, later.start, later.end - later.start))
        size = _size(View(space.read, both, here.length + both[1].length))
        if here.length < size <= here.length + both[1].length:
            rest = Extent(here.length, later.start, size - here.length)
            found = _message(space, (here, rest), size)
            if isinstance(found, Found):
                return found
            why = found
        elif size > 0:
            why = CUT
    return why


def _message(space: Space, extents: tuple[Extent, ...], size: int) -> Found | str:
    view = View(space.read, extents, size)
    found = sniff(view.at(0, HEAD), size, view.at)
    if found.kind is not Sniffed.MSG or found.strength < CERTAIN:
        return NOT_MAIL
    notes = ("two pieces: live files lie in the gap",) if len(extents) > 1 else ()
    ended = "the last sector that its table has in use"
    return Found(kind=Kind.MSG, extents=extents, size=size, ended=ended, validated=True, notes=notes)


def _size(view: View) -> int:
    """Bytes to the end of the last sector in use; 0 where the table does not hold."""
    head = view.at(0, 512)
    if len(head) < 512 or not head.startswith(MAGIC):
        return 0
    order, shift, count, difat, more = _HEADER.unpack_from(head)
    if order != 0xFFFE or shift not in (9, 12) or not 0 < count <= _MOST >> (2 * shift - 2):
        return 0
    last = 0
    places = list(_places(view, head, shift, count, difat, more))
    if len(places) < count:
        return 0
    tables = [_table(view, place, shift) for place in places]
    per = 1 << (shift - 2)
    for place in places:
        which, slot = divmod(place, per)
        if which >= len(tables) or slot >= len(tables[which]) or tables[which][slot] not in _OWN:
            return 0
    for number, table in reversed(list(enumerate(tables))):
        used = next((index for index in range(len(table) - 1, -1, -1) if table[index] != _FREE), -1)
        if used >= 0:
            last = number * per + used
            break
    return int(last + 2) << int(shift)


def _places(view: View, head: bytes, shift: int, count: int, difat: int, more: int) -> Iterator[int]:
    """Where the FAT sectors are: 109 in the header, further ones in a chain of sectors."""
    left = count
    for place in struct.unpack_from("<109I", head, 76)[:left]:
        if place < _END:
            left -= 1
            yield place
    per = (1 << (shift - 2)) - 1
    for _ in range(min(more, left // per + 1)):
        if difat >= _END or left <= 0:
            return
        table = _table(view, difat, shift)
        if len(table) <= per:
            return
        for place in table[: min(per, left)]:
            if place < _END:
                left -= 1
                yield place
        difat = table[per]


def _table(view: View, place: int, shift: int) -> array.array[int]:
    raw = view.at((place + 1) << shift, 1 << shift)
    table = array.array("I")
    table.frombytes(raw[: len(raw) & ~3])
    if sys.byteorder == "big":
        table.byteswap()
    return table
