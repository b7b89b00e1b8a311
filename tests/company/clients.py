"""Mails as the programs write them: order of the fields, Message-ID, boundary, encoding and Thread-Index.

Becky! 2, Thunderbird 128, Apple Mail 16, Outlook with Exchange, Outlook over SMTP, and Gmail in the browser.
"""

from __future__ import annotations

import base64
import quopri
import random
from dataclasses import dataclass

from tests.company import stamps
from tests.company.people import HOSTS, Client, Person, System
from tests.company.stamps import JST
from tests.company.traffic import Mail

Field = tuple[str, str]
LIST = "dev@lists.kaihatsu-kai.example"


@dataclass(slots=True, kw_only=True)
class Written:
    """A message as it leaves the program: its fields and its body, with CRLF at the ends of the lines."""

    fields: list[Field]
    body: bytes

    @property
    def raw(self) -> bytes:
        return b"".join(f"{name}: {value}\r\n".encode() for name, value in self.fields) + b"\r\n" + self.body


def write(mail: Mail) -> Written:
    """The message; also sets the mail's Message-ID and conversation index, which answers to it need."""
    rng = mail.rng("client")
    client = mail.sender.client
    clock = mail.at + rng.randrange(-1_500_000, 1_500_000) - mail.written_before
    zone = _zone(mail)
    shown = clock + mail.date_shift
    if mail.zone is not None:
        # The machine's hands are right and its zone is not: the same hour and minute, another offset.
        shown, zone = clock + (JST - mail.zone) * stamps.MINUTE, mail.zone
    mail.shown = shown
    other = Client.GMAIL if mail.wrong_program else client
    mail.message_id = _message_id(other, clock, mail.sender, rng)
    mail.index = _index(mail, clock, rng)
    kind, body = _body(other, mail, clock, rng)
    date = stamps.rfc5322(shown, zone, padded=client in (Client.BECKY, Client.OUTLOOK))
    return Written(fields=_fields(mail, client, date, kind, zone), body=body)


def _zone(mail: Mail) -> int:
    """The zone of the sender's machine; in Europe it is summer from 2026-03-29."""
    summer = 60 if mail.at >= stamps.micros(2026, 3, 29, 1, offset=0) else 0
    places = {"northbridge.example": summer, "feinwerk.example": 60 + summer, "eastharbor.example": 480}
    return places.get(mail.sender.domain, JST)


def _message_id(client: Client, clock: int, sender: Person, rng: random.Random) -> str:
    if client is Client.BECKY:
        return stamps.becky_id(clock, JST, sender.address, rng)
    if client is Client.THUNDERBIRD:
        return f"<{stamps.random_uuid(rng)}@{sender.domain}>"
    if client is Client.APPLE:
        return f"<{str(stamps.random_uuid(rng)).upper()}@{sender.domain}>"
    if client is Client.OUTLOOK_SMTP:
        return stamps.outlook_id(clock, sender.domain, rng)
    if client is Client.GMAIL:
        return f"<CA{rng.choice('+KFHOEGP')}{_token(rng, 44)}@mail.gmail.com>"
    host = HOSTS[sender.system]
    if sender.system is System.M365:
        return f"<TYCPR01MB7284{rng.getrandbits(64):016X}{rng.getrandbits(64):016X}@{host}>"
    return f"<{rng.getrandbits(128):032x}@{host}>"


