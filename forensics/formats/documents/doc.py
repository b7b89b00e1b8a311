"""Word 97 to 2003 files (.doc, [MS-DOC]): the text by its piece table, and the parts that follow one another in it.

FIB, in the stream WordDocument                    Clx, in the stream 0Table or 1Table
0x00  2   wIdent 0xA5EC (2.5.2)                     0x01  cbGrpprl 2, GrpPrl: passed over
0x02  2   nFib                                      0x02  lcb 4, PlcPcd (2.8.35):
0x0A  2   flags: 0x0100 fEncrypted, 0x0200 1Table         n + 1 character positions of 4 bytes,
0x18  8   fcMin, fcMac (before Word 97)                   n Pcd of 8 bytes: flags 2, fc 4, prm 2
0x4C  4*8 ccpText, Ftn, Hdd, Mcr, Atn, Edn, Txbx,   fc: bit 30 set: one byte a character at fc / 2
          HdrTxbx (2.5.4)                               else UTF-16LE at fc
0x1A2 8   fcClx, lcbClx (2.5.6)
"""

from __future__ import annotations

import re
import struct

from forensics.errors import FormatError
from forensics.formats import charsets
from forensics.formats.compound import Compound
from forensics.formats.documents.found import Document, Room, locked

_PLACES = ("", "footnotes", "headers and footers", "macros", "comments", "endnotes", "text boxes", "header text boxes")
_WORD_97 = 193
_FIELD = re.compile("\x13[^\x13\x14\x15]*(?:\x14|(?=\x15))|\x15")
_MARKS = str.maketrans({"\r": "\n", "\x07": "\t", "\x0b": "\n", "\x0c": "\n", "\x1e": "-", "\x1f": None, "\xa0": " "})
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f]")


def read(compound: Compound, room: Room) -> Document:
    """Every text of a Word file."""
    main = _stream(compound, "WordDocument")
    if len(main) < 0x1AA:
        raise FormatError("the header of the Word file is cut short")
    ident, version = struct.unpack_from("<HH", main)
    (flags,) = struct.unpack_from("<H", main, 0x0A)
    if flags & 0x0100:
        return locked("doc", "XOR obfuscation" if flags & 0x8000 else "Word encryption")
    found = Document(kind="doc")
    if ident != 0xA5EC or version < _WORD_97:
        first, last = struct.unpack_from("<II", main, 0x18)
        found.add("", _shown(charsets.decode(main[first:last]).text), room)
        return found
    text = _pieces(main, _stream(compound, "1Table" if flags & 0x0200 else "0Table"), found)
    at = 0
    for place, size in zip(_PLACES, struct.unpack_from("<8I", main, 0x4C), strict=True):
        found.add(place, _shown(text[at : at + size]), room)
        at += size
    return found


def _stream(compound: Compound, name: str) -> bytes:
    entry = compound.root.child(name)
    if entry is None:
        raise FormatError(f"the file has no stream {name}")
    return compound.read(entry)


def _pieces(main: bytes, table: bytes, found: Document) -> str:
    start, size = struct.unpack_from("<II", main, 0x1A2)
    clx, at = table[start : start + size], 0
    while at + 3 <= len(clx) and clx[at] == 1:
        at += 3 + int(struct.unpack_from("<H", clx, at + 1)[0])
    if at + 5 > len(clx) or clx[at] != 2:
        raise FormatError("the piece table of the Word file is missing")
    plc = clx[at + 5 : at + 5 + struct.unpack_from("<I", clx, at + 1)[0]]
    count = (len(plc) - 4) // 12
    if count < 1:
        raise FormatError("the piece table of the Word file is empty")
    positions = struct.unpack_from(f"<{count + 1}I", plc)
    pieces, left = [], 2 * len(main)
    for number in range(count):
        (place,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)
        length = min(max(positions[number + 1] - positions[number], 0), left)
        left -= length
        pieces.append(_piece(main, place, length))
    if left <= 0:
        found.trouble("the piece table of the Word file is longer than the file")
    return "".join(pieces)


def _piece(main: bytes, place: int, length: int) -> str:
    if place & 0x40000000:
        first = (place & 0x3FFFFFFF) // 2
        raw = main[first : first + length]
        return raw.decode("cp1252", "backslashreplace") if not raw.isascii() else raw.decode("ascii")
    raw = main[place : place + 2 * length]
    return raw[: len(raw) & ~1].decode("utf-16-le", "surrogatepass")


def _shown(text: str) -> str:
    # The instruction of a field is none of the text, its result is; fields in fields are undone from inside.
    for _ in range(8):
        text, changed = _FIELD.subn("", text)
        if not changed:
            break
    # A row of a table ends with a mark of its own behind that of its last cell.
    return _CONTROLS.sub("", text.replace("\x07\x07", "\n").translate(_MARKS))
