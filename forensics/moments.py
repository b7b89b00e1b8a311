"""A time with what it means, who says so and how it was written.

Instants are integers: nanoseconds since 1970-01-01T00:00:00Z, so that a FILETIME keeps its 100 ns ([MS-DTYP] 2.3.3)
and nothing is rounded. ``raw`` is the time exactly as the source has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from forensics.absent import Absent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FILETIME_EPOCH_TICKS = 116_444_736_000_000_000
EARLIEST_NS = int((datetime(1, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()) * 10**9
LATEST_NS = int((datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH).total_seconds()) * 10**9


class Meaning(StrEnum):
    """What happened at the moment, in the words of the field."""

    SENT = "sent"
    SUBMITTED = "submitted"
    RELAYED = "relayed"
    DELIVERED = "delivered"
    CREATED = "created"
    MODIFIED = "modified"
    CHANGED = "changed"
    ACCESSED = "accessed"
    READ = "read"
    REPLIED = "replied"
    DEFERRED = "deferred"
    EXPIRES = "expires"
    STARTS = "starts"
    ENDS = "ends"
    DELETED = "deleted"
    LOGGED = "logged"
    REPLIED_TO_ALL = "replied_to_all"
    FORWARDED = "forwarded"
    ACTED_ON = "acted_on"
    """The last action on the item, of a kind that its number does not tell."""
    REPORTED = "reported"
    REPLY_DUE = "reply_due"
    DELIVER_BY = "deliver_by"
    ORIGINAL_SUBMITTED = "original_submitted"
    ORIGINAL_DELIVERED = "original_delivered"
    FLAG_COMPLETED = "flag_completed"
    RETAINED_UNTIL = "retained_until"
    ARCHIVE_DUE = "archive_due"
    COMPLETED = "completed"
    STAMPED = "stamped"
    """A program wrote the time into an identifier, such as a Message-ID or a boundary, when it made it."""
    SIGNED = "signed"
    THREAD_STARTED = "thread_started"
    THREAD_ANSWERED = "thread_answered"
    """A reply or forward in the thread, as the index of the conversation counts them."""


class Basis(StrEnum):
    """Who claims the time."""

    SENDER = "sender"
    RELAY = "relay"
    STORE = "store"
    SERVICE = "service"
    FILESYSTEM = "filesystem"
    EMBEDDED = "embedded"


class Zone(StrEnum):
    """Whether the source states the zone of its time."""

    STATED = "stated"
    ASSUMED = "assumed"
    UNKNOWN = "unknown"


class Precision(StrEnum):
    """The smallest step that the written form can tell apart."""

    TICK = "100ns"
    MICROSECOND = "us"
    MILLISECOND = "ms"
    SECOND = "s"
    TWO_SECONDS = "2s"
    MINUTE = "min"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One clock reading. ``utc`` in nanoseconds since 1970 UTC; ``says`` names the field or host that claims it."""

    meaning: Meaning
    basis: Basis
    says: str
    utc: int | Absent
    raw: str
    zone: Zone
    offset_minutes: int | Absent = Absent.NOT_RECORDED
    precision: Precision = Precision.SECOND


def filetime_to_ns(ticks: int) -> int:
    """Nanoseconds since 1970 of a FILETIME (100 ns since 1601-01-01 UTC, [MS-DTYP] 2.3.3)."""
    return (ticks - FILETIME_EPOCH_TICKS) * 100


def is_sensible(ns: int) -> bool:
    """Whether the instant lies in the years 1 to 9999, which every calendar here can show."""
    return EARLIEST_NS <= ns <= LATEST_NS


def to_datetime(ns: int) -> datetime:
    """The instant as an aware UTC datetime, cut (not rounded) to whole microseconds."""
    return _EPOCH + timedelta(microseconds=ns // 1000)


def iso(ns: int) -> str:
    """``2026-06-01T01:03:12.1234567Z``: as many digits after the point as the instant has, none when it has none."""
    seconds, fraction = divmod(ns, 10**9)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + digits + "Z"
