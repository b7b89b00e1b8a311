"""Excel files (.xlsx, ECMA-376 part 1, 18): sheets as lines of cells, hidden ones said so, comments, headers, boxes.

A cell is what it was saved with: a shared or inline string, a number, or a day where its number format (18.8.30) is
one of days. Reading aids over Japanese words (``rPh``) are no text of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from forensics.errors import FormatError
from forensics.formats.documents.found import Document, Room
from forensics.formats.documents.package import Package
from forensics.formats.documents.xml_sweep import Lines, sweep

_DAYS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_QUOTED = re.compile(r"\"[^\"]*\"|\\.|\[[^\]]*\]|_.|\*.")
_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_HEADINGS = frozenset(("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"))
_MOST_CELLS = 2_000_000


@dataclass(slots=True, kw_only=True)
class _Book:
    """What the cells of every sheet refer to."""

    strings: list[str] = field(default_factory=list)
    days: list[bool] = field(default_factory=list)
    from_1904: bool = False
    cells: int = _MOST_CELLS
    sheets: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, state and relation of each."""


def read(package: Package, room: Room) -> Document:
    """Every text of a workbook."""
    found = Document(kind="xlsx")
    book = _Book()
    _quietly(found, package.part("xl/workbook.xml"), _WorkbookSweep(book))
    _quietly(found, package.part("xl/sharedStrings.xml"), _StringsSweep(book.strings))
    _quietly(found, package.part("xl/styles.xml"), _StylesSweep(book.days))
    relations = package.relations("xl/workbook.xml")
    for number, (name, state, ref) in enumerate(book.sheets, start=1):
        path = relations.get(ref, ("", f"xl/worksheets/sheet{number}.xml"))[1]
        title = f"{name} ({state})" if state else name
        _sheet(package, found, book, path, title, room)
    return found


def _sheet(package: Package, found: Document, book: _Book, path: str, title: str, room: Room) -> None:
    cells = _SheetSweep(book)
    _quietly(found, package.part(path), cells)
    if book.cells <= 0:
        found.trouble(f"it has more than {_MOST_CELLS} cells; the rest was not read")
    found.add(f"{title}!{cells.range}", "\n".join(cells.lines), room)
    found.add(f"{title} headers and footers", "\n".join(cells.headings), room)
    for kind, part in package.relations(path).values():
        if kind in ("comments", "threadedComment", "drawing", "vmlDrawing"):
            shown = Lines(frozenset(("t", "text")), frozenset(("comment", "p", "threadedComment")), frozenset())
            text, wrong = shown.read(package.part(part) or b"<none/>")
            found.add(f"{title} {'drawing' if 'rawing' in kind else 'comments'}", text, room)
            if wrong and kind != "vmlDrawing":
                found.trouble(wrong)


class _Sweep:
    def start(self, name: str, said: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, piece: str) -> None: ...


def _quietly(found: Document, data: bytes, into: _Sweep) -> None:
    if data:
        try:
            sweep(data, into.start, into.end, into.text)
        except FormatError as error:
            found.trouble(error.what)


class _WorkbookSweep(_Sweep):
    def __init__(self, book: _Book) -> None:
        self._book = book

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "sheet":
            state = {"hidden": "hidden", "veryHidden": "very hidden"}.get(said.get("state", ""), "")
            ref = next((value for key, value in said.items() if key.endswith(":id")), "")
            self._book.sheets.append((said.get("name", ""), state, ref))
        elif name == "workbookPr":
            self._book.from_1904 = said.get("date1904") in ("1", "true")


class _StringsSweep(_Sweep):
    def __init__(self, strings: list[str]) -> None:
        self._strings = strings
        self._pieces: list[str] = []
        self._aid = self._open = 0

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "si":
            self._pieces = []
        self._aid += name == "rPh"
        self._open += name == "t"

    def end(self, name: str) -> None:
        self._aid -= name == "rPh"
        self._open -= name == "t"
        if name == "si":
            self._strings.append("".join(self._pieces))

    def text(self, piece: str) -> None:
        if self._open and not self._aid:
            self._pieces.append(piece)


