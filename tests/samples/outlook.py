"""The Outlook message files among the samples."""

from __future__ import annotations

from forensics.formats.mapi import tags
from tests.tools.make_msg import BCC, CC, TO, Attached, Msg, Party, build

_SENT = 134_247_493_921_234_567
_HEADERS = (
    "Received: from a.example.jp (192.0.2.1) by b.example.com (192.0.2.2) with Microsoft SMTP Server id 15.1.1; "
    "Mon, 1 Jun 2026 01:03:15 +0000\r\nDate: Mon, 1 Jun 2026 10:03:12 +0900\r\nMessage-ID: <msg-1@example.co.jp>\r\n"
    "Subject: =?UTF-8?B?6KaL56mN?=\r\n"
)
_PARTIES = (
    Party(kind=TO, name="鈴木 一郎", address="suzuki@example.com"),
    Party(kind=CC, name="Tanaka", address="tanaka@example.co.jp"),
    Party(kind=BCC, name="隠れた人", address="hidden@example.net"),
)
_TEXTS = {
    tags.PR_MESSAGE_CLASS: "IPM.Note",
    tags.PR_SUBJECT: "RE: 見積",
    tags.PR_SENDER_NAME: "佐藤",
    tags.PR_SENDER_ADDRTYPE: "SMTP",
    tags.PR_SENDER_EMAIL_ADDRESS: "sato@example.co.jp",
    tags.PR_BODY: "見積書を送ります。\r\n",
    tags.PR_INTERNET_MESSAGE_ID: "<msg-1@example.co.jp>",
}
_TIMES = {
    tags.PR_CLIENT_SUBMIT_TIME: _SENT,
    tags.PR_MESSAGE_DELIVERY_TIME: _SENT + 30_000_000,
    tags.PR_CREATION_TIME: _SENT - 600_000_000,
}
_UNICODE = Msg(
    texts={**_TEXTS, tags.PR_TRANSPORT_MESSAGE_HEADERS: _HEADERS},
    numbers={tags.PR_MESSAGE_FLAGS: 0x01, tags.PR_MESSAGE_SIZE: 4321},
    times=_TIMES,
    blobs={tags.PR_CONVERSATION_INDEX: bytes.fromhex("01dcf1a2b3c4") + bytes(range(16))},
    parties=_PARTIES,
    attached=(
        Attached(name="顧客名簿.csv", content="名前,電話\n田中,03\n".encode("cp932"), mime_type="text/csv"),
        Attached(name="logo.png", content=b"\x89PNG\r\n\x1a\n", content_id="logo", hidden=True),
    ),
)
_STRING8 = Msg(texts=_TEXTS, times=_TIMES, parties=_PARTIES, code_page=932, numbers={tags.PR_MESSAGE_FLAGS: 0x08})
_INNER = Msg(
    texts={tags.PR_MESSAGE_CLASS: "IPM.Note", tags.PR_SUBJECT: "the letter inside", tags.PR_BODY: "secret"},
    times={tags.PR_CLIENT_SUBMIT_TIME: _SENT - 864_000_000_000},
    parties=_PARTIES[:1],
    attached=(Attached(name="a.txt", content=b"attached to the attached"),),
)
_EMBEDDED = Msg(texts=_TEXTS, parties=_PARTIES[:1], attached=(Attached(name="the letter inside", content=_INNER),))
_BAD_RTF = Msg(
    texts={tags.PR_MESSAGE_CLASS: "IPM.Note", tags.PR_SUBJECT: "broken RTF"},
    blobs={tags.PR_RTF_COMPRESSED: b"\x10\0\0\0\x10\0\0\0NOPE\0\0\0\0{\\rtf1"},
)
_CONTACT = Msg(texts={tags.PR_MESSAGE_CLASS: "IPM.Contact", tags.PR_SUBJECT: "田中", tags.PR_DISPLAY_TO: "nobody"})

MESSAGES = {
    "unicode.msg": build(_UNICODE),
    "string8-cp932.msg": build(_STRING8),
    "embedded.msg": build(_EMBEDDED),
    "broken-rtf.msg": build(_BAD_RTF),
    "contact.msg": build(_CONTACT),
}
