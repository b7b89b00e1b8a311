"""Looks for a query the slow way, text by text, without an index; and the texts that tests and measurements search."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from forensics.findings.searching import asking
from forensics.findings.searching.index import IndexWriter, opened
from forensics.findings.searching.keys import key_of
from forensics.findings.searching.query import Query, Term

Texts = Mapping[str, Sequence[str]]
"""The texts of one message by field."""


def stands_in(term: Term, key: str) -> bool:
    """Whether the key of a text holds a term, told by characters and not by an expression."""
    at = key.find(term.key)
    while at >= 0:
        behind = at + len(term.key)
        cut_before = term.begins and at > 0 and _letter(key[at - 1]) and _letter(key[at])
        cut_behind = term.ends and behind < len(key) and _letter(key[behind]) and _letter(key[behind - 1])
        if not (cut_before or cut_behind):
            return True
        at = key.find(term.key, at + 1)
    return False


def _letter(character: str) -> bool:
    unspaced = re.match("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0010ffff]", character)
    return character.isalnum() and not unspaced


def answers(query: Query, messages: Sequence[Texts]) -> set[int]:
    """The numbers of the messages that answer, from 1 on."""
    return answers_of_keys(query, keyed(messages))


def keyed(messages: Sequence[Texts]) -> list[Texts]:
    """The messages with the keys of their texts."""
    return [{field: [key_of(text) for text in texts] for field, texts in each.items()} for each in messages]


def answers_of_keys(query: Query, messages: Sequence[Texts]) -> set[int]:
    """The same where the keys were made before."""
    return {n for n, each in enumerate(messages, start=1) if any(_meets(group, each) for group in query.groups)}


def _meets(group: Sequence[Term], message: Texts) -> bool:
    return all(_has(term, message) != term.unwanted for term in group)


def _has(term: Term, message: Texts) -> bool:
    fields = [term.field] if term.field else list(message)
    return any(stands_in(term, key) for field in fields for key in message.get(field, ()))


def indexed(path: Path, messages: Sequence[Texts]) -> Path:
    """An index of these messages."""
    writer = IndexWriter(path)
    for number in range(1, len(messages) + 1):
        writer.message([f"m{number}", number * 1_000_000, "EV-0001", f"EV-0001/{number}", "live", "", ""])
    for number, each in enumerate(messages, start=1):
        for field, texts in each.items():
            for text in texts:
                writer.text(field, text, [number])
    writer.finish({})
    return path


def found(path: Path, query: Query) -> set[int]:
    """What the index answers."""
    with opened(path) as index:
        return set(asking.matches(index, query))
