"""Every row of the catalogue of questions is answered: by a rule card, or where its line says."""

from __future__ import annotations

import re

import pytest

from forensics.findings import lists, packs
from tests.architecture.source import ROOT

ROWS = lists.catalogue()


def test_the_catalogue_is_whole() -> None:
    counts = {letter: sum(row.id[0] == letter for row in ROWS) for letter in "DCPTGR"}
    assert counts == {"D": 13, "C": 9, "P": 15, "T": 10, "G": 26, "R": 20}
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_of_the_catalogue_is_answered(row: lists.Row) -> None:
    cards = [card.id for card in packs.built_in().cards if row.id in card.answers]
    assert cards or all(row.where), f"{row.id} {row.item} is answered by no card and nowhere else"


@pytest.mark.parametrize("card", packs.built_in().cards, ids=lambda card: card.id)
def test_a_card_answers_rows_that_there_are(card: object) -> None:
    known = {row.id for row in ROWS}
    assert set(getattr(card, "answers", ())) <= known | {f"X{number}" for number in range(1, 7)}


def test_the_page_of_rules_has_every_row() -> None:
    page = (ROOT / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| ([A-Z]\d\d) \|", page, re.M) == [row.id for row in ROWS]
