"""Times as Japanese programs write them into tables: with 年月日, with slashes, in years of an era, with 午前 and 午後.

Years of an era count from 1 (元年): 昭和 from 1926, 平成 from 1989, 令和 from 2019. A time of which nobody
can know the order of day and month, or the century (``06/01/2026``, ``26/06/01``), is not read.
"""

from __future__ import annotations

import re
import unicodedata

from forensics.formats.logs.event import When
from forensics.formats.logs.times import Assumed, wall_time
from forensics.moments import Precision

_ERAS = {"昭和": 1925, "平成": 1988, "令和": 2018, "S": 1925, "H": 1988, "R": 2018}
_LONGEST = 64
_DATE = (
    r"(?:(?P<era>昭和|平成|令和|[SHR])\s*\.?\s*(?P<count>元|\d{1,2})|(?P<year>\d{4}))\s*(?:年|[/.-])"
    r"\s*(?P<month>\d{1,2})\s*(?:月|[/.-])\s*(?P<day>\d{1,2})\s*日?"
    r"(?:\s*\((?:[月火水木金土日]|mon|tue|wed|thu|fri|sat|sun)\)|\s*[月火水木金土日]曜日?)?"
)
_CLOCK = (
    r"(?:\s*T\s*|\s*)(?P<half>午前|午後|AM|PM)?\s*(?P<hour>\d{1,2})\s*(?:時|:)\s*(?P<minute>\d{1,2})"
    r"(?:\s*分(?:\s*(?P<seconds>\d{1,2})\s*秒)?|:(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<behind>AM|PM)?\s*(?P<zone>Z|UTC|JST|[+-]\d{2}:?\d{2})?"
)
_WRITTEN = re.compile(f"{_DATE}(?:{_CLOCK})?", re.IGNORECASE)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})[ T_]?(\d{2}):?(\d{2})(?::?(\d{2}))?")
_FRACTION = {3: Precision.MILLISECOND, 6: Precision.MICROSECOND}


def table_time(text: str, assumed: Assumed) -> When | None:
    """The time that a cell holds and nothing else; ``None`` where it holds none, or one that can be read two ways."""
    raw = text.strip()
    if not raw or len(raw) > _LONGEST:
        return None
    # Full-width digits and signs are what an input method gives; NFKC also opens the one-character eras.
    plain = unicodedata.normalize("NFKC", raw)
    if match := _DIGITS.fullmatch(plain):
        year, month, day, hour, minute, second = (int(each or 0) for each in match.groups())
        precision = Precision.SECOND if match[6] else Precision.MINUTE
        return _known(wall_time(raw, (year, month, day, hour, minute, second), 0, None, assumed, precision))
    found = _WRITTEN.fullmatch(plain)
    return _known(_written(raw, found, assumed)) if found else None


def _known(when: When | None) -> When | None:
    return when if when is not None and when.ns is not None else None


def _written(raw: str, found: re.Match[str], assumed: Assumed) -> When | None:
    date = _year(found), int(found["month"]), int(found["day"])
    if found["hour"] is None:
        return wall_time(raw, (*date, 0, 0, 0), 0, None, assumed, Precision.DAY)
    hour, guessed = _hour(int(found["hour"]), found["half"] or found["behind"] or "")
    if hour < 0:
        return None
    second = found["second"] or found["seconds"]
    fraction = found["fraction"] or ""
    precision = Precision.SECOND if second else Precision.MINUTE
    if fraction:
        precision = _FRACTION.get(len(fraction), Precision.TICK if len(fraction) > 6 else Precision.MILLISECOND)
    parts = (*date, hour, int(found["minute"]), int(second or 0))
    when = wall_time(raw, parts, int(fraction.ljust(9, "0") or 0), _offset(found["zone"]), assumed, precision)
    if not guessed:
        return when
    return When(
        raw=when.raw,
        ns=when.ns,
        zone=when.zone,
        offset_minutes=when.offset_minutes,
        precision=when.precision,
        assumed=(*when.assumed, "half of the day"),
    )


def _year(found: re.Match[str]) -> int:
    if found["year"]:
        return int(found["year"])
    count = 1 if found["count"] == "元" else int(found["count"])
    return _ERAS[found["era"].upper()] + count if count else 0


def _hour(hour: int, half: str) -> tuple[int, bool]:
    """The hour of 24, and whether that is a guess; -1 where there is no such hour.

    Programs write noon and the hour after it as 午後 12 and midnight as 午前 12. Persons often mean it the other way.
    """
    half = half.upper()
    if half in ("午前", "AM"):
        return (hour % 12 if hour <= 12 else -1), hour == 12 and half == "午前"
    if half in ("午後", "PM"):
        return (hour + 12 if hour < 12 else hour), hour == 12 and half == "午後"
    return hour, False


def _offset(zone: str | None) -> int | None:
    if not zone:
        return None
    if zone[0] not in "+-":
        return 540 if zone.upper() == "JST" else 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes
