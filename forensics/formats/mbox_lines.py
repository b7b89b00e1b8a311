"""The lines that make an mbox: From_ lines with the dates of many writers, and quoted ``>From`` lines (RFC 4155, A)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from forensics.formats import charsets

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Variant(StrEnum):
    """How a writer kept lines of the text that begin with "From " from being taken for separators."""

    MBOXO = "mboxo"
    """``>From`` for ``From``; a line that was ``>From`` before cannot be told from it."""
    MBOXRD = "mboxrd"
    """One more ``>`` before every ``From``, ``>From``, ``>>From``; can be undone exactly."""
    MBOXCL = "mboxcl"
    """Content-Length, and quoted as mboxo."""
    MBOXCL2 = "mboxcl2"
    """Content-Length, and nothing quoted."""
    UNDETERMINED = "mbox"
    """Nothing in the box tells the variants apart, or what does is contradictory; no line is changed."""


_QUOTED = re.compile(rb"^>(?=From )", re.MULTILINE)
_QUOTED_ANY = re.compile(rb"^>(?=>*From )", re.MULTILINE)


def is_reversible(variant: Variant) -> bool:
    """Whether ``unquote`` gives back exactly what was there before the writer quoted it."""
    return variant in (Variant.MBOXRD, Variant.MBOXCL2)


def unquote(raw: bytes, variant: Variant) -> bytes:
    """The message as it was before it was put into the box, as far as the variant can be undone (``is_reversible``)."""
    if variant is Variant.MBOXRD:
        return _QUOTED_ANY.sub(b"", raw)
    return _QUOTED.sub(b"", raw) if variant in (Variant.MBOXO, Variant.MBOXCL) else raw


@dataclass(frozen=True, slots=True, kw_only=True)
class FromLine:
    """One From_ line. ``ns`` is since 1970; where ``offset_minutes`` is ``None`` the line states no zone that is known.

    Then ``ns`` reads the time as UTC, as RFC 4155 asks for; many writers put local time there.
    """

    sender: str
    date: str
    ns: int | None = None
    offset_minutes: int | None = None


_MONTHS = {name: at for at, name in enumerate(b"jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_DAY = rb"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}"
_MONTH = rb"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_TIME = rb"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d{1,9})?)?"
_ZONE = rb"(?:[+-]\d{4}|[a-z]{1,5}|[a-z]{1,5}[+-]\d{1,4})"
_TAIL = rb"(?: remote from [^\r\n]{0,500})?[ \t]*$"
_SHAPES = (
    # ctime, the zone before or after the year: Sat Mar 16 17:18:01 +0000 2019
    re.compile(
        rb"(?:^|[ \t])(?P<date>" + _DAY + rb",?[ \t]+" + _MONTH + rb"[ \t]+(?P<day>\d{1,2}),?[ \t]+" + _TIME
        + rb"(?:[ \t]+(?P<zone>" + _ZONE + rb"))?[ \t]+(?P<year>\d{4})(?:[ \t]+(?P<after>" + _ZONE
        + rb"))?(?:[ \t]+\([^)\r\n]{0,40}\))?)" + _TAIL,
        re.IGNORECASE,
    ),
    # RFC 5322: Sat, 16 Mar 2019 17:18:01 +0000
    re.compile(
        rb"(?:^|[ \t])(?P<date>(?:" + _DAY + rb",?[ \t]+)?(?P<day>\d{1,2})[ \t-]+" + _MONTH
        + rb"[ \t-]+(?P<year>\d{4})[ \t]+" + _TIME + rb"(?:[ \t]+(?P<zone>" + _ZONE
        + rb"))?(?P<after>)(?:[ \t]+\([^)\r\n]{0,40}\))?)" + _TAIL,
        re.IGNORECASE,
    ),
    # ISO 8601: 2019-03-16T17:18:01+00:00
    re.compile(
        rb"(?:^|[ \t])(?P<date>(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[T \t]" + _TIME
        + rb"[ \t]*(?P<zone>Z|[+-]\d\d:?\d\d)?(?P<after>))" + _TAIL,
        re.IGNORECASE,
    ),
)  # fmt: skip
_CLOCK = re.compile(rb"\d:\d\d")
_YEAR = re.compile(rb"\b(?:19|20)\d\d\b")
_LONGEST = 1000


def has_known_date(line: bytes) -> bool:
    """Whether a From_ line (without its end) has a date in a shape that mail software writes."""
    return _date(line) is not None


def has_loose_date(line: bytes) -> bool:
    """Whether it has at least a time of day and a year, in whatever order or language."""
    return _CLOCK.search(line, 0, _LONGEST) is not None and _YEAR.search(line, 0, _LONGEST) is not None


def from_line(raw: bytes) -> FromLine:
    """The sender and the date of a From_ line; never raises."""
    line = raw.rstrip(b"\r\n")
    match = _date(line)
    if match is None:
        sender, _, rest = line[5:].strip().partition(b" ")
        return FromLine(sender=_text(sender), date=_text(rest.strip()))
    sender = line[5 : max(match.start("date"), 5)].strip()
    ns, offset = _ns(match)
    return FromLine(sender=_text(sender), date=_text(match["date"]), ns=ns, offset_minutes=offset)


def _date(line: bytes) -> re.Match[bytes] | None:
    # Only the end of a From_ line can be a date, and no sender is so long that the end would not be in this piece.
    body = line[:_LONGEST]
    return next((found for shape in _SHAPES if (found := shape.search(body, 4))), None)


def _text(raw: bytes) -> str:
    return charsets.decode(raw).text


def _ns(match: re.Match[bytes]) -> tuple[int | None, int | None]:
    month = match["month"].lower()
    offset = _offset(match["zone"] or match["after"])
    try:
        moment = datetime(
            int(match["year"]),
            _MONTHS.get(month[:3]) or int(month),
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            # A leap second is the last second that a calendar here has.
            min(int(match["second"] or 0), 59),
            tzinfo=UTC,
        )
    except ValueError:
        return None, offset
    seconds = (moment - _EPOCH) // timedelta(seconds=1) - (offset or 0) * 60
    return seconds * 10**9, offset


def _offset(zone: bytes | None) -> int | None:
    """Minutes east of UTC; letters other than those of UTC mean different zones to different writers."""
    if not zone:
        return None
    if zone.upper() in (b"Z", b"UTC", b"GMT", b"UT"):
        return 0
    digits = zone[1:].replace(b":", b"")
    if zone[:1] not in b"+-" or not digits.isdigit() or len(digits) != 4:
        return None
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if zone[:1] == b"-" else minutes
