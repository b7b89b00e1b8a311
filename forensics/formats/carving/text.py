"""Where text ends on a medium: at padding, at bytes that no mail has, at the edge of the space that is searched."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from forensics.formats.carving.found import SECTOR
from forensics.formats.carving.space import Space

# Mail may hold any byte from 0x80 on, and of the controls those that ISO-2022 and old programs write.
_TEXT_CONTROLS = b"\b\t\n\v\f\r\x0e\x0f\x1b"
_ODD = bytes((value < 32 and value not in _TEXT_CONTROLS) or value == 127 for value in range(256))
_STEP_FIRST, _STEP = 1 << 14, 1 << 20
_AROUND = 64
_STRAYS = 2
_SURE_ASCII = 32


class Ended(StrEnum):
    """What is behind text."""

    PADDING = "zeros to the end of its last sector"
    ZEROS = "zeros"
    BINARY = "bytes that are no text"
    EDGE = "the end of the searched space"


class TextEnd(NamedTuple):
    """Where text ends, and what is behind it."""

    at: int
    why: Ended


def odd_byte(data: bytes, start: int = 0) -> int:
    """The first byte that text does not have; -1 where all is text."""
    return data.translate(_ODD).find(1, start)


def text_end(space: Space, start: int) -> TextEnd:
    """The end of the text that ``start`` lies in; a stray control among text does not end it."""
    at, step = start, _STEP_FIRST
    while True:
        data = space.read(at, step)
        if not data:
            return TextEnd(at, Ended.EDGE)
        marks = data.translate(_ODD)
        odd = marks.find(1)
        while odd >= 0:
            found = _judge(space, at + odd, start)
            if found is not None:
                return found
            odd = marks.find(1, odd + 1)
        at += len(data)
        step = min(step * 4, _STEP)


def _judge(space: Space, odd: int, start: int) -> TextEnd | None:
    """What the odd byte there means; None where it is one of a few among text."""
    sector = odd - odd % SECTOR
    rest = space.read(odd, sector + SECTOR - odd)
    if not rest.strip(b"\0"):
        return TextEnd(odd, Ended.PADDING)
    if rest.startswith(b"\0" * 8):
        return TextEnd(odd, Ended.ZEROS)
    if space.read(odd, _AROUND).translate(_ODD).count(1) <= _STRAYS:
        return None
    # Where a sector was overwritten, a few of its first bytes may look like text.
    if sector > start:
        head = space.read(sector, odd - sector)
        if len(head) < _SURE_ASCII or not head.isascii():
            return TextEnd(sector, Ended.BINARY)
    return TextEnd(odd, Ended.BINARY)


def padded_end(space: Space, end: int, limit: int) -> int:
    """The end of a file whose structure is closed at ``end``: text up to the zeros of its last sector is its own."""
    if end % SECTOR == 0 or end >= limit:
        return end
    rest = space.read(end, SECTOR - end % SECTOR)
    text = rest.rstrip(b"\0")
    if len(text) < len(rest) and odd_byte(text) < 0:
        return min(end + len(text), limit)
    blank = len(rest) - len(rest.lstrip(b"\r\n"))
    return min(end + blank, limit)
