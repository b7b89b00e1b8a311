"""The properties of one object as its context gives them: a property is made only when somebody asks for it.

An item has some sixty properties of which a dozen are asked for; making all of them was a third of reading it.
"""

from __future__ import annotations

import struct
from codecs import utf_16_le_decode
from collections.abc import Iterable, Iterator
from typing import Any

from forensics.formats.mapi import Key, NamedId, Property, PropertyBag, tags
from forensics.formats.mapi.strings import decode_string8
from forensics.records import Integrity

_INTEGERS = {
    tags.PTYP_INTEGER16: struct.Struct("<h"),
    tags.PTYP_INTEGER32: struct.Struct("<i"),
    tags.PTYP_INTEGER64: struct.Struct("<q"),
    tags.PTYP_CURRENCY: struct.Struct("<q"),
    tags.PTYP_BOOLEAN: struct.Struct("<H"),
    tags.PTYP_ERROR_CODE: struct.Struct("<I"),
}
_CODEPAGES = frozenset((tags.PR_MESSAGE_CODEPAGE, tags.PR_MESSAGE_LOCALE_ID, tags.PR_INTERNET_CPID))
_FIRST_NAMED = 0x8000
_TICKS = 8


Stored = tuple[int, bytes, tuple[bytes, ...], Integrity]
"""A property before it is made: tag, bytes, separate values, integrity. It is no class because there are so many."""


class StoredBag(PropertyBag):
    """A bag that reads like any other; ``stored`` gives its bytes without making properties of them."""

    __slots__ = ("_chosen", "_ids", "_made", "_named", "stored")

    def __init__(self, stored: Iterable[Stored], named: dict[int, NamedId], *, codepage: int | None = None) -> None:
        self.stored = tuple(stored)
        self._named = named
        self._made: dict[int, Property] = {}
        self._chosen = {one[0] >> 16: one for one in self.stored}
        if len(self._chosen) != len(self.stored):
            self._chosen = _choose(self.stored)
        if codepage is not None:
            self.codepage = codepage

    def __getattr__(self, name: str) -> Any:
        """The slots of the bag that stay empty until they are asked for."""
        if name == "codepage":
            self.codepage = None if _CODEPAGES.isdisjoint(self._chosen) else self._stated_codepage()
        elif name == "everything":
            self.everything = tuple(map(self._property, self.stored))
        elif name == "_ids":
            self._ids = self._by_names()
        else:
            raise AttributeError(name)
        return getattr(self, name)

    def _property(self, one: Stored) -> Property:
        tag, raw, values, integrity = one
        id_ = tag >> 16
        made = self._made.get(id_)
        if made is None or self._chosen[id_] is not one:
            made = Property(tag=tag, raw=raw, named=self._named.get(id_), values=values, integrity=integrity)
            if self._chosen[id_] is one:
                self._made[id_] = made
        return made

    def _by_names(self) -> dict[NamedId, int]:
        """The ids of the named properties; where two ids have one name, the one that was chosen last."""
        found: dict[NamedId, int] = {}
        chosen: dict[int, Stored] = {}
        for one in self.stored:
            id_ = one[0] >> 16
            name = self._named.get(id_) if id_ >= _FIRST_NAMED else None
            if name is not None and _is_better(one, chosen.get(id_)):
                chosen[id_] = one
                found[name] = id_
        return found

    def _stored(self, key: Key) -> Stored | None:
        if key.__class__ is NamedId:
            ids = self._ids
            # What is not there has the id of nothing; names are hashed by slow code.
            return self._chosen.get(ids.get(key, -1)) if ids else None
        return self._chosen.get(key)  # type: ignore[arg-type]

    def __getitem__(self, key: int) -> Property:
        return self._property(self._chosen[key])

    def __iter__(self) -> Iterator[int]:
        return iter(self._chosen)

    def __len__(self) -> int:
        return len(self._chosen)

    def stored_values(self) -> Iterable[Stored]:
        return self.stored

    def name_of(self, id_: int) -> NamedId | None:
        return self._named.get(id_)

    def find(self, key: Key) -> Property | None:
        one = self._stored(key)
        return None if one is None else self._property(one)

    def text(self, key: Key) -> str | None:
        one = self._stored(key)
        if one is None:
            return None
        type_ = one[0] & 0xFFFF
        if type_ == tags.PTYP_STRING:
            # What decode_utf16 does, without looking the codec up each time.
            return utf_16_le_decode(one[1], "backslashreplace", True)[0].rstrip("\0")
        return decode_string8(one[1], self.codepage) if type_ == tags.PTYP_STRING8 else super().text(key)

    def integer(self, key: Key) -> int | None:
        one = self._stored(key)
        if one is None:
            return None
        form = _INTEGERS.get(one[0] & 0xFFFF)
        if form is None:
            return super().integer(key)
        value: int | None = form.unpack(one[1])[0] if len(one[1]) == form.size else None
        return value

    def binary(self, key: Key) -> bytes | None:
        one = self._stored(key)
        if one is None:
            return None
        return super().binary(key) if one[0] & tags.MULTIVALUED else one[1]

    def filetime(self, key: Key) -> int | None:
        one = self._stored(key)
        if one is None:
            return None
        if one[0] & 0xFFFF != tags.PTYP_TIME:
            return super().filetime(key)
        return int.from_bytes(one[1], "little") if len(one[1]) == _TICKS else None


def _is_text(one: Stored) -> bool:
    return one[0] & 0xFFFF & ~tags.MULTIVALUED == tags.PTYP_STRING


def _is_better(one: Stored, held: Stored | None) -> bool:
    """Whether it is chosen in place of another of the same id: Unicode before all others, else the first."""
    return held is None or (_is_text(one) and not _is_text(held))


def _choose(stored: Iterable[Stored]) -> dict[int, Stored]:
    chosen: dict[int, Stored] = {}
    for one in stored:
        if _is_better(one, chosen.get(one[0] >> 16)):
            chosen[one[0] >> 16] = one
    return chosen
