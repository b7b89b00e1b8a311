"""qmail-send's log, with the TAI64N times of multilog or in syslog (qmail-log(5)).

    @4000000065... new msg 1234
    @4000000065... info msg 1234: bytes 2343 from <a@x.jp> qp 8888 uid 89
    @4000000065... starting delivery 5: msg 1234 to remote b@y.jp
    @4000000065... delivery 5: success: 198.51.100.5_accepted_message./...
    @4000000065... end msg 1234

There is no Message-ID. The number of a message is an inode and is used again: it holds from ``new`` to ``end`` only.
"""

from __future__ import annotations

import re
from typing import Any

from forensics.formats.logs.event import Logged, When
from forensics.formats.logs.syslog import parse_syslog
from forensics.formats.logs.times import Assumed, tai64n

SOURCE = "qmail"
_LINES = (
    ("new", re.compile(r"new msg (\d+)$")),
    ("accepted", re.compile(r"info msg (\d+): bytes (\d+) from <(.*)> qp (\d+) uid (\d+)$")),
    ("starting", re.compile(r"starting delivery (\d+): msg (\d+) to (local|remote) (.+)$")),
    ("delivery", re.compile(r"delivery (\d+): (success|failure|deferral|report mangled)[:,]? ?(.*)$")),
    ("end", re.compile(r"end msg (\d+)$")),
    ("bounced", re.compile(r"bounce msg (\d+) qp (\d+)$")),
    ("status", re.compile(r"status: local (\d+)/(\d+) remote (\d+)/(\d+)(?: exiting asap)?$")),
    ("warning", re.compile(r"(?:warning|alert): (.*)$")),
)
_STARTED = re.compile(r"(\d{10})\.(\d{6}) ")


def claims(line: str) -> bool:
    """Whether this is a line of qmail-send."""
    found = parse(line, Assumed())
    return found is not None and found.operation not in ("warning", "other")


def parse(line: str, assumed: Assumed) -> Logged | None:
    """The event of one line, or ``None`` where it is not one of qmail."""
    when, text = _head(line, assumed)
    if when is None:
        return None
    for word, pattern in _LINES:
        match = pattern.match(text)
        if match:
            return Logged(source=SOURCE, when=when, **_fields(word, match))
    return None


def _head(line: str, assumed: Assumed) -> tuple[When | None, str]:
    stamp = tai64n(line)
    if stamp is not None:
        return stamp, line[len(stamp.raw) :].strip()
    head = parse_syslog(line, assumed)
    if head is None or not head.program.lower().startswith("qmail"):
        return None, ""
    # splogger writes the time itself in front of the text.
    started = _STARTED.match(head.message)
    return head.when, head.message[started.end() :] if started else head.message


def _fields(word: str, match: re.Match[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"operation": word, "detail": {"text": match[0]}}
    if word in ("new", "end"):
        found["queue_id"] = match[1]
    elif word == "accepted":
        found |= {"queue_id": match[1], "size": int(match[2][:18]), "sender": match[3]}
        found["detail"] |= {"qp": match[4], "uid": match[5], **({"null_sender": True} if not match[3] else {})}
    elif word == "starting":
        found |= {"queue_id": match[2], "recipients": (match[4],)}
        found["detail"] |= {"delivery": match[1], "way": match[3]}
    elif word == "delivery":
        found |= {"operation": match[2].replace(" ", "_"), "status": match[3]}
        found["detail"] |= {"delivery": match[1]}
    elif word == "bounced":
        found["queue_id"] = match[1]
        found["detail"] |= {"qp": match[2]}
    return found
