"""One mail of the story, and its bytes as the sender's program wrote them (RFC 5322, RFC 2045), lines ended by LF."""

from __future__ import annotations

import base64
import hashlib
import quopri
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from maker import texts
from maker.people import JST, Person

ZONE = timezone(timedelta(hours=JST))
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that a mail carries; ``style`` is how its name is written, ``shown`` the name that hides it (style ``spoof``).

    Without a name it is a part of a report, not an attachment.
    """

    name: str
    data: bytes
    kind: str = "application/octet-stream"
    style: str = "rfc2231"
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What one account sent once; ``at`` is when it really left, ``date`` what the header claims (None: the truth, "": no header)."""

    key: str
    at: datetime
    sender: Person
    to: tuple[Person, ...]
    subject: str
    text: str
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()
    html: str = ""
    attached: tuple[Attached, ...] = ()
    answers: Mail | None = None
    charset: str = ""
    transfer: str = ""
    date: str | None = None
    subject_raw: bytes = b""
    extra: tuple[tuple[str, str], ...] = ()
    envelope: str = ""
    subtype: str = "mixed"

    @property
    def message_id(self) -> str:
        return f"<{self.at:%Y%m%d%H%M%S}.{tag(self.key, 10)}@{self.sender.domain}>"

    @property
    def thread(self) -> tuple[Mail, ...]:
        return () if self.answers is None else (*self.answers.thread, self.answers)


def tag(seed: str, length: int, letters: str = "0123456789abcdef") -> str:
    """A name that looks like chance and is not."""
    digest = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    return "".join(letters[digest // len(letters) ** at % len(letters)] for at in range(length))


def stamp(at: datetime, zone: int = JST) -> str:
    """The date-time of RFC 5322, section 3.3, without the locale's help."""
    there = at.astimezone(timezone(timedelta(hours=zone)))
    day = f"{_DAYS[there.weekday()]}, {there.day} {MONTHS[there.month - 1]} {there.year}"
    return f"{day} {there:%H:%M:%S} +{zone:02d}00"


def mailbox(person: Person, charset: str) -> bytes:
    address = person.address.encode()
    if not person.name:
        return address
    name = person.name.encode() if person.name.isascii() else texts.header(person.name, charset)
    return (b'"' + name + b'"' if b"&" in name else name) + b" <" + address + b">"


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data)


_TRANSFERS: dict[str, Callable[[bytes], bytes]] = {
    "base64": _base64,
    "quoted-printable": lambda data: quopri.encodestring(data),
    "8bit": lambda data: data,
    "7bit": lambda data: data,
}


def _leaf(kind: str, transfer: str, data: bytes, *more: bytes) -> bytes:
    lines = (b"Content-Type: " + kind.encode(), b"Content-Transfer-Encoding: " + transfer.encode(), *more)
    body = _TRANSFERS[transfer](data)
    return b"\n".join(lines) + b"\n\n" + body + (b"" if body.endswith(b"\n") else b"\n")


def _many(subtype: str, mark: str, parts: list[bytes]) -> bytes:
    head = f'Content-Type: multipart/{subtype};\n boundary="{mark}"\n\n'.encode()
    return head + b"".join(f"--{mark}\n".encode() + part for part in parts) + f"--{mark}--\n".encode()


def _file_names(item: Attached) -> tuple[bytes, bytes]:
    """The ``name`` of Content-Type and the ``filename`` of Content-Disposition, with what stands before each."""
    if item.style == "word":
        quoted = b'"' + texts.header(item.name, "iso-2022-jp").replace(b"\n", b"\n ") + b'"'
        return b";\n name=" + quoted, b";\n filename=" + quoted
    if item.style == "raw":
        quoted = b'"' + item.name.encode("cp932") + b'"'
        return b";\n name=" + quoted, b";\n filename=" + quoted
    if item.style == "spoof":
        shown = b'"' + item.shown.encode() + b'"'
        return b";\n name=" + shown, b";\n filename=" + shown + b";\n " + texts.rfc2231("filename", item.name)
    if item.name.isascii():
        return b"", f';\n filename="{item.name}"'.encode()
    charset = "iso-2022-jp" if item.style == "rfc2231-jis" else "utf-8"
    return b"", b";\n " + texts.rfc2231("filename", item.name, charset)


def _file_part(item: Attached) -> bytes:
    if not item.name:
        return f"Content-Type: {item.kind}\n\n".encode() + item.data
    name, filename = _file_names(item)
    disposition = b"Content-Disposition: attachment" + filename
    if item.kind == "message/rfc822":
        return (
            b"Content-Type: message/rfc822"
            + name
            + b"\n"
            + disposition
            + b"\nContent-Transfer-Encoding: 8bit\n\n"
            + item.data
        )
    head = f"Content-Type: {item.kind}".encode() + name + b"\nContent-Transfer-Encoding: base64\n" + disposition
    return head + b"\n\n" + _base64(item.data)


def _entity(mail: Mail) -> bytes:
    charset, transfer = mail.charset or mail.sender.charset, mail.transfer or mail.sender.transfer
    mark = "----=_" + tag(mail.key + "/boundary", 20)
    body = _leaf(f"text/plain; charset={charset}", transfer, texts.encode(mail.text, charset))
    if mail.html:
        rich = _leaf(f"text/html; charset={charset}", transfer, texts.encode(mail.html, charset))
        body = _many("alternative", mark + "A", [body, rich])
    if mail.attached:
        body = _many(mail.subtype, mark, [body, *(_file_part(item) for item in mail.attached)])
    return body


def _people_line(name: str, people: tuple[Person, ...], charset: str) -> bytes:
    return name.encode() + b": " + b",\n ".join(mailbox(person, charset) for person in people)


def _subject(mail: Mail, charset: str) -> bytes:
    return b"Subject: " + (mail.subject_raw or texts.header(mail.subject, charset))


def _head(mail: Mail, *, with_bcc: bool) -> list[bytes]:
    charset = mail.charset or mail.sender.charset
    lines = [_people_line("From", (mail.sender,), charset), _people_line("To", mail.to, charset)]
    lines += [_people_line("Cc", mail.cc, charset)] if mail.cc else []
    lines += [_people_line("Bcc", mail.bcc, charset)] if mail.bcc and with_bcc else []
    lines.append(_subject(mail, charset))
    date = stamp(mail.at, mail.sender.zone) if mail.date is None else mail.date
    lines += [b"Date: " + date.encode()] if date else []
    lines.append(f"Message-ID: {mail.message_id}".encode())
    if mail.answers:
        lines.append(f"In-Reply-To: {mail.answers.message_id}".encode())
        lines.append(b"References: " + b"\n ".join(one.message_id.encode() for one in mail.thread))
    lines += [mail.sender.agent.encode()] if mail.sender.agent else []
    lines += [f"{name}: ".encode() + texts.header(value, charset) for name, value in mail.extra]
    return [*lines, b"MIME-Version: 1.0"]


def written(mail: Mail, *, with_bcc: bool = False) -> bytes:
    """The bytes of the mail as it leaves the sender's program."""
    return b"\n".join(_head(mail, with_bcc=with_bcc)) + b"\n" + _entity(mail)
