"""The server's logs and the client's reference tables as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from maker.people import EMMA, KOBAYASHI, MORI, OWN, RIVAL, STAFF
from maker.post import Post

_HOLD_HEAD = (
    "管理番号",
    "受付日時",
    "差出人",
    "宛先",
    "件名",
    "添付ファイル",
    "Message-ID",
    "処理",
    "処理日時",
    "承認者",
    "保留理由",
)


def _lines(found: Iterable[tuple[datetime, str]]) -> bytes:
    ordered = sorted(enumerate(found), key=lambda item: (item[1][0].replace(microsecond=0), item[0]))
    return "".join(line + "\n" for _, (_, line) in ordered).encode()


def _table(rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def log_files(post: Post) -> dict[str, bytes]:
    """Postfix and Dovecot as syslog wrote them, the approval gateway's export in CP932 as Excel opens it."""
    return {
        "logs/maillog": _lines(post.maillog),
        "logs/dovecot.log": _lines(post.dovecot),
        "logs/approval_hold.csv": _table([_HOLD_HEAD, *post.holds], "cp932"),
    }


def tables() -> dict[str, bytes]:
    """What a client would hand over with the evidence: UTF-8 with BOM, CRLF."""
    left = {"kenta.sato": "2026-06-30"}
    staff = [(one.name, one.address, "2018-04-01", left.get(one.address.partition("@")[0], "")) for one in STAFF]
    partners = [(one.domain, one.name) for one in (KOBAYASHI, MORI, EMMA)]
    made: dict[str, list[tuple[str, ...]]] = {
        "own_domains.csv": [("domain",), (OWN,)],
        "staff.csv": [("name", "address", "hired_on", "left_on"), *staff],
        "partners.csv": [("domain", "name"), *partners],
        "competitors.csv": [("domain",), (RIVAL.domain,)],
        "freemail.csv": [("domain",), ("gmail.example",)],
    }
    return {f"tables/{name}": _table(rows, "utf-8-sig") for name, rows in made.items()}
