"""Times as mail programs and servers write them, plain and hidden in identifiers (catalogue, every clock of a message).

All times of the generator are whole microseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

import base64
import random
import struct
import uuid
from datetime import UTC, datetime, timedelta, timezone

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
JST = 9 * 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FILETIME = 116_444_736_000_000_000
_BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def micros(*parts: int, offset: int = JST) -> int:
    """Year, month, day, hour ... on a clock that is ``offset`` minutes ahead of UTC."""
    zone = timezone(timedelta(minutes=offset))
    year, month, day, *clock = parts
    hour, minute, second = (*clock, 0, 0, 0)[:3]
    return (datetime(year, month, day, hour, minute, second, tzinfo=zone) - _EPOCH) // timedelta(microseconds=1)


def when(us: int, offset: int = 0) -> datetime:
    """The instant on a clock that is ``offset`` minutes ahead of UTC."""
    return (_EPOCH + timedelta(microseconds=us)).astimezone(timezone(timedelta(minutes=offset)))


def _signed(offset: int) -> str:
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}{abs(offset) % 60:02d}"


def rfc5322(us: int, offset: int = JST, name: str = "", *, padded: bool = False) -> str:
    """RFC 5322 3.3; ``padded`` writes the day of the month with two digits, ``name`` follows as a comment."""
    at = when(us, offset)
    day = f"{at.day:02d}" if padded else str(at.day)
    text = f"{_DAYS[at.weekday()]}, {day} {MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S} {_signed(offset)}"
    return f"{text} ({name})" if name else text


def asctime(us: int) -> str:
    """The time of a From_ line, as the programs write it: the local time, without a zone."""
    at = when(us, JST)
    return f"{_DAYS[at.weekday()]} {MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S} {at.year}"


def syslog(us: int) -> str:
    """RFC 3164 4.1.2 on a clock in Japan."""
    at = when(us, JST)
    return f"{MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}"


def iso(us: int, digits: int = 3) -> str:
    """``2026-01-05T01:02:03.456Z``; without digits without fraction and without Z, as audit records write it."""
    at = when(us)
    text = at.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{at.microsecond:06d}"[: len(text) + 1 + digits] + "Z" if digits else text


def pacific(us: int) -> str:
    """As Google's servers write it: the local time of California, which went over to summer on 2026-03-08."""
    summer = us >= micros(2026, 3, 8, 10, offset=0)
    return rfc5322(us, -7 * 60 if summer else -8 * 60, "PDT" if summer else "PST", padded=True)


def filetime(us: int) -> int:
    return us * 10 + _FILETIME


def postfix_queue_id(us: int, rng: random.Random) -> str:
    """Six digits to base 52 of seconds, four of microseconds, z, the inode to base 51 (global/mail_queue.h)."""
    inode = "".join(rng.choice(_BASE52[:51]) for _ in range(3))
    return f"{_base52(us // SECOND, 6)}{_base52(us % SECOND, 4)}z{inode}"


def _base52(value: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        value, rest = divmod(value, 52)
        text = _BASE52[rest] + text
    return text


def google_boundary(us: int, rng: random.Random) -> str:
    """Twelve noughts, the 24 low and the 32 high bits of the microseconds, one byte more."""
    text = f"{us:014x}"
    return f"000000000000{text[8:]}{text[:8]}{rng.randrange(256):02x}"


def becky_id(us: int, offset: int, address: str, rng: random.Random) -> str:
    user, _, domain = address.partition("@")
    return f"<{when(us, offset):%Y%m%d%H%M%S}.{rng.randrange(0x1000, 0xFFFF):04X}.{user.upper()}@{domain}>"


def becky_boundary(us: int, rng: random.Random) -> str:
    return f"------_{us // SECOND:08X}{0:08X}{rng.randrange(0x1000, 0xFFFF):04X}_MULTIPART_MIXED_"


def outlook_id(us: int, domain: str, rng: random.Random) -> str:
    """Outlook over SMTP: a counter, then a FILETIME in two halves."""
    ticks = f"{filetime(us):016x}"
    return f"<{rng.randrange(0x10000):04x}{ticks[:8]}${ticks[8:]}${rng.getrandbits(32):08x}@{domain}>"


def outlook_boundary(us: int, rng: random.Random) -> str:
    ticks = f"{filetime(us):016X}"
    return f"----=_NextPart_000_{rng.randrange(0x10000):04X}_{ticks[:8]}.{ticks[8:]}"


def random_uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def dovecot_guid(us: int, pid: int) -> str:
    """The id of an LMTP delivery: nanoseconds, seconds, process and host, in base64 for file names (lib/guid.c)."""
    raw = struct.pack("<IIII", us % SECOND * 1000, us // SECOND, pid, 0x6A1B2C3D)
    return base64.b64encode(raw, b"-_").decode().rstrip("=")


def google_message_number(us: int, rng: random.Random) -> int:
    """X-GM-MSGID and X-GM-THRID: the milliseconds above 20 random bits."""
    return us // 1000 << 20 | rng.getrandbits(20)


def thread_header(us: int, rng: random.Random) -> bytes:
    """PR_CONVERSATION_INDEX of a first message: the upper 48 bits of the FILETIME and a GUID ([MS-OXOMSG] 2.2.1.3)."""
    return (filetime(us) >> 16).to_bytes(6, "big") + random_uuid(rng).bytes


def thread_child(parent: bytes, us: int, rng: random.Random) -> bytes:
    """The index of an answer: five bytes more, with the time since the block before in units of 2**18 ticks."""
    before = int.from_bytes(parent[:6], "big") << 16
    for at in range(22, len(parent), 5):
        before += (int.from_bytes(parent[at : at + 4], "big") & 0x7FFFFFFF) << 18
    delta = (max(0, filetime(us) - before) >> 18) & 0x7FFFFFFF
    return parent + delta.to_bytes(4, "big") + bytes((rng.randrange(256),))
