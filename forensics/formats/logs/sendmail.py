"""Sendmail in a syslog file (sendmail 8, doc/op: "from", "to" and their equates; AUTH failures and rejections).

551A0001: from=<a@x.jp>, size=1234, class=0, nrcpts=1, msgid=<..>, proto=ESMTP, daemon=MTA, relay=pc1 [192.0.2.10]
551A0001: to=<b@y.jp>,<c@y.jp>, ctladdr=<a@x.jp> (1001/1001), delay=00:00:01, ..., dsn=2.0.0, stat=Sent (OK)
"""

from __future__ import annotations

import re
from typing import Any

from forensics.formats.logs.event import Logged, bare, bare_ip, whole_number
from forensics.formats.logs.syslog import parse_syslog
from forensics.formats.logs.times import Assumed

SOURCE = "sendmail"
_PROGRAMS = frozenset(("sendmail", "sm-mta", "sm-msp-queue", "mta", "sm-que", "sm-msp", "mail"))
_QUEUE = re.compile(r"((?=[A-Za-z]*\d)[0-9A-Za-z]{6,16}|NOQUEUE): ")
_EQUATE = re.compile(r"(?:^|, )([a-z][a-zA-Z0-9_-]*)=")
_RELAY = re.compile(r"(\S*?)\s*\[([0-9A-Fa-f.:]+|IPv6:[0-9A-Fa-f.:]+)\]")
_AUTH = re.compile(r"AUTH failure \(([^)]*)\): (.*)", re.DOTALL)


def claims(line: str) -> bool:
    """Whether this is a line of sendmail."""
    head = parse_syslog(line, Assumed())
    return head is not None and head.program.lower() in _PROGRAMS


def parse(line: str, assumed: Assumed) -> Logged | None:
    """The event of one line, or ``None`` where it is not one of sendmail."""
    head = parse_syslog(line, assumed)
    if head is None or head.program.lower() not in _PROGRAMS:
        return None
    queue = _QUEUE.match(head.message)
    text = head.message[queue.end() :] if queue else head.message
    equates = _equates(text)
    detail: dict[str, Any] = {"host": head.host, "process": head.process, "text": text, "fields": equates}
    relay = _RELAY.search(equates.get("relay", "") or (text if "=" not in text.partition("[")[0] else ""))
    if relay:
        detail["relay"] = relay[1]
    incoming = "from" in equates and "stat" not in equates
    message_id = equates.get("msgid", "")
    return Logged(
        source=SOURCE,
        when=head.when,
        operation=_word(text, equates),
        queue_id=queue[1] if queue and queue[1] != "NOQUEUE" else "",
        actor=bare(equates.get("authid", "") or _user(text)),
        actor_ip=bare_ip(relay[2]) if relay and (incoming or "to" not in equates) else "",
        message_id=message_id,
        message_ids=(message_id,) if message_id.strip("<>") else (),
        sender=bare(equates.get("from", "") or equates.get("ctladdr", "").partition(" (")[0]),
        recipients=_addresses(equates.get("to", "")),
        size=whole_number(equates.get("size", "")),
        status=equates.get("stat", "") or equates.get("reject", ""),
        detail=detail,
    )


def _equates(text: str) -> dict[str, str]:
    """``name=value`` up to the next ``, name=``: a value may hold commas."""
    found: dict[str, str] = {}
    marks = list(_EQUATE.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        value = text[mark.end() : following.start() if following else len(text)]
        found.setdefault(mark[1], value.strip())
    return found


def _word(text: str, equates: dict[str, str]) -> str:
    if _AUTH.match(text):
        return "login_failed"
    if text.startswith("AUTH=server"):
        return "login"
    if "reject" in equates or text.startswith("ruleset="):
        return "rejected"
    if "stat" in equates:
        return equates["stat"].partition(" ")[0].partition(":")[0].lower() or "delivery"
    return "accepted" if "from" in equates else "other"


def _user(text: str) -> str:
    match = re.search(r"\buser=([^,\s]+)", text)
    return match[1] if match and _AUTH.match(text) else ""


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(bare(each) for each in re.split(r",(?=<|\S)", text) if each.strip())
