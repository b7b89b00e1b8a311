"""PowerPoint 97 to 2003 files (.ppt, [MS-PPT]): the atoms of text in the order in which they lie.

    Record header (2.3.1)                       recType
    0  2  recVer (4 bits; 0xF: container)       0x03EE slide      0x0FA0 TextCharsAtom, UTF-16LE (2.9.42)
    2  2  recType                               0x03F0 notes      0x0FA8 TextBytesAtom, low bytes (2.9.43)
    4  4  recLen                                0x0FF0 outline    0x0FBA CString, UTF-16LE (2.13.1)

A file that was saved quickly holds older versions of slides too; their text is read like any other.
"""

from __future__ import annotations

import struct

from forensics.formats.compound import Compound
from forensics.formats.documents.found import Document, Room, locked

_HEADER = struct.Struct("<HHI")
_SLIDE, _NOTES, _MASTER, _OUTLINE, _COMMENT = 0x03EE, 0x03F0, 0x03F8, 0x0FF0, 0x2EE0
_CHARS, _BYTES, _STRING = 0x0FA0, 0x0FA8, 0x0FBA
_TITLES = {_SLIDE: "slide", _NOTES: "notes", _MASTER: "master", _OUTLINE: "outline"}
_ENCRYPTED = 0xF3D1C4DF
_MOST_RECORDS = 5_000_000


def read(compound: Compound, room: Room) -> Document:
    """Every text of a presentation."""
    user = compound.root.child("Current User")
    said = compound.read(user) if user is not None else b""
    if len(said) >= 16 and struct.unpack_from("<I", said, 12)[0] == _ENCRYPTED:
        return locked("ppt", "PowerPoint encryption")
    found = Document(kind="ppt")
    entry = compound.root.child("PowerPoint Document")
    data = compound.read(entry) if entry is not None else b""
    texts: dict[str, list[str]] = {}
    place, until, count, at = "", 0, 0, 0
    for _ in range(_MOST_RECORDS):
        if at + 8 > len(data):
            break
        version, kind, length = _HEADER.unpack_from(data, at)
        at += 8
        if at >= until:
            place = ""
        if kind in _TITLES:
            count += kind == _SLIDE
            place = f"slide {count}" if kind == _SLIDE else _TITLES[kind]
            until = at + length
        if version & 0xF == 0xF:
            continue
        raw = data[at : at + length]
        if kind in (_CHARS, _STRING):
            texts.setdefault(place or "other text", []).append(_wide(raw))
        elif kind == _BYTES:
            texts.setdefault(place or "other text", []).append(raw.decode("latin-1"))
        at += length
    if at > len(data):
        found.trouble("the presentation is cut short")
    for name, pieces in texts.items():
        found.add(name, "\n".join(pieces).replace("\r", "\n").replace("\x0b", "\n"), room)
    return found


def _wide(raw: bytes) -> str:
    return raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass")
