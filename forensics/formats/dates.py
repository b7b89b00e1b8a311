"""The date and time of a header, as nanoseconds since 1970 UTC, with what was missing or odd about it.

Follows RFC 5322 section 3.3 and the obsolete forms of 4.3; a day, hour or year that cannot be gives no date at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_LONGEST = 400
_EPOCH = date(1970, 1, 1).toordinal()
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_WEEKDAYS = {name: number for number, name in enumerate(_DAY_NAMES)}

# RFC 5322 section 4.3 names the first two rows; the third is what mailers write besides.
_ZONES = {
    "ut": 0, "gmt": 0, "utc": 0, "z": 0,
    "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420,
    "jst": 540, "kst": 540, "cet": 60, "cest": 120, "met": 60, "mest": 120, "eet": 120, "eest": 180, "wet": 0,
}  # fmt: skip
_STANDARD = frozenset({"ut", "gmt", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt"})

_TIME = r"(?P<hour>\d{1,2})[ ]?[:.][ ]?(?P<minute>\d{1,2})(?:[ ]?[:.][ ]?(?P<second>\d{1,2})(?:[.,]\d{1,9})?)?"
_HALF = r"(?:[ ]?(?P<half>[AaPp][Mm])\b)?"
_WEEKDAY = r"(?:(?P<weekday>[A-Za-z]{2,9})\.?[ ]?,?[ ]?)?"
_ZONE = r"(?:[ ]?(?P<zone>(?:[A-Za-z]{1,5}[ ]?)?[+-][ ]?\d{1,2}:?\d{2}(?!\d)|[A-Za-z]{1,5}\b))?"
_REST = r"(?P<rest>.*)\Z"
_USUAL = re.compile(
    _WEEKDAY
    + r"(?P<day>\d{1,2})[ -]?(?P<month>[A-Za-z]{3,9})\.?[ -]?,?[ ]?(?P<year>\d{2,6})[ ]?,?[ ]"
    + _TIME
    + _HALF
    + _ZONE
    + _REST
)
_CTIME = re.compile(
    _WEEKDAY
    + r"(?P<month>[A-Za-z]{3,9})[ ](?P<day>\d{1,2}),?[ ]"
    + _TIME
    + r"(?:[ ](?P<zone>[+-]\d{4}|[A-Z]{1,5}))?[ ](?P<year>\d{4})(?!\d)"
    + r"(?:[ ](?P<late>[+-]\d{4}|[A-Z]{1,5}\b))?"
    + _REST
)
_ISO = re.compile(
    r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})[ T]" + _TIME + _ZONE + _REST,
)
_PLAIN = re.compile(
    rb"\s*(?:([A-Za-z]{3}),\s+)?(\d{1,2})\s+([A-Za-z]{3})\s+((?:19|2\d)\d\d)\s+([01]\d|2[0-3]):([0-5]\d):([0-5]\d)\s+"
    rb"([+-])([01]\d|2[0-3])([0-5]\d)(?:\s*\([^()\\]{0,60}\))?\s*\Z"
)
_OFFSET = re.compile(r"(?P<name>[A-Za-z]*) ?(?P<sign>[+-]) ?(?P<hours>\d{1,2}?):?(?P<minutes>\d{2})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderDate:
    """When, by the header. Where ``offset_minutes`` is None the zone is unknown and ``utc_ns`` takes it to be UTC."""

    utc_ns: int
    offset_minutes: int | None
    precision: str
    notes: tuple[str, ...] = ()


def parse_date(raw: bytes) -> HeaderDate | None:
    """The date of a header value, or None where there is none that can be."""
    if usual := _PLAIN.match(raw):
        return _plain(usual)
    if len(raw) > _LONGEST * 10:
        return None
    text = " ".join(_without_comments(raw.decode("latin-1")).split())
    if len(text) > _LONGEST:
        return None
    notes: dict[str, None] = {}
    if found := _USUAL.match(text):
        return _dated(found, notes)
    if found := _CTIME.match(text):
        notes["ctime-form"] = None
        return _dated(found, notes)
    if found := _ISO.match(text):
        notes["iso-8601-form"] = None
        return _dated(found, notes)
    return None


def _plain(found: re.Match[bytes]) -> HeaderDate | None:
    """The form that nearly all mail has, without the detours of the others."""
    weekday, day, month, year, hour, minute, second, sign, east_hours, east_minutes = found.groups()
    number = _MONTHS.get(month.decode().lower(), 0)
    try:
        ordinal = date(int(year), number, int(day)).toordinal()
    except ValueError:
        return None
    clock = int(hour) * 3600 + int(minute) * 60 + int(second)
    offset = int(east_hours) * 60 + int(east_minutes)
    notes: tuple[str, ...] = ()
    if weekday is None:
        notes = ("no-weekday",)
    elif _WEEKDAYS.get(weekday.decode().lower(), (ordinal - 1) % 7) != (ordinal - 1) % 7:
        notes = ("wrong-weekday",)
    if offset == 0 and sign == b"-":
        seconds, minutes, notes = clock, None, (*notes, "zone-said-unknown")
    else:
        minutes = -offset if sign == b"-" else offset
        seconds = clock - 60 * minutes
    utc_ns = ((ordinal - _EPOCH) * 86_400 + seconds) * 10**9
    return HeaderDate(utc_ns=utc_ns, offset_minutes=minutes, precision="seconds", notes=notes)


def _without_comments(text: str) -> str:
    if "(" not in text:
        return text
    kept: list[str] = []
    depth = 0
    for piece in re.split(r"(\\.|[()])", text):
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
            kept.append(" ")
        elif not depth:
            kept.append(piece)
    return "".join(kept)


def _dated(found: re.Match[str], notes: dict[str, None]) -> HeaderDate | None:
    day = _day(found, notes)
    clock = _clock(found)
    if day is None or clock is None:
        return None
    groups = found.groupdict()
    offset = _offset(groups["zone"] or groups.get("late") or "", notes)
    if groups["rest"].strip():
        notes["text-behind-the-date"] = None
    if clock % 60 == 0 and groups["second"] == "60":
        notes["leap-second"] = None
    seconds = (day - _EPOCH) * 86_400 + clock - 60 * (offset or 0)
    precision = "seconds" if groups["second"] else "minutes"
    return HeaderDate(utc_ns=seconds * 10**9, offset_minutes=offset, precision=precision, notes=tuple(notes))


def _day(found: re.Match[str], notes: dict[str, None]) -> int | None:
    """The day as an ordinal; a year of two digits is of 1950 to 2049, of three digits counts from 1900."""
    written, year = found["year"], int(found["year"])
    month = int(found["month"]) if found["month"].isdigit() else _MONTHS.get(found["month"][:3].lower(), 0)
    if len(written) < 4:
        year += 1900 if len(written) == 3 or year >= 50 else 2000
        notes[f"year-of-{len(written)}-digits"] = None
    try:
        day = date(year, month, int(found["day"]))
    except ValueError:
        return None
    if day.year < 1900:
        return None
    weekday = (found.groupdict().get("weekday") or "")[:3].lower()
    if not weekday:
        notes["no-weekday"] = None
    elif _WEEKDAYS.get(weekday, day.weekday()) != day.weekday():
        notes["wrong-weekday"] = None
    return day.toordinal()


def _clock(found: re.Match[str]) -> int | None:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    half = (found.groupdict().get("half") or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59 or second > 60:
        return None
    return hour * 3600 + minute * 60 + second


def _offset(written: str, notes: dict[str, None]) -> int | None:
    """Minutes east of UTC; None where the zone is missing, unknown, or "-0000", which says that it is unknown."""
    if not written:
        notes["no-zone"] = None
        return None
    if parts := _OFFSET.match(written):
        minutes = int(parts["hours"]) * 60 + int(parts["minutes"])
        if int(parts["minutes"]) > 59 or minutes >= 1440:
            notes["impossible-zone"] = None
            return None
        if parts["sign"] == "-" and minutes == 0:
            notes["zone-said-unknown"] = None
            return None
        return minutes if parts["sign"] == "+" else -minutes
    name = written.lower()
    if name not in _ZONES:
        notes["unknown-zone"] = None
    elif name not in _STANDARD:
        notes["zone-by-name"] = None
    return _ZONES.get(name)