class _StylesSweep(_Sweep):
    def __init__(self, days: list[bool]) -> None:
        self._days = days
        self._own: dict[str, bool] = {}
        self._cells = False

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "numFmt":
            self._own[said.get("numFmtId", "")] = is_day(said.get("formatCode", ""))
        elif name == "cellXfs":
            self._cells = True
        elif name == "xf" and self._cells:
            number = said.get("numFmtId", "0")
            self._days.append(self._own.get(number, number.isdigit() and int(number) in _DAYS))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._cells = False


def is_day(code: str) -> bool:
    """Whether a number format writes a day or a time."""
    return bool(re.search(r"[ymdhse]", _QUOTED.sub("", code.split(";")[0]).lower().replace("general", "")))


class _SheetSweep(_Sweep):
    def __init__(self, book: _Book) -> None:
        self._book = book
        self.lines: list[str] = []
        self.headings: list[str] = []
        self._row: list[str] = []
        self._column = 0
        self._said: dict[str, str] = {}
        self._pieces: list[str] = []
        self._open = self._aid = 0
        self._widest = self._deepest = self._at = 0

    @property
    def range(self) -> str:
        return f"A1:{letters(self._widest)}{self._deepest}" if self._deepest else ""

    def start(self, name: str, said: dict[str, str]) -> None:
        if name == "row":
            number = said.get("r", "")
            self._row, self._column, self._at = [], 0, int(number) if number.isdigit() else self._at + 1
        elif name == "c":
            self._said, self._pieces = said, []
        self._aid += name == "rPh"
        self._open += name in ("v", "t") or name in _HEADINGS
        if name in _HEADINGS:
            self._pieces = []

    def end(self, name: str) -> None:
        self._aid -= name == "rPh"
        self._open -= name in ("v", "t") or name in _HEADINGS
        if name == "c":
            self._cell("".join(self._pieces))
        elif name == "row" and self._row:
            self.lines.append("\t".join(self._row))
        elif name in _HEADINGS:
            self.headings.append(re.sub(r"&(?:[LCRPNDTAFZ]|\"[^\"]*\"|\d+)", " ", "".join(self._pieces)))

    def text(self, piece: str) -> None:
        if self._open and not self._aid:
            self._pieces.append(piece)

    def _cell(self, raw: str) -> None:
        self._book.cells -= 1
        if not raw or self._book.cells < 0:
            return
        hit = _CELL.fullmatch(self._said.get("r", ""))
        column = _number(hit[1]) if hit else self._column + 1
        # A cell far to the right has no thousand empty ones before it.
        self._row += [""] * min(max(column - self._column - 1, 0), 50)
        self._column = column
        self._row.append(self._value(raw).replace("\n", " ").replace("\t", " "))
        self._widest, self._deepest = max(self._widest, column), self._at

    def _value(self, raw: str) -> str:
        kind = self._said.get("t", "n")
        if kind == "s":
            at = int(raw) if raw.isdigit() else -1
            return self._book.strings[at] if 0 <= at < len(self._book.strings) else ""
        if kind != "n":
            return raw
        style = self._said.get("s", "0")
        at = int(style) if style.isdigit() else 0
        is_a_day = at < len(self._book.days) and self._book.days[at]
        return shown_number(raw, is_a_day, self._book.from_1904)


def _number(name: str) -> int:
    found = 0
    for letter in name:
        found = found * 26 + ord(letter) - 64
    return found


def letters(column: int) -> str:
    """What the column of this number is called."""
    found = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found or "A"


def shown_number(raw: str, is_a_day: bool, from_1904: bool) -> str:
    """A number as a person reads it: whole ones without an exponent, days as days (18.17.4.1)."""
    try:
        value = float(raw)
    except ValueError:
        return raw
    if is_a_day and 0 < value < 2_958_466:
        first = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a cell states no zone
        at = first + timedelta(seconds=round(value * 86_400))
        return f"{at:%Y-%m-%d}" if value == int(value) else f"{at:%Y-%m-%d %H:%M:%S}"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else raw
