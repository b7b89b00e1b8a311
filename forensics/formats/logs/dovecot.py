"""Dovecot in a syslog file: logins, sessions, and the mail_log plugin, whose lines are the evidence of a deletion.

    imap-login: Login: user=<a>, method=PLAIN, rip=192.0.2.1, lip=..., mpid=1, TLS, session=<s>
    imap(a)<123><s>: expunge: box=INBOX, uid=12, msgid=<..>, size=345     (mail_log; also delete, copy, save, append)
    lmtp(a)<123><s>: msgid=<..>: saved mail to INBOX                      (and sieve: forwarded, discarded, stored)

(Dovecot 2.2 to 2.4; 2.2 writes ``imap(a): ``, 2.4 pairs such as ``Login: user=<a> session=<s>``.)
"""

from __future__ import annotations

import re
from typing import Any

from forensics.formats.logs.event import Logged, bare, bare_ip, whole_number
from forensics.formats.logs.syslog import parse_syslog
from forensics.formats.logs.times import Assumed

SOURCE = "dovecot"
_SERVICE = re.compile(
    r"([a-z0-9-]+)(?:\(([^)]*)\))?(?:<(\d+)>)?(?:<([^>]*)>)?: (?:(Info|Error|Warning|Debug|Fatal|Panic): )?"
)
_PAIR = re.compile(r"([a-zA-Z_-]+)=(<[^>]*>|[^,\s]*)")
_MAIL_LOG = re.compile(
    r"(expunge|delete|undelete|copy(?: from .*?)?|save|append|mailbox_create|mailbox_delete|mailbox_rename|flag_change)"
    r"(?:: |\b(?= ))(.*)",
    re.DOTALL,
)
_SAVED = re.compile(r"(?:sieve: )?msgid=(\S*?): (.*)", re.DOTALL)
_SIEVE = (
    ("forwarded to", "forwarded"),
    ("sent vacation", "vacation_sent"),
    ("discarded", "discarded"),
    ("marked message to be discarded", "discarded"),
    ("rejected", "rejected"),
    ("stored mail into", "stored"),
    ("saved mail to", "saved"),
    ("save failed", "save_failed"),
)
_AUTH = re.compile(
    r"(?:conn unix:[^()]*\([^()]*\): )?(?:auth-worker<\d+>: )?"
    r"(pam|sql|ldap|passwd-file|static|lua|dict|imap|oauth2|cache|checkpassword|shadow|bsdauth|passwd)"
    r"\(([^,()]*),([0-9A-Fa-f.:]+)(?:,[^)]*)?\): (.*)",
    re.DOTALL,
)


def claims(line: str) -> bool:
    """Whether this is a line of Dovecot."""
    head = parse_syslog(line, Assumed())
    return head is not None and head.program.lower() == "dovecot"


def parse(line: str, assumed: Assumed) -> Logged | None:
    """The event of one line, or ``None`` where it is not one of Dovecot."""
    head = parse_syslog(line, assumed)
    if head is None or head.program.lower() != "dovecot":
        return None
    service = _SERVICE.match(head.message)
    text = head.message[service.end() :] if service else head.message
    detail: dict[str, Any] = {"host": head.host, "text": text}
    fields: dict[str, Any] = {"operation": "other"}
    if service:
        detail["service"] = service[1]
        given = zip(("process", "session", "level"), service.groups()[2:], strict=True)
        detail |= {name: value for name, value in given if value}
        # auth-worker(123) holds a process id where imap(a@x.jp) holds an account.
        if service[2] and not service[2].isdigit():
            fields["actor"] = service[2].partition(",")[0]
    for read in (_mail_log, _saved, _auth, _login):
        found = read(text, detail)
        if found is not None:
            fields |= {name: value for name, value in found.items() if value or name not in fields}
            break
    return Logged(source=SOURCE, when=head.when, detail=detail, **fields)


def _pairs(text: str, detail: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        found.setdefault(name, bare(value))
    if found:
        detail["fields"] = dict(found)
        if found.get("session"):
            detail["session"] = found["session"]
    return found


def _mail_log(text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    match = _MAIL_LOG.match(text)
    if match is None:
        return None
    message_id = re.search(r"msgid=(<[^>]*>|[^,\s]*)", match[2])
    pairs = _pairs(match[2], detail)
    subject = re.search(r"subject=(.*?)(?:, [a-z]+=|$)", match[2])
    named = message_id[1] if message_id else ""
    return {
        "operation": match[1].partition(" ")[0],
        "message_id": named,
        "message_ids": (named,) if named and named != "<>" else (),
        "size": whole_number(pairs.get("size", "")),
        "sender": pairs.get("from", ""),
        "subject": subject[1] if subject else "",
    }


def _saved(text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    match = _SAVED.match(text)
    if match is None:
        return None
    word = next((word for start, word in _SIEVE if match[2].startswith(start)), "delivery")
    target = re.search(r"(?:into mailbox|to|into) [<'\"]?([^<>'\"]+)", match[2])
    if target:
        detail["target"] = target[1].strip()
    recipients = (detail["target"],) if word == "forwarded" and "target" in detail else ()
    return {
        "operation": word,
        "message_id": match[1],
        "message_ids": (match[1],) if match[1].strip("<>") else (),
        "recipients": recipients,
        "status": match[2],
    }


def _auth(text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    match = _AUTH.match(text)
    if match is None:
        return None
    detail["backend"] = match[1]
    return {"operation": "login_failed", "actor": match[2], "actor_ip": bare_ip(match[3]), "status": match[4]}


def _login(text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    pairs = _pairs(text, detail)
    word = re.match(
        r"(Login|Disconnected|Aborted login|Logged out|Connection closed|Maximum number of connections)", text
    )
    if word is None:
        return {"operation": "other", "actor": pairs.get("user", ""), "actor_ip": bare_ip(pairs.get("rip", ""))}
    operation = {"Login": "login", "Logged out": "logout", "Aborted login": "login_failed"}.get(word[1], "disconnected")
    if "auth failed" in text:
        operation = "login_failed"
    return {
        "operation": operation,
        "actor": pairs.get("user", ""),
        "actor_ip": bare_ip(pairs.get("rip", "")),
        "status": re.sub(r"(?:, |: )?user=<.*", "", text).removeprefix("Login"),
    }
