"""The mailboxes and Maildir files among the samples: every variant of mbox, and the names that Maildir gives."""

from __future__ import annotations

import re
from typing import Any

_FROM = b"From sato@example.co.jp Mon Jun  1 01:03:%02d 2026\n"
_BODY = b"Dear all,\n\nthe list is attached.\n\nSato\n"
_FROMS = b"Dear all,\nFrom here on it is secret.\n>From there too.\n>>From everywhere.\n\nSato\n"
_ONE_FROM = b"Dear all,\nFrom here on it is secret.\n\nSato\n"


def _letter(number: int, more: bytes = b"", body: bytes = _BODY, length: bool = False) -> bytes:
    head = b"From: sato@example.co.jp\nTo: suzuki@example.com\nSubject: number %d\n" % number
    head += b"Date: Mon, 1 Jun 2026 10:03:%02d +0900\nMessage-ID: <box-%d@example.co.jp>\n" % (number, number)
    return head + more + (b"Content-Length: %d\n" % len(body) if length else b"") + b"\n" + body


def _box(*letters: bytes) -> bytes:
    return b"".join(_FROM % at + letter + b"\n" for at, letter in enumerate(letters, start=1))


def _mboxo(body: bytes) -> bytes:
    return re.sub(rb"(?m)^From ", rb">From ", body)


def _mboxrd(body: bytes) -> bytes:
    return re.sub(rb"(?m)^(>*From )", rb">\1", body)


_STATUSES = (
    b"X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n",
    b"X-Mozilla-Status: 0009\n",
    b"X-Mozilla-Status: zz\n",
    b"Status: RO\nX-Status: AF\n",
    b"X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00a00000\n",
)
_IMAP = (
    b"X-IMAPbase: 1780275000 0000000042 NonJunk\nX-UID: 7\nStatus: RO\n",
    b"X-UID: 9\nStatus: RO\nX-Status: D\n",
    b"X-UID: nine\n",
)
_COUNTED = b"One\nFrom a@example.jp Sat Jan  3 10:00:00 2026\nstill the first letter\n"
_PARTS = b"--b\n\ntext\n--b\nContent-Type: text/csv; name=a.csv\n\na,b\n>From x\n--b--\n"

BOXES: dict[str, bytes] = {
    "mboxo.mbox": _box(*(_letter(at, body=_mboxo(_ONE_FROM)) for at in (1, 2, 3))),
    "mboxrd.mbox": _box(*(_letter(at, body=_mboxrd(_FROMS)) for at in (1, 2, 3))),
    "mboxcl.mbox": _box(*(_letter(at, body=_mboxo(_FROMS), length=True) for at in (1, 2, 3))),
    "mboxcl2.mbox": _box(*(_letter(at, body=_COUNTED + b"%d\n" % at, length=True) for at in (1, 2, 3))),
    "leading.mbox": b"this line belongs to nobody\n\n" + _box(_letter(1), _letter(2)),
    "mozilla.mbox": _box(*(_letter(at, more) for at, more in enumerate(_STATUSES, start=1))),
    "imap.mbox": _box(*(_letter(at, more) for at, more in enumerate(_IMAP, start=1))),
    "crlf.mbox": _box(_letter(1), _letter(2)).replace(b"\n", b"\r\n"),
    "lying-lengths.mbox": _box(_letter(1, b"Content-Length: 99999\n"), _letter(2, b"Content-Length: 3\n"), _letter(3)),
    "empty-letters.mbox": _box(b"", b"\n", _letter(3, body=b"")),
    "attached.mbox": _box(
        _letter(1, b"Content-Type: multipart/mixed; boundary=b\n", _PARTS),
        _letter(2),
    ),
}

_TREE = ("home", "home/Maildir", "home/Maildir/cur", "home/Maildir/new", "home/Maildir/tmp")
_SENT = "home/Maildir/.&kAFP4W4IMH8w4TD8MOs-"
_TRASH = "home/Maildir/.Trash.2026"
_NAMED = "1780275792.M123456P42.mail.example.jp"
_CLOCKS = {"mtime_ns": 1_780_275_793_000_000_500}


def _tree(folder: str) -> list[str]:
    return sorted({*_TREE, folder, *(f"{folder}/{each}" for each in ("cur", "new", "tmp"))})


MAILDIR: dict[str, tuple[bytes, dict[str, Any]]] = {
    "inbox-new": (
        _letter(1),
        {
            "path": f"home/Maildir/new/{_NAMED}",
            "neighbours": list(_TREE),
            "metadata": {**_CLOCKS, "first_of_parent": 1},
        },
    ),
    "seen-with-colon": (
        _letter(2),
        {"path": f"home/Maildir/cur/{_NAMED},S=310:2,RSa", "neighbours": list(_TREE), "metadata": _CLOCKS},
    ),
    "sent-with-semicolon": (
        _letter(3),
        {"path": f"{_SENT}/cur/{_NAMED};2,FS", "neighbours": _tree(_SENT), "metadata": {"first_of_parent": 1}},
    ),
    "trashed": (_letter(4), {"path": f"{_TRASH}/cur/1780275792.42.mail!2,PST", "neighbours": _tree(_TRASH)}),
    "behind-a-from-line": (
        _FROM % 5 + _letter(5),
        {"path": f"home/Maildir/cur/{_NAMED}:2,D", "neighbours": list(_TREE)},
    ),
    "changed-since": (
        _letter(7),
        {"path": f"home/Maildir/cur/{_NAMED},S=9999,W=10020:2,S", "neighbours": list(_TREE)},
    ),
    "alone": (_letter(6), {"path": f"mail/cur/{_NAMED}:2,S"}),
}


_LISTED = (
    b"3 V1780275000 N12 G3085f01b7f11094c501100008c4a11c1\n"
    b"3 :1780275792.M123456P42.mail.example.jp,S=310,W=320:2,\n"
    b"7 W325 S315 :1780275793.M5P42.mail.example.jp\n"
    b"what is this\n"
    b"11 :not-a-time\n"
)
UID_LISTS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "version-3": (_LISTED, {"path": f"{_SENT}/dovecot-uidlist"}),
    "copied": (_LISTED, {"path": "found/list.txt"}),
    "courier": (
        b"1 1780275000 9\n3 1780275792.M123456P42.mail.example.jp,S=310:2,S\n8 1780275793.7_0.mail\n",
        {"path": "home/Maildir/courierimapuiddb"},
    ),
    "version-2": (b"2 1780275000 9\n3 0 1780275792.M1P2.mail\n", {"path": "home/Maildir/dovecot-uidlist"}),
}
