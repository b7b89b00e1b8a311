"""Courier in a syslog file: sessions of its IMAP and POP3 servers, and deliveries (courier-imap and courier sources).

    imapd: LOGIN, user=a, ip=[::ffff:192.0.2.10], port=[51000], protocol=IMAP
    imapd: LOGOUT, user=a, ip=[...], headers=0, body=0, rcvd=100, sent=2000, time=5
    courierd: newmsg,id=00000123.4D02EDDF.0000C65A: dns; pc1 (pc1 [::ffff:192.0.2.10])
    courieresmtp: id=00000123...,from=<a@x.jp>,addr=<b@y.jp>: 250 OK,status: success

The bytes sent in a LOGOUT line are what a client that took the whole mailbox away must have received.
"""

from __future__ import annotations

import re
from typing import Any

from forensics.formats.logs.event import Logged, bare, bare_ip, whole_number
from forensics.formats.logs.syslog import parse_syslog
from forensics.formats.logs.times import Assumed

SOURCE = "courier"
_PROGRAM = re.compile(r"(?:courier|imapd|pop3d|authdaemon|imaplogin|pop3login|esmtpd)[\w-]*", re.IGNORECASE)
_FIELD = re.compile(r"(?:^|[ ,])([a-z]+)=(<[^>]*>|\[[^\]]*\]|[^,\s]*)")
_SESSION = re.compile(
    r"(?:(?:INFO|DEBUG|ERR|NOTICE): )?(LOGIN FAILED|LOGIN|LOGOUT|DISCONNECTED|TIMEOUT|Connection),?\s*(.*)", re.DOTALL
)
_WORDS = {
    "LOGIN": "login",
    "LOGIN FAILED": "login_failed",
    "LOGOUT": "logout",
    "DISCONNECTED": "disconnected",
    "TIMEOUT": "timeout",
    "Connection": "connect",
}
_IP = re.compile(r"\[([0-9A-Fa-f.:]+)\]")


def claims(line: str) -> bool:
    """Whether this is a line of Courier: a session, a message or a delivery of it."""
    found = parse(line, Assumed())
    return found is not None and found.operation != "other"


def parse(line: str, assumed: Assumed) -> Logged | None:
    """The event of one line, or ``None`` where it is not one of Courier."""
    head = parse_syslog(line, assumed)
    if head is None or not _PROGRAM.fullmatch(head.program):
        return None
    detail: dict[str, Any] = {"host": head.host, "service": head.program, "text": head.message}
    return Logged(source=SOURCE, when=head.when, detail=detail, **_fields(head.program.lower(), head.message, detail))


def _fields(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any]:
    named = dict(_FIELD.findall(text))
    detail["fields"] = named
    ip = _IP.search(named.get("ip", "") or text)
    found: dict[str, Any] = {"actor_ip": bare_ip(ip[1]) if ip else "", "operation": "other"}
    session = _SESSION.match(text)
    if session:
        return {
            **found,
            "operation": _WORDS[session[1]],
            "actor": named.get("user", ""),
            "size": whole_number(named.get("sent", "")),
        }
    if "newmsg" in text:
        return {**found, "operation": "accepted", "queue_id": named.get("id", "").rstrip(":")}
    status = re.search(r"(?:,|^)status: (\S+)", text)
    if status or ("id" in named and "addr" in named):
        response = re.search(r">: (.*?)(?:,status:|$)", text)
        return {
            "operation": status[1] if status else "delivery",
            "queue_id": named.get("id", ""),
            "sender": bare(named.get("from", "")),
            "recipients": (bare(named["addr"]),) if named.get("addr") else (),
            "status": response[1] if response else "",
        }
    if text.startswith("error") and "relay" in named:
        return {
            **found,
            "operation": "rejected",
            "sender": bare(named.get("from", "")),
            "recipients": (bare(named["to"]),) if named.get("to") else (),
            "status": text.rpartition(": ")[2],
        }
    return found
