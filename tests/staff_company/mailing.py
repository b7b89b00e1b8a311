"""A mail and its bytes: the copy its sender keeps, and what each recipient gets, with the trace of the servers."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from tests.staff_company.documents import File
from tests.staff_company.people import GATE_IP, JST, OWN

Party = tuple[str, str]
MX, GATE = f"mx1.{OWN}", f"gate.{OWN}"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TLS = "(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))"


@dataclass(slots=True)
class Hold:
    """What the gateway did with a mail, where it is not what it always does."""

    action: str = ""
    seconds: float = -1
    actor: str = "-"
    viewed: float = -1
    """Seconds before the decision at which it was opened; 0 says never."""
    logged: bool = True
    delivered: bool = True
    files: tuple[str, ...] | None = None
    size: int = 0
    after: float = 0
    """How long after the log's decision the mail left, or before it."""
    comment: str = ""


@dataclass(slots=True)
class Mail:
    """One mail. ``account`` is who gave it to the server; ``lost`` are recipients that did not get it."""

    at: float
    sender: Party
    to: tuple[Party, ...]
    subject: str
    body: str
    mid: str
    cc: tuple[Party, ...] = ()
    bcc: tuple[Party, ...] = ()
    files: tuple[File, ...] = ()
    reply_to: str = ""
    references: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    html: str = ""
    account: str = ""
    lost: frozenset[str] = frozenset()
    hold: Hold | None = None
    held: bool = True
    zone: int = 9
    ip: str = ""
    raw_body: tuple[str, bytes] | None = None
    """Content-Type and body given whole, for reports and calendars."""
    sent_copy: bool = True
    delivered_files: tuple[File, ...] | None = None
    hidden: bool = False
    """Whether the delivered copy shows nobody: the gateway made Bcc of To."""
    plain_hop: bool = False
    expand: tuple[Party, ...] = ()
    """The members of the list that it went to."""
    removed: frozenset[str] = frozenset()
    """Accounts whose copy is gone."""
    utf8: bool = True

    @property
    def everyone(self) -> tuple[Party, ...]:
        return self.to + self.cc + self.bcc


def rfc5322(at: float, zone: int = 9) -> str:
    here = datetime.fromtimestamp(int(at), JST if zone == 9 else timezone(timedelta(hours=zone)))
    sign = "-" if zone < 0 else "+"
    return (
        f"{_DAYS[here.weekday()]}, {here.day} {_MONTHS[here.month - 1]} {here.year} {here:%H:%M:%S} "
        f"{sign}{abs(zone):02d}00"
    )


@lru_cache(maxsize=200_000)
def word(text: str) -> str:
    """RFC 2047, in words of at most 75 characters, folded."""
    if text.isascii():
        return text
    pieces = [text[n : n + 14] for n in range(0, len(text), 14)]
    return "\n ".join("=?UTF-8?B?" + base64.b64encode(each.encode()).decode() + "?=" for each in pieces)


@lru_cache(maxsize=50_000)
def _party(who: Party) -> str:
    name, address = who
    if not name:
        return address
    return f"{word(name)} <{address}>" if not name.isascii() else f'"{name}" <{address}>'


def _list(people: tuple[Party, ...]) -> str:
    return ",\n ".join(map(_party, people))


def _entity(kind: str, encoding: str, data: bytes, more: str = "") -> bytes:
    return f"Content-Type: {kind}\n{more}Content-Transfer-Encoding: {encoding}\n\n".encode() + data


def content(mail: Mail, files: tuple[File, ...]) -> bytes:
    """Content-Type and body."""
    if mail.raw_body is not None:
        return f"Content-Type: {mail.raw_body[0]}\n\n".encode() + mail.raw_body[1]
    text = _text(mail)
    if mail.html:
        mark = f"alt-{mail.mid[1:13]}"
        page = _entity("text/html; charset=UTF-8", "base64", base64.encodebytes(mail.html.encode()))
        inner = f"--{mark}\n".encode() + text + f"\n--{mark}\n".encode() + page + f"--{mark}--\n".encode()
        text = f'Content-Type: multipart/alternative; boundary="{mark}"\n\n'.encode() + inner
    if not files:
        return text
    mark = f"b-{mail.mid[1:13]}"
    out = [f'Content-Type: multipart/mixed; boundary="{mark}"\n\n--{mark}\n'.encode(), text]
    for each in files:
        name = word(each.name).replace("\n ", "\n  ")
        how = "inline" if each.inline else "attachment"
        more = f'Content-Disposition: {how}; filename="{name}"\n' + ("Content-ID: <sig@image>\n" if each.inline else "")
        out += [f"\n--{mark}\n".encode(), _entity(f'{each.mime}; name="{name}"', "base64", each.encoded, more)]
    out.append(f"--{mark}--\n".encode())
    return b"".join(out)


