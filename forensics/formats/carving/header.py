"""The header of a message among other bytes: its first field, its blank line, and whether it is one (RFC 5322 2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.formats.carving.found import SECTOR
from forensics.formats.carving.space import Space
from forensics.formats.carving.text import odd_byte
from forensics.formats.mbox_lines import has_known_date

HIT = re.compile(rb"\n(?:from[ :]|date:|subject:|received:|message-id:|to:)", re.IGNORECASE)
"""What every message has one of behind its first line."""
_AHEAD = (1 << 11, 1 << 14, 1 << 18)
"""Most lines that begin like a field are told from a header by little; only long headers need more."""
_BLANK = re.compile(rb"\n(?=\r?\n)")
_NAME = rb"[!-9;-~]{1,76}[ \t]*:"
_FIELD = re.compile(_NAME)
_NEXT = re.compile(rb"(?:" + _NAME + rb"|[ \t]|\r?\n|>?From )")
_LINE = re.compile(rb"(?:" + _NAME + rb"|[ \t]|>?From )")
_NAME_AT_END = re.compile(rb"[!-9;-~]{1,76}[ \t]*\Z")
_FIRST = re.compile(
    rb"(?:Return-Path|Received|From|Date|To|Subject|Message-ID|MIME-Version|Delivered-To|X-[A-Za-z-]{1,40}|Sender|"
    rb"Content-Type|Envelope-To|DKIM-Signature|Authentication-Results|ARC-[A-Za-z-]{1,30}|Reply-To)[ \t]*:",
    re.IGNORECASE,
)
_MONTH = rb"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_PEOPLE = {
    b"from": re.compile(rb"[@<]|=\?|\w"),
    b"return-path": re.compile(rb"[<@]"),
    b"sender": re.compile(rb"@"),
    b"to": re.compile(rb"[@<;]|=\?|\w"),
    b"delivered-to": re.compile(rb"@"),
}
_TRAIL = {
    b"date": re.compile(rb"\d{1,2}[ -]+" + _MONTH + rb"|\d{1,2}:\d\d", re.IGNORECASE),
    b"message-id": re.compile(rb"<[^<>\s]+@?[^<>\s]*>|@"),
    b"received": re.compile(rb"\b(?:from|by|with|for|id)\b", re.IGNORECASE),
    b"dkim-signature": re.compile(rb"="),
    b"mime-version": re.compile(rb"\d"),
    b"x-mozilla-status": re.compile(rb"\d"),
    b"x-unsent": re.compile(rb"\d"),
}
_SURE = frozenset((b"message-id", b"received", b"mime-version", b"dkim-signature", b"x-mozilla-status"))
_OTHERS = frozenset((b"subject", b"cc", b"bcc", b"reply-to", b"content-type", b"content-transfer-encoding"))
_JUNK = 1
_SHORT = 1000

TOO_FEW = "too few fields that mail has"
QUOTED = "a header quoted in text"
UNENDED = "no blank line behind the fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """``start`` is the first field, ``from_line`` the From_ line before it or -1, ``body`` behind the blank line.

    ``natural`` says that a file or a message can begin here; ``cut`` that no blank line was found in what still stands.
    """

    start: int
    from_line: int
    body: int
    raw: bytes
    natural: bool
    cut: bool = False

    def fields(self) -> Iterator[tuple[bytes, bytes]]:
        """Name in lower case and unfolded value of each field."""
        name, value = b"", b""
        for line in self.raw.split(b"\n"):
            line = line.rstrip(b"\r")
            if line[:1] in (b" ", b"\t"):
                value += b" " + line.strip()
                continue
            if name:
                yield name, value
            key, colon, rest = line.partition(b":")
            name, value = (key.strip().lower(), rest.strip()) if colon and _FIELD.match(line) else (b"", b"")
        if name:
            yield name, value

    def first(self, wanted: bytes) -> bytes:
        return next((value for name, value in self.fields() if name == wanted), b"")

    def fault(self) -> str:
        """Why this is not the header of a message; "" where it is one."""
        people, trail, others = set(), set(), set()
        for name, value in self.fields():
            if name in _PEOPLE and _PEOPLE[name].search(value):
                people.add(name)
            elif name in _TRAIL and _TRAIL[name].search(value):
                trail.add(name)
            elif name in _OTHERS and value:
                others.add(name)
        draft = self.natural and not self.cut and {b"from", b"to"} <= people and b"subject" in others
        if draft and self.raw.count(b"@") >= 2:
            return ""
        if not (people or trail & {b"received"}) or not trail or len(people) + len(trail) + len(others) < 3:
            return TOO_FEW
        if not self.natural and not trail & _SURE:
            return QUOTED
        return UNENDED if self.cut and len(trail) + len(people) < 3 else ""


def stands_alone(data: bytes, at: int) -> bool:
    """Whether the lines before and behind the one at ``at`` are surely no part of a header: so is most that is text."""
    end = data.find(b"\n", at, at + _SHORT)
    if end < 0 or _NEXT.match(data, end + 1):
        return False
    before = data.rfind(b"\n", max(0, at - _SHORT), at - 1) + 1
    return before > 0 and not _LINE.match(data, before) and odd_byte(data[before:at]) < 0


def header_at(space: Space, hit: int, floor: int) -> Header | None:
    """The header around the line that begins at ``hit``, not reaching below ``floor``; None where there is none."""
    run = space.run(hit)
    if run is None:
        return None
    lowest = max(floor, run.start)
    for reach in _AHEAD[:-1]:
        low = max(lowest, hit - reach)
        before = space.read(low, hit - low)
        start, natural, from_line = _start(before, low, low == run.start)
        if start - low > reach // 2 or low == lowest:
            break
    for reach in _AHEAD:
        ahead = space.read(hit, reach)
        stop, body, cut = _stop(ahead, hit)
        if stop < len(ahead) or len(ahead) < reach:
            break
    start = start if from_line >= 0 else _at_sector(before, low, start)
    raw = before[start - low :] + ahead[:stop]
    if not _FIELD.match(raw):
        return None
    return Header(start=start, from_line=from_line, body=body, raw=raw, natural=natural, cut=cut)


def _start(before: bytes, low: int, edge: bool) -> tuple[int, bool, int]:
    """Where the fields that end with ``before`` begin, whether a file may begin there, and the From_ line before."""
    at, field = len(before), len(before)
    while at > 0:
        begin = before.rfind(b"\n", 0, at - 1) + 1
        line = before[begin:at]
        if line.startswith(b"From ") and has_known_date(line.rstrip(b"\r\n")):
            return low + at, True, low + begin
        if not _LINE.match(line) or odd_byte(line) >= 0 or (begin == 0 and not edge and low % SECTOR):
            return _torn(before, line, begin, field, low)
        if begin == 0:
            # The text reaches back to the floor or the edge of the space; only a field may be the first line.
            first = begin if _FIELD.match(line) else field
            return low + first, edge or (low + first) % SECTOR == 0, -1
        at = begin
        field = begin if _FIELD.match(line) else field
    return low + field, edge or low % SECTOR == 0, -1


def _at_sector(before: bytes, low: int, start: int) -> int:
    """Chance may have set a letter and a line end before the first field of a file: then a sector begins inside it."""
    sector = -(-start // SECTOR) * SECTOR
    rest = before[sector - low : sector - low + 80]
    if start < sector and _FIELD.match(before[start - low : sector - low] + rest) and _FIRST.match(rest):
        name = before[start - low : sector - low]
        return sector if b":" not in name and odd_byte(before[max(0, start - low - 64) : start - low]) >= 0 else start
    return start


def _torn(before: bytes, line: bytes, begin: int, field: int, low: int) -> tuple[int, bool, int]:
    """The first line of a header often follows other bytes without a line end: a file begins at a sector, or there."""
    sector = -(-(low + begin) // SECTOR) * SECTOR
    end = low + begin + len(line)
    while sector < end:
        rest = line[sector - low - begin :]
        if _FIELD.match(rest) and odd_byte(rest) < 0:
            return sector, True, -1
        if rest.startswith(b"From ") and odd_byte(rest) < 0 and has_known_date(rest.rstrip(b"\r\n")):
            return low + field, True, sector
        sector += SECTOR
    if odd_byte(line) < 0:
        natural = not line.strip() and _after_end(before[:begin])
        return low + field, natural or (low + field) % SECTOR == 0, -1
    known = list(_FIRST.finditer(line))
    if known and odd_byte(line[known[-1].start() :]) < 0:
        return low + begin + known[-1].start(), True, -1
    return low + field, True, -1


def _after_end(before: bytes) -> bool:
    """Whether what stands before a blank line is the end of a MIME message."""
    last = before.rstrip(b"\r\n")[-100:].rpartition(b"\n")[2]
    return last.startswith(b"--") and last.endswith(b"--")


def _stop(ahead: bytes, hit: int) -> tuple[int, int, bool]:
    """Length of the fields in ``ahead``, where the body begins, and whether the header breaks off before."""
    odd = odd_byte(ahead)
    limit = len(ahead) if odd < 0 else odd
    blank = _BLANK.search(ahead, 0, min(limit + 2, len(ahead)))
    end = blank.start() + 1 if blank else limit
    at = junk = 0
    while at < end:
        after = ahead.find(b"\n", at, end) + 1 or end
        if not _LINE.match(ahead, at, after):
            junk += 1
            if junk > _JUNK:
                return at, hit + at, True
        at = after
    if not blank:
        return end, hit + end, True
    body = end + (2 if ahead.startswith(b"\r\n", end) else 1)
    return end, hit + body, False
