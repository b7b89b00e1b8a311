"""Postfix in a syslog file (Postfix 2.x and 3.x; the texts of src/smtpd, src/smtp, src/qmgr, src/cleanup and others).

Words: ``connect``, ``disconnect``, ``accepted`` (a client gave a message), ``message_id`` (cleanup), ``queued``
(qmgr, with sender and size), ``sent``, ``deferred``, ``bounced``, ``expired``, ``held`` and so on (a delivery, by its
status), ``rejected``, ``removed``, ``warning``, ``login_failed``, and ``other`` for what only the server's owner needs.
"""

from __future__ import annotations

import re
from typing import Any

from forensics.formats import words
from forensics.formats.logs.event import Logged, bare, bare_ip, whole_number
from forensics.formats.logs.syslog import SyslogLine, parse_syslog
from forensics.formats.logs.times import Assumed

SOURCE = "postfix"
_PROGRAM = re.compile(r"(?:[^/]*postfix[^/]*|[^/]+-postfix)(?:/.*)?|postfix(?:-\w+)?/.*", re.IGNORECASE)
# Hexadecimal, or to base 52 with enable_long_queue_ids; all have a digit, and no word that Postfix writes there has.
_QUEUE = re.compile(r"((?=[A-Za-z]*\d)[0-9A-Za-z]{5,25}|NOQUEUE): ")
_PAIR = re.compile(r"(?:^|[ ,;])([a-z_-]+)=(<[^>]*>|[^,; ]*)")
_CLIENT = re.compile(r"(\S+?)\[([0-9A-Fa-f.:]+|unknown)\](?::(\d+|unknown))?")
_PEER = re.compile(r"([^\s\[\]=<>(),;]*)\[([0-9A-Fa-f.:]+|unknown)\](?::(\d+|unknown))?")
_STATUS = re.compile(r"(?:^|, )status=([a-zA-Z_-]+)(?:, [a-z ]+| \((.*)\))?$", re.DOTALL)
_REJECT = re.compile(
    r"(?:milter-)?(reject(?:_warning)?|hold|discard|redirect|filter|warn|info|prepend|replace|bcc|permit|strip"
    r"|trace|quarantine|delay): (?:([A-Z-]+(?: [A-Z-]+)*|header|body|mime-header|nested-header) )?(?:from )?(.*)",
    re.DOTALL,
)
_HEADER = re.compile(
    r"(?:warning|reject|hold|info|discard|redirect|replace|prepend|strip|bcc|filter): "
    r"(?:header|mime-header|nested-header|body) (.*?)(?: from (\S+\[[^\]]*\]|local))?; (.*)",
    re.DOTALL,
)
_SAID = re.compile(
    r"(?:SASL authentication failed; server|host) (\S+?)\[([^\]]+)\](?::\d+)? (said|refused to talk to me): "
    r"(.*?)(?: \(in reply to .+?\))?$",
    re.DOTALL,
)
_SASL_FAILED = re.compile(
    r"(?:warning: )?(\S+?)\[([^\]]+)\](?::\d+)?: SASL (\S+) authentication failed:? ?(.*)", re.DOTALL
)
_CONNECTION = re.compile(
    r"(connect|disconnect|lost connection|timeout|improper command pipelining|PREGREET|HANGUP|PASS|\w+ TLS connection"
    r"|SSL_\w+ error)(?: | established | of )",
    re.IGNORECASE,
)
_STAGE = re.compile(r"(?:\bafter |in reply to |while sending )((?:end of )?[A-Z.-]+(?: TO| FROM)?)")
_ADDRESS = re.compile(r"(?:^addr |\((?:[a-z]+:|[\d.]+:\d+:)?)((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]*:[0-9a-f:.]+)(?= |\))")
_NOTICE = re.compile(r"(?:warning: )?([0-9A-F]{6,25}): ")
_LEVEL = re.compile(r"(warning|error|fatal|panic): (.*)", re.DOTALL)
_WORDS = {"reject": "rejected", "hold": "held", "discard": "discarded", "redirect": "redirected"}


def claims(line: str) -> bool:
    """Whether this is a line of Postfix."""
    head = parse_syslog(line, Assumed())
    return head is not None and bool(_PROGRAM.fullmatch(head.program))


def parse(line: str, assumed: Assumed) -> Logged | None:
    """The event of one line, or ``None`` where it is not one of Postfix."""
    head = parse_syslog(line, assumed)
    if head is None or not _PROGRAM.fullmatch(head.program):
        return None
    service = head.program.rpartition("/")[2].lower()
    queue = _QUEUE.match(head.message)
    queue_id = queue[1] if queue else ""
    text = head.message[queue.end() :] if queue else head.message
    detail: dict[str, Any] = {"host": head.host, "service": service, "process": head.process, "text": text}
    fields = _fields(service, text, detail)
    _peer(service, text, fields, detail)
    if not queue_id and (named := _NOTICE.match(text)):
        queue_id = named[1]
    sender = fields.pop("sender", None)
    return Logged(
        source=SOURCE,
        when=head.when,
        queue_id="" if queue_id == "NOQUEUE" else queue_id,
        sender=sender or "",
        detail={**detail, **({"null_sender": True} if sender == "" else {})},
        **{"operation": "other", **fields},
    )


def _fields(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any]:
    for read in (_delivery, _sasl_failure, _check, _message_id, _said, _rejection, _connection, _removed, _level):
        found = read(service, text, detail)
        if found is not None:
            return found
    pairs = _pairs(text, detail)
    return {"operation": _word(service, pairs), **_common(pairs, detail)}