def _text(mail: Mail) -> bytes:
    if not mail.utf8:
        try:
            return _entity("text/plain; charset=ISO-2022-JP", "7bit", mail.body.encode("iso2022_jp") + b"\n")
        except UnicodeEncodeError:
            pass
    return _entity("text/plain; charset=UTF-8", "8bit", mail.body.encode() + b"\n")


def head(mail: Mail, *, sent: bool) -> str:
    lines = [f"From: {_party(mail.sender)}"]
    if mail.hidden and not sent:
        lines.append("To: undisclosed-recipients:;")
    else:
        lines += [f"To: {_list(mail.to)}" if mail.to else "To: undisclosed-recipients:;"]
        if mail.cc:
            lines.append(f"Cc: {_list(mail.cc)}")
    if mail.bcc and sent:
        lines.append(f"Bcc: {_list(mail.bcc)}")
    lines += [f"Subject: {word(mail.subject)}", f"Date: {rfc5322(mail.at, mail.zone)}", f"Message-ID: {mail.mid}"]
    if mail.reply_to:
        lines.append(f"In-Reply-To: {mail.reply_to}")
        lines.append(f"References: {mail.references or mail.reply_to}".replace("> <", ">\n <"))
    lines += [f"{name}: {value}" for name, value in mail.headers]
    lines.append("MIME-Version: 1.0")
    return "\n".join(lines) + "\n"


def hops(mail: Mail, queue: str, came: float, peer: str, submitted: float) -> str:
    """The Received fields above a mail; the newest first."""
    stamp = rfc5322(came)
    if peer == "submission":
        return (
            f"Received: from [{mail.ip}] (pc [{mail.ip}])\n\t{_TLS}\n\tby {MX} (Postfix) with ESMTPSA id {queue};\n"
            f"\t{stamp}\n"
        )
    if peer == "gate":
        return (
            f"Received: from {GATE} ({GATE} [{GATE_IP}])\n\t{_TLS}\n\tby {MX} (Postfix) with ESMTPS id {queue};\n"
            f"\t{stamp}\nReceived: from [{mail.ip}] (pc [{mail.ip}])\n\t{_TLS}\n\tby {GATE} with ESMTPSA id "
            f"G{queue};\n\t{rfc5322(submitted)}\n"
        )
    host, _, ip = peer.partition("|")
    if mail.plain_hop:
        return f"Received: from {host} ({host} [{ip}])\n\tby {MX} (Postfix) with ESMTP id {queue};\n\t{stamp}\n"
    return (
        f"Received: from {host} ({host} [{ip}])\n\t{_TLS}\n\tby {MX} (Postfix) with ESMTPS id {queue};\n\t{stamp}\n"
        f"Received: from [10.1.2.3] (unknown [10.1.2.3])\n\tby {host} with ESMTPSA id R{queue};\n"
        f"\t{rfc5322(submitted)}\n"
    )


_AUTH = f"Authentication-Results: {MX}; spf=pass smtp.mailfrom=%s; dkim=pass header.d=%s; dmarc=pass header.from=%s\n"


def results(mail: Mail) -> str:
    """What the server found of a mail from outside, unless the mail brings another result."""
    if any(name == "Authentication-Results" for name, _ in mail.headers):
        return ""
    domain = mail.sender[1].partition("@")[2]
    return _AUTH % (domain, domain, domain)


def asctime(at: float) -> str:
    utc = datetime.fromtimestamp(int(at), timezone.utc)  # noqa: UP017
    return f"{_DAYS[utc.weekday()]} {_MONTHS[utc.month - 1]} {utc.day:2d} {utc:%H:%M:%S} {utc.year}"


def boxed(sender: str, at: float, raw: bytes) -> bytes:
    """As it stands in an mbox, with From_ lines of the body quoted."""
    if b"\nFrom " in raw:
        raw = raw.replace(b"\nFrom ", b"\n>From ")
    return f"From {sender or 'MAILER-DAEMON'} {asctime(at)}\n".encode() + raw + b"\n"
