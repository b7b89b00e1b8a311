"""The words around a hit: it is found in the folded text and shown as it stands in the records."""

from __future__ import annotations

import re
from dataclasses import dataclass

from forensics.findings.searching.keys import key_of
from forensics.findings.searching.query import Term

AROUND = 40
_WINDOW = 600
_SHAKEN = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A hit with what stands before and behind it; ``where`` says where in the field."""

    field: str
    where: str
    before: str
    hit: str
    after: str


def count(text: str, term: Term) -> int:
    """How often a term stands in a text."""
    return sum(1 for _ in term.pattern().finditer(key_of(text)))


def excerpt(text: str, term: Term, field: str, where: str) -> Excerpt | None:
    """The first hit of a term in a text."""
    span = _span(text, term)
    if span is None:
        return None
    first, last = span
    before = ("…" if first > AROUND else "") + text[max(0, first - AROUND) : first]
    after = text[last : last + AROUND] + ("…" if last + AROUND < len(text) else "")
    return Excerpt(field=field, where=where, before=_flat(before), hit=_flat(text[first:last]), after=_flat(after))


def _flat(text: str) -> str:
    return _SHAKEN.sub(" ", text)


def _span(text: str, term: Term) -> tuple[int, int] | None:
    """Where in the text as it is written the first hit lies."""
    wanted = term.pattern()
    size = _WINDOW + 4 * len(term.key)
    for start in range(0, len(text), _WINDOW):
        begin, end = _edge(text, start, -1), _edge(text, start + size, 1)
        if wanted.search(key_of(text[begin:end])):
            first, last = _narrowed(text[begin:end], term)
            return begin + first, begin + last
    # Blanks without end, or marks without end, stand between its characters.
    return _narrowed(text, term) if wanted.search(key_of(text)) else None


def _edge(text: str, at: int, step: int) -> int:
    """The place itself or, where it lies inside a word, the end of that word."""
    while 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum() and text[at] < "\u2e80":
        at += step
    return min(at, len(text))


def _narrowed(window: str, term: Term) -> tuple[int, int]:
    """The shortest stretch that has the hit, by halving: more of a text has what less of it has."""
    wanted = term.pattern()
    low, high = 0, len(window)
    while low < high:
        middle = (low + high) // 2
        if wanted.search(key_of(window[: _edge(window, middle, 1) if term.ends else middle])):
            high = middle
        else:
            low = middle + 1
    last = _edge(window, low, 1) if term.ends else low
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        if wanted.search(key_of(window[_edge(window, middle, -1) if term.begins else middle : last])):
            low = middle
        else:
            high = middle - 1
    return _edge(window, low, -1) if term.begins else low, last
