"""PDF files: the document information dictionary (ISO 32000-1, 14.3.3) and the XMP packets (14.3.2) of every version.

A file that was saved again keeps the older versions before the newer ones, so each version of the dictionary counts. In
an encrypted file the texts of the dictionary are encrypted too; its XMP packet may stand in the clear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from forensics.errors import FormatError
from forensics.formats.attachment_clocks import pdf_syntax
from forensics.formats.attachment_clocks.claims import Claims, fact, pdf_date
from forensics.formats.attachment_clocks.xmp import of_packet
from forensics.moments import Meaning, Moment

_INFO = re.compile(rb"/Info\s+(\d{1,10})\s+(\d{1,5})\s+R\b")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})\s{1,4}(\d{1,5})\s{1,4}obj\b")
_PACKED = re.compile(rb"/Type\s{0,4}/ObjStm\b")
_METADATA = re.compile(rb"/Type\s{0,4}/Metadata\b")
_NUMBER = re.compile(rb"/(N|First)\s{1,4}(\d{1,9})\b")
_TIMES = {"CreationDate": Meaning.CREATED, "ModDate": Meaning.MODIFIED}
_FACTS = {"Author": "author", "Creator": "program", "Producer": "producer", "Title": "title"}
_MOST_UNPACKED = 1 << 26
_MOST_STREAM = 1 << 23
_MOST_VERSIONS = 50
_MOST_METADATA = 300
_MISS = 1 << 17


def of_pdf(data: bytes) -> Claims:
    """What every version of the dictionary and every XMP packet says; never raises on what is in a PDF."""
    clocks: dict[tuple[str, str], Moment] = {}
    facts: dict[tuple[str, str], None] = {}
    if b"/Encrypt" in data:
        facts["locked", "the PDF is encrypted: its document information cannot be read"] = None
    else:
        for name, text in _information(data):
            if name in _TIMES:
                clocks.setdefault((name, text), pdf_date(_TIMES[name], f"PDF {name}", text))
            else:
                facts.update(dict.fromkeys(fact(_FACTS[name], text)))
    for packet in _packets(data):
        try:
            found = of_packet(packet)
        except FormatError as error:
            facts.update(dict.fromkeys(fact("unread", error.what)))
            continue
        clocks.update({(each.says, each.raw): each for each in found.clocks})
        facts.update(dict.fromkeys(found.facts))
    return Claims(clocks=tuple(clocks.values()), facts=tuple(facts))


def _information(data: bytes) -> Iterator[tuple[str, str]]:
    """The texts of each version of the dictionary that some end of the file names."""
    wanted = {int(number) for number, _ in _INFO.findall(data)}
    left = _MOST_VERSIONS
    unpacked: list[bytes] = []
    if wanted:
        for found in _OBJECT.finditer(data):
            if int(found[1]) in wanted and left > 0:
                left -= 1
                yield from pdf_syntax.texts(data, found.end())
        unpacked = list(_object_streams(data))
    for held in unpacked:
        for number, start, end in _objects_in(held):
            if number in wanted and left > 0:
                left -= 1
                yield from pdf_syntax.texts(held[start:end], 0)


def _object_streams(data: bytes) -> Iterator[bytes]:
    """Every object stream (7.5.7), inflated, with its own numbers before it, within a limit."""
    left = _MOST_UNPACKED
    for start in _starts(data, _PACKED):
        head = data[start : start + 4096].partition(b"stream")[0]
        held = pdf_syntax.stream(data, start, min(left, _MOST_STREAM))
        numbers = {name: int(digits) for name, digits in _NUMBER.findall(head)}
        # What is no stream costs as much as a small one, so that a file of nothing else ends too.
        left -= len(held or b"") + _MISS
        if left <= 0:
            return
        if held and b"N" in numbers and b"First" in numbers:
            yield b"%d %d " % (numbers[b"N"], numbers[b"First"]) + held


def _starts(data: bytes, kind: re.Pattern[bytes]) -> Iterator[int]:
    """Where the objects of a kind begin, each once."""
    last = -1
    for found in kind.finditer(data):
        start = max(data.rfind(b"obj", max(0, found.start() - 4096), found.start()), 0)
        if start != last:
            last = start
            yield start


def _objects_in(held: bytes) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each object of a stream: pairs of number and offset stand before ``First``."""
    count, first, rest = held.split(b" ", 2)
    shift = len(held) - len(rest) + int(first)
    words = rest[: int(first)].split()[: 2 * min(int(count), 100_000)]
    if not all(word.isdigit() and len(word) < 11 for word in words):
        return
    numbers = [int(word) for word in words]
    starts = numbers[1::2]
    for index, (number, start) in enumerate(zip(numbers[::2], starts, strict=False)):
        end = starts[index + 1] if index + 1 < len(starts) else len(held)
        yield number, shift + start, shift + end if index + 1 < len(starts) else end


def _packets(data: bytes) -> Iterator[bytes]:
    """The XMP packets that stand in the clear, and those of metadata streams that are deflated."""
    at = data.find(b"<x:xmpmeta")
    left = _MOST_VERSIONS
    while at >= 0 and left > 0:
        end = data.find(b"</x:xmpmeta>", at)
        if end < 0:
            break
        yield data[at : end + 12]
        at, left = data.find(b"<x:xmpmeta", end), left - 1
    for start in islice(_starts(data, _METADATA), _MOST_METADATA):
        held = pdf_syntax.stream(data, start, _MOST_STREAM)
        if held and b"FlateDecode" in data[start : start + 4096].partition(b"stream")[0] and left > 0:
            left -= 1
            begin, end = held.find(b"<x:xmpmeta"), held.rfind(b"</x:xmpmeta>")
            if 0 <= begin < end:
                yield held[begin : end + 12]
