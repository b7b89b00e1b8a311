"""The names of a store's named properties, and the parts of its multi-valued ones: [MS-PST] 2.4.7 and 2.3.3.4.2."""

from __future__ import annotations

import struct
from itertools import pairwise
from uuid import UUID

from forensics.formats.mapi import NamedId, tags

NID_NAME_TO_ID_MAP = 0x61

# The properties of the node NID_NAME_TO_ID_MAP.
STREAM_GUID = 0x0002
STREAM_ENTRY = 0x0003
STREAM_STRING = 0x0004

# offset  bytes  name of the field in NAMEID, [MS-PST] 2.4.7.1
#   0       4    dwPropertyID   a number, or the offset of a name in the string stream
#   4       2    N (bit 0: it is a name), wGuid (bits 1 to 15)
#   6       2    wPropIdx       the id of the property is 0x8000 more
_NAMEID = struct.Struct("<IHH")
_COUNT = struct.Struct("<I")
_FIRST_NAMED = 0x8000
_NO_SET = UUID(int=0)
_FIXED_SETS = {0: _NO_SET, 1: tags.PS_MAPI, 2: tags.PS_PUBLIC_STRINGS}
_FIRST_IN_STREAM = 3


def named_ids(guids: bytes, entries: bytes, strings: bytes) -> dict[int, NamedId]:
    """The lasting name of every id from 0x8000; an entry that points outside of its stream is left out."""
    found = {}
    for number, which, index in _NAMEID.iter_unpack(entries[: len(entries) // _NAMEID.size * _NAMEID.size]):
        guid = _guid(guids, which >> 1)
        if guid is None:
            continue
        if which & 1:
            name = _name(strings, number)
            if name:
                found[_FIRST_NAMED + index] = NamedId(guid=guid, name=name)
        else:
            found[_FIRST_NAMED + index] = NamedId(guid=guid, number=number)
    return found


def _guid(guids: bytes, index: int) -> UUID | None:
    if index in _FIXED_SETS:
        return _FIXED_SETS[index]
    at = (index - _FIRST_IN_STREAM) * 16
    return UUID(bytes_le=guids[at : at + 16]) if at + 16 <= len(guids) else None


def _name(strings: bytes, at: int) -> str:
    if at + _COUNT.size > len(strings):
        return ""
    (size,) = _COUNT.unpack_from(strings, at)
    raw = strings[at + _COUNT.size : at + _COUNT.size + size]
    return raw[: len(raw) & ~1].decode("utf-16-le", errors="surrogatepass") if len(raw) == size else ""


def split_values(raw: bytes) -> tuple[bytes, ...] | None:
    """The elements of a multi-valued property of variable size, or ``None`` where its offsets do not hold.

    offset  bytes        name in [MS-PST] 2.3.3.4.2
    0       4            ulCount
    4       4 * ulCount  rgulDataOffsets, from the start of the structure
                         rgDataItems
    """
    if not raw:
        return ()
    if len(raw) < _COUNT.size:
        return None
    (count,) = _COUNT.unpack_from(raw)
    table = _COUNT.size * (count + 1)
    if table > len(raw):
        return None
    bounds = [*struct.unpack_from(f"<{count}I", raw, _COUNT.size), len(raw)]
    if bounds[0] < table or any(after < before for before, after in pairwise(bounds)):
        return None
    return tuple(raw[before:after] for before, after in pairwise(bounds))
