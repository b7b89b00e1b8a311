"""Sweeps an XML part for its text, element by element; a document type is refused, so that no entity can unfold.

Office parts have none (ECMA-376 part 2, 9.1.4). What stands before a fault in the XML is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from forensics.errors import FormatError

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]
_DEEPEST = 256


def sweep(data: bytes, start: Start, end: End, text: Text) -> None:
    """Call back for each element and text; names come without their prefix. Raises ``FormatError`` at a fault."""
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise FormatError("an XML part is nested too deeply")
        start(name.rpartition(":")[2], attributes)

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition(":")[2])

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FormatError(f"an XML part is damaged: {error}") from error
    except ValueError as error:
        raise FormatError(f"an XML part has a charset that is not read here: {error}") from error


def _refuse(*_: object) -> None:
    raise FormatError("an XML part has a document type of its own, which may hold entities that unfold; it is not read")


class Lines:
    """Gathers text of some elements; others end a line or a cell."""

    def __init__(
        self, shown: frozenset[str], breaks: frozenset[str], tabs: frozenset[str], skipped: frozenset[str] = frozenset()
    ) -> None:
        self._shown, self._breaks, self._tabs, self._skipped = shown, breaks, tabs, skipped
        self._open = 0
        self._silent = 0
        self.pieces: list[str] = []

    def start(self, name: str, _: dict[str, str]) -> None:
        if name in self._skipped:
            self._silent += 1
        elif name in self._shown:
            self._open += 1
        elif name in self._tabs and not self._silent:
            self.pieces.append("\t")

    def end(self, name: str) -> None:
        if name in self._skipped:
            self._silent -= 1
        elif name in self._shown:
            self._open -= 1
        elif name in self._breaks and not self._silent:
            self.pieces.append("\n")

    def text(self, piece: str) -> None:
        if self._open and not self._silent:
            self.pieces.append(piece)

    def read(self, data: bytes) -> tuple[str, str]:
        """The text, and what is wrong with the part or ``""``."""
        wrong = ""
        try:
            sweep(data, self.start, self.end, self.text)
        except FormatError as error:
            wrong = error.what
        return "".join(self.pieces), wrong
