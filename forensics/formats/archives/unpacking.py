"""Unpacks one ZIP member piece by piece, never past the size that the directory states (APPNOTE.TXT 4.4.5)."""

from __future__ import annotations

import bz2
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.errors import FormatError
from forensics.formats.archives.limits import KEPT
from forensics.formats.archives.member import Member
from forensics.formats.archives.zip_directory import content_start

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The bytes of a member: their SHA-256 and, where they are not too many, the bytes themselves."""

    sha256: str
    data: bytes | None


def content(data: bytes, member: Member) -> Content:
    """What a member holds. Raises ``FormatError`` where its size or its CRC is not the one that is stated."""
    digest, crc, size, kept = hashlib.sha256(), 0, 0, bytearray()
    for piece in _pieces(data, member):
        digest.update(piece)
        crc = zlib.crc32(piece, crc)
        size += len(piece)
        if size > member.size:
            break
        if size <= KEPT:
            kept += piece
    if size != member.size:
        raise FormatError(f"a ZIP member has not the {member.size} bytes that the directory states")
    if member.crc32 is not None and crc != member.crc32:
        raise FormatError("the CRC of a ZIP member is not that of its content")
    return Content(sha256=digest.hexdigest(), data=bytes(kept) if size <= KEPT else None)


def _pieces(data: bytes, member: Member) -> Iterator[bytes]:
    start = content_start(data, member)
    packed = memoryview(data)[start : start + member.packed_size]
    if len(packed) < member.packed_size:
        raise FormatError("the content of a ZIP member is cut short", offset=len(data))
    if member.packing == "stored":
        yield from (bytes(packed[at : at + _PIECE]) for at in range(0, len(packed), _PIECE))
    elif member.packing == "deflated":
        yield from _inflated(packed)
    elif member.packing == "bzip2":
        yield from _bunzipped(packed)
    else:
        raise FormatError(f"a ZIP member is packed as {member.packing}, which is not read here")


def _inflated(packed: memoryview) -> Iterator[bytes]:
    engine, left = zlib.decompressobj(-zlib.MAX_WBITS), bytes(packed)
    try:
        while left and not engine.eof:
            yield engine.decompress(left, _PIECE)
            left = engine.unconsumed_tail
        yield engine.flush()
    except zlib.error as error:
        raise FormatError(f"the content of a ZIP member cannot be unpacked: {error}") from error


def _bunzipped(packed: memoryview) -> Iterator[bytes]:
    engine, given = bz2.BZ2Decompressor(), bytes(packed)
    try:
        while not engine.eof:
            piece = engine.decompress(given, _PIECE)
            if not piece and engine.needs_input:
                return
            given = b""
            yield piece
    except OSError as error:
        raise FormatError(f"the content of a ZIP member cannot be unpacked: {error}") from error
