"""The texts of a small XML file by the path of their elements; entities of its own are refused, so none can unfold."""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from forensics.errors import FormatError

_LARGEST = 1 << 22
_MOST = 5_000
_DEEPEST = 100


def fields(data: bytes) -> Iterator[tuple[str, str]]:
    """Path and text of each element and attribute that has a text, in order: ``meta/creation-date``, ``a/@b``.

    Prefixes of namespaces are left out. Raises ``FormatError`` on what is no XML, and on a file that is too large.
    """
    if len(data) > _LARGEST:
        raise FormatError(f"an XML part with properties is larger than {_LARGEST} bytes")
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FormatError(f"an XML part with properties is damaged: {error}") from error
    yield from reader.found


class _Reader:
    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._path: list[str] = []
        self._text: list[list[str]] = []
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.EntityDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= _DEEPEST:
            raise FormatError("an XML part with properties is nested too deeply")
        self._path.append(_local(name))
        self._text.append([])
        for key, value in attributes.items():
            self._add(f"{'/'.join(self._path)}/@{_local(key)}", value)

    def _end(self, name: str) -> None:
        self._add("/".join(self._path), "".join(self._text.pop()).strip())
        self._path.pop()

    def _characters(self, text: str) -> None:
        if self._text:
            self._text[-1].append(text)

    def _add(self, path: str, text: str) -> None:
        if text and len(self.found) < _MOST:
            self.found.append((path, text))

    def _refuse(self, *_: object) -> None:
        raise FormatError("an XML part with properties declares entities of its own")


def _local(name: str) -> str:
    return name.rpartition(":")[2]
