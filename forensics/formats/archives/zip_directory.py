"""The central directory of a ZIP file (APPNOTE.TXT 6.3.10, 4.3), read without unpacking anything.

    End of central directory, 4.3.16                 Central directory header, 4.3.12
    0   4  signature 0x06054b50                      0   4  signature 0x02014b50     28  2  file name length
    10  2  total entries                             8   2  general purpose flags    30  2  extra field length
    12  4  size of the directory                     10  2  compression method       32  2  comment length
    16  4  offset of the directory                   12  4  DOS time, DOS date       38  4  external attributes
    20  2  comment length                            16  4  CRC-32                   42  4  offset of the local header
                                                     20  8  packed size, size        46     name, extra, comment

Bit 0 of the flags: encrypted; 6: strong encryption; 11: the name is UTF-8. A name without that bit is cp437 by the
specification and the code page of its maker in practice, so it is detected. In a locked member the CRC is that of the
plain bytes, but for AE-2, which leaves it out (AES specification of WinZip, extra field 0x9901).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats import charsets
from forensics.formats.archives.member import Member
from forensics.formats.archives.zip_times import clocks, extra_fields

_END = b"PK\x05\x06"
_FAR_END = b"PK\x06\x06"
_LOCATOR = b"PK\x06\x07"
_ENTRY = b"PK\x01\x02"
_LOCAL = b"PK\x03\x04"
_HEADER = struct.Struct("<4sHHHHIIIIHHHHHII")
_LONGEST_COMMENT = 65_535
_FULL = 0xFFFFFFFF
PACKINGS = {
    0: "stored",
    8: "deflated",
    9: "deflate64",
    12: "bzip2",
    14: "lzma",
    93: "zstd",
    95: "xz",
    98: "ppmd",
}
_STRENGTHS = {1: "AES-128", 2: "AES-192", 3: "AES-256"}


class _Raw(NamedTuple):
    """One header of the directory as it stands there."""

    flags: int
    method: int
    dos: int
    crc: int
    packed: int
    size: int
    attributes: int
    offset: int
    name: bytes
    extra: bytes


def is_zip(data: bytes) -> bool:
    """Whether the bytes begin like a ZIP file, an empty one included."""
    return data.startswith((_LOCAL, _END))


def read_directory(data: bytes) -> Iterator[Member]:
    """Every member, in order. Raises ``FormatError`` where there is no directory, or where it breaks off."""
    at, size, shift, total = _place(data)
    end, number = at + size, 0
    while at < end and data[at : at + 4] == _ENTRY:
        number += 1
        raw, at = _entry(data, at)
        yield _member(data, number, raw, shift)
    if number < total:
        what = f"the directory of the ZIP file breaks off: {number} of {total} members can be read"
        raise FormatError(what, offset=at)


def _place(data: bytes) -> tuple[int, int, int, int]:
    """Start and size of the directory, by how much its offsets are too small, how many entries it says it has."""
    at = data.rfind(_END, max(0, len(data) - _LONGEST_COMMENT - 22))
    if at < 0 or at + 22 > len(data):
        raise FormatError("the ZIP file has no directory at its end: it was cut short", offset=len(data))
    total, size, offset = struct.unpack_from("<HII", data, at + 10)
    before = at
    if data[max(0, at - 20) : at - 16] == _LOCATOR:
        (far,) = struct.unpack_from("<Q", data, at - 12)
        # The offset in the locator is too small where something stands before the archive.
        far = far if data[far : far + 4] == _FAR_END else data.rfind(_FAR_END, 0, at)
        if 0 <= far <= len(data) - 56:
            total, size, offset = struct.unpack_from("<QQQ", data, far + 32)
            before = far
    shift = before - size - offset
    if shift < 0:
        raise FormatError("the directory of the ZIP file does not lie where its end says", offset=at)
    return offset + shift, size, shift, total


def _entry(data: bytes, at: int) -> tuple[_Raw, int]:
    if at + 46 > len(data):
        raise FormatError("the directory of the ZIP file breaks off", offset=at)
    _, _, _, flags, method, dos, crc, packed, size, names, extras, comment, _, _, attributes, offset = (
        _HEADER.unpack_from(data, at)
    )
    end = at + 46 + names + extras + comment
    if end > len(data):
        raise FormatError("the directory of the ZIP file breaks off", offset=at)
    name, extra = data[at + 46 : at + 46 + names], data[at + 46 + names : at + 46 + names + extras]
    packed, size, offset = _far(extra, packed, size, offset)
    return _Raw(flags, method, dos, crc, packed, size, attributes, offset, name, extra), end


def _far(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset of a ZIP64 member: those that are full stand in the extra field 0x0001, in a fixed order."""
    held = next((value for kind, value in extra_fields(extra) if kind == 1), b"")
    numbers = iter(struct.unpack(f"<{len(held) // 8}Q", held[: len(held) // 8 * 8]))
    size = next(numbers, size) if size == _FULL else size
    packed = next(numbers, packed) if packed == _FULL else packed
    offset = next(numbers, offset) if offset == _FULL else offset
    return packed, size, offset


def _member(data: bytes, number: int, raw: _Raw, shift: int) -> Member:
    offset = raw.offset + shift
    method, locked, has_crc = _encryption(raw)
    name, charset = _name(raw)
    return Member(
        number=number,
        name=name,
        raw_name=raw.name,
        charset=charset,
        size=raw.size,
        packed_size=raw.packed,
        crc32=raw.crc if has_crc else None,
        packing=PACKINGS.get(method, f"method {method}"),
        locked=locked,
        is_folder=name.endswith(("/", "\\")) or bool(raw.attributes & 0x10),
        offset=offset,
        clocks=clocks(raw.dos, raw.extra, _local_extra(data, offset)),
    )


def _encryption(raw: _Raw) -> tuple[int, str, bool]:
    """The real method, the name of the encryption or ``""``, and whether the CRC is that of the plain bytes."""
    if not raw.flags & 1:
        return raw.method, "", True
    aes = next((value for kind, value in extra_fields(raw.extra) if kind == 0x9901 and len(value) >= 7), b"")
    if raw.method == 99 and aes:
        version, strength, method = struct.unpack_from("<H2xBH", aes)
        return method, f"{_STRENGTHS.get(strength, 'AES')} (AE-{version})", version == 1
    if raw.flags & 0x40:
        return raw.method, "strong encryption", not raw.flags & 0x2000
    return raw.method, "ZipCrypto", True


def _name(raw: _Raw) -> tuple[str, str]:
    """The name and the charset that it was read by."""
    for kind, value in extra_fields(raw.extra):
        # Info-ZIP's UTF-8 name counts only for the name that it was made of.
        if kind == 0x7075 and len(value) > 5 and struct.unpack_from("<I", value, 1)[0] == zlib.crc32(raw.name):
            return charsets.decode(value[5:], "utf-8").text, "utf-8"
    if raw.flags & 0x800 or raw.name.isascii():
        return charsets.decode(raw.name, "utf-8").text, "utf-8"
    found = charsets.decode(raw.name)
    if found.method == charsets.GUESSED:
        return raw.name.decode("cp437"), "cp437"
    return found.text, found.charset


def _local_extra(data: bytes, offset: int) -> bytes:
    """The extra fields of the local header (4.3.7), which hold more times than those of the directory."""
    if offset + 30 > len(data) or data[offset : offset + 4] != _LOCAL:
        return b""
    names, extras = struct.unpack_from("<HH", data, offset + 26)
    start = offset + 30 + int(names)
    return data[start : start + int(extras)]


def content_start(data: bytes, member: Member) -> int:
    """Where the packed bytes of a member begin; raises ``FormatError`` where there is no local header."""
    at = member.offset
    if at + 30 > len(data) or data[at : at + 4] != _LOCAL:
        raise FormatError("the header before the content of a ZIP member is missing", offset=at)
    names, extras = struct.unpack_from("<HH", data, at + 26)
    return at + 30 + int(names) + int(extras)
