"""Samples of what exports hold: mail files of Dovecot, a mailbox of Takeout, a comparison with a statement."""

from __future__ import annotations

import gzip
from typing import Any

_MAIL = (
    b"From: Sato <sato@example.co.jp>\nTo: suzuki@example.com\nSubject: dbox %d\n"
    b"Date: Mon, 1 Jun 2026 10:0%d:00 +0900\n"
    b"Message-ID: <dbox-%d@example.co.jp>\n\nbody %d\n"
)


def dbox_mail(raw: bytes, *, guid: str, received: int, mailbox: str = "", plain: int = 0) -> bytes:
    """One message as it lies in a mail file, with its header before it and its metadata behind it."""
    lines = [f"R{received:x}", *([f"Z{plain:x}"] if plain else []), f"V{len(raw):x}", f"G{guid}"]
    lines += [f"B{mailbox}"] if mailbox else []
    metadata = "".join(f"{line}\n" for line in lines).encode()
    return b"\x01\x02N          %016X\n" % len(raw) + raw + b"\n\x01\x03\n" + metadata + b"\n"


def dbox_file(*mails: bytes) -> bytes:
    """A mail file of version 2."""
    return b"2 M1e C6a1d0000\n" + b"".join(mails)


def _mail(number: int) -> bytes:
    return _MAIL % ((number,) * 4)


_PACKED = gzip.compress(_mail(3), mtime=0)
_MANY = dbox_file(
    dbox_mail(_mail(1), guid="0" * 31 + "1", received=0x6A1D0001, mailbox="INBOX"),
    dbox_mail(_mail(2), guid="0" * 31 + "2", received=0x6A1D0002, mailbox="&ZeVnLA-"),
    b"not a message\n",
    dbox_mail(_PACKED, guid="0" * 31 + "3", received=0x6A1D0003, mailbox="Trash", plain=len(_mail(3))),
    dbox_mail(b"\x28\xb5\x2f\xfdpacked", guid="0" * 31 + "4", received=0x6A1D0004, mailbox="INBOX", plain=99),
    dbox_mail(_mail(5), guid="0" * 31 + "5", received=0x6A1D0005, mailbox="INBOX")[:-60],
)
_TAKEOUT = b"".join(
    b"From 16284247195020452%02d@xxx Tue Mar 19 09:13:51 +0000 2019\nX-GM-THRID: 1628415971694286313\n"
    b"X-Gmail-Labels: %s\n%s\n" % (number, labels, _mail(number))
    for number, labels in enumerate(
        (b"Inbox,Important,Unread", b'=?UTF-8?Q?Archived,"1,_2",=E2=98=AF?=', b"Trash,Opened", b"Sent,Starred"), start=1
    )
)
_STATEMENT = (
    b'{"arrived":{"messages":1},"export":"vault","lacks":{"missing":1},"notes":[],"stated":{},"v":1,"verified":{}}\n'
    b'{"at":"","lack":"missing","what":"1-a.mbox","why":"the XML states it (line 4), and it is in no mailbox"}\n'
    b'{"at":"EV-0001/000003/message:2","lack":"changed","what":"2-b.mbox","why":"its bytes are not those of the MD5"}\n'
    b'{"lack":\n'
    b'{"file":"EV-0001/000003","flags":["read"],"message":2}\n'
)

EXPORTS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "dbox/many.m.1": (_MANY, {"path": "mail/storage/m.1"}),
    "dbox/single.u.7": (
        dbox_file(dbox_mail(_mail(7), guid="0" * 31 + "7", received=0x6A1D0007)),
        {"path": "mail/mailboxes/&ZeVnLA-/dbox-Mails/u.7"},
    ),
    "mbox/takeout.mbox": (_TAKEOUT, {}),
    "provider-statement/lacks": (_STATEMENT, {"path": "statement.jsonl"}),
}
"""Each with how it was found."""
