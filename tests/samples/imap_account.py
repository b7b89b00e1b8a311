"""Samples of what an acquisition from an IMAP server leaves, each with how it was found."""

from __future__ import annotations

import json
from typing import Any

_LETTER = (
    "From: 佐藤 <sato@example.jp>\r\nTo: tanaka@example.jp\r\nSubject: =?utf-8?B?6KaL56mN5pu4?=\r\n"
    "Message-ID: <1@example.jp>\r\nDate: Mon, 1 Jun 2026 10:00:00 +0900\r\n\r\n本文です。\r\n"
).encode()
_NEIGHBOURS = ["mail", "mail/&U9dP4TDIMOwwpA-", "mail/&U9dP4TDIMOwwpA-/1700000000", "papers"]
_SAID: dict[str, Any] = {
    "folder": "受信トレイ",
    "folder_raw": "&U9dP4TDIMOwwpA-",
    "uidvalidity": 1_700_000_000,
    "uid": 5,
    "internaldate": " 1-Jun-2026 10:00:07 +0900",
    "flags": ["$Forwarded", "\\Answered", "\\Recent", "\\Seen", "Projekt"],
    "modseq": "12",
    "labels": ["重要"],
    "ids": {"x-gm-thrid": "1"},
    "size_stated": len(_LETTER),
}


def _message(uid: int, **said: Any) -> dict[str, Any]:
    path = f"mail/&U9dP4TDIMOwwpA-/1700000000/{uid:010d}.eml"
    return {"path": path, "neighbours": _NEIGHBOURS, "said": [{**_SAID, "uid": uid, **said}] if said else []}


def _folders(*rows: dict[str, Any]) -> bytes:
    head = b'{"version":1,"what":"imap folders"}\n'
    return head + b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


_FOLDER: dict[str, Any] = {"selectable": True, "read": True, "uidvalidity": 7, "status": {"uidnext": 9}, "exists": 3}
ACCOUNT: dict[str, tuple[bytes, dict[str, Any]]] = {
    "imap/read-and-answered": (_LETTER, _message(5, modseq="12")),
    "imap/marked-deleted": (_LETTER, _message(6, flags=["\\Deleted"], labels=None)),
    "imap/date-that-is-none": (_LETTER, _message(7, internaldate="yesterday")),
    "imap/nothing-said": (_LETTER, _message(8)),
    "imap-folders/folders": (
        _folders(
            {**_FOLDER, "folder": "INBOX", "attributes": ["\\HasNoChildren"]},
            {**_FOLDER, "folder": "顧客/ゴミ箱", "attributes": ["\\Trash"], "exists": 0},
            {**_FOLDER, "folder": "顧客", "attributes": ["\\Noselect"], "selectable": False, "read": False},
            {"name": "without a folder"},
        ),
        {"path": "papers/folders.jsonl", "neighbours": ["mail", "papers"]},
    ),
}
