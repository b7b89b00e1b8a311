"""Blacking out: terms, names and addresses become boxes of one length, and a key list says apart what stood there.

A term is found whatever its width, case and line breaks (NFKD, casefold, no spaces or invisible characters); a box
tells neither length nor first letter. What is not on the list is not found: a person reads the copy before it goes out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from forensics.errors import UsageError
from forensics.reports.papers.model import (
    Block,
    Code,
    Decide,
    Fact,
    Facts,
    Heading,
    Inline,
    Missing,
    Paragraph,
    Ref,
    Run,
    Strong,
    Table,
)

BOX = "■■■■"
SHORTEST = 2
MOST = 2_000
_SAME = str.maketrans("﨑髙濵邉邊齋齊栁", "崎高浜辺辺斎斉柳")


def _folded(text: str) -> tuple[str, list[int]]:
    """The letters that count, and the place of each in the text."""
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for each in unicodedata.normalize("NFKD", char.translate(_SAME)).casefold():
            if not each.isspace() and unicodedata.category(each) not in ("Cf", "Cc"):
                letters.append(each)
                places.append(place)
    return "".join(letters), places


class Redactor:
    """Blacks out the terms of a list and counts where."""

    def __init__(self, terms: Sequence[str]) -> None:
        self.terms = tuple(dict.fromkeys(each.strip() for each in terms if each.strip()))
        keys = [_folded(each)[0] for each in self.terms]
        short = next((term for term, key in zip(self.terms, keys, strict=True) if len(key) < SHORTEST), None)
        if not self.terms or len(self.terms) > MOST or short is not None:
            what = f"{short!r} is too short to black out" if short else f"between 1 and {MOST:,} terms are needed"
            todo = "forensics case answer DIR --answers FILE with redaction_terms = [...]"
            raise UsageError(f"nothing can be blacked out: {what}", todo=todo)
        self._numbers: dict[str, int] = {}
        for number, key in enumerate(keys, 1):
            self._numbers.setdefault(key, number)
        # The longest first, so that a whole name goes before a part of it.
        listed = sorted(self._numbers, key=lambda key: (-len(key), key))
        self._pattern = re.compile("|".join(re.escape(key) for key in listed))
        self.counts: dict[int, dict[str, int]] = {}

    def text(self, text: str, where: str) -> str:
        """The text with a numbered box in place of each term; line breaks inside a term are kept after it."""
        folded, places = _folded(text)
        made: list[str] = []
        done = 0
        for hit in self._pattern.finditer(folded):
            first, last = places[hit.start()], places[hit.end() - 1] + 1
            if first < done:
                continue
            number = self._numbers[hit.group()]
            self.counts.setdefault(number, {})[where] = self.counts.get(number, {}).get(where, 0) + 1
            made += [text[done:first], f"{BOX}〔M{number}〕"]
            done = last
        return "".join([*made, text[done:]])

    def runs(self, runs: Inline, where: str) -> Inline:
        """The same for the runs of a paragraph or cell."""
        return tuple(self._run(run, where) for run in runs)

    def _run(self, run: Run, where: str) -> Run:
        match run:
            case str():
                return self.text(run, where)
            case Code() | Strong():
                return replace(run, text=self.text(run.text, where))
            case Missing() | Decide() | Ref():
                return run

    def blocks(self, blocks: Iterable[Block], where: str) -> list[Block]:
        """The same for whole blocks."""
        return [self._block(block, where) for block in blocks]

    def _block(self, block: Block, where: str) -> Block:
        match block:
            case Heading():
                return replace(block, text=self.text(block.text, where))
            case Paragraph():
                return replace(block, runs=self.runs(block.runs, where))
            case Facts():
                rows = tuple(Fact(name=fact.name, value=self.runs(fact.value, where)) for fact in block.rows)
                return replace(block, rows=rows)
            case Table():
                cells = tuple(tuple(self.runs(cell, where) for cell in row) for row in block.rows)
                return replace(block, rows=cells)
            case _:
                return block
