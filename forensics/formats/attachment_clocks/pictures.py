"""Where pictures keep their EXIF data and XMP packets: JPEG (ITU-T T.81, APP1), TIFF, PNG (3rd edition), HEIF.

HEIF is ISO 23008-12 in boxes of ISO 14496-12: ``iinf`` names the item of type Exif, ``iloc`` its bytes, which begin
with the distance to their TIFF header.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from forensics.errors import FormatError
from forensics.formats.attachment_clocks.claims import Claims, w3c
from forensics.formats.attachment_clocks.exif import of_tiff
from forensics.formats.attachment_clocks.xmp import of_packet
from forensics.moments import Meaning

_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis", b"avif")
_MOST_SEGMENTS = 500
_MOST_BOXES = 1000


def is_heif(data: bytes) -> bool:
    """Whether the bytes begin with the box of a HEIF picture."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS


def of_jpeg(data: bytes) -> Claims:
    """What the APP1 segments before the picture say."""
    found = []
    for marker, segment in _segments(data):
        if marker == 0xE1 and segment.startswith(_EXIF):
            found.append(of_tiff(segment[len(_EXIF) :]))
        elif marker == 0xE1 and segment.startswith(_XMP):
            found.append(of_packet(segment[len(_XMP) :].strip(b"\0")))
    return _joined(found)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    for _ in range(_MOST_SEGMENTS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] in (0xD9, 0xDA):
            return
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 2:
            return
        yield data[at + 1], data[at + 4 : at + 2 + size]
        at += 2 + size


def of_png(data: bytes) -> Claims:
    """What the chunks tIME (UTC by 11.3.5.1) and eXIf say."""
    found, at = [], 8
    for _ in range(_MOST_BOXES):
        if at + 8 > len(data):
            break
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + size]
        if kind == b"tIME" and len(body) == 7:
            text = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*struct.unpack(">H5B", body))
            found.append(Claims(clocks=(w3c(Meaning.MODIFIED, "PNG tIME", text),)))
        elif kind == b"eXIf":
            found.append(of_tiff(body))
        at += 12 + size
    return _joined(found)


def of_heif(data: bytes) -> Claims:
    """What the item of type Exif says."""
    meta = next((body for kind, body in _boxes(data, 0, len(data)) if kind == b"meta"), None)
    if meta is None:
        return Claims()
    inner = dict(_boxes(data, meta[0] + 4, meta[1]))
    if b"iinf" not in inner or b"iloc" not in inner:
        return Claims()
    number = _exif_item(data, *inner[b"iinf"])
    held = _item_bytes(data, *inner[b"iloc"], number) if number is not None else b""
    if len(held) < 12:
        return Claims()
    return of_tiff(held[4 + int.from_bytes(held[:4], "big") :])


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Type, start and end of the content of each box (ISO 14496-12, 4.2)."""
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= end:
            (size,), head = struct.unpack_from(">Q", data, at + 8), 16
        size = size or end - at
        if size < head or at + size > end:
            return
        yield kind, (at + head, at + size)
        at += size


def _exif_item(data: bytes, start: int, end: int) -> int | None:
    """The number of the item of type Exif among the entries ``infe`` of version 2 and 3 (8.11.6)."""
    wide = data[start] > 0 if start < end else False
    for kind, (at, stop) in _boxes(data, start + (8 if wide else 6), end):
        if kind == b"infe" and stop - at >= 12 and data[at] in (2, 3):
            size = 2 if data[at] == 2 else 4
            if data[at + 6 + size : at + 10 + size] == b"Exif":
                return int.from_bytes(data[at + 4 : at + 4 + size], "big")
    return None


def _item_bytes(data: bytes, start: int, end: int, wanted: int) -> bytes:
    """The bytes of an item by the box ``iloc`` (8.11.3), of one extent in the file itself."""
    reader = _Reader(data, start, end)
    version = reader.take(1)
    reader.take(3)
    sizes = reader.take(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    for _ in range(min(reader.take(2 if version < 2 else 4), _MOST_BOXES)):
        number = reader.take(2 if version < 2 else 4)
        method = reader.take(2) & 15 if version else 0
        reader.take(2)
        base, extents = reader.take(base_size), reader.take(2)
        for _ in range(min(extents, _MOST_BOXES)):
            reader.take(index_size if version else 0)
            offset, length = reader.take(offset_size), reader.take(length_size)
            if number == wanted and method == 0:
                return data[base + offset : base + offset + length]
    return b""


class _Reader:
    """Numbers of stated sizes, one behind the other; past the end there is an error."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self._data, self._at, self._end = data, at, end

    def take(self, size: int) -> int:
        if self._at + size > self._end:
            raise FormatError("the list of items of a picture breaks off", offset=self._at)
        self._at += size
        return int.from_bytes(self._data[self._at - size : self._at], "big")


def _joined(found: list[Claims]) -> Claims:
    clocks = {(each.says, each.raw): each for claims in found for each in claims.clocks}
    facts = dict.fromkeys(each for claims in found for each in claims.facts)
    return Claims(clocks=tuple(clocks.values()), facts=tuple(facts))
