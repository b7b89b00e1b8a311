"""EDRM XML (the interchange format of e-discovery, versions 1.0 to 1.2) as Google Vault and Microsoft Purview write it.

    <Root DataInterchangeType=...><Batch><Documents>
      <Document DocID=...><Tags><Tag TagName=... TagValue=.../></Tags>
        <Files><File FileType='Native'><ExternalFile FilePath=... FileName=... FileSize=... Hash=.../></File></Files>
    ...<CustomBatchInfo><Query><UserQuery/><TimeZone/><Custodians/></Query></CustomBatchInfo>

A document type, and with it every entity of its own, is refused before anything is read of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from forensics.errors import FormatError

_BLOCK = 1 << 18
_LONGEST = 1 << 20
_MOST_TAGS = 10_000
_QUERY = frozenset(("UserQuery", "TimeZone", "Custodians", "SearchQuery", "CaseName"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalFile:
    """A file of a document: its name, and size and hash where they are stated; ``size`` is -1 where it is not."""

    name: str
    path: str = ""
    size: int = -1
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document that the provider states: its id, its tags by name, its files. ``line`` is where it begins."""

    doc_id: str
    tags: dict[str, str]
    files: tuple[ExternalFile, ...]
    line: int


@dataclass(slots=True, kw_only=True)
class Reading:
    """What stands around the documents: the query, filled as the file is read."""

    query: dict[str, str] = field(default_factory=dict)


def is_edrm(head: bytes) -> bool:
    """Whether a file begins as such an XML does."""
    return b"<Root" in head[:4096] and (b"DataInterchangeType" in head[:8192] or b"<Batch" in head[:8192])


def read_documents(handle: BinaryIO, reading: Reading | None = None) -> Iterator[Document]:
    """Each document in order; :class:`FormatError` where the XML is broken, with those before it already given."""
    walk = _Walk(reading or Reading())
    try:
        while block := handle.read(_BLOCK):
            walk.parser.Parse(block, False)
            yield from walk.taken()
        walk.parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from walk.taken()
        raise FormatError(f"the XML is broken in line {error.lineno}: {expat.ErrorString(error.code)}") from error
    yield from walk.taken()


class _Walk:
    """The state between two tags of the XML."""

    def __init__(self, reading: Reading) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._reading = reading
        self._found: list[Document] = []
        self._doc: tuple[str, int] | None = None
        self._tags: dict[str, str] = {}
        self._files: list[ExternalFile] = []
        self._inside = ""

    def taken(self) -> list[Document]:
        found, self._found = self._found, []
        return found

    def _doctype(self, *_: object) -> None:
        raise FormatError("the XML has a document type of its own, which no export has")

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "Document":
            self._doc = given.get("DocID", ""), self.parser.CurrentLineNumber
            self._tags, self._files = {}, []
        elif name == "Tag" and len(self._tags) < _MOST_TAGS:
            self._tags[given.get("TagName", "")] = given.get("TagValue", "")
        elif name == "ExternalFile":
            self._files.append(_file(given))
        elif name in _QUERY:
            self._inside = name

    def _end(self, name: str) -> None:
        if name == "Document" and self._doc is not None:
            doc_id, line = self._doc
            self._found.append(Document(doc_id=doc_id, tags=self._tags, files=tuple(self._files), line=line))
            self._doc = None
        self._inside = ""

    def _text(self, text: str) -> None:
        if self._inside and len(self._reading.query.get(self._inside, "")) < _LONGEST:
            self._reading.query[self._inside] = self._reading.query.get(self._inside, "") + text


def _file(given: dict[str, str]) -> ExternalFile:
    size = given.get("FileSize", "").replace(",", "").strip()
    return ExternalFile(
        name=given.get("FileName", ""),
        path=given.get("FilePath", ""),
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 20 else -1,
        hash=given.get("Hash", "").strip().lower(),
    )
