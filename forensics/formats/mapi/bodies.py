"""The texts of an item, each as the bytes it is stored in, with its code page: [MS-OXBBODY]."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.formats.mapi import tags
from forensics.formats.mapi.item import Item
from forensics.formats.mapi.strings import decode_string8, decode_utf16

_UTF16 = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """``kind`` is plain, html or rtf; ``raw`` the stored bytes, of RTF the decompressed ones; ``codepage`` theirs."""

    kind: str
    raw: bytes
    codepage: int | None

    def text(self) -> str:
        """The bytes as text, marks and control words still in it."""
        return decode_utf16(self.raw) if self.codepage == _UTF16 else decode_string8(self.raw, self.codepage)


def bodies(item: Item) -> tuple[Body, ...]:
    """Every body that the item holds."""
    found = []
    for kind, key in (("plain", tags.PR_BODY), ("html", tags.PR_HTML)):
        held = item.properties.find(key)
        if held is None or held.multivalued or not held.raw.strip(b"\0"):
            continue
        found.append(Body(kind=kind, raw=held.raw, codepage=_codepage(item, kind, held.type)))
    return tuple(found)


def _codepage(item: Item, kind: str, type_: int) -> int | None:
    if type_ == tags.PTYP_STRING:
        return _UTF16
    if kind == "plain":
        return item.properties.codepage
    return item.properties.integer(tags.PR_INTERNET_CPID) or item.properties.codepage
