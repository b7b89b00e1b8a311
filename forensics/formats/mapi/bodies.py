"""The texts of an item, each as the bytes it is stored in, with its code page: [MS-OXBBODY]."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.errors import FormatError
from forensics.formats import rtf
from forensics.formats.mapi import tags
from forensics.formats.mapi.item import Item
from forensics.formats.mapi.strings import decode_string8, decode_utf16

_UTF16 = 1200
_UTF8 = 65001


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """``kind`` is plain, html or rtf; ``raw`` the stored bytes, of RTF the decompressed ones; ``codepage`` theirs.

    A body that is ``derived`` is not stored so: it was taken out of the RTF, and its bytes are UTF-8 made here.
    """

    kind: str
    raw: bytes
    codepage: int | None
    derived: bool = False
    problems: tuple[str, ...] = ()

    def text(self) -> str:
        """The bytes as text, marks and control words still in it."""
        return decode_utf16(self.raw) if self.codepage == _UTF16 else decode_string8(self.raw, self.codepage)


def bodies(item: Item) -> tuple[Body, ...]:
    """Every body that the item holds, then what only its RTF carries: HTML, or plain text if there is no other text."""
    found = []
    for kind, key in (("plain", tags.PR_BODY), ("html", tags.PR_HTML)):
        held = item.properties.find(key)
        if held is None or held.multivalued or not held.raw.strip(b"\0"):
            continue
        found.append(Body(kind=kind, raw=held.raw, codepage=_codepage(item, kind, held.type)))
    found += _from_rtf(item.properties.binary(tags.PR_RTF_COMPRESSED) or b"", {one.kind for one in found})
    return tuple(found)


def _from_rtf(raw: bytes, held: set[str]) -> list[Body]:
    if not raw:
        return []
    try:
        unpacked = rtf.decompress(raw)
    except FormatError as error:
        return [Body(kind="rtf", raw=b"", codepage=None, problems=(error.what,))]
    found = [Body(kind="rtf", raw=unpacked.raw, codepage=None, problems=unpacked.problems)]
    if "html" in held:
        return found
    inside = rtf.carried(unpacked.raw)
    kind = "html" if inside.kind == "html" else "plain"
    if inside.text.strip() and (kind == "html" or not held):
        found.append(Body(kind=kind, raw=inside.text.encode(), codepage=_UTF8, derived=True))
    return found


def _codepage(item: Item, kind: str, type_: int) -> int | None:
    if type_ == tags.PTYP_STRING:
        return _UTF16
    if kind == "plain":
        return item.properties.codepage
    return item.properties.integer(tags.PR_INTERNET_CPID) or item.properties.codepage
