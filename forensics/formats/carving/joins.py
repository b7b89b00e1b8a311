"""The second piece of a message behind a gap: only where its closing boundary stands there, and the text goes on."""

from __future__ import annotations

import re

from forensics.formats.carving.found import SECTOR, Extent, Found, Kind
from forensics.formats.carving.header import Header, header_at
from forensics.formats.carving.message import boundary_of, closing
from forensics.formats.carving.space import Run, Space
from forensics.formats.carving.text import odd_byte, padded_end, text_end

_REACH = 8 << 20
_RUNS = 16
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{0,998}={0,2}")
_TOLD = "the closing boundary of its MIME structure, behind a gap"


def joined(space: Space, header: Header, start: int, end: int) -> Found | None:
    """The message that breaks off at ``end`` together with its rest; None where nothing proves what its rest is."""
    boundary = boundary_of(header)
    run = space.run(start)
    if not boundary or run is None:
        return None
    if end == run.end:
        return _in_later_runs(space, boundary, start, run)
    return _behind_bytes(space, boundary, start, end, run)


def _in_later_runs(space: Space, boundary: bytes, start: int, run: Run) -> Found | None:
    """Live files lie between: the rest begins where a later run does."""
    place = run.end
    for _ in range(_RUNS):
        later = space.after(place)
        if later is None:
            return None
        place = later.end
        if header_at(space, later.start, later.start) is not None:
            continue
        text = text_end(space, later.start)
        closed = closing(space, boundary, later.start, min(text.at, later.start + _REACH))
        if closed >= 0:
            rest = padded_end(space, closed, text.at)
            return _two(start, run.end, later.start, rest, "live files lie in the gap")
    return None


def _behind_bytes(space: Space, boundary: bytes, start: int, end: int, run: Run) -> Found | None:
    """Other content lies between: the rest is text back from its closing boundary, and its lines must fit."""
    limit = min(run.end, end + _REACH)
    mark = space.find(b"\n--" + boundary + b"--", end, limit)
    if mark < 0 or end % SECTOR:
        return None
    sector = mark - mark % SECTOR
    while sector - SECTOR >= end and odd_byte(space.read(sector - SECTOR, SECTOR)) < 0:
        sector -= SECTOR
    if sector <= end or not _fits(space, start, end, sector):
        return None
    text = text_end(space, sector)
    closed = closing(space, boundary, sector, text.at)
    if closed < 0:
        return None
    rest = padded_end(space, closed, text.at)
    return _two(start, end, sector, rest, "other content lies in the gap; the base64 goes on behind it")


def _fits(space: Space, start: int, end: int, sector: int) -> bool:
    """Whether the broken line of base64 before the gap and the one behind it make one of the usual width."""
    low = max(start, end - 2048)
    lines = space.read(low, end - low).splitlines()
    rest = space.read(sector, 1024).splitlines()
    if len(lines) < 3 or len(rest) < 2:
        return False
    last, full, first = lines[-1], lines[-2], rest[0]
    if space.read(end - 1, 1) == b"\n":
        last, full = b"", lines[-1]
    return all(map(_BASE64.fullmatch, (last, full, first))) and len(last) + len(first) == len(full) >= 60


def _two(start: int, end: int, again: int, rest: int, note: str) -> Found:
    first, second = Extent(0, start, end - start), Extent(end - start, again, rest - again)
    return Found(
        kind=Kind.MESSAGE,
        extents=(first, second),
        size=first.length + second.length,
        ended=_TOLD,
        validated=True,
        notes=(f"two pieces: {note}",),
    )
