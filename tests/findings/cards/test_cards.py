"""Every card keeps its own tests: it finds what it must, and its guards keep the rest out."""

from __future__ import annotations

from typing import Any

import pytest

from forensics.findings import packs, reference, running
from forensics.findings.card import Card, fields, with_parameters
from forensics.findings.finding import Finding, Looked
from tests.findings.cards.stand_in import StandIn

CARDS = packs.built_in().cards
TESTS = [pytest.param(card, test, id=f"{card.id}: {test['name']}") for card in CARDS for test in card.tests]


@pytest.fixture(autouse=True)
def _given_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "rows_of", lambda case, name: [
        {column: row.get(column, "") for column in reference.KINDS[name].columns} for row in case.given.get(name, [])
    ])  # fmt: skip


def asked(card: Card, test: Any) -> tuple[list[Finding], Looked]:
    values = with_parameters(card, {key: str(value) for key, value in (test.get("parameters") or {}).items()})
    said = list(running.run(StandIn(test), card, values))
    assert isinstance(said[-1], Looked)
    return [each for each in said if isinstance(each, Finding)], said[-1]


@pytest.mark.parametrize(("card", "test"), TESTS)
def test_a_card_finds_what_its_tests_say(card: Card, test: Any) -> None:
    found, looked = asked(card, test)
    assert len(found) == int(test["finds"]), [each.claim_en for each in found]
    assert looked.found == len(found)
    for text in test.get("claims") or []:
        assert any(text in each.claim_ja + each.claim_en for each in found), [each.claim_en for each in found]
    if "confidence" in test:
        assert {str(each.confidence) for each in found} == {test["confidence"]}
    if "why_not" in test:
        assert any(test["why_not"] in en for _, en in looked.why_not)
    for each in found:
        assert each.because
        assert each.subject
        assert all(reason.record for reason in each.because)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_a_card_has_a_hit_and_two_misses(card: Card) -> None:
    hits = [test for test in card.tests if int(test["finds"]) > 0]
    assert hits, "no test in which it finds something"
    assert len(card.tests) - len(hits) >= 2, "fewer than two tests in which a guard holds"


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_a_card_says_what_else_it_may_be_and_what_it_does_not_show(card: Card) -> None:
    assert card.guards
    assert card.also_possible
    assert card.does_not_show
    for pair in (card.title, card.explanation, *card.guards, *card.also_possible, *card.does_not_show):
        assert all(pair)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_both_languages_name_the_same_columns(card: Card) -> None:
    for pair in (card.claim, card.because):
        assert sorted(set(fields(pair[0]))) == sorted(set(fields(pair[1])))
