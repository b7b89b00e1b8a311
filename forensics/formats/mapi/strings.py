"""The two string types of MAPI to text: UTF-16LE and 8-bit by code page ([MS-OXCDATA] 2.11.1)."""

from __future__ import annotations

from forensics.formats import charsets
from forensics.formats.codepages import charset_of


def decode_utf16(raw: bytes) -> str:
    """UTF-16LE without its terminating zeros; bytes that are not UTF-16 are shown as ``\\xd8\\x00``."""
    return raw.decode("utf-16-le", errors="backslashreplace").rstrip("\0")


def decode_string8(raw: bytes, codepage: int | None) -> str:
    """8-bit text by its code page, without its terminating zeros."""
    return charsets.decode(raw.rstrip(b"\0"), charset_of(codepage)).text
