"""Files that are text: plain text, CSV, calendars (RFC 5545), contacts (RFC 6350), HTML, RTF."""

from __future__ import annotations

import re
from html import unescape

from forensics.formats import charsets, rtf
from forensics.formats.documents.found import Document, Room
from forensics.formats.html_text import to_text

_CHARSET = re.compile(rb"<meta[^>]{0,400}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,2000})", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(?!\[if)(.{1,4000}?)-->", re.DOTALL)
_FOLDED = re.compile(r"\r?\n[ \t]")
_LARGEST = 1 << 26


def read_text(data: bytes, room: Room, kind: str) -> Document:
    """Text in whatever charset it is."""
    found = _document(data, kind)
    text = _decoded(data, "")
    # A long line of a calendar or a contact goes on in the next, behind one blank (RFC 5545, 3.1).
    found.add("", _FOLDED.sub("", text) if kind in ("ics", "vcf") else text, room)
    return found


def read_html(data: bytes, room: Room) -> Document:
    """What a page shows, its title and its comments."""
    found = _document(data, "html")
    hit = _CHARSET.search(data[:8192])
    source = _decoded(data, hit[1].decode("ascii") if hit else "")
    title = _TITLE.search(source)
    found.add("title", unescape(title[1]) if title else "", room)
    found.add("", to_text(source), room)
    found.add("comments", "\n".join(_COMMENT.findall(source)), room)
    return found


def read_rtf(data: bytes, room: Room) -> Document:
    """The visible text, or what the RTF was made from."""
    found = _document(data, "rtf")
    carried = rtf.carried(data[:_LARGEST])
    found.add("", to_text(carried.text) if carried.kind == "html" else carried.text, room)
    return found


def _document(data: bytes, kind: str) -> Document:
    found = Document(kind=kind)
    if len(data) > _LARGEST:
        found.trouble(f"it has more than {_LARGEST} bytes; the rest was not read")
    return found


def _decoded(data: bytes, charset: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        charset = "utf-16"
    return charsets.decode(data[:_LARGEST], charset).text.removeprefix("\ufeff")
