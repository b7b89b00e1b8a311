"""Windows code pages and locales by number, as the character sets they are ([MS-UCODEREF] 2.2.1, [MS-LCID])."""

from __future__ import annotations

import codecs

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


_LANGUAGES = {
    language: codepage
    for codepage, languages in {
        874: (0x1E,),
        932: (0x11,),
        936: (0x04,),
        949: (0x12,),
        1250: (0x05, 0x0E, 0x15, 0x18, 0x1A, 0x1B, 0x1C, 0x24),
        1251: (0x02, 0x19, 0x22, 0x23, 0x2F, 0x3F, 0x40, 0x44, 0x50),
        1252: (
            0x03,
            0x06,
            0x07,
            0x09,
            0x0A,
            0x0B,
            0x0C,
            0x0F,
            0x10,
            0x13,
            0x14,
            0x16,
            0x1D,
            0x21,
            0x2D,
            0x36,
            0x38,
            0x3E,
        ),
        1253: (0x08,),
        1254: (0x1F, 0x2C, 0x43),
        1255: (0x0D,),
        1256: (0x01, 0x20, 0x29),
        1257: (0x25, 0x26, 0x27),
        1258: (0x2A,),
    }.items()
    for language in languages
}
_LOCALES = {0x0404: 950, 0x0C04: 950, 0x1404: 950, 0x0C1A: 1251, 0x1C1A: 1251, 0x042C: 1254, 0x082C: 1251, 0x0843: 1251}


def charset_of(codepage: int | None) -> str:
    """The name of a Windows code page as a character set, or "" if there is none."""
    if codepage is None or codepage <= 0:
        return ""
    if codepage in _NAMES:
        return _NAMES[codepage]
    name = f"iso-8859-{codepage - 28590}" if 28591 <= codepage <= 28606 else f"cp{codepage}"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def codepage_of_locale(locale: int | None) -> int | None:
    """The ANSI code page of a Windows locale by its primary language ([MS-LCID]), or ``None`` if not known."""
    if locale is None or locale <= 0:
        return None
    return _LOCALES.get(locale & 0xFFFF) or _LANGUAGES.get(locale & 0x3FF)
