"""Mail files of Dovecot's sdbox (``u.UID``) and mdbox (``m.N``), version 2 (dbox-file.h of Dovecot).

file header     "2 M<hex: size of a message header> C<hex: seconds, created>" LF
message header  01 02 | type "N" | " " | 8 bytes old uid | " " | 16 hex: size of the message | ... | LF
message         that many bytes
trailer         LF 01 03 LF
metadata        lines of one letter and a value, then an empty line:
                R received (hex seconds), S saved, G GUID, V virtual size (hex), Z physical size (hex: compressed),
                B mailbox of first delivery, X parts kept elsewhere, P and O for POP3, F K E of version 1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from forensics.errors import FormatError

PRE, POST = b"\x01\x02", b"\n\x01\x03\n"
_HEADER = re.compile(rb"([12])((?: [A-Z][0-9a-fA-F]*)+)\n")
_MOST_METADATA = 1 << 16
_SEARCH = 1 << 20
_MOST_HEADER = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """The first line: how long a message header is, when the file was made, where its messages begin."""

    message_header: int
    created: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message: where its header, bytes and metadata stand. ``broken`` says why it has no metadata."""

    number: int
    begin: int
    start: int
    end: int
    after: int
    metadata: dict[str, str] = field(default_factory=dict)
    broken: str = ""

    @property
    def guid(self) -> str:
        """The GUID in lower-case hexadecimal, or ""."""
        return self.metadata.get("G", "").lower()

    def seconds(self, key: str) -> int | None:
        """A time of the metadata in seconds since 1970; ``None`` where there is none that can be read."""
        text = self.metadata.get(key, "")
        return int(text, 16) if re.fullmatch(r"[0-9a-fA-F]{1,12}", text) else None

    @property
    def plain_size(self) -> int | None:
        """``Z``: the size before compression, where the message is compressed."""
        text = self.metadata.get("Z", "")
        return int(text, 16) if re.fullmatch(r"[0-9a-fA-F]{1,15}", text) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Bytes between messages that are none."""

    start: int
    end: int
    why: str


def file_header(head: bytes) -> FileHeader | None:
    """The header of a dbox file, or ``None`` where these bytes begin none."""
    found = _HEADER.match(head[:_MOST_HEADER])
    if found is None:
        return None
    values = {part[:1]: part[1:] for part in found[2].split()}
    if b"M" not in values or not values[b"M"]:
        return None
    size = int(values[b"M"], 16)
    created = int(values.get(b"C") or b"0", 16)
    return FileHeader(message_header=size, created=created, size=found.end()) if 29 <= size <= _MOST_HEADER else None


def read_mails(handle: BinaryIO, size: int) -> Iterator[Mail | Gap]:
    """Each message in order, and each run of bytes between them that is none; reading goes on behind it."""
    header = file_header(_at(handle, 0, _MOST_HEADER))
    if header is None:
        raise FormatError("this is no mail file of Dovecot's dbox")
    at, number = header.size, 0
    while at < size:
        found = _mail(handle, at, size, header, number + 1)
        if found is None:
            after = _next(handle, at + 1, size)
            yield Gap(start=at, end=after, why="no message begins here")
            at = after
            continue
        number += 1
        yield found
        at = found.after


def _mail(handle: BinaryIO, at: int, size: int, header: FileHeader, number: int) -> Mail | None:
    raw = _at(handle, at, header.message_header)
    digits = raw[13:29]
    if not raw.startswith(PRE) or raw[-1:] != b"\n" or not re.fullmatch(rb"[0-9A-Fa-f]{16}", digits):
        return None
    start = at + header.message_header
    end = start + int(digits, 16)
    if end > size:
        why = f"it is cut short: {size - start} of {end - start} bytes are there"
        return Mail(number=number, begin=at, start=start, end=size, after=size, broken=why)
    metadata, after = _metadata(_at(handle, end, _MOST_METADATA))
    broken = "" if after else "no metadata follow it"
    return Mail(number=number, begin=at, start=start, end=end, after=end + after, metadata=metadata, broken=broken)


def _metadata(raw: bytes) -> tuple[dict[str, str], int]:
    """The lines behind a message, and how many bytes they are with their trailer; 0 where there are none."""
    if not raw.startswith(POST):
        return {}, 0
    stop = raw.find(b"\n\n", len(POST) - 1)
    if stop < 0:
        return {}, 0
    lines = raw[len(POST) : stop].split(b"\n")
    return {chr(line[0]): line[1:].decode("utf-8", "backslashreplace") for line in lines if line}, stop + 2


def _next(handle: BinaryIO, at: int, size: int) -> int:
    """Where the next message header may stand, or the end."""
    while at < size:
        block = _at(handle, at, _SEARCH)
        found = block.find(PRE + b"N ")
        if found >= 0:
            return at + found
        at += max(1, len(block) - 3) if len(block) == _SEARCH else len(block) or size
    return size


def _at(handle: BinaryIO, offset: int, length: int) -> bytes:
    handle.seek(offset)
    return handle.read(length)
