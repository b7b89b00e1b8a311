"""Times as logs write them: RFC 3339, RFC 3164 without year and zone, TAI64N, and what a reader has to assume."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from forensics.formats.logs.event import When
from forensics.moments import Precision, Zone, is_sensible

MONTHS = dict(
    zip(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), range(1, 13), strict=True)
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = {0: Precision.SECOND, 3: Precision.MILLISECOND, 6: Precision.MICROSECOND}
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)
_TAI = re.compile(r"@([0-9a-f]{16})([0-9a-f]{8})?")
_TAI_OFFSET = 1 << 62


NO_YEAR = 0
"""Nothing says which year it was: a time without a year is then no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What a line may leave out: the zone of its clock, and the year in which it was written."""

    zone: str = "UTC"
    year: int = NO_YEAR


def iso_time(text: str, assumed: Assumed) -> When | None:
    """An ISO 8601 time with or without a zone; ``None`` where the text does not begin with one."""
    match = _ISO.match(text)
    if match is None:
        return None
    *parts, fraction, zone = match.groups()
    year, month, day, hour, minute, second = (int(each) for each in parts)
    digits = (fraction or "")[:9]
    return wall_time(
        match[0].strip(),
        (year, month, day, hour, minute, second),
        int(digits.ljust(9, "0")) if digits else 0,
        _offset(zone) if zone else None,
        assumed,
        _FRACTION.get(len(digits), Precision.TICK if len(digits) > 6 else Precision.MILLISECOND),
    )


def month_time(raw: str, month: str, day: str, clock: str, assumed: Assumed, year: int | None = None) -> When:
    """``Jun  1 10:00:00`` (RFC 3164 4.1.2): no year and no zone."""
    hour, minute, second = (int(each) for each in clock.split(":"))
    parts = (assumed.year if year is None else year, MONTHS.get(month, 0), int(day), hour, minute, second)
    return wall_time(raw, parts, 0, None, assumed, Precision.SECOND, year_assumed=year is None)


def tai64n(text: str) -> When | None:
    """``@400000004b8f2a1c0e6b2f44`` (D. J. Bernstein, TAI64): TAI seconds, and nanoseconds where they stand."""
    match = _TAI.match(text)
    if match is None:
        return None
    seconds = int(match[1], 16) - _TAI_OFFSET - 10
    # What writes TAI64N counts TAI as UTC plus 10 unless the machine keeps a table of leap seconds, which is rare.
    nanos = int(match[2], 16) if match[2] else 0
    ns = seconds * 10**9 + nanos
    known = is_sensible(ns) and nanos < 10**9
    return When(
        raw=match[0],
        ns=ns if known else None,
        zone=Zone.STATED,
        offset_minutes=0,
        precision=Precision.TICK if match[2] else Precision.SECOND,
        assumed=("no leap seconds",),
    )


def epoch(text: str, scale: int, precision: Precision) -> When | None:
    """Digits since 1970 UTC in units of ``scale`` nanoseconds."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        return None
    ns = int(text) * scale
    return When(raw=text, ns=ns if is_sensible(ns) else None, zone=Zone.STATED, offset_minutes=0, precision=precision)


def _offset(zone: str) -> int:
    if zone.upper() in ("Z", "UTC"):
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if zone[0] == "-" else minutes


def wall_time(
    raw: str,
    parts: tuple[int, int, int, int, int, int],
    nanos: int,
    offset: int | None,
    assumed: Assumed,
    precision: Precision,
    *,
    year_assumed: bool = False,
) -> When:
    """The time that a wall clock showed; ``offset`` is ``None`` where the text states no zone.

    A leap second counts as the second before it, as the clocks of computers have it.
    """
    year, month, day, hour, minute, second = parts
    guesses = (*(("year",) if year_assumed else ()), *(("zone",) if offset is None else ()))
    try:
        zone = ZoneInfo(assumed.zone) if offset is None else timezone(timedelta(minutes=offset))
        found = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
        ns: int | None = (found - _EPOCH) // timedelta(microseconds=1) * 1000 + nanos
        moved = found.utcoffset()
    except (ValueError, OverflowError):
        return When(raw=raw, ns=None, zone=Zone.UNKNOWN, precision=precision, assumed=guesses)
    return When(
        raw=raw,
        ns=ns,
        zone=Zone.ASSUMED if offset is None else Zone.STATED,
        offset_minutes=None if moved is None else round(moved.total_seconds() / 60),
        precision=precision,
        assumed=guesses,
    )
