"""The end of a message: closing boundary, Content-Length, the next start, or what is no text (RFC 2046 5.1.1)."""

from __future__ import annotations

import re
from typing import NamedTuple

from forensics.formats.carving.found import SECTOR
from forensics.formats.carving.header import Header, header_at
from forensics.formats.carving.space import Space
from forensics.formats.carving.text import Ended, TextEnd, padded_end, text_end
from forensics.formats.mbox_lines import has_known_date

_BOUNDARY = re.compile(rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]{1,998}={0,2}\r?\n?")
_FIELD_START = re.compile(rb"[!-9;-~]{1,76}[ \t]*:")
_LINE = 1000
_MOST_LENGTH = 1 << 32
_PIECE = 1 << 20
_NEAR = 4096
_FARTHEST = 1 << 27
"""So far behind its header a closing boundary is sought: twice what mail servers take in."""

CLOSED = "the closing boundary of its MIME structure"
LENGTH = "its Content-Length"
BASE64 = "the end of its base64"
NEXT = "the start of the next message"
HEADER_ONLY = "its header breaks off"


class End(NamedTuple):
    """Where a message ends, how that was told, whether its structure confirms it, whether it goes on beyond."""

    at: int
    told: str
    validated: bool
    truncated: bool


def message_end(space: Space, header: Header, text: TextEnd | None = None) -> End:
    """The end of the message with this header; ``text`` is where the text around it ends, if that is known."""
    if header.cut:
        return End(header.body, HEADER_ONLY, False, True)
    text = text or text_end(space, header.body)
    boundary = boundary_of(header)
    if boundary:
        closed = closing(space, boundary, header.body, min(text.at, header.body + _FARTHEST))
        if closed >= 0:
            return End(padded_end(space, closed, text.at), CLOSED, True, False)
        after = next_start(space, header.body, text.at)
        return End(text.at if after < 0 else after, NEXT if after >= 0 else text.why.value, False, True)
    return _single(space, header, text)


def _single(space: Space, header: Header, text: TextEnd) -> End:
    stated = _stated(header)
    if 0 <= stated <= text.at - header.body and _fits(space, header.body + stated, text):
        return End(header.body + stated, LENGTH, True, False)
    after = next_start(space, header.body, text.at)
    limit = text.at if after < 0 else after
    if header.first(b"content-transfer-encoding").lower() == b"base64":
        end, sound = _base64(space, header.body, limit)
        if end < limit or sound:
            return End(padded_end(space, end, limit), BASE64, sound, not sound)
    if after >= 0:
        return End(after, NEXT, True, False)
    closed = text.why is Ended.PADDING
    return End(text.at, text.why.value, closed, text.why is Ended.EDGE and not closed)


def boundary_of(header: Header) -> bytes:
    """The boundary of a multipart message; b"" for all others."""
    value = header.first(b"content-type")
    if value[:10].lower() != b"multipart/":
        return b""
    found = _BOUNDARY.search(value)
    return (found[1] or found[2]).rstrip() if found else b""


def closing(space: Space, boundary: bytes, start: int, end: int) -> int:
    """Behind the line of the closing delimiter; -1 where there is none before ``end``."""
    mark = b"\n--" + boundary + b"--"
    found = space.find(mark, space.before(start), end)
    if found < 0:
        return -1
    at = found + len(mark)
    rest = space.read(at, 256)[: end - at]
    blank = len(rest) - len(rest.lstrip(b" \t"))
    for line_end in (b"\r\n", b"\n"):
        if rest.startswith(line_end, blank):
            return at + blank + len(line_end)
    return at


def next_start(space: Space, start: int, end: int) -> int:
    """The first place between at which another message begins: a From_ line, or a header at the start of a sector."""
    # In pieces, so that text without end costs no more than what is taken of it.
    for low in range(start, end, _PIECE):
        high = min(low + _PIECE, end)
        separator = from_line_in(space, low, end, before=high)
        limit = high if separator < 0 else separator
        for sector in range(-(-(low + (low == start)) // SECTOR) * SECTOR, limit, SECTOR):
            if _FIELD_START.match(space.read(sector, 80)) and _begins(space, sector, start):
                return sector
        if separator >= 0:
            return separator
    return -1


def _begins(space: Space, sector: int, start: int) -> bool:
    """Whether a header at the start of a sector is that of the next file; a message that is quoted has a blank line."""
    before = space.read(max(start, sector - 4), min(4, sector - start))
    if not before.endswith(b"\n") or before.endswith((b"\n\n", b"\n\r\n")):
        return False
    found = header_at(space, sector, max(start, sector - _NEAR))
    return found is not None and found.start == sector and not found.cut and not found.fault()


def from_line_in(space: Space, start: int, end: int, before: int = 0) -> int:
    """The first From_ line between that separates messages; a blank line before it belongs to it."""
    at, limit = space.before(start), min(end, before + 6) if before else end
    while (at := space.find(b"\nFrom ", at, limit)) >= 0:
        if separates(space, at + 1, end):
            blank = space.read(at - 2, 3) if at >= start + 2 else b""
            return at + 1 - (2 if blank.endswith(b"\n\r\n") else 1 if blank.endswith(b"\n\n") else 0)
        at += 1
    return -1


def separates(space: Space, at: int, end: int) -> bool:
    """Whether the line at ``at``, which begins with "From ", has a date and header fields behind it."""
    line, newline, rest = space.read(at, min(_LINE + 200, end - at)).partition(b"\n")
    return bool(newline) and has_known_date(line.rstrip(b"\r")) and _FIELD_START.match(rest) is not None


def _stated(header: Header) -> int:
    value = header.first(b"content-length")
    number = int(value) if value.isdigit() and len(value) < 13 else -1
    return number if number <= _MOST_LENGTH else -1


def _fits(space: Space, at: int, text: TextEnd) -> bool:
    """Whether a message can end there: the text does, or another message begins behind it."""
    if at == text.at or at % SECTOR == 0:
        return True
    rest = space.read(at, 16)
    return not rest.strip(b"\r\n") or rest.lstrip(b"\r\n").startswith((b"From ", b"\0"))


def _base64(space: Space, start: int, end: int) -> tuple[int, bool]:
    """Where base64 from ``start`` on ends, and whether it is whole; a short line or padding ends it."""
    at, width = start, 0
    while at < end:
        data = space.read(at, min(1 << 16, end - at))
        for line in data.splitlines(keepends=True):
            if at + len(line) < end and not line.endswith(b"\n") and len(line) < len(data):
                break  # the rest of this line comes with the next piece
            if not line.strip():
                return at, True
            if not _BASE64_LINE.fullmatch(line):
                return at, False
            at += len(line)
            bare = len(line.rstrip(b"\r\n"))
            width = width or bare
            if bare < width or line.rstrip().endswith(b"="):
                return at, bare % 4 == 0
        else:
            continue
        if not data:
            break
    return at, False
