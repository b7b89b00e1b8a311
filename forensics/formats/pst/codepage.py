"""Which code page the 8-bit strings of an ANSI store are in; such a store rarely says so itself ([MS-PST] 1.3.1.1)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

JAPANESE = 932
WESTERN = 1252

# Hiragana and katakana of CP932; in Western text these lead bytes are rare typographic signs.
_KANA = re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x7e\x80-\x96]")

# Primary language (the low ten bits of a locale id, [MS-LCID]) to its ANSI code page.
_BY_LANGUAGE = {0x11: JAPANESE, 0x12: 949, 0x1E: 874, 0x08: 1253, 0x1F: 1254, 0x0D: 1255, 0x2A: 1258}
_BY_LANGUAGE |= dict.fromkeys((0x02, 0x19, 0x22, 0x23, 0x2F), 1251)
_BY_LANGUAGE |= dict.fromkeys((0x05, 0x0E, 0x15, 0x18, 0x1A, 0x1B, 0x1C, 0x24), 1250)
_BY_LANGUAGE |= dict.fromkeys((0x01, 0x20, 0x29), 1256)
_BY_LANGUAGE |= dict.fromkeys((0x25, 0x26, 0x27), 1257)
_CHINESE = 0x04
_SIMPLIFIED = {0x0804, 0x1004}


class CodePage(NamedTuple):
    """A code page and why it is taken to be the one."""

    number: int
    basis: str


def choose(stated: int | None, texts: Iterable[bytes], locales: Iterable[int]) -> CodePage:
    """The code page that the store states, else the one that its strings show, else that of most of its items."""
    if stated:
        return CodePage(stated, "stated by the store")
    if any(_KANA.search(text) for text in texts):
        return CodePage(JAPANESE, "recognised by kana in names and subjects")
    counted = Counter(of_locale(locale) for locale in locales)
    if counted:
        # The number breaks a tie, so that two runs say the same.
        return CodePage(min(counted, key=lambda page: (-counted[page], page)), "from the locale of most items")
    return CodePage(WESTERN, "assumed: nothing in the store says")


def of_locale(locale: int) -> int:
    """The ANSI code page of a Windows locale id."""
    language = locale & 0x3FF
    if language == _CHINESE:
        return 936 if locale in _SIMPLIFIED else 950
    return _BY_LANGUAGE.get(language, WESTERN)