def _peer(service: str, text: str, fields: dict[str, Any], detail: dict[str, Any]) -> None:
    """The other host of the line: the server that mail goes to, or the client that it comes from."""
    stage = _STAGE.search(text)
    if stage:
        detail.setdefault("stage", stage[1])
    match = _PEER.search(text)
    if match is None:
        found = _ADDRESS.search(text)
        if found and not fields.get("actor_ip"):
            fields["actor_ip"] = bare_ip(found[1]) if "." in found[1] else found[1]
        return
    goes_out = service in ("smtp", "lmtp")
    if match[1]:
        detail.setdefault("relay" if goes_out else "client", match[1])
    if match[3]:
        detail.setdefault("port", match[3])
    if goes_out:
        detail.setdefault("relay_ip", _ip(match[2]))
    elif not fields.get("actor_ip"):
        fields["actor_ip"] = _ip(match[2])


def _pairs(text: str, detail: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        found.setdefault(name, bare(value))
    if found:
        detail["fields"] = dict(found)
    return found


def _word(service: str, pairs: dict[str, str]) -> str:
    if "client" in pairs:
        return "accepted"
    if "nrcpt" in pairs and "from" in pairs:
        return "queued"
    if service == "pickup" and "uid" in pairs:
        return "accepted"
    return "other"


def _common(pairs: dict[str, str], detail: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    client = _CLIENT.match(pairs.get("client", ""))
    if client:
        detail["client"] = client[1]
        found["actor_ip"] = _ip(client[2])
    if "sasl_username" in pairs:
        found["actor"] = pairs["sasl_username"]
    if "from" in pairs:
        found["sender"] = pairs["from"]
    if "to" in pairs:
        found["recipients"] = (pairs["to"],)
    if "size" in pairs:
        found["size"] = whole_number(pairs["size"])
    return found


def _ip(text: str) -> str:
    return "" if text == "unknown" else bare_ip(text)


def _delivery(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    status = _STATUS.search(text)
    if status is None:
        return None
    pairs = _pairs(text[: status.start()], detail)
    detail["response"] = status[2] or ""
    queued = re.search(r"queued as ([0-9A-Za-z]+)", status[2] or "")
    if queued:
        detail["queued_as"] = queued[1]
    relay = _CLIENT.match(pairs.get("relay", ""))
    if relay:
        detail["relay_ip"] = _ip(relay[2])
    if "orig_to" in pairs:
        detail["orig_to"] = pairs["orig_to"]
    return {"operation": status[1].lower(), "status": status[1], **_common(pairs, detail)}


def _sasl_failure(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    match = _SASL_FAILED.match(text)
    if match is None:
        return None
    detail |= {"client": match[1], "method": match[3]}
    name = re.search(r"sasl_username=(\S+)", match[4])
    return {
        "operation": "login_failed",
        "actor_ip": _ip(match[2]),
        "actor": name[1] if name else "",
        "status": match[4].strip(),
    }


def _check(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    """A match of header_checks or body_checks, with the header as the message has it."""
    match = _HEADER.match(text)
    if match is None:
        return None
    pairs = _pairs(match[3], detail)
    client = _CLIENT.match(match[2] or "")
    found = {**_common(pairs, detail), "operation": "header_check", "status": text.partition(":")[0]}
    detail["header"] = match[1]
    if client:
        detail["client"] = client[1]
        found["actor_ip"] = _ip(client[2])
    if match[1].lower().startswith("subject:"):
        found["subject"] = words.decode_header(match[1][8:].strip().encode("utf-8", "surrogateescape")).text.strip()
    return found


def _message_id(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    for word in ("message-id=", "resent-message-id="):
        if text.startswith(word):
            found = text.removeprefix(word).strip()
            return {"operation": "message_id", "message_id": found, "message_ids": (found,) if found != "<>" else ()}
    return None


def _said(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    match = _SAID.match(text)
    if match is None:
        return None
    detail |= {"relay": match[1], "relay_ip": _ip(match[2]), "response": match[4]}
    return {"operation": "refused" if match[3] != "said" else "said", "status": match[4][:3]}


def _rejection(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    match = _REJECT.match(text)
    if match is None or service == "qmgr":
        return None
    head, _, tail = match[3].partition("; from=<")
    pairs = _pairs("from=<" + tail if tail else match[3], detail)
    client = _CLIENT.search(head)
    found = {**_common(pairs, detail), "operation": _WORDS.get(match[1], match[1]), "status": match[1]}
    detail["stage"] = match[2] or ""
    if client:
        detail["client"] = client[1]
        found["actor_ip"] = _ip(client[2])
        detail["response"] = head[client.end() :].removeprefix(":").strip()
    return found


def _connection(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    match = _CONNECTION.match(text)
    if match is None:
        return None
    if match[1] == "disconnect":
        detail["commands"] = dict(re.findall(r"([a-z]+)=(\d+(?:/\d+)?)", text[match.end() :]))
    return {"operation": match[1].lower().replace(" ", "_")}


def _removed(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    if text == "removed":
        return {"operation": "removed"}
    if text in ("skipped, still being delivered", "requeued", "released from hold", "placed on hold"):
        return {"operation": text.replace(" ", "_").replace(",", "")}
    bounce = re.match(r"sender (?:non-delivery|delivery status|delay(?:ed)?)[\w -]*notification: (\S+)", text)
    if bounce:
        detail["notification_queue_id"] = bounce[1]
        return {"operation": "notification"}
    return None


def _level(service: str, text: str, detail: dict[str, Any]) -> dict[str, Any] | None:
    match = _LEVEL.match(text)
    if match is None:
        return None
    return {"operation": match[1], "status": match[1]}


__all__ = ["SOURCE", "SyslogLine", "claims", "parse"]
