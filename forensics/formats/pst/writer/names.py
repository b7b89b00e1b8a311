"""Named properties and the name-to-id map: [MS-PST] 2.4.7."""

from __future__ import annotations

import struct
from collections import defaultdict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from forensics.formats.mapi.tags import PTYP_BINARY, PTYP_INTEGER32
from forensics.formats.pst.writer.layout import crc
from forensics.formats.pst.writer.values import Encoded

PS_MAPI: Final = UUID("00020328-0000-0000-c000-000000000046")
PS_PUBLIC_STRINGS: Final = UUID("00020329-0000-0000-c000-000000000046")
PSETID_COMMON: Final = UUID("00062008-0000-0000-c000-000000000046")
PSETID_APPOINTMENT: Final = UUID("00062002-0000-0000-c000-000000000046")
PSETID_ADDRESS: Final = UUID("00062004-0000-0000-c000-000000000046")

_FIRST_ID: Final = 0x8000
_LAST_ID: Final = 0xFFFE
_BUCKETS: Final = 251
_FIRST_BUCKET: Final = 0x1000
_FIXED: Final = {PS_MAPI: 1, PS_PUBLIC_STRINGS: 2}
# Readers take an empty stream of the map for damage, so every store names these:
# reminder set, current version name, categories.
_ALWAYS: Final[tuple[tuple[UUID, str | int], ...]] = (
    (PSETID_COMMON, 0x8503),
    (PSETID_COMMON, 0x8554),
    (PS_PUBLIC_STRINGS, "Keywords"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedProperty:
    """A property known by its set and its name or number, with the type of its values."""

    set: UUID
    name: str | int
    ptype: int


class Names:
    """Gives named properties ids from 0x8000 on, in the order in which they are first seen."""

    def __init__(self) -> None:
        self._ids: dict[tuple[UUID, str | int], int] = {key: _FIRST_ID + at for at, key in enumerate(_ALWAYS)}

    def id_of(self, named: NamedProperty) -> int:
        """The id of a named property in this store."""
        made = self._ids.setdefault((named.set, named.name), _FIRST_ID + len(self._ids))
        if made > _LAST_ID:
            raise ValueError("a store holds at most 32,767 named properties")
        return made

    def properties(self) -> dict[int, Encoded]:
        """The property context of the map: bucket count, the GUID, entry and string streams, and the hash buckets."""
        guids: dict[UUID, int] = {}
        entries, strings = bytearray(), bytearray()
        buckets: defaultdict[int, bytearray] = defaultdict(bytearray)
        for number, (group, name) in enumerate(self._ids):
            where = _FIXED.get(group) or guids.setdefault(group, len(guids)) + 3
            kind = where << 1 | isinstance(name, str)
            key = name if isinstance(name, int) else len(strings)
            check = name if isinstance(name, int) else crc(name.encode("utf-16-le"))
            entries += struct.pack("<IHH", key, kind, number)
            buckets[_FIRST_BUCKET + (check ^ kind) % _BUCKETS] += struct.pack("<IHH", check, kind, number)
            if isinstance(name, str):
                strings += _name(name)
        streams = {2: b"".join(guid.bytes_le for guid in guids), 3: bytes(entries), 4: bytes(strings)}
        made = {1: Encoded(PTYP_INTEGER32, struct.pack("<I", _BUCKETS))}
        made |= {prop: Encoded(PTYP_BINARY, raw) for prop, raw in streams.items()}
        return made | {prop: Encoded(PTYP_BINARY, bytes(raw)) for prop, raw in buckets.items()}


def _name(name: str) -> bytes:
    """An entry of the string stream: its length, UTF-16LE, filled up to four bytes."""
    raw = name.encode("utf-16-le")
    return struct.pack("<I", len(raw)) + raw + bytes(-len(raw) % 4)
