"""Domains that look like others, and names that are near to others: shapes after UTS 39, and OSA distances.

A pair of domains is alike where the registered label is the same under another suffix, where both have the same shape
(confusable characters of Unicode, with ``rn`` for m and the like), or where few edits lead from one to the other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from confusable_homoglyphs import confusables  # type: ignore[import-untyped]
from rapidfuzz import process
from rapidfuzz.distance import OSA

from forensics.formats.identity import search_key

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
# What the data of Unicode leaves out, because it holds in small letters or in some faces only.
_SHAPES = {"m": "rn", "w": "vv", "d": "cl", "i": "l", "1": "l", "0": "o", "-": ""}
_ONE_EDIT, _TWO_EDITS = 6, 10
_ROWS = 256

Pair = tuple[str, str, str]
"""A domain, the known one that it looks like, and why: ``suffix``, ``shape`` or ``edits``."""


@cache
def _shape_of(character: str) -> str:
    if character in _SHAPES:
        return _SHAPES[character]
    alike = [str(each["c"]) for each in confusables.confusables_data.get(character, [])]
    plain = [each.lower() for each in alike if each.lower() in _LETTERS]
    if character in _LETTERS or not alike:
        return character
    return _SHAPES.get(plain[0], plain[0]) if plain else min(character, *(each for each in alike if len(each) == 1))


def shape(label: str) -> str:
    """What a label looks like: labels of equal shape are easily taken for each other."""
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return label
    return "".join(map(_shape_of, search_key(label)))


def label_of(domain: str) -> str:
    """The label that was registered."""
    return domain.partition(".")[0]


def edits(left: str, right: str) -> int:
    """Insertions, deletions, changes and swaps of neighbours that lead from one text to the other."""
    return int(OSA.distance(left, right))


def alike(domains: Iterable[str], known: Iterable[str]) -> Iterator[Pair]:
    """Every domain that looks like a known one, in order, with the first reason that holds."""
    asked, held = sorted(set(domains)), sorted(set(known))
    found: dict[tuple[str, str], str] = {}
    for ground, key in (("suffix", label_of), ("shape", lambda domain: shape(label_of(domain)))):
        by_key = defaultdict(list)
        for each in held:
            by_key[key(each)].append(each)
        for domain in asked:
            for other in by_key.get(key(domain), ()):
                if other != domain and (ground == "suffix" or len(label_of(domain)) > 3):
                    found.setdefault((domain, other), ground)
    for domain, other in _near(asked, held):
        found.setdefault((domain, other), "edits")
    yield from ((domain, other, ground) for (domain, other), ground in sorted(found.items()))


def _near(asked: Sequence[str], held: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs that one edit (labels of six letters) or two (of ten) tell apart; numbered siblings are none."""
    long_asked = [each for each in asked if len(label_of(each)) >= _ONE_EDIT]
    long_held = [each for each in held if len(label_of(each)) >= _ONE_EDIT]
    labels = [label_of(each) for each in long_held]
    for start in range(0, len(long_asked) if long_held else 0, _ROWS):
        part = long_asked[start : start + _ROWS]
        matrix = process.cdist([label_of(each) for each in part], labels, scorer=OSA.distance, score_cutoff=2)
        for row, column in zip(*(matrix <= 2).nonzero(), strict=True):
            one, other = part[int(row)], long_held[int(column)]
            if _is_near(label_of(one), label_of(other), int(matrix[row, column])):
                yield one, other


def _is_near(one: str, other: str, distance: int) -> bool:
    shorter = min(len(one), len(other))
    near = 0 < distance <= (2 if shorter >= _TWO_EDITS else 1)
    return near and re.sub(r"\d", "", one) != re.sub(r"\d", "", other)
