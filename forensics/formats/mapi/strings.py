"""The two string types of MAPI to text: UTF-16LE and 8-bit by code page ([MS-OXCDATA] 2.11.1)."""

from __future__ import annotations

import codecs
from importlib import import_module

_NAMES = {
    708: "iso-8859-6",
    932: "cp932",
    936: "gb18030",
    949: "cp949",
    950: "cp950",
    1200: "utf-16-le",
    1201: "utf-16-be",
    1361: "johab",
    10000: "mac_roman",
    20127: "ascii",
    20866: "koi8-r",
    20932: "euc_jp",
    21866: "koi8-u",
    28591: "iso-8859-1",
    38598: "iso-8859-8",
    50220: "iso2022_jp",
    50221: "iso2022_jp",
    50222: "iso2022_jp",
    50225: "iso2022_kr",
    51932: "euc_jp",
    51936: "gb2312",
    51949: "euc_kr",
    52936: "hz",
    54936: "gb18030",
    65000: "utf-7",
    65001: "utf-8",
}


def charset_of(codepage: int | None) -> str | None:
    """The name of a Windows code page as a character set, or ``None`` if there is none."""
    if codepage is None or codepage <= 0:
        return None
    if codepage in _NAMES:
        return _NAMES[codepage]
    name = f"iso-8859-{codepage - 28590}" if 28591 <= codepage <= 28606 else f"cp{codepage}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def decode_utf16(raw: bytes) -> str:
    """UTF-16LE without its terminating zeros; a lone surrogate or a torn last byte stays as a lone surrogate."""
    text = raw[: len(raw) & ~1].decode("utf-16-le", errors="surrogatepass")
    return text.rstrip("\0")


def decode_string8(raw: bytes, codepage: int | None) -> str:
    """8-bit text by its code page, without its terminating zeros."""
    return str(import_module("forensics.formats.charsets").decode(raw.rstrip(b"\0"), charset_of(codepage)).text)
