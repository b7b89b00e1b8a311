"""The INTERNALDATE of IMAP (RFC 9051, date-time): ``17-Jul-1996 02:44:25 -0700``, when the server took a message in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

_FORM = re.compile(
    r"\s?(?P<day>\d{1,2})-(?P<month>[A-Za-z]{3})-(?P<year>\d{4}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) (?P<sign>[+-])(?P<zh>\d\d)(?P<zm>\d\d)"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_internal_date(text: str) -> tuple[int, int] | None:
    """Nanoseconds since 1970 UTC and the minutes east of UTC, or ``None`` where it is no such date."""
    found = _FORM.fullmatch(text)
    if found is None or found["month"].lower() not in _MONTHS:
        return None
    minutes = int(found["zh"]) * 60 + int(found["zm"])
    minutes = -minutes if found["sign"] == "-" else minutes
    try:
        when = datetime(
            int(found["year"]), _MONTHS.index(found["month"].lower()) + 1, int(found["day"]),
            int(found["hour"]), int(found["minute"]), min(int(found["second"]), 59),
            tzinfo=timezone(timedelta(minutes=minutes)),
        )  # fmt: skip
    except ValueError:
        return None
    return int((when - _EPOCH).total_seconds()) * 10**9, minutes
