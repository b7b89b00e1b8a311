"""One Received field taken apart: who handed over to whom, how, under which id, for whom and when (RFC 5321 4.4).

Writers differ, so each clause is looked for by its keyword outside of comments; what is not there stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FOLD = re.compile(rb"\s+")
_LONGEST = 8192
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
    depth = 0
    at = -1
    for index, byte in enumerate(text):
        if byte == 0x28:
            depth += 1
        elif byte == 0x29 and depth:
            depth -= 1
        elif byte == 0x3B and depth == 0:
            at = index
    return (text, b"") if at < 0 else (text[:at], text[at + 1 :])


def _without_comments(text: bytes) -> bytes:
    kept = bytearray()
    depth = 0
    for byte in text:
        if byte == 0x28:
            depth += 1
        elif byte == 0x29 and depth:
            depth -= 1
        elif depth == 0:
            kept.append(byte)
    return bytes(kept)
