"""Property sets of OLE files, which Word, Excel and PowerPoint wrote until 2003, and many programs later ([MS-OLEPS]).

PropertySetStream, 2.21                  PropertySet, 2.20             TypedPropertyValue, 2.15
0   2   ByteOrder, 0xFFFE                0  4  Size                    0  2  Type
24  4   NumPropertySets                  4  4  NumProperties           2  2  padding
28  16  FMTID0                           8  8n PropertyIdentifier,     4     Value
44  4   Offset0                               Offset
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from forensics.errors import FormatError
from forensics.formats import charsets
from forensics.formats.attachment_clocks.claims import Claims, fact, ticks
from forensics.formats.codepages import charset_of
from forensics.formats.compound import Compound
from forensics.moments import Meaning, Moment

_SUMMARY, _DOCUMENT = "\x05SummaryInformation", "\x05DocumentSummaryInformation"
_FACTS = {
    _SUMMARY: {2: "title", 4: "author", 7: "template", 8: "last_modified_by", 9: "revision", 18: "program"},
    _DOCUMENT: {14: "manager", 15: "company"},
}
_TIMES = {
    11: (Meaning.ACCESSED, "last printed"),
    12: (Meaning.CREATED, "created"),
    13: (Meaning.MODIFIED, "last saved"),
}
_I2, _LPSTR, _LPWSTR, _FILETIME = 0x02, 0x1E, 0x1F, 0x40
_CODE_PAGE = 1
_UTF16 = 1200
_MOST = 500
_LARGEST = 1 << 22
_LEAST_TICKS = 86_400 * 10**7
"""What is less than a day after 1601 is a length of time that some programs write there."""


def of_properties(data: bytes) -> Claims:
    """What the two property sets of an OLE file say. Raises ``FormatError`` where it cannot be read."""
    compound = Compound(io.BytesIO(data))
    clocks: list[Moment] = []
    facts: list[tuple[str, str]] = []
    for stream in (_SUMMARY, _DOCUMENT):
        entry = compound.root.child(stream)
        if entry is None or not entry.is_stream or entry.size > _LARGEST:
            continue
        found = dict(_values(compound.read(entry)))
        page = found.get(_CODE_PAGE)
        for number, value in found.items():
            if isinstance(value, bytes | str) and number in _FACTS[stream]:
                text = value if isinstance(value, str) else _text(value, page if isinstance(page, int) else 0)
                facts.extend(fact(_FACTS[stream][number], text))
            elif isinstance(value, int) and stream == _SUMMARY and number in _TIMES and value >= _LEAST_TICKS:
                meaning, word = _TIMES[number]
                clocks.append(ticks(meaning, f"SummaryInformation {word}", value))
    return Claims(clocks=tuple(clocks), facts=tuple(facts))


def _values(data: bytes) -> Iterator[tuple[int, int | bytes | str]]:
    """Number and value of each property of the first set, of the few types that matter here."""
    if len(data) < 48 or data[:2] != b"\xfe\xff":
        raise FormatError("a property set does not begin like one", offset=0)
    (start,) = struct.unpack_from("<I", data, 44)
    if start + 8 > len(data):
        raise FormatError("a property set lies outside of its stream", offset=44)
    (count,) = struct.unpack_from("<I", data, start + 4)
    for index in range(min(count, _MOST)):
        at = start + 8 + index * 8
        if at + 8 > len(data):
            return
        number, offset = struct.unpack_from("<II", data, at)
        value = _value(data, start + offset)
        if value is not None:
            yield number, value


def _value(data: bytes, at: int) -> int | bytes | str | None:
    if at + 8 > len(data):
        return None
    (kind,) = struct.unpack_from("<H", data, at)
    if kind == _I2:
        return int(struct.unpack_from("<H", data, at + 4)[0])
    if kind == _FILETIME and at + 12 <= len(data):
        return int(struct.unpack_from("<Q", data, at + 4)[0])
    if kind in (_LPSTR, _LPWSTR):
        (size,) = struct.unpack_from("<I", data, at + 4)
        if kind == _LPSTR:
            return data[at + 8 : at + 8 + size]
        return _text(data[at + 8 : at + 8 + size * 2], _UTF16)
    return None


def _text(value: bytes, page: int) -> str:
    """A text by the code page of its set, up to its terminating zero."""
    if page == _UTF16:
        return charsets.decode(value, "utf-16-le").text.partition("\0")[0]
    return charsets.decode(value.partition(b"\0")[0], charset_of(page)).text
