"""Word files (.docx, ECMA-376 part 1, 17): text, headers, footers, notes, comments and tracked deletions."""

from __future__ import annotations

import re

from forensics.formats.documents.found import Document, Room
from forensics.formats.documents.package import Package
from forensics.formats.documents.xml_sweep import Lines

_PLACES = (
    (re.compile(r"word/document\d*\.xml"), ""),
    (re.compile(r"word/header(\d*)\.xml"), "header"),
    (re.compile(r"word/footer(\d*)\.xml"), "footer"),
    (re.compile(r"word/footnotes\.xml"), "footnotes"),
    (re.compile(r"word/endnotes\.xml"), "endnotes"),
    (re.compile(r"word/comments\.xml"), "comments"),
    (re.compile(r"word/glossary/document\.xml"), "glossary"),
)
_BREAKS = frozenset(("p", "br", "cr", "tr"))
_TABS = frozenset(("tab",))
# What stands twice for older readers is taken once; positions of tabs are no tabs.
_SKIPPED = frozenset(("Fallback", "tabs"))


def read(package: Package, room: Room) -> Document:
    """Every text of a Word file."""
    found = Document(kind="docx")
    for pattern, title in _PLACES:
        for name in sorted(package.names):
            hit = pattern.fullmatch(name)
            if hit is None:
                continue
            place = " ".join(filter(None, (title, *hit.groups())))
            data = package.part(name)
            _take(found, data, place, frozenset(("t",)), room)
            if b":delText" in data:
                _take(found, data, f"{place} deleted text".strip(), frozenset(("delText",)), room)
    return found


def _take(found: Document, data: bytes, place: str, shown: frozenset[str], room: Room) -> None:
    if not data:
        return
    text, wrong = Lines(shown, _BREAKS, _TABS, _SKIPPED).read(data)
    found.add(place, re.sub(r"\n{3,}", "\n\n", text), room)
    if wrong:
        found.trouble(wrong)
