"""The names behind property ids from 0x8000 in an MSG file: [MS-OXMSG] 2.2.3, storage ``__nameid_version1.0``."""

from __future__ import annotations

import struct
from uuid import UUID

from forensics.errors import FormatError
from forensics.formats.compound import Compound
from forensics.formats.mapi import Lost, NamedId, tags

NamedProperties = dict[int, NamedId]

_STORAGE = "__nameid_version1.0"
_GUIDS, _ENTRIES, _STRINGS = "__substg1.0_00020102", "__substg1.0_00030102", "__substg1.0_00040102"
_CAP = 8 << 20


def named_properties(compound: Compound, problems: list[Lost]) -> NamedProperties:
    """Property id to name, for every entry that can be read.

    Entry stream, 8 bytes each, the n-th for property id 0x8000 + n:

        offset  size  field
        0       4     Name Identifier, or String Offset into the string stream
        4       2     Property Kind (1 bit: string), GUID Index (15 bits)
        6       2     Property Index
    """
    guids = _stream(compound, _GUIDS, problems)
    entries = _stream(compound, _ENTRIES, problems)
    strings = _stream(compound, _STRINGS, problems)
    found: NamedProperties = {}
    for number in range(min(len(entries) // 8, 0x7FFF)):
        identifier, kind_and_guid, _ = struct.unpack_from("<IHH", entries, number * 8)
        guid = _guid(guids, kind_and_guid >> 1)
        if guid is None:
            continue
        if not kind_and_guid & 1:
            found[0x8000 + number] = NamedId(guid=guid, number=identifier)
        elif name := _string(strings, identifier):
            found[0x8000 + number] = NamedId(guid=guid, name=name)
    return found


def _stream(compound: Compound, name: str, problems: list[Lost]) -> bytes:
    storage = compound.root.child(_STORAGE)
    entry = None if storage is None else storage.child(name)
    if entry is None or not entry.is_stream:
        return b""
    try:
        if entry.size > _CAP or not compound.possible(entry):
            raise FormatError(f"its entry states {entry.size} bytes", place=name)
        return compound.read(entry)
    except FormatError as error:
        problems.append(Lost(f"{_STORAGE} {name}", "names of named properties", error.what))
        return b""


def _guid(raw: bytes, index: int) -> UUID | None:
    if index in (1, 2):
        return tags.PS_MAPI if index == 1 else tags.PS_PUBLIC_STRINGS
    at = (index - 3) * 16
    return UUID(bytes_le=raw[at : at + 16]) if 0 <= at <= len(raw) - 16 else None


def _string(raw: bytes, at: int) -> str:
    if at + 4 > len(raw):
        return ""
    (size,) = struct.unpack_from("<I", raw, at)
    return raw[at + 4 : at + 4 + size].decode("utf-16-le", errors="backslashreplace")
