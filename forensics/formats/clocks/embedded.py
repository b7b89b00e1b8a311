"""One time that an identifier carries, and the readers of the notations that identifiers use.

A reader returns ``None`` for digits that are no time, and for a time outside 1982 (RFC 822) to 2099, because a chance
run of digits is no clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forensics.moments import Precision, filetime_to_ns

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_NS = int((datetime(1982, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()) * 10**9
_LATEST_NS = int((datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()) * 10**9
_UUID_EPOCH_TICKS = 0x01B21DD213814000
"""100 ns between 1582-10-15 (RFC 9562 5.1) and 1970-01-01."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedTime:
    """A time read out of an identifier.

    ``ns`` are nanoseconds since 1970-01-01 as the digits say; where ``is_utc`` is false they are the local time of
    the machine that wrote them, in a zone that the identifier does not tell. ``layout`` names the writer, ``raw`` the
    digits that were read.
    """

    layout: str
    ns: int
    raw: str
    is_utc: bool = True
    precision: Precision = Precision.SECOND


Reader = Callable[[str], int | None]


def sensible(ns: int) -> int | None:
    """The instant, where mail could have been written then."""
    return ns if _EARLIEST_NS <= ns < _LATEST_NS else None


def unix(digits: str, base: int = 10, scale: int = 10**9) -> int | None:
    """Since 1970-01-01 UTC, in units of ``scale`` nanoseconds."""
    return sensible(int(digits, base) * scale)


def calendar(digits: str, form: str = "%Y%m%d%H%M%S") -> int | None:
    """A date as digits, such as ``20200312204903``."""
    try:
        found = datetime.strptime(digits, form).replace(tzinfo=UTC)
    except ValueError:
        return None
    return sensible((found - _EPOCH) // timedelta(microseconds=1) * 1000)


def filetime(high: str, low: str) -> int | None:
    """Two hexadecimal halves of a FILETIME ([MS-DTYP] 2.3.3)."""
    return sensible(filetime_to_ns(int(high, 16) << 32 | int(low, 16)))


def google(low: str, high: str) -> int | None:
    """Microseconds since 1970 UTC, whose 24 low bits stand before the 32 high ones."""
    return unix(high + low, 16, 1000)


def uuid_time(text: str) -> int | None:
    """The time of a UUID of version 1, 6 or 7 (RFC 9562 5.1, 5.6, 5.7); others carry none."""
    found = uuid.UUID(text)
    if found.variant != uuid.RFC_4122:
        return None
    whole = found.int
    if found.version == 1:
        return sensible((found.time - _UUID_EPOCH_TICKS) * 100)
    if found.version == 6:
        return sensible(((whole >> 80 << 12 | whole >> 64 & 0xFFF) - _UUID_EPOCH_TICKS) * 100)
    return sensible((whole >> 80) * 10**6) if found.version == 7 else None


def digits_in(text: str, alphabet: str) -> int | None:
    """The number that the text spells with the digits of ``alphabet``, most significant first."""
    number = 0
    for character in text:
        value = alphabet.find(character)
        if value < 0:
            return None
        number = number * len(alphabet) + value
    return number


def notes_time(day: str, ticks: str) -> int | None:
    """A Lotus Notes TIMEDATE in hexadecimal: Julian day in 24 bits, hundredths of a second of that day in GMT.

    (HCL Notes C API, misc.h: TIMEDATE; the top byte of the day is the writer's zone and does not change the instant.)
    """
    hundredths = int(ticks, 16)
    if hundredths >= 24 * 3600 * 100:
        return None
    return sensible(((int(day, 16) & 0xFFFFFF) - 2_440_588) * 86_400 * 10**9 + hundredths * 10**7)
