"""PowerPoint files (.pptx, ECMA-376 part 1, 19): slides, those that are hidden said so, notes and comments."""

from __future__ import annotations

import re

from forensics.formats.documents.found import Document, Room
from forensics.formats.documents.package import Package
from forensics.formats.documents.xml_sweep import Lines

_PLACES = (
    (re.compile(r"ppt/slides/slide(\d+)\.xml"), "slide"),
    (re.compile(r"ppt/notesSlides/notesSlide(\d+)\.xml"), "notes"),
    (re.compile(r"ppt/comments/(?:comment|modernComment_)(\w+)\.xml"), "comments"),
    (re.compile(r"ppt/diagrams/data(\d+)\.xml"), "diagram"),
    (re.compile(r"ppt/charts/chart(\d+)\.xml"), "chart"),
)
_SHOWN = frozenset(("t", "text", "v"))
_BREAKS = frozenset(("p", "br", "cm", "pt"))
_HIDDEN = re.compile(rb"<(?:\w+:)?sld\b[^>]{0,4000}\bshow=[\"'](?:0|false)[\"']")


def read(package: Package, room: Room) -> Document:
    """Every text of a presentation."""
    found = Document(kind="pptx")
    for pattern, title in _PLACES:
        named = [(hit[1], name) for name in package.names if (hit := pattern.fullmatch(name))]
        for number, name in sorted(named, key=lambda pair: (len(pair[0]), pair)):
            data = package.part(name)
            if not data:
                continue
            text, wrong = Lines(_SHOWN, _BREAKS, frozenset(("tc",)), frozenset(("Fallback",))).read(data)
            hidden = " (hidden)" if title == "slide" and _HIDDEN.search(data[:8192]) else ""
            found.add(f"{title} {number}{hidden}", text, room)
            if wrong:
                found.trouble(wrong)
    return found
