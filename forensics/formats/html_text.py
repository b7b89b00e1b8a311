"""The readable text of an HTML body, in linear time and without a parser that hostile input can stall.

This is for searching and comparing. What a lawyer is shown is the escaped source or the plain body.
"""

from __future__ import annotations

import re
from html import unescape

_TAG = re.compile(r"<(?:!--|/?([a-zA-Z][a-zA-Z0-9]*)|[!?])")
_BREAKS = frozenset(
    ("br", "p", "div", "tr", "li", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")
)
_SILENT = frozenset(("script", "style", "head", "title"))
_BLANKS = re.compile(r"[ \t\r\f\v\u00a0]+")
_LINES = re.compile(r" ?\n[ \n]*")


def to_text(source: str) -> str:
    """The text between the tags: blocks become lines, entities characters, scripts and styles nothing."""
    pieces: list[str] = []
    at = 0
    while True:
        found = _TAG.search(source, at)
        if found is None:
            pieces.append(source[at:])
            break
        pieces.append(source[at : found.start()])
        name = (found.group(1) or "").lower()
        at = _after(source, found, name)
        if name in _BREAKS:
            pieces.append("\n")
    return _LINES.sub("\n", _BLANKS.sub(" ", unescape("".join(pieces)))).strip()


def _after(source: str, found: re.Match[str], name: str) -> int:
    """Where the text goes on after this tag, comment or silent element; the end of the source if it never closes."""
    if found.group().startswith("<!--"):
        end, width = source.find("-->", found.end()), 3
    elif name in _SILENT and not found.group().startswith("</"):
        end, width = _find_close(source, name, found.end())
    else:
        end, width = source.find(">", found.end()), 1
    return len(source) if end < 0 else end + width


def _find_close(source: str, name: str, start: int) -> tuple[int, int]:
    closing = re.compile(rf"</{name}[^>]{{0,100}}>", re.IGNORECASE).search(source, start)
    return (closing.start(), len(closing.group())) if closing else (-1, 0)
