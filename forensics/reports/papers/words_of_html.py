"""The words of an HTML body for a print: text and line breaks, nothing that runs, loads or hides."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BREAKS = frozenset(("blockquote", "div", "hr", "li", "p", "pre", "table", "tr"))
_BREAKS |= frozenset(f"h{level}" for level in range(1, 7))
_SILENT = frozenset(("script", "style", "head", "title", "template"))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.made: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self.made.append("\n")
        else:
            self._line(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        else:
            self._line(tag)

    def _line(self, tag: str) -> None:
        if tag in _BREAKS and self.made and not self.made[-1].endswith("\n"):
            self.made.append("\n")

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
