"""The clocks of a ZIP member: the DOS time of its header and the times of its extra fields (APPNOTE.TXT 6.3.10).

field    what                                                    zone
header   MS-DOS date and time, in steps of 2 s (4.4.6)           not stated: the local time of who packed it
0x5455   "UT": flags, then int32 seconds since 1970 for each of  UTC
         bit 0 modified, 1 accessed, 2 created; the directory
         holds the first alone (Info-ZIP, extrafld.txt)
0x000a   NTFS: 4 reserved, tag 1, size 24, three FILETIMEs:      UTC
         modified, accessed, created (4.5.5)
0x5855   "UX": int32 accessed, int32 modified (extrafld.txt)     UTC
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from forensics.absent import Absent
from forensics.moments import Basis, Meaning, Moment, Precision, Zone, filetime_to_ns, is_sensible

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DOS_EPOCH = 0x0021_0000
"""1980-01-01 00:00: written by programs that keep no time."""
_UT = ((1, Meaning.MODIFIED, "modified"), (2, Meaning.ACCESSED, "accessed"), (4, Meaning.CREATED, "created"))
_THREE = tuple((meaning, word) for _, meaning, word in _UT)


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Id and content of each whole extra field (4.5.1)."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if at + 4 + size > len(extra):
            return
        yield kind, extra[at + 4 : at + 4 + size]
        at += 4 + size


def clocks(dos: int, central: bytes, local: bytes) -> tuple[Moment, ...]:
    """The clocks of a member, those in UTC first; of two equal readings one, of the DOS time only one that was set."""
    found: dict[tuple[Meaning, object], Moment] = {}
    for extra in (local, central):
        for kind, data in extra_fields(extra):
            for moment in _of_field(kind, data):
                found.setdefault((moment.meaning, moment.utc), moment)
    stated = sorted(found.values(), key=lambda each: each.meaning is not Meaning.MODIFIED)
    return (*stated, *_of_dos(dos))


def _of_field(kind: int, data: bytes) -> Iterator[Moment]:
    if kind == 0x5455 and data:
        at = 1
        for bit, meaning, word in _UT:
            if data[0] & bit and at + 4 <= len(data):
                yield _unix(data, at, meaning, f"ZIP extended timestamp, {word}")
                at += 4
    elif kind == 0x5855 and len(data) >= 8:
        yield _unix(data, 4, Meaning.MODIFIED, "ZIP Unix timestamp, modified")
        yield _unix(data, 0, Meaning.ACCESSED, "ZIP Unix timestamp, accessed")
    elif kind == 0x000A:
        for tag, value in extra_fields(data[4:]):
            if tag == 1 and len(value) >= 24:
                ticks = struct.unpack_from("<3Q", value)
                yield from (_ntfs(each, *named) for each, named in zip(ticks, _THREE, strict=True) if each)


def _unix(data: bytes, at: int, meaning: Meaning, says: str) -> Moment:
    (seconds,) = struct.unpack_from("<i", data, at)
    return _stated(meaning, says, seconds * 10**9, str(seconds), Precision.SECOND)


def _ntfs(ticks: int, meaning: Meaning, word: str) -> Moment:
    ns = filetime_to_ns(ticks)
    return _stated(meaning, f"ZIP NTFS time, {word}", ns, f"FILETIME {ticks}", Precision.TICK)


def _stated(meaning: Meaning, says: str, ns: int, raw: str, precision: Precision) -> Moment:
    return Moment(
        meaning=meaning,
        basis=Basis.EMBEDDED,
        says=says,
        utc=ns if is_sensible(ns) else Absent.UNPARSABLE,
        raw=raw,
        zone=Zone.STATED,
        offset_minutes=0,
        precision=precision,
    )


def _of_dos(dos: int) -> Iterator[Moment]:
    """A local time in a zone that nobody states, taken as UTC; 1980-01-01 00:00 and 0 stand for none."""
    if dos in (0, _DOS_EPOCH):
        return
    day, clock = dos >> 16, dos & 0xFFFF
    parts = ((day >> 9) + 1980, day >> 5 & 15, day & 31, clock >> 11, clock >> 5 & 63, (clock & 31) * 2)
    raw = f"{dos:08x}"
    utc: int | Absent = Absent.UNPARSABLE
    with suppress(ValueError):
        utc = int((datetime(*parts, tzinfo=UTC) - _EPOCH).total_seconds()) * 10**9
    yield Moment(
        meaning=Meaning.MODIFIED,
        basis=Basis.EMBEDDED,
        says="ZIP DOS time, modified",
        utc=utc,
        raw=raw,
        zone=Zone.UNKNOWN,
        precision=Precision.TWO_SECONDS,
    )
