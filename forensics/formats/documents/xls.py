"""Excel 97 to 2003 files (.xls, [MS-XLS]), read with xlrd (BSD); the record FILEPASS tells what locks them."""

from __future__ import annotations

import io
import struct
from typing import Any

from forensics.errors import FormatError
from forensics.formats.compound import Compound
from forensics.formats.documents.found import Document, Room, State, locked, without
from forensics.formats.documents.xlsx import letters, shown_number

_BOF, _EOF, _FILEPASS = 0x0809, 0x000A, 0x002F
_KINDS = {0: "XOR obfuscation", 1: "RC4 or CryptoAPI encryption"}
_HIDDEN = {1: " (hidden)", 2: " (very hidden)"}
_TEXT, _NUMBER, _DAY, _LOGICAL = 1, 2, 3, 4


def lock_of(stream: bytes) -> str:
    """What locks a workbook (2.4.117); ``""`` where nothing does. Only the globals substream can say it."""
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind == _FILEPASS:
            (how,) = struct.unpack_from("<H", stream, at + 4) if at + 6 <= len(stream) else (1,)
            return _KINDS.get(how, "encryption")
        if kind == _EOF:
            break
        at += 4 + length
    return ""


def read(compound: Compound, data: bytes, room: Room) -> Document:
    """Every text of a workbook."""
    entry = compound.root.child("Workbook") or compound.root.child("Book")
    lock = lock_of(compound.read(entry)) if entry is not None else ""
    if lock:
        return locked("xls", lock)
    try:
        import xlrd
    except ImportError:
        found = without("xls", "xlrd")
        found.state = State.OPEN
        return found
    try:
        book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, *_BROKEN) as error:
        raise FormatError(f"the workbook cannot be read: {error}") from error
    return _sheets(book, room)


_BROKEN = (AssertionError, AttributeError, LookupError, ValueError, TypeError, struct.error, OverflowError, OSError)


def _sheets(book: Any, room: Room) -> Document:
    found = Document(kind="xls")
    for number, name in enumerate(book.sheet_names()):
        try:
            sheet = book.sheet_by_index(number)
            lines = [_line(sheet, row, book.datemode == 1) for row in range(sheet.nrows)]
        except _BROKEN as error:
            found.trouble(f"the sheet {name} cannot be read: {error}")
            continue
        title = name + _HIDDEN.get(sheet.visibility, "")
        found.add(f"{title}!A1:{letters(sheet.ncols)}{sheet.nrows}", "\n".join(filter(None, lines)), room)
        notes = [str(note.text) for note in getattr(sheet, "cell_note_map", {}).values()]
        found.add(f"{title} comments", "\n".join(notes), room)
    return found


def _line(sheet: Any, row: int, from_1904: bool) -> str:
    kinds, values = sheet.row_types(row), sheet.row_values(row)
    return "\t".join(_cell(kind, value, from_1904) for kind, value in zip(kinds, values, strict=True)).rstrip("\t")


def _cell(kind: int, value: object, from_1904: bool) -> str:
    if kind == _TEXT:
        return str(value).replace("\n", " ").replace("\t", " ")
    if kind in (_NUMBER, _DAY):
        return shown_number(repr(value), kind == _DAY, from_1904)
    return "TRUE" if kind == _LOGICAL and value else ""
