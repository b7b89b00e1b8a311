"""The head of a syslog line: time, host, program, process id (RFC 3164 4.1, RFC 5424 6.2, and what rsyslog writes).

Jun  1 10:00:00 mx postfix/smtpd[123]: text          RFC 3164
2026-06-01T10:00:00.123456+09:00 mx dovecot: text    rsyslog, RFC 3339 time
<22>1 2026-06-01T01:00:00Z mx postfix 123 - - text   RFC 5424, with or without <priority>
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forensics.formats.logs.event import When
from forensics.formats.logs.times import MONTHS, Assumed, iso_time, month_time

_PRIORITY = re.compile(r"<(\d{1,3})>")
_BSD = re.compile(r"([A-Z][a-z]{2}) {1,2}(\d{1,2})(?: (\d{4}))? (\d{2}:\d{2}:\d{2})(?:\.\d+)? (\S+) ")
_DAY = re.compile(r"([A-Z][a-z]{2}) {1,2}(\d{1,2}) \d{2}:")
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2}T\S+) (\S+) ")
_NEW = re.compile(r"1 (\d{4}-\d{2}-\d{2}T\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[(?:\\.|[^\]\\])*\])+) ?(.*)", re.DOTALL)
_TAG = re.compile(r"([^\s\[\]:]+)(?:\[([^\]]*)\])?: ?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogLine:
    """The head taken apart; ``message`` is what the program itself wrote."""

    when: When
    host: str
    program: str
    process: str
    message: str


def parse_syslog(text: str, assumed: Assumed) -> SyslogLine | None:
    """The parts of one line, or ``None`` where it has no such head."""
    priority = _PRIORITY.match(text)
    rest = text[priority.end() :] if priority else text
    new = _NEW.match(rest)
    if new is not None:
        when = iso_time(new[1], assumed)
        if when is None:
            return None
        return SyslogLine(
            when=when,
            host=new[2],
            program=_given(new[3]),
            process=_given(new[4]),
            message=new[6].removeprefix("\ufeff"),
        )
    head, when = _head(rest, assumed)
    if head is None or when is None:
        return None
    tag = _TAG.match(rest, head.end())
    if tag is None:
        return None
    return SyslogLine(when=when, host=head[head.lastindex or 0], program=tag[1], process=tag[2] or "", message=tag[3])


def _head(text: str, assumed: Assumed) -> tuple[re.Match[str] | None, When | None]:
    bsd = _BSD.match(text)
    if bsd is not None and bsd[1] in MONTHS:
        year = int(bsd[3]) if bsd[3] else None
        return bsd, month_time(text[: bsd.start(5) - 1], bsd[1], bsd[2], bsd[4], assumed, year)
    iso = _ISO.match(text)
    return (iso, iso_time(iso[1], assumed)) if iso is not None else (None, None)


def _given(text: str) -> str:
    return "" if text == "-" else text


def month_of(text: str) -> int:
    """The month of a line without a year, 0 where it has none: by it a reader sees a new year begin."""
    day = day_of(text)
    return day[0] if day else 0


def day_of(text: str) -> tuple[int, int] | None:
    """Month and day of a line without a year; ``None`` where it has none, or a year as well."""
    priority = _PRIORITY.match(text)
    match = _DAY.match(text, priority.end() if priority else 0)
    return (MONTHS[match[1]], int(match[2])) if match and match[1] in MONTHS else None
