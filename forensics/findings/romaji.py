"""Japanese names in Latin letters: kana to Hepburn, other spellings folded, and the ways an address writes a name.

Spellings differ (shi, si; ou, oh, o), so both sides are folded to one before they are compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ",
    "m": "マミムメモ", "r": "ラリルレロ", "g": "ガギグゲゴ", "z": "ザジズゼゾ", "d": "ダヂヅデド", "b": "バビブベボ",
    "p": "パピプペポ",
}  # fmt: skip
_KANA = {kana: row + vowel for row, line in _ROWS.items() for kana, vowel in zip(line, "aiueo", strict=True)}
_KANA |= {"ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ワ": "wa", "ヲ": "o", "ン": "n", "ヴ": "vu", "ー": ""}
_SMALL = {"ャ": "ya", "ュ": "yu", "ョ": "yo", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o"}
# Hepburn to one spelling: the fewest letters that tell names apart.
_FOLDS = (
    ("shi", "si"), ("sh", "sy"), ("chi", "ti"), ("ch", "ty"), ("tsu", "tu"), ("fu", "hu"), ("ji", "zi"),
    ("jy", "zy"), ("j", "zy"),
    ("oh(?![aiueo])", "o"), ("ou", "o"), ("oo", "o"), ("uu", "u"), ("m(?=[bmp])", "n"), ("([kstpc])\\1", "\\1"),
    ("l", "r"), ("di", "zi"), ("du", "zu"), ("[^a-z]", ""),
)  # fmt: skip


def of_kana(text: str) -> str:
    """Kana as folded Latin letters; what is no kana stands as it is."""
    letters = ""
    for each in _katakana(unicodedata.normalize("NFKC", text)):
        if each in _SMALL and letters:
            small = _SMALL[each]
            letters = letters[:-1] + small if len(small) == 2 and letters[-1] == "i" else letters[:-1] + small[-1]
        else:
            letters += _KANA.get(each, "" if each == "ッ" else each)
    return folded(letters)


def folded(text: str) -> str:
    """Latin letters with the usual spellings of Japanese folded to one."""
    text = text.lower()
    for pattern, put in _FOLDS:
        text = re.sub(pattern, put, text)
    return text


def _katakana(text: str) -> str:
    return "".join(chr(ord(each) + 0x60) if "ぁ" <= each <= "ゖ" else each for each in text)


def ways(surname: str, given: str) -> Iterator[str]:
    """How an address writes a person: whole names or the initial of the given name, in either order."""
    if len(surname) > 1 and given:
        for first in {given, given[0]}:
            yield surname + first
            yield first + surname
