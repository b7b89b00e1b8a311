"""One Received field taken apart: who handed over to whom, how, under which id, for whom and when (RFC 5321 4.4).

Writers differ, so each clause is looked for by its keyword outside of comments; what is not there stays empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FOLD = re.compile(rb"\s+")
_LONGEST_DATE = 8192
_MARKS = re.compile(rb"\\[();\\]|[();]")
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
    text = _FOLD.sub(b" ", raw)
    clauses, date = _take_apart(text)
    found: dict[str, str] = {}
    for match in _CLAUSE.finditer(clauses.decode("latin-1")):
        found.setdefault(match.group(1).lower(), match.group(2).strip("<>"))
    return Received(
        handed_from=found.get("from", ""),
        by=found.get("by", ""),
        protocol=found.get("with", ""),
        queue_id=found.get("id", ""),
        recipient=found.get("for", ""),
        date=date.strip()[:_LONGEST_DATE],
    )


def _take_apart(text: bytes) -> tuple[bytes, bytes]:
    """The clauses without their comments, and the date behind the last semicolon that no comment hides.

    In a comment a backslash disarms the next character. Where a comment never closes, everything behind it is in it;
    then the last semicolon of all has to do.
    """
    kept: list[bytes] = []
    start = depth = 0
    last = (-1, 0, 0)
    for mark in _MARKS.finditer(text):
        kind, at = mark.group(), mark.end() - 1
        if len(kind) == 2:
            if depth:
                continue
            kind = kind[1:]
        if kind == b"(":
            if not depth:
                kept.append(text[start:at])
            depth += 1
        elif kind == b")" and depth:
            depth -= 1
            start = start if depth else at + 1
        elif kind == b";" and not depth:
            last = (at, len(kept), start)
    at, count, start_of_last = last
    if at >= 0:
        return b"".join(kept[:count]) + text[start_of_last:at], text[at + 1 :]
    rest = b"" if depth else text[start:]
    return b"".join(kept) + rest, text.rpartition(b";")[2] if depth and b";" in text else b""
