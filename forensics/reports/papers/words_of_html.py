"""The words of an HTML body for a print: text and line breaks, nothing that runs, loads or hides."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BREAKS = frozenset(
    ["blockquote", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "p", "pre", "table", "tr"]
)
_SILENT = frozenset(("script", "style", "head", "title", "template"))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.made: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BREAKS:
            self.made.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.made.append(re.sub(r"[ \t\r\n]+", " ", data))


def words_of(markup: str) -> str:
    """What a reader would see as words, line by line."""
    words = _Words()
    words.feed(markup)
    words.close()
    lines = (line.strip() for line in "".join(words.made).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
