"""MAPI properties as raw bytes with typed readings that never raise: [MS-OXCDATA] 2.11.

A reader (MSG, PST) hands over each value as its bytes in the store's little-endian form; what does not fit its type
reads as ``None``, and the bytes stay available in ``Property.raw``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from forensics.formats.codepages import charset_of, codepage_of_locale
from forensics.formats.mapi import tags
from forensics.formats.mapi.strings import decode_string8, decode_utf16
from forensics.records import Integrity

_UNSET_TICKS = frozenset({0, 0x0CB34557A3DD4000, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedId:
    """The lasting name of a property whose id the store chose: ``number`` or ``name`` ([MS-OXPROPS] 1.3.1)."""

    guid: UUID
    number: int | None = None
    name: str = ""

    def __hash__(self) -> int:
        # Hashed for every named property of every item; the set of properties rarely tells two of them apart.
        return hash((self.number, self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One value. ``values`` holds the elements of a multi-valued property of variable size, split by its reader."""

    tag: int
    raw: bytes = b""
    named: NamedId | None = None
    values: tuple[bytes, ...] = ()
    integrity: Integrity = Integrity.NONE
    """Whether the store's own checksum of these bytes held."""

    @property
    def id(self) -> int:
        return self.tag >> 16

    @property
    def type(self) -> int:
        """The type of one element; see ``multivalued``."""
        return self.tag & 0xFFFF & ~tags.MULTIVALUED

    @property
    def multivalued(self) -> bool:
        return bool(self.tag & tags.MULTIVALUED)

    def elements(self) -> tuple[bytes, ...]:
        """The bytes of every element; a single value is one element. A torn last element is left out."""
        if not self.multivalued:
            return (self.raw,)
        width = tags.WIDTHS.get(self.type)
        if self.values or width is None:
            return self.values
        return tuple(self.raw[at : at + width] for at in range(0, len(self.raw) - width + 1, width))


Key = int | NamedId
"""What a property is asked for by: its id, or the name of a named one."""


