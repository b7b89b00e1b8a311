"""Times in the queue ids that mail servers write into Received fields, Message-IDs and logs.

sendmail 8.12+   YMDhmsNPPPPPP    six digits to base 60, UTC (sendmail/queue.c, assign_queueid); year modulo 60,
                                  months from 0, then two digits of a counter and the process id
Postfix, long    SSSSSSUUUUzIII   six digits to base 52 seconds, four microseconds (global/mail_queue.h)
Exim             TTTTTT-PPPPPP-FF six digits to base 62 seconds (spec 3.4); 4.97 writes TTTTTT-PPPPPPPPPPP-FFFF
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from forensics.formats.clocks.embedded import EmbeddedTime, digits_in, sensible
from forensics.moments import Precision

_SENDMAIL = re.compile(r"([0-9A-Za-x])([0-9A-B])([1-9A-V])([0-9A-N])([0-9A-Za-x])([0-9A-Za-x])[0-9A-Za-x]{1,2}\d{5,7}")
_POSTFIX = re.compile(r"[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{2,12}")
_EXIM = re.compile(r"([0-9A-Za-z]{6})-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})")
BASE60 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


def times_in_queue_id(queue_id: str, *, near_ns: int | None = None) -> Iterator[EmbeddedTime]:
    """The time of a queue id. Sendmail's year is modulo 60, so 1970 to 2029 unless ``near_ns`` says otherwise.

    An id that could be of two writers yields none: a sendmail id is told by its form, a Postfix one by its ``z``.
    """
    found = _sendmail(queue_id, near_ns) or _postfix(queue_id) or _exim(queue_id)
    if found is not None:
        yield found


def _sendmail(queue_id: str, near_ns: int | None) -> EmbeddedTime | None:
    match = _SENDMAIL.fullmatch(queue_id)
    if match is None:
        return None
    year, month, day, hour, minute, second = (BASE60.index(each) for each in match.groups())
    near = datetime.fromtimestamp(near_ns // 10**9, UTC).year if near_ns is not None else 2000
    full = year + 1900
    while full + 30 < near:
        full += 60
    try:
        found = datetime(full, month + 1, day, hour, minute, min(second, 59), tzinfo=UTC)
    except ValueError:
        return None
    ns = sensible(int(found.timestamp()) * 10**9)
    return None if ns is None else EmbeddedTime(layout="sendmail queue id", ns=ns, raw=queue_id[:6])


def _postfix(queue_id: str) -> EmbeddedTime | None:
    if not _POSTFIX.fullmatch(queue_id):
        return None
    seconds, micros = digits_in(queue_id[:6], BASE52), digits_in(queue_id[6:10], BASE52)
    if seconds is None or micros is None or micros >= 1_000_000:
        return None
    ns = sensible(seconds * 10**9 + micros * 1000)
    if ns is None:
        return None
    return EmbeddedTime(layout="Postfix long queue id", ns=ns, raw=queue_id[:10], precision=Precision.MICROSECOND)


def _exim(queue_id: str) -> EmbeddedTime | None:
    match = _EXIM.fullmatch(queue_id)
    seconds = digits_in(match[1], BASE62) if match else None
    ns = None if seconds is None else sensible(seconds * 10**9)
    return None if ns is None else EmbeddedTime(layout="Exim message id", ns=ns, raw=queue_id[:6])
