"""LZH archives, read with lhafile (BSD): names (in code page 932 as a rule) and bytes of the members, within limits."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from forensics.errors import FormatError
from forensics.formats import charsets
from forensics.formats.archives import Budget
from forensics.formats.documents.found import Document, without
from forensics.formats.documents.seven_zip import Member

_BROKEN = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError, struct.error)


def read(data: bytes, budget: Budget) -> tuple[Document, list[Member]]:
    """What is said of the archive, and its members; the format has no encryption."""
    try:
        import lhafile
    except ImportError:
        return without("lzh", "lhafile"), []
    try:
        archive = lhafile.Lhafile(io.BytesIO(data))
        return Document(kind="lzh"), list(_members(archive, budget))
    except (lhafile.BadLhafile, *_BROKEN) as error:
        raise FormatError(f"the LZH archive cannot be read: {type(error).__name__}: {error}") from error


def _members(archive: Any, budget: Budget) -> Iterator[Member]:
    for info in archive.infolist():
        name = _name(info.filename)
        if budget.members_left <= 0:
            yield name, None, "it has more members than are read here"
            return
        budget.members_left -= 1
        refused = budget.refusal(int(info.compress_size), int(info.file_size))
        if refused:
            yield name, None, refused
            continue
        budget.spend(int(info.file_size))
        try:
            yield name, archive.read(info.filename), ""
        except _BROKEN as error:
            yield name, None, f"it cannot be unpacked: {error}"


def _name(raw: str | bytes) -> str:
    """The library takes each byte of a name for one character."""
    if isinstance(raw, bytes):
        return charsets.decode(raw).text
    try:
        return charsets.decode(raw.encode("latin-1")).text
    except UnicodeEncodeError:
        return raw
