"""Times in Message-IDs (RFC 5322 3.6.4 leaves the left side to the writer, and most writers put a clock there).

Every layout is tried on the left side; the first that fits and gives a sensible time counts, the strict ones first.
Layouts whose time is the local time of the writer say so: reading them needs a zone from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from forensics.formats.clocks.embedded import (
    EmbeddedTime,
    calendar,
    filetime,
    google,
    notes_time,
    sensible,
    unix,
    uuid_time,
)
from forensics.formats.clocks.queue_ids import times_in_queue_id
from forensics.moments import Precision

_LONGEST = 998
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[167][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str]], int | None]
    precision: Precision = Precision.SECOND
    is_utc: bool = True


def _layout(
    name: str,
    pattern: str,
    read: Callable[[re.Match[str]], int | None],
    precision: Precision = Precision.SECOND,
    *,
    local: bool = False,
) -> _Layout:
    return _Layout(name, re.compile(pattern), read, precision, not local)


def _seconds(match: re.Match[str]) -> int | None:
    return unix(match[1])


def _hexadecimal(match: re.Match[str]) -> int | None:
    return unix(match[1], 16)


def _millis(match: re.Match[str]) -> int | None:
    return unix(match[1], 10, 10**6)


def _stamp(match: re.Match[str]) -> int | None:
    return calendar(match[1])


def _minute(match: re.Match[str]) -> int | None:
    return calendar(match[1], "%Y%m%d%H%M")


def _short_stamp(match: re.Match[str]) -> int | None:
    return calendar(match[1], "%y%m%d%H%M%S")


def _short_minute(match: re.Match[str]) -> int | None:
    return calendar(match[1], "%y%m%d%H%M")


def _halves(match: re.Match[str]) -> int | None:
    """VM for Emacs: the seconds in two halves of 16 bits, then microseconds."""
    return sensible((int(match[1]) << 16 | int(match[2])) * 10**9) if int(match[2]) < 1 << 16 else None


_US = Precision.MICROSECOND
_MS = Precision.MILLISECOND
_MIN = Precision.MINUTE

LAYOUTS = (
    # Google: 48 bits of host, 24 low and 32 high bits of the microseconds, 8 bits of counter.
    _layout(
        "Google",
        r"[0-9a-f]{12}([0-9a-f]{6})(0[3-9][0-9a-f]{6})[0-9a-f]{2}(?:\.\d+)?@",
        lambda m: google(m[1], m[2]),
        _US,
    ),
    # Gmail until about 2010: hexadecimal, yymmddhhmm of the writer, a letter and two more groups.
    _layout(
        "Gmail until 2010",
        r"[0-9a-f]{4,20}?(\d{10})[a-z][0-9a-f]+[a-z][0-9a-f]+@mail\.gmail\.com",
        _short_minute,
        _MIN,
        local=True,
    ),
    # Outlook and Outlook Express: a counter and a FILETIME in two halves.
    _layout(
        "Outlook",
        r"[0-9a-fA-F]{4}(01[0-9a-fA-F]{6})\$([0-9a-fA-F]{8})\$",
        lambda m: filetime(m[1], m[2]),
        Precision.TICK,
    ),
    # Lotus Notes: OF<unid>-ON<note's creation as TIMEDATE: day.ticks>-<...>.
    _layout(
        "Lotus Notes",
        r"OF[0-9A-F]{8}\.[0-9A-F]{8}-ON([0-9A-F]{8})\.([0-9A-F]{8})",
        lambda m: notes_time(m[1], m[2]),
    ),
    # Amazon SES: a region's number, then milliseconds.
    _layout(
        "Amazon SES",
        rf"[0-9a-f]{{4}}(01[0-9a-f]{{10}})-{_UUID.replace('[167]', '[0-9a-f]').replace('[89ab]', '[0-9a-f]')}-0{{6}}@",
        lambda m: unix(m[1], 16, 10**6),
        _MS,
    ),
    _layout("UUID with a time", rf"(?i:({_UUID}))@", lambda m: uuid_time(m[1]), Precision.TICK),
    # JavaMail: hash.count.milliseconds.JavaMail.user (jakarta.mail UniqueValue).
    _layout("JavaMail", r"(?:-?\d+\.)+(\d{13})\.(?:JavaMail\.)?", _millis, _MS),
    _layout("Yahoo Mail", r"\d+\.\d+\.(\d{13})@mail\.yahoo\.", _millis, _MS),
    _layout("SquirrelMail", r"\d+(?:\.\d+)*\.(\d{10})\.squirrel@", _seconds),
    _layout("Courier", r"courier\.([0-9A-F]{8})\.[0-9A-F]{8}@", _hexadecimal),
    # Netscape, Mozilla and Thunderbird until 37: hexadecimal seconds, random digits (compose/nsMsgCompUtils.cpp).
    _layout("Mozilla", r"([3-6][0-9A-F]{7})\.(?:\d{4,7}|[0-9A-F]{4,8})@", _hexadecimal),
    _layout("Evolution", r"(\d{10})\.\d+\.\d+\.camel@", _seconds),
    # Python's email.utils.make_msgid: hundredths of a second, process id, random.
    _layout("Python", r"(\d{12})\.\d+\.\d{15,20}(?:\.[^@]*)?@", lambda m: unix(m[1], 10, 10**7), Precision.MILLISECOND),
    _layout("VM", r"(\d{5})\.(\d{1,5})\.\d{1,6}\.\d{1,6}@", _halves),
    _layout("MH", r"\d{1,7}\.(\d{9,10})@", _seconds),
    # Pine and Alpine: version, then the local time (pith/send.c, generate_message_id).
    _layout(
        "Pine",
        r"(?:Pine|alpine)\.[0-9A-Za-z]+\.\d+\.\d+(?:\.\d+)*?\.(\d{12})\d?\.\d+(?:-\d+)?@",
        _short_stamp,
        local=True,
    ),
    _layout(
        "Pine",
        r"(?:Pine|alpine)\.[0-9A-Za-z]+\.\d+\.\d+(?:\.\d+)*?\.(\d{10})\d{0,3}\.\d+(?:-\d+)?@",
        _short_minute,
        _MIN,
        local=True,
    ),
    _layout("Eudora", r"\d+(?:\.\d+){1,4}\.(\d{14})\.[0-9a-f]{8}@", _stamp, local=True),
    _layout("The Bat!", r"\d{6,10}\.(\d{14})@", _stamp, local=True),
    _layout("Mew", r"(\d{8}\.\d{6})\.\d+\.", lambda m: calendar(m[1], "%Y%m%d.%H%M%S"), local=True),
    _layout("qmail", r"(\d{14})\.\d+\.qmail@", _stamp),
    # Mutt writes UTC since 1.5 (sendlib.c, mutt_gen_msgid: G, a letter, process id); before that local time.
    _layout("Mutt", r"(\d{14})\.G[A-Z]\d+@", _stamp),
    _layout("Mutt before 1.5", r"(\d{14})\.[A-Z]\d+@", _stamp, local=True),
    # Becky!: local time, hexadecimal, the account in capitals.
    _layout("Becky!", r"(\d{14})\.[0-9A-F]{4}\.[0-9A-Z_.+-]+@", _stamp, local=True),
    # Postfix: gmtime() and the queue id (cleanup_message.c).
    _layout("Postfix", r"(\d{14})\.[0-9A-F]{6,14}@", _stamp),
    _layout("Postfix", r"(\d{14})\.[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10}z[0-9A-Za-y]{2,12}@", _stamp),
    _layout("Sylpheed", r"(\d{14})\.[0-9a-f]{8}\.", _stamp, local=True),
    _layout("Horde", r"(\d{14})\.Horde\.", _stamp, local=True),
    _layout("date and time", r"(\d{14})[.@_-]", _stamp, local=True),
    _layout("KMail", r"(\d{12})\.\d{5}\.", _minute, _MIN, local=True),
    _layout("sendmail", r"(\d{12})\.[0-9A-Za-z]{8,14}@", _minute, _MIN),
    _layout("seconds since 1970", r"(\d{10})(?:\.\d+)+(?:\.[A-Za-z]+)?@", _seconds),
)


def times_in_message_id(message_id: str, *, near_ns: int | None = None) -> Iterator[EmbeddedTime]:
    """The time that a Message-ID carries, with or without its angle brackets; most have one or none.

    ``near_ns`` is any time of the message, by which sendmail's year modulo 60 is told.
    """
    text = message_id.strip()[:_LONGEST].strip("<>").replace(" ", "")
    left, at, _ = text.partition("@")
    if not at:
        return
    queue_id = left[1:] if left.startswith("E") else left.partition(".")[2]
    for found in times_in_queue_id(queue_id, near_ns=near_ns):
        if _fits(left, found):
            yield found
            return
    for layout in LAYOUTS:
        match = layout.pattern.match(text)
        ns = layout.read(match) if match else None
        if match is not None and ns is not None:
            raw = "$".join(match.groups())
            yield EmbeddedTime(layout=layout.name, ns=ns, raw=raw, is_utc=layout.is_utc, precision=layout.precision)
            return


def _fits(left: str, found: EmbeddedTime) -> bool:
    """Whether the id stands where its writer puts it: Exim's behind E, sendmail's behind the same minute in digits."""
    if left.startswith("E"):
        return found.layout == "Exim message id"
    digits = left.partition(".")[0]
    ns = calendar(digits, "%Y%m%d%H%M") if re.fullmatch(r"\d{12}", digits) else calendar(digits[:14])
    return ns is not None and abs(found.ns - ns) < 120 * 10**9