class PropertyBag(Mapping[int, Property]):
    """The properties of one object by id; ``named`` finds those whose id only this store knows.

    Where a store holds one id under several types (a string both as Unicode and in a code page), the mapping gives
    the Unicode one and otherwise the first; ``everything`` keeps them all in the order found.
    """

    __slots__ = ("_by_id", "_by_name", "codepage", "everything")

    def __init__(self, properties: Iterable[Property] = (), *, codepage: int | None = None) -> None:
        self.everything = tuple(properties)
        self.codepage = codepage
        self._by_id: dict[int, Property] = {}
        self._by_name: dict[NamedId, Property] = {}
        for one in self.everything:
            id_ = one.tag >> 16
            held = self._by_id.get(id_)
            if held is None or (one.type == tags.PTYP_STRING and held.type != tags.PTYP_STRING):
                self._by_id[id_] = one
                if one.named is not None:
                    self._by_name[one.named] = one
        if codepage is None:
            self.codepage = self._stated_codepage()

    def _stated_codepage(self) -> int | None:
        """The code page of 8-bit strings; UTF-16 cannot be one, and the one for the Internet is the last resort."""
        stated = (
            self.integer(tags.PR_MESSAGE_CODEPAGE),
            codepage_of_locale(self.integer(tags.PR_MESSAGE_LOCALE_ID)),
            self.integer(tags.PR_INTERNET_CPID),
        )
        return next((one for one in stated if one and charset_of(one) and one not in (1200, 1201)), None)

    def __getitem__(self, key: int) -> Property:
        return self._by_id[key]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def stored_values(self) -> Iterable[tuple[int, bytes, tuple[bytes, ...], Integrity]]:
        """Tag, bytes, separate values and integrity of everything, in the order found."""
        return ((one.tag, one.raw, one.values, one.integrity) for one in self.everything)

    def name_of(self, id_: int) -> NamedId | None:
        """The lasting name of an id of this object, where it has one."""
        found = self._by_id.get(id_)
        return None if found is None else found.named

    def named(self, guid: UUID, number_or_name: int | str) -> Property | None:
        """The named property of this property set, by number or by name."""
        if isinstance(number_or_name, int):
            return self._by_name.get(NamedId(guid=guid, number=number_or_name))
        return self._by_name.get(NamedId(guid=guid, name=number_or_name))

    def find(self, key: Key) -> Property | None:
        return self._by_name.get(key) if isinstance(key, NamedId) else self._by_id.get(key)

    def text(self, key: Key) -> str | None:
        """A string: UTF-16LE, or by the code page of this object; terminating zeros are not part of it."""
        return _first(self.texts(key))

    def texts(self, key: Key) -> tuple[str, ...]:
        found = self.find(key)
        if found is None:
            return ()
        if found.type == tags.PTYP_STRING:
            return tuple(decode_utf16(raw) for raw in found.elements())
        if found.type == tags.PTYP_STRING8:
            return tuple(decode_string8(raw, self.codepage) for raw in found.elements())
        return ()

    def integer(self, key: Key) -> int | None:
        """A whole number of 16, 32 or 64 bits, signed as the type says."""
        return _first(self.integers(key))

    def integers(self, key: Key) -> tuple[int, ...]:
        found = self.find(key)
        if found is None or found.type not in _INTEGERS:
            return ()
        return _unpacked(_INTEGERS[found.type], found)

    def boolean(self, key: Key) -> bool | None:
        found = self.find(key)
        if found is None or found.type != tags.PTYP_BOOLEAN or not found.raw:
            return None
        return found.raw[0] != 0

    def binary(self, key: Key) -> bytes | None:
        """The bytes of a binary value; of a string or an object its bytes as stored."""
        return _first(self.binaries(key))

    def binaries(self, key: Key) -> tuple[bytes, ...]:
        found = self.find(key)
        return () if found is None else found.elements()

    def filetime(self, key: Key) -> int | None:
        """Ticks of 100 ns since 1601-01-01 UTC, exactly as stored, sentinels included (see ``is_set``)."""
        return _first(self.filetimes(key))

    def filetimes(self, key: Key) -> tuple[int, ...]:
        found = self.find(key)
        if found is None or found.type != tags.PTYP_TIME:
            return ()
        return _unpacked("<Q", found)

    def guid(self, key: Key) -> UUID | None:
        found = self.find(key)
        if found is None or found.type != tags.PTYP_GUID or len(found.raw) != 16:
            return None
        return UUID(bytes_le=found.raw)

    def floating(self, key: Key) -> float | None:
        found = self.find(key)
        if found is None or found.type not in _FLOATS:
            return None
        return _first(_unpacked_floats(_FLOATS[found.type], found))


_INTEGERS = {
    tags.PTYP_INTEGER16: "<h",
    tags.PTYP_INTEGER32: "<i",
    tags.PTYP_INTEGER64: "<q",
    tags.PTYP_CURRENCY: "<q",
    tags.PTYP_BOOLEAN: "<H",
    tags.PTYP_ERROR_CODE: "<I",
}
_FLOATS = {tags.PTYP_FLOATING32: "<f", tags.PTYP_FLOATING64: "<d", tags.PTYP_FLOATING_TIME: "<d"}


def is_set(ticks: int) -> bool:
    """Whether a FILETIME says a time at all: 0, 4501-01-01 and the highest value are how MAPI writes "none"."""
    return ticks not in _UNSET_TICKS


_T = TypeVar("_T")


def _first(values: tuple[_T, ...]) -> _T | None:
    return values[0] if values else None


def _unpacked(form: str, found: Property) -> tuple[int, ...]:
    size = struct.calcsize(form)
    return tuple(struct.unpack(form, raw)[0] for raw in found.elements() if len(raw) == size)


def _unpacked_floats(form: str, found: Property) -> tuple[float, ...]:
    size = struct.calcsize(form)
    return tuple(struct.unpack(form, raw)[0] for raw in found.elements() if len(raw) == size)
