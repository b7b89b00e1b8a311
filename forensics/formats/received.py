"""One Received field taken apart: who handed over to whom, how, under which id, for whom and when (RFC 5321 4.4).

Writers differ, so each clause is looked for by its keyword outside of comments; what is not there stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FOLD = re.compile(rb"\s+")
_LONGEST = 8192
_MARKS = re.compile(rb"[();]")
_PARENTHESES = re.compile(rb"([()])")
_CLAUSE = re.compile(r"(?:^|\s)(from|by|via|with|id|for)\s+(<[^<>\s]*>|[^\s;]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The clauses of a hop; ``date`` is everything after the last semicolon outside of comments, as bytes."""

    handed_from: str = ""
    by: str = ""
    protocol: str = ""
    queue_id: str = ""
    recipient: str = ""
    date: bytes = b""


def parse_received(raw: bytes) -> Received:
    """The clauses of one raw field value; never raises."""
    text = _FOLD.sub(b" ", raw[:_LONGEST])
    clauses, date = _split_date(text)
    found: dict[str, str] = {}
    for match in _CLAUSE.finditer(_without_comments(clauses).decode("latin-1")):
        found.setdefault(match.group(1).lower(), match.group(2).strip("<>"))
    return Received(
        handed_from=found.get("from", ""),
        by=found.get("by", ""),
        protocol=found.get("with", ""),
        queue_id=found.get("id", ""),
        recipient=found.get("for", ""),
        date=date.strip(),
    )


def _split_date(text: bytes) -> tuple[bytes, bytes]:
    """Clauses and date; comments may hold semicolons, so the last one at depth 0 counts."""
    if b"(" not in text:
        clauses, semicolon, date = text.rpartition(b";")
        return (clauses, date) if semicolon else (text, b"")
    depth = 0
    at = -1
    for mark in _MARKS.finditer(text):
        kind = mark.group()
        if kind == b"(":
            depth += 1
        elif kind == b")" and depth:
            depth -= 1
        elif kind == b";" and depth == 0:
            at = mark.start()
    return (text, b"") if at < 0 else (text[:at], text[at + 1 :])


def _without_comments(text: bytes) -> bytes:
    kept: list[bytes] = []
    depth = 0
    for piece in _PARENTHESES.split(text):
        if piece == b"(":
            depth += 1
        elif piece == b")" and depth:
            depth -= 1
        elif depth == 0:
            kept.append(piece)
    return b"".join(kept)
