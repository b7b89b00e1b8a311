"""The one form in which texts and search words are compared, never shown, and the terms of the index made of it.

On top of :func:`forensics.formats.identity.search_key` (NFKC, one case, one dash): what cannot be seen is left out, a
line that breaks between two Japanese characters is joined, blanks are one blank, and a blank between a word in letters
and anything else is none, because ``VPN 接続`` and ``VPN接続`` are the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from forensics.formats.identity import search_key

LONGEST = 100
"""A longer word stands in the index as a gap, and texts with one are looked at themselves."""
GAP = "\x7f"

# Thai, Lao, Burmese, Khmer are written without blanks, as is everything from the CJK radicals on (Unicode 15, 4.8).
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF))
_FIRST_CJK = 0x2E80


def _ranges() -> str:
    """The characters of which words with blanks between them are made, as a class of a regular expression."""
    found: list[list[int]] = []
    for code in range(_FIRST_CJK):
        if not chr(code).isalnum() or any(first <= code <= last for first, last in _UNSPACED):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in found)


LETTER = _ranges()
_JAPANESE = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSEEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]+"
)
_BROKEN = re.compile(f"(?<=[{_JAPANESE}])[ \\t]*\\r?\\n(?=[{_JAPANESE}])")
_BLANKS = re.compile("[\\s\x00-\x1f\x7f-\x9f]+")
_LOOSE = re.compile(f"(?<=[{LETTER}]) (?=[^{LETTER}])|(?<=[^{LETTER}]) (?=[{LETTER}])")
_UNITS = re.compile(f"[{LETTER}]+|[^{LETTER} ]+")
_IS_WORD = re.compile(f"[{LETTER}]")


def key_of(text: str) -> str:
    """A text as it is compared."""
    if not text.isascii():
        # Lone surrogates are no text, and no database takes them.
        text = _UNSEEN.sub("", text.encode("utf-8", "backslashreplace").decode("utf-8"))
    folded = search_key(text)
    if "\n" in folded and not folded.isascii():
        folded = _BROKEN.sub("", folded)
    return _LOOSE.sub("", _BLANKS.sub(" ", folded).strip(" "))


def is_word(unit: str) -> bool:
    """Whether a unit is a word in letters, which blanks would stand around, and not a run of single characters."""
    return _IS_WORD.match(unit) is not None


def units(key: str) -> list[str]:
    """The words in letters and the runs of other characters of a key, in their order."""
    return _UNITS.findall(key)


def pairs(run: str) -> Iterator[str]:
    """Each character of a run with the one behind it."""
    return map("".join, pairwise(run))


def terms(key: str) -> tuple[str, bool]:
    """The terms of a text for the index, with blanks between them, and whether a word was too long for it.

    Each character of a run begins one term, so that what stands side by side in the text does so in the index.
    """
    found: list[str] = []
    gaps = False
    for unit in units(key):
        if not is_word(unit):
            found += pairs(unit)
            found.append(unit[-1])
        elif len(unit) <= LONGEST:
            found.append(unit)
        else:
            found.append(GAP)
            gaps = True
    return " ".join(found), gaps


def parts(key: str) -> set[str]:
    """The single characters of a text, and the pairs of letters in its words."""
    found = set(key) - {" "}
    for unit in set(units(key)):
        if is_word(unit):
            found.update(pairs(unit))
    return found


def pattern(key: str, *, begins: bool = False, ends: bool = False) -> re.Pattern[str]:
    """Finds a key in the key of a text; ``begins`` and ``ends`` where no letter may stand before or behind it."""
    before = f"(?<![{LETTER}])" if begins and is_word(key[0]) else ""
    behind = f"(?![{LETTER}])" if ends and is_word(key[-1]) else ""
    return re.compile(before + re.escape(key) + behind)
