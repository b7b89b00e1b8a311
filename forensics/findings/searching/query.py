"""What a person may write as a query, and what is meant by it.

``A B`` both; ``"A B"`` side by side; ``A OR B`` either; ``-A`` not; ``subject:A`` only there; ``A*`` a word that begins
with it; ``=A`` a whole word. Anything else is looked for as it is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from forensics.errors import UsageError
from forensics.findings.searching import keys

FIELDS = ("subject", "body", "name", "file", "from", "to")
"""The subject, the body texts, the names of attachments, the texts of attachments, senders, recipients."""
_ALSO = {"件名": "subject", "本文": "body", "添付名": "name", "添付": "file", "差出人": "from", "宛先": "to"}
LONGEST, MOST = 1000, 64
_HOW = "write words, or see docs/how-to/search.md"
_PIECE = re.compile(r'(?P<lead>(?:-|=|[^\s":*=-]{1,10}[:：])*)"(?P<quoted>[^"]*)"|(?P<plain>\S+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing to look for: ``said`` as it was written, ``key`` as it is compared."""

    said: str
    key: str
    field: str = ""
    begins: bool = False
    ends: bool = False
    unwanted: bool = False

    def pattern(self) -> re.Pattern[str]:
        """Finds it in the key of a text."""
        return keys.pattern(self.key, begins=self.begins, ends=self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Any of the groups; of a group every term that is wanted, and none that is not."""

    groups: tuple[tuple[Term, ...], ...]

    @property
    def wanted(self) -> tuple[Term, ...]:
        """Every term that a hit can show, once."""
        return tuple(dict.fromkeys(term for group in self.groups for term in group if not term.unwanted))


def literal(text: str) -> Term:
    """A line of a list, or the name of a person, as one term without operators."""
    _not_too_long(text)
    return _term(text, text, field="", unwanted=False, whole=False, star=False)


def parse(text: str) -> Query:
    """The query that was written, or a :class:`UsageError` that says in one sentence why it is none."""
    _not_too_long(text)
    if text.count('"') % 2:
        raise UsageError("a quotation mark of the query is not closed", todo=_HOW)
    groups: list[list[Term]] = [[]]
    for piece in _PIECE.finditer(text):
        if piece["plain"] in ("OR", "|"):
            groups.append([])
        elif piece["plain"] != "AND":
            groups[-1].append(_read(piece))
    if sum(map(len, groups)) > MOST:
        raise UsageError(f"the query has more than {MOST} words", todo="ask in parts, or give a list with --list")
    if not any(groups):
        raise UsageError("there is nothing to look for", todo=_HOW)
    for group in groups:
        if not group:
            raise UsageError("there is nothing on one side of OR", todo=_HOW)
        if all(term.unwanted for term in group):
            raise UsageError("the query says only what is not wanted", todo="give a word that is wanted too")
    return Query(groups=tuple(map(tuple, groups)))


def _not_too_long(text: str) -> None:
    if len(text) > LONGEST:
        raise UsageError(
            f"the query has more than {LONGEST:,} characters", todo="ask in parts, or give a list with --list"
        )


def _read(piece: re.Match[str]) -> Term:
    said = piece[0]
    word = piece["plain"] if piece["quoted"] is None else piece["lead"]
    unwanted = word.startswith("-")
    word = word.removeprefix("-")
    field, word = _field(word)
    whole = word.startswith("=")
    word = word.removeprefix("=")
    if piece["quoted"] is not None:
        return _term(said, word + piece["quoted"], field=field, unwanted=unwanted, whole=whole, star=False)
    star = word.endswith("*") and len(word) > 1
    return _term(said, word[:-1] if star else word, field=field, unwanted=unwanted, whole=whole, star=star)


def _field(word: str) -> tuple[str, str]:
    name, colon, rest = word.replace("：", ":", 1).partition(":")
    known = _ALSO.get(name, name.lower())
    return (known, rest) if colon and known in FIELDS else ("", word)


def _term(said: str, text: str, *, field: str, unwanted: bool, whole: bool, star: bool) -> Term:
    key = keys.key_of(text)
    if all(unicodedata.category(each)[0] in "PZCM" for each in key):
        raise UsageError(f"there is nothing to look for in {said!r}", todo=_HOW)
    return Term(said=said, key=key, field=field, begins=whole or star, ends=whole, unwanted=unwanted)


def words_of(lines: Iterator[str]) -> tuple[str, ...]:
    """The words of a list, one on each line, each once; a line that begins with ``#`` is a remark."""
    return tuple(dict.fromkeys(word for line in lines if (word := line.strip()) and not word.startswith("#")))


def within(term: Term, field: str) -> Term:
    """The same term, looked for in one field only."""
    return replace(term, field=field)
