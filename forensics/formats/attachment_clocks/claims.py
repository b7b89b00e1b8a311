"""What a file says of itself, and the notations in which file formats write dates.

Every time is a claim of whoever made the file: it is embedded, and easily changed. One that states no zone is given as
if it were UTC, and its zone is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from forensics.absent import Absent
from forensics.moments import Basis, Meaning, Moment, Precision, Zone, filetime_to_ns, is_sensible

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_W3C = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?)?)?\s*(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_PDF = re.compile(
    r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?()(Z(?:00'?00'?)?|[+-]\d\d'?(?:\d\d)?'?)?", re.ASCII
)
_EXIF = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):?'?(\d\d)?'?", re.ASCII)
_STEPS = (Precision.DAY, Precision.DAY, Precision.DAY, Precision.MINUTE, Precision.MINUTE, Precision.SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The clocks of a file, and what else it says: pairs of a field and its text."""

    clocks: tuple[Moment, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def fact(name: str, text: str) -> tuple[tuple[str, str], ...]:
    """One fact on one line, of bearable length; none where the text is empty."""
    plain = _CONTROL.sub(" ", text).strip()
    return ((name, plain[:_LONGEST]),) if plain else ()


def w3c(meaning: Meaning, says: str, text: str) -> Moment:
    """ISO 8601 in the profile of the W3C (dates of XML)."""
    return _matched(meaning, says, text, _W3C.fullmatch(text.strip()))


def pdf_date(meaning: Meaning, says: str, text: str) -> Moment:
    """``D:YYYYMMDDHHmmSSOHH'mm'`` (ISO 32000-1, 7.9.4)."""
    return _matched(meaning, says, text, _PDF.fullmatch(text.strip().rstrip("\0")))


def exif_date(meaning: Meaning, says: str, text: str, offset: str = "", fraction: str = "") -> Moment:
    """``YYYY:MM:DD HH:MM:SS`` with the offset and the fraction that stand in tags of their own (CIPA DC-008 4.6.5)."""
    plain = text.strip("\0 ")
    found = _EXIF.fullmatch(plain)
    parts = list(found.groups()) if found else []
    digits = fraction.strip("\0 ")
    raw = plain + (f".{digits}" if digits.isdecimal() else "") + offset.strip("\0 ")
    return _made(meaning, says, raw, parts, digits if digits.isdecimal() else "", offset.strip("\0 "))


def ticks(meaning: Meaning, says: str, value: int) -> Moment:
    """A FILETIME ([MS-DTYP] 2.3.3), which is in UTC."""
    ns = filetime_to_ns(value)
    return Moment(
        meaning=meaning,
        basis=Basis.EMBEDDED,
        says=says,
        utc=ns if is_sensible(ns) else Absent.UNPARSABLE,
        raw=f"FILETIME {value}",
        zone=Zone.STATED,
        offset_minutes=0,
        precision=Precision.TICK,
    )


def _matched(meaning: Meaning, says: str, text: str, found: re.Match[str] | None) -> Moment:
    parts = [part for part in found.groups()[:6] if part] if found else []
    fraction, zone = (found[7] or "", found[8] or "") if found else ("", "")
    return _made(meaning, says, text, parts, fraction, zone)


def _made(meaning: Meaning, says: str, raw: str, parts: list[str], fraction: str, zone: str) -> Moment:
    offset = _offset(zone)
    utc: int | Absent = Absent.UNPARSABLE
    if parts:
        numbers = [int(part) for part in parts] + [1, 1, 0, 0, 0][len(parts) - 1 :]
        utc = _ns(numbers, fraction, offset or 0)
    return Moment(
        meaning=meaning,
        basis=Basis.EMBEDDED,
        says=says,
        utc=utc,
        raw=_CONTROL.sub(" ", raw)[:_LONGEST],
        zone=Zone.UNKNOWN if offset is None or isinstance(utc, Absent) else Zone.STATED,
        offset_minutes=Absent.NOT_RECORDED if offset is None else offset,
        precision=_precision(len(parts), fraction),
    )


def _ns(numbers: list[int], fraction: str, offset: int) -> int | Absent:
    try:
        found = datetime(*numbers[:6], tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return Absent.UNPARSABLE
    seconds = int((found - _EPOCH).total_seconds()) - offset * 60
    ns = seconds * 10**9 + int(fraction[:9].ljust(9, "0") or 0)
    return ns if is_sensible(ns) else Absent.UNPARSABLE


def _offset(zone: str) -> int | None:
    """Minutes east of UTC, or ``None`` where none is stated."""
    if zone.startswith("Z"):
        return 0
    found = _OFFSET.fullmatch(zone)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3] or 0)
    return (-minutes if found[1] == "-" else minutes) if minutes < 24 * 60 else None


def _precision(parts: int, fraction: str) -> Precision:
    if fraction:
        return Precision.MILLISECOND if len(fraction) <= 3 else Precision.MICROSECOND
    return _STEPS[parts - 1] if parts else Precision.SECOND
