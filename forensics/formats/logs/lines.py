"""The lines of a text log with their place in the file, whatever its encoding and line ends.

A log that begins with a byte order mark of UTF-16 is cut at the line ends of UTF-16. Else each line is decoded by
itself, UTF-8 first and then the case's code page, because old servers write the bytes of their clients into one file.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_BLOCK = 1 << 20
LONGEST = 1 << 20
"""Bytes of a line; what is longer is cut into pieces of this size, so that a log without line ends fits into memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line without its end: its number from 1, its bytes' place in the file, the bytes and the text."""

    number: int
    start: int
    end: int
    raw: bytes
    text: str
    method: str = "utf-8"
    """How the bytes became text: the codec, ``latin-1`` where no other fits (every byte is kept as a character)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a log is written: the codec, the width of a line end in bytes, and the length of its byte order mark."""

    codec: str = ""
    """``""`` decides line by line."""
    width: int = 1
    mark: int = 0


def encoding_of(head: bytes) -> Encoding:
    """The encoding that the first bytes of a log state."""
    if head.startswith(codecs.BOM_UTF8):
        return Encoding(mark=3)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding(codec="utf-16-le" if head[:1] == b"\xff" else "utf-16-be", width=2, mark=2)
    if len(head) >= 16 and head[1:64:2].count(0) > len(head[1:64:2]) * 3 // 4:
        return Encoding(codec="utf-16-le", width=2)
    return Encoding()


def read_lines(
    handle: BinaryIO,
    encoding: Encoding,
    *,
    start: int = 0,
    end: int | None = None,
    number: int = 1,
    code_page: int = 932,
) -> Iterator[Line]:
    """The lines between two places of the file, of which ``start`` is the start of line ``number``."""
    at = start or encoding.mark
    for raw, length in _pieces(handle, encoding, at, end):
        text, method = decode(raw, encoding, code_page)
        yield Line(number=number, start=at, end=at + len(raw), raw=raw, text=text, method=method)
        at += length
        number += 1


def decode(raw: bytes, encoding: Encoding, code_page: int = 932) -> tuple[str, str]:
    """The text of a line and the codec that gave it; every line has one."""
    for codec in (encoding.codec,) if encoding.codec else ("utf-8", f"cp{code_page}"):
        try:
            return raw.decode(codec), codec
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("latin-1"), "latin-1"


def _pieces(handle: BinaryIO, encoding: Encoding, at: int, end: int | None) -> Iterator[tuple[bytes, int]]:
    """Each line's bytes without its end, and its length with it."""
    feed = "\n".encode(encoding.codec or "ascii")
    waiting = b""
    handle.seek(at)
    left = None if end is None else end - at
    while True:
        block = handle.read(_BLOCK if left is None else min(_BLOCK, left))
        if left is not None:
            left -= len(block)
        waiting += block
        start = 0
        while (stop := _find(waiting, feed, start, encoding.width)) >= 0:
            yield _without_return(waiting[start:stop], encoding), stop + len(feed) - start
            start = stop + len(feed)
        waiting = waiting[start:]
        while len(waiting) > LONGEST:
            yield waiting[:LONGEST], LONGEST
            waiting = waiting[LONGEST:]
        if not block:
            break
    if waiting:
        yield _without_return(waiting, encoding), len(waiting)


def _find(data: bytes, feed: bytes, start: int, width: int) -> int:
    """The next line feed that stands on a whole character."""
    at = data.find(feed, start)
    while at >= 0 and (at - start) % width:
        at = data.find(feed, at + 1)
    return at


def _without_return(raw: bytes, encoding: Encoding) -> bytes:
    carriage = "\r".encode(encoding.codec or "ascii")
    return raw[: -len(carriage)] if raw.endswith(carriage) else raw
