"""Answers a query from the index: which messages, and in which of their fields."""

from __future__ import annotations

from collections.abc import Collection

from forensics.findings.searching import keys
from forensics.findings.searching.index import Index
from forensics.findings.searching.query import FIELDS, Query, Term

_FEW, _MANY, _LOOKED_AT = 8, 5_000, 200
_WEIGHTS = {"subject": 4, "name": 4, "file": 2, "body": 2, "from": 1, "to": 1}


def matches(index: Index, query: Query) -> dict[int, int]:
    """The messages that answer, each with the fields in which a wanted term stands, as bits."""
    found: dict[int, int] = {}
    known: dict[Term, dict[int, int]] = {}
    for group in query.groups:
        for term in group:
            if term not in known:
                known[term] = places(index, term)
        wanted = [known[term] for term in group if not term.unwanted]
        unwanted = [known[term] for term in group if term.unwanted]
        first, *others = sorted(wanted, key=len)
        chosen = set(first).intersection(*others).difference(*unwanted)
        for each in wanted:
            for n in chosen:
                found[n] = found.get(n, 0) | each[n]
    return found


def ranked(found: dict[int, int], chosen: Collection[int]) -> list[int]:
    """By the fields in which something stands (subjects and names of files first), then by time."""
    worth = [
        sum(_WEIGHTS[name] for at, name in enumerate(FIELDS) if bits >> at & 1) for bits in range(1 << len(FIELDS))
    ]
    return sorted(chosen, key=lambda n: (-worth[found[n]], n))


def places(index: Index, term: Term) -> dict[int, int]:
    """The messages in which a term stands."""
    units = keys.units(term.key)
    if len(term.key) == 1 and not keys.is_word(term.key):
        return index.part(term.key, term.field)
    found = _one_word(index, term) if units == [term.key] and keys.is_word(term.key) else _phrase(index, term, units)
    if any(map(keys.is_word, units)):
        wanted = term.pattern()
        _add(found, index.looked_at(index.long_docs(), lambda key: wanted.search(key) is not None, term.field))
    return found


def _one_word(index: Index, term: Term) -> dict[int, int]:
    if term.begins:
        return index.phrase([term.key], term.field, open_end=not term.ends)
    if len(term.key) <= len("ab"):
        return index.part(term.key, term.field)
    found: dict[int, int] = {}
    for word in index.words(term.key, ends=term.ends):
        _add(found, index.phrase([word], term.field))
    return found


def _phrase(index: Index, term: Term, units: list[str]) -> dict[int, int]:
    """Terms side by side; a word in letters at an end of them may be a part of a longer one."""
    listed, open_end = _listed(units)
    open_end = open_end and not (term.ends and keys.is_word(units[-1]))
    if not keys.is_word(units[0]) or term.begins:
        return index.phrase(listed, term.field, open_end=open_end)
    words = index.words(units[0], ends=True)
    found: dict[int, int] = {}
    if len(words) <= _FEW:
        for word in words:
            _add(found, index.phrase([word, *listed[1:]], term.field, open_end=open_end))
        return found
    wanted = term.pattern()
    docs = index.docs(listed[1:], open_end=open_end)
    if len(docs) > _LOOKED_AT and len(words) <= _MANY:
        docs &= set().union(*(index.docs([word]) for word in words))
    return index.looked_at(docs, lambda key: wanted.search(key) is not None, term.field)


def _listed(units: list[str]) -> tuple[list[str], bool]:
    """The terms for the index, and whether the last may be the beginning of one."""
    found: list[str] = []
    for unit in units[:-1]:
        found += [unit] if keys.is_word(unit) else [*keys.pairs(unit), unit[-1]]
    last = units[-1]
    if keys.is_word(last) or len(last) == 1:
        return [*found, last], True
    return [*found, *keys.pairs(last)], False


def _add(found: dict[int, int], more: dict[int, int]) -> None:
    for n, bits in more.items():
        found[n] = found.get(n, 0) | bits
