"""OpenDocument files (.odt, .ods, .odp; OASIS OpenDocument 1.3 part 3): the text of the content and of page styles."""

from __future__ import annotations

from forensics.formats.documents.found import Document, Room, locked
from forensics.formats.documents.package import Package
from forensics.formats.documents.xml_sweep import Lines

_SHOWN = frozenset(("p", "h"))
_BREAKS = frozenset(("table-row", "line-break", "page"))
_TABS = frozenset(("table-cell", "tab"))


class _Text(Lines):
    """Paragraphs end a line themselves; those in a cell do not."""

    def __init__(self) -> None:
        super().__init__(_SHOWN, _BREAKS, _TABS, frozenset(("tracked-changes",)))
        self._cells = 0

    def start(self, name: str, said: dict[str, str]) -> None:
        self._cells += name == "table-cell"
        super().start(name, said)

    def end(self, name: str) -> None:
        self._cells -= name == "table-cell"
        super().end(name)
        if name in _SHOWN and not self._cells:
            self.pieces.append("\n")


def read(package: Package, room: Room, kind: str) -> Document:
    """Every text of an OpenDocument file."""
    if b"encryption-data" in package.part("META-INF/manifest.xml"):
        return locked(kind, "OpenDocument encryption")
    found = Document(kind=kind)
    for name, place in (("content.xml", ""), ("styles.xml", "headers and footers")):
        data = package.part(name)
        if data:
            text, wrong = _Text().read(data)
            found.add(place, text, room)
            if wrong:
                found.trouble(wrong)
    return found