def _token(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789_-") for _ in range(length))


def _index(mail: Mail, clock: int, rng: random.Random) -> bytes:
    """Outlook alone keeps a conversation index; the other programs drop the one that they answer to."""
    if mail.sender.client not in (Client.OUTLOOK, Client.OUTLOOK_SMTP):
        return b""
    if mail.wrong_index:
        return stamps.thread_child(stamps.thread_header(clock + mail.wrong_index, rng), clock, rng)
    before = mail.parent.index if mail.parent else b""
    return stamps.thread_child(before, clock, rng) if before else stamps.thread_header(clock, rng)


def _encoded(text: str, charset: str = "UTF-8") -> str:
    """A field's text in encoded words, as many as RFC 2047 2 demands."""
    if text.isascii():
        return text
    codec = "iso2022_jp" if charset == "ISO-2022-JP" else "utf-8"
    words = [text[at : at + 14] for at in range(0, len(text), 14)]
    return "\r\n ".join(f"=?{charset}?B?{base64.b64encode(each.encode(codec)).decode()}?=" for each in words)


def _party(one: Person, charset: str) -> str:
    return f"{_encoded(one.name, charset)} <{one.address}>"


def _parties(some: tuple[Person, ...], charset: str) -> str:
    return ",\r\n\t".join(_party(each, charset) for each in some)


def _base64(content: bytes) -> bytes:
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def _lines(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-8")


def _text_part(client: Client, mail: Mail) -> tuple[list[str], bytes]:
    """The fields and the content of the text."""
    if client is Client.BECKY:
        body = mail.text.replace("\n", "\r\n").encode("iso2022_jp", "replace")
        charset = '"US-ASCII"' if mail.text.isascii() else '"ISO-2022-JP"'
        return [f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: 7bit"], body
    if client is Client.THUNDERBIRD:
        return [
            "Content-Type: text/plain; charset=UTF-8; format=flowed",
            f"Content-Transfer-Encoding: {'7bit' if mail.text.isascii() else '8bit'}",
        ], _lines(mail.text)
    if client is Client.APPLE:
        body = quopri.encodestring(mail.text.encode()).replace(b"\n", b"\r\n")
        return [
            "Content-Type: text/plain;\r\n\tcharset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
        ], body
    charset = {Client.GMAIL: '"UTF-8"', Client.OUTLOOK: '"utf-8"'}.get(client, '"utf-8"')
    return [f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: base64"], _base64(
        _lines(mail.text)
    )


def _html_part(mail: Mail) -> tuple[list[str], bytes]:
    html = "<html><body>" + mail.text.replace(">", "&gt;").replace("\n", "<br>\r\n") + "</body></html>\r\n"
    kind = ['Content-Type: text/html; charset="UTF-8"', "Content-Transfer-Encoding: base64"]
    return kind, _base64(html.encode())


def _boundary(client: Client, mail: Mail, clock: int, rng: random.Random) -> str:
    if client is Client.BECKY:
        return stamps.becky_boundary(clock, rng)
    if client is Client.THUNDERBIRD:
        return "------------" + _token(rng, 24).replace("_", "x").replace("-", "y")
    if client is Client.APPLE:
        return f"Apple-Mail=_{str(stamps.random_uuid(rng)).upper()}"
    if client is Client.GMAIL:
        return stamps.google_boundary(clock, rng)
    if client is Client.OUTLOOK_SMTP:
        return stamps.outlook_boundary(clock, rng)
    left, _, host = mail.message_id.strip("<>").partition("@")
    return f"_002_{left[:40]}{host.replace('.', '').upper()[:20]}_"


def _body(client: Client, mail: Mail, clock: int, rng: random.Random) -> tuple[list[str], bytes]:
    """The fields that tell the kind of the body, and the body."""
    text = _text_part(client, mail)
    if client is not Client.GMAIL and mail.file is None:
        return text
    boundary = _boundary(client, mail, clock, rng)
    mixed = mail.file is not None
    parts = [text]
    if client is Client.GMAIL:
        parts = [text, _html_part(mail)]
    if mixed and client is Client.GMAIL:
        inner = stamps.google_boundary(clock - 1 - rng.randrange(400), rng)
        parts = [([f'Content-Type: multipart/alternative; boundary="{inner}"'], _multipart(inner, parts))]
    if mail.file is not None:
        parts.append(_file_part(mail.file))
    kind = "mixed" if mixed else "alternative"
    body = _multipart(boundary, parts)
    if client in (Client.THUNDERBIRD, Client.OUTLOOK_SMTP):
        body = b"This is a multi-part message in MIME format.\r\n" + body
    return [f'Content-Type: multipart/{kind}; boundary="{boundary}"'], body


def _file_part(file: tuple[str, bytes]) -> tuple[list[str], bytes]:
    name = _encoded(file[0])
    head = [
        f'Content-Type: text/csv; name="{name}"',
        f'Content-Disposition: attachment; filename="{name}"',
        "Content-Transfer-Encoding: base64",
    ]
    return head, _base64(file[1])


def _multipart(boundary: str, parts: list[tuple[list[str], bytes]]) -> bytes:
    body = b""
    for head, content in parts:
        body += f"--{boundary}\r\n".encode() + "\r\n".join(head).encode() + b"\r\n\r\n" + content
        body += b"" if content.endswith(b"\r\n") else b"\r\n"
    return body + f"--{boundary}--\r\n".encode()


def _fields(mail: Mail, client: Client, date: str, kind: list[str], zone: int) -> list[Field]:
    """The fields in the order of the program."""
    charset = "ISO-2022-JP" if client is Client.BECKY else "UTF-8"
    known = {
        "Date": date,
        "From": _party(mail.sender, charset),
        "To": f"<{LIST}>" if mail.through_list else _parties(mail.to, charset),
        "Cc": _parties(mail.cc, charset),
        "Subject": _encoded(mail.subject, charset),
        "Message-ID": mail.message_id,
        "MIME-Version": "1.0 (Mac OS X Mail 16.0 \\(3826.300.87.4.3\\))" if client is Client.APPLE else "1.0",
        "In-Reply-To": mail.parent.message_id if mail.parent else "",
        "References": "\r\n ".join(_chain(mail)),
        "Thread-Index": base64.b64encode(mail.index).decode(),
        "Thread-Topic": _encoded(mail.subject.removeprefix("Re: "), charset) if mail.index else "",
        **_of_program(mail, client, zone),
        **{line.partition(": ")[0]: line.partition(": ")[2] for line in kind},
    }
    order = _ORDERS[client].split()
    return [("Message-Id" if _small(name, client) else name, known[name]) for name in order if known.get(name)]


def _small(name: str, client: Client) -> bool:
    return name == "Message-ID" and client in (Client.BECKY, Client.APPLE)


def _chain(mail: Mail) -> list[str]:
    found: list[str] = []
    one = mail.parent
    while one is not None and len(found) < 8:
        found.insert(0, one.message_id)
        one = one.parent
    return found


def _of_program(mail: Mail, client: Client, zone: int) -> dict[str, str]:
    later = stamps.rfc5322(mail.at, zone) if mail.written_before else ""
    return {
        Client.BECKY: {"X-Mailer": "Becky! ver. 2.81.06 [ja]"},
        Client.THUNDERBIRD: {
            "User-Agent": "Mozilla Thunderbird",
            "Content-Language": "en-US" if mail.sender.english else "ja",
            "X-Send-Later-At": later,
        },
        Client.APPLE: {"X-Mailer": "Apple Mail (2.3826.300.87.4.3)"},
        Client.OUTLOOK_SMTP: {"X-Mailer": "Microsoft Outlook 16.0", "Content-Language": "ja"},
        Client.OUTLOOK: {
            "Accept-Language": "ja-JP, en-US",
            "Content-Language": "ja-JP",
            "X-MS-Has-Attach": "yes" if mail.file else "",
            "Deferred-Delivery": later,
        },
        Client.GMAIL: {},
    }[client]


_TAIL = "Content-Type Content-Transfer-Encoding"
_ORDERS = {
    Client.BECKY: f"Date From To Cc Subject In-Reply-To References Message-ID MIME-Version {_TAIL} X-Mailer",
    Client.THUNDERBIRD: "Message-ID Date MIME-Version User-Agent Subject Content-Language To Cc References From "
    f"In-Reply-To X-Send-Later-At {_TAIL}",
    Client.APPLE: f"From {_TAIL} MIME-Version Subject Message-ID References In-Reply-To To Cc Date X-Mailer",
    Client.OUTLOOK: "From To Cc Subject Thread-Topic Thread-Index Date Message-ID References In-Reply-To "
    f"Accept-Language Content-Language X-MS-Has-Attach Deferred-Delivery {_TAIL} MIME-Version",
    Client.OUTLOOK_SMTP: f"From To Cc References In-Reply-To Subject Date Message-ID MIME-Version {_TAIL} X-Mailer "
    "Thread-Index Content-Language",
    Client.GMAIL: f"MIME-Version References In-Reply-To From Date Message-ID Subject To Cc {_TAIL}",
}
