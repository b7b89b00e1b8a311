"""EXIF data (CIPA DC-008-2019): when a picture was taken, its offset from UTC where the camera states it, and GPS time.

TIFF header, 4.5.2          IFD entry, 4.6.2            tags
0  2  II or MM              0  2  Tag                   0x0132 DateTime, 0x9003 DateTimeOriginal,
2  2  42                    2  2  Type                  0x9004 DateTimeDigitized, 0x9010 to 0x9012 their offsets,
4  4  offset of IFD 0       4  4  Count                 0x9290 to 0x9292 their fractions of a second,
                            8  4  value or its offset   0x8769 Exif IFD, 0x8825 GPS IFD: 7 time, 29 date (UTC)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.errors import FormatError
from forensics.formats import charsets
from forensics.formats.attachment_clocks.claims import Claims, exif_date, fact, w3c
from forensics.moments import Meaning, Moment

_TIMES = (
    (0x9003, 0x9011, 0x9291, Meaning.CREATED, "EXIF DateTimeOriginal"),
    (0x9004, 0x9012, 0x9292, Meaning.CREATED, "EXIF DateTimeDigitized"),
    (0x0132, 0x9010, 0x9290, Meaning.MODIFIED, "EXIF DateTime"),
)
_FACTS = {0x010F: "camera_maker", 0x0110: "camera", 0x0131: "program", 0x013B: "author", 0xA431: "camera_serial"}
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}
_LONGEST = 1024
_MOST = 500


@dataclass(frozen=True, slots=True)
class _Tags:
    """The entries of some IFDs by tag: type and raw value, in the byte order of the file."""

    order: str
    values: dict[int, tuple[int, bytes]]

    def text(self, tag: int) -> str:
        kind, raw = self.values.get(tag, (2, b""))
        return charsets.decode(raw.partition(b"\0")[0]).text if kind == 2 else ""

    def number(self, tag: int) -> int:
        kind, raw = self.values.get(tag, (0, b""))
        size = 2 if kind == 3 else 4
        return int.from_bytes(raw[:size], "little" if self.order == "<" else "big")

    def rationals(self, tag: int) -> list[tuple[int, int]]:
        kind, raw = self.values.get(tag, (0, b""))
        if kind != 5:
            return []
        numbers = struct.unpack(f"{self.order}{len(raw) // 8 * 2}I", raw[: len(raw) // 8 * 8])
        return list(zip(numbers[::2], numbers[1::2], strict=True))


def of_tiff(data: bytes) -> Claims:
    """What the directories of a TIFF structure say. Raises ``FormatError`` where it is none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:
        raise FormatError("the EXIF data have no TIFF header", offset=0)
    (first,) = struct.unpack_from(f"{order}I", data, 4)
    main = _Tags(order, _ifd(data, order, first))
    inner = _ifd(data, order, main.number(_EXIF_IFD)) if _EXIF_IFD in main.values else {}
    place = _Tags(order, _ifd(data, order, main.number(_GPS_IFD)) if _GPS_IFD in main.values else {})
    whole = _Tags(order, {**main.values, **inner})
    facts = [each for tag, name in _FACTS.items() for each in fact(name, whole.text(tag))]
    return Claims(clocks=(*_times(whole), *_gps_time(place)), facts=(*facts, *_position(place)))


def _ifd(data: bytes, order: str, at: int) -> dict[int, tuple[int, bytes]]:
    if at + 2 > len(data):
        return {}
    (count,) = struct.unpack_from(f"{order}H", data, at)
    found: dict[int, tuple[int, bytes]] = {}
    for index in range(min(count, _MOST)):
        entry = at + 2 + index * 12
        if entry + 12 > len(data):
            break
        tag, kind, number = struct.unpack_from(f"{order}HHI", data, entry)
        size = _SIZES.get(kind, 0) * number
        if not 0 < size <= _LONGEST:
            continue
        start = entry + 8 if size <= 4 else struct.unpack_from(f"{order}I", data, entry + 8)[0]
        found.setdefault(tag, (kind, data[start : start + size]))
    return found


def _times(tags: _Tags) -> Iterator[Moment]:
    for tag, offset, fraction, meaning, says in _TIMES:
        text = tags.text(tag)
        if text.strip(" :0"):
            yield exif_date(meaning, says, text, tags.text(offset), tags.text(fraction))


def _gps_time(place: _Tags) -> Iterator[Moment]:
    """Date and time of the satellites, which are UTC."""
    day, parts = place.text(29), place.rationals(7)
    if not day or len(parts) != 3 or not all(below for _, below in parts):
        return
    hour, minute, second = (above // below for above, below in parts)
    yield w3c(Meaning.CREATED, "EXIF GPS time", f"{day.replace(':', '-')}T{hour:02}:{minute:02}:{second:02}Z")


def _position(place: _Tags) -> tuple[tuple[str, str], ...]:
    """Latitude and longitude in degrees, as the file has them."""
    found = [_degrees(place.rationals(tag), place.text(tag - 1)) for tag in (2, 4)]
    return fact("gps", ", ".join(found)) if all(found) else ()


def _degrees(parts: list[tuple[int, int]], side: str) -> str:
    if len(parts) != 3 or not all(below for _, below in parts):
        return ""
    value = sum(above / below / 60**power for power, (above, below) in enumerate(parts))
    return f"{value:.6f} {side}".strip()
