"""Exim's main log, as a file of its own or in syslog (Exim specification, chapter "Log files").

    2026-06-01 10:00:00 1wABCd-000123-4E <= a@x.jp H=(pc1) [192.0.2.10]:51000 P=esmtpsa A=login:a@x.jp S=1234 id=1@x.jp
    2026-06-01 10:00:00 1wABCd-000123-4E => b@y.jp R=dnslookup T=remote_smtp H=mx.y.jp [198.51.100.5] C="250 OK"

Flags: ``<=`` arrival, ``=>`` delivery, ``->`` further address of it, ``>>`` cutthrough, ``*>`` suppressed, ``**``
failed, ``==`` deferred. Times are local unless ``log_timezone`` is set.
"""

from __future__ import annotations

import re
from typing import Any

from forensics.formats.logs.event import Logged, bare, bare_ip, whole_number
from forensics.formats.logs.syslog import parse_syslog
from forensics.formats.logs.times import Assumed, iso_time

SOURCE = "exim"
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)?(?: [+-]\d{4})? ")
_ID = re.compile(r"(?:\[\d+\] )?([0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})) ")
_FLAG = re.compile(r"(<=|=>|->|>>|\*>|\*\*|==) (\S+)(.*)", re.DOTALL)
_WORDS = {
    "<=": "accepted",
    "=>": "delivered",
    "->": "delivered",
    ">>": "delivered",
    "*>": "suppressed",
    "**": "failed",
    "==": "deferred",
}
_FIELD = re.compile(r"(?:^| )([A-Za-z]{1,4})=(\"(?:[^\"\\]|\\.)*\"|\S+)")
_HOST = re.compile(r"(?:H=|from )(?:(\S+) )?(?:\(([^)]*)\) )?\[([0-9A-Fa-f.:]+)\](?::(\d+))?")
_AUTH_FAILED = re.compile(r"(\S+) authenticator failed for (.*?): (\d{3} .*?)(?: \(set_id=(.*)\))?$", re.DOTALL)
_ANY_IP = re.compile(r"\[([0-9A-Fa-f.:]+)\](?::(\d+))?")
_REJECTED = re.compile(r"(temporarily rejected|rejected) (.*)", re.DOTALL)


def claims(line: str) -> bool:
    """Whether this is a line of Exim's main log, bare or in syslog."""
    head = parse_syslog(line, Assumed())
    if head is not None:
        return head.program.lower().startswith("exim")
    time = _TIME.match(line)
    rest = line[time.end() :] if time else ""
    return bool(_ID.match(rest)) or bool(
        re.match(
            r"(?:\[\d+\] )?(?:\S+ authenticator failed|H=\S* ?[\[(]|Start queue run|"
            r"End queue run|exim \S+ daemon started|no host name found)",
            rest,
        )
    )


def parse(line: str, assumed: Assumed) -> Logged | None:
    """The event of one line, or ``None`` where it has neither Exim's time nor a syslog head of Exim."""
    head = parse_syslog(line, assumed)
    detail: dict[str, Any] = {}
    if head is not None and head.program.lower().startswith("exim"):
        when, text = head.when, head.message
        detail["host"] = head.host
    else:
        time = _TIME.match(line)
        stamp = iso_time(line, assumed) if time else None
        if time is None or stamp is None:
            return None
        when, text = stamp, line[time.end() :]
    message = _ID.match(text)
    text = text[message.end() :] if message else text
    detail["text"] = text
    fields = _fields(text, detail)
    return Logged(source=SOURCE, when=when, queue_id=message[1] if message else "", detail=detail, **fields)


def _fields(text: str, detail: dict[str, Any]) -> dict[str, Any]:
    named = {name: value.strip('"') for name, value in _FIELD.findall(text)}
    detail["fields"] = named
    host = _HOST.search(text) or None
    ip = bare_ip(host[3]) if host else ""
    failed = _AUTH_FAILED.match(text)
    if failed:
        # The last address is the client's own; one before it is what the client called itself.
        address = next(reversed(list(_ANY_IP.finditer(failed[2]))), None)
        return {
            "operation": "login_failed",
            "actor": failed[4] or "",
            "actor_ip": bare_ip(address[1]) if address else "",
            "status": failed[3],
        }
    flag = _FLAG.match(text)
    if flag:
        return _transfer(flag, named, ip, detail)
    rejected = _REJECTED.search(text)
    if rejected:
        to = re.search(r"RCPT <([^>]*)>", rejected[2])
        return {
            "operation": rejected[1].replace(" ", "_"),
            "actor_ip": ip,
            "sender": bare(named.get("F", "")),
            "recipients": (to[1],) if to else (),
            "status": rejected[2],
        }
    return {"operation": "completed" if text.startswith("Completed") else "other", "actor_ip": ip}


def _transfer(flag: re.Match[str], named: dict[str, str], ip: str, detail: dict[str, Any]) -> dict[str, Any]:
    incoming = flag[1] == "<="
    address = flag[2]
    inner = re.match(r" <([^>]*)>", flag[3])
    if inner:
        detail["original_recipient"] = inner[1]
    message_id = f"<{named['id']}>" if incoming and named.get("id") else ""
    if not incoming and ip:
        detail["relay_ip"] = ip
    return {
        "operation": _WORDS[flag[1]],
        "actor": named.get("A", "").partition(":")[2] if incoming else "",
        "actor_ip": ip if incoming else "",
        "message_id": message_id,
        "message_ids": (message_id,) if message_id else (),
        "sender": bare(address) if incoming else bare(named.get("F", "")),
        "recipients": _for(flag[3]) if incoming else (bare(address),),
        "subject": named.get("T", "") if incoming else "",
        "size": whole_number(named.get("S", "")) if incoming else None,
        "status": named.get("C", "") or (flag[3].rpartition(": ")[2] if flag[1] in ("**", "==") else ""),
    }


def _for(text: str) -> tuple[str, ...]:
    found = re.search(r" for ((?:\S+@\S+ ?)+)$", text)
    return tuple(found[1].split()) if found else ()
