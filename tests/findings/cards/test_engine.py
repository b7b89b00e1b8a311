"""The engine of rule cards: what a card must be, packs, parameters, time limits, and what a card may not do."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.examination.questions import questions
from forensics.findings import asking, packs, reference, running, views
from forensics.findings.card import Card, read_card, with_parameters
from forensics.findings.finding import Finding, Looked
from tests.findings.cards.stand_in import StandIn

CARD = """
id: U01
version: "1"
title: {ja: 題, en: title}
explanation: {ja: 説明, en: words}
needs: [message]
parameters: {least: {value: 2, unit: messages, ja: 最少, en: fewest}}
sql: |
  SELECT id AS record, address, sender_address AS sender, date_utc AS utc FROM message WHERE $least <= 2
group: [sender]
claim: {ja: "{sender} {n} {nothing}", en: "{sender} {n} {nothing}"}
because: {ja: "{utc}", en: "{utc}"}
"""
MAIL = {
    "mail": [
        {"from": "b@example.jp", "to": ["x@out.example"], "at": "2026-05-12T10:00+09:00"},
        {"from": "a@example.jp", "to": ["x@out.example"], "at": "2026-05-11T10:00+09:00"},
        {"from": "b@example.jp", "to": ["x@out.example"], "at": "2026-05-10T10:00+09:00"},
    ]
}


@pytest.fixture(autouse=True)
def _no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "rows_of", lambda case, name: [])


def card(text: str = CARD) -> Card:
    return read_card(text.encode(), "u.yaml", "mine")


def asked(one: Card, **given: str) -> list[Finding | Looked]:
    return list(running.run(StandIn(MAIL), one, with_parameters(one, given)))


def test_equal_groups_are_one_finding_in_a_stable_order_with_times_in_the_zone_of_the_case() -> None:
    first, second, looked = asked(card())
    assert isinstance(first, Finding)
    assert isinstance(second, Finding)
    assert isinstance(looked, Looked)
    assert (first.claim_en, second.claim_ja) == ("a@example.jp 1 not recorded", "b@example.jp 2 記録なし")
    assert [each.en for each in second.because] == ["2026-05-10 10:00:00", "2026-05-12 10:00:00"]
    assert looked.found == 2
    assert asked(card()) == [first, second, looked]


def test_a_parameter_is_set_and_keeps_its_type() -> None:
    assert [type(each) for each in asked(card(), least="3")] == [Looked]
    with pytest.raises(UsageError, match="no number"):
        with_parameters(card(), {"least": "many"})
    with pytest.raises(UsageError, match="no parameter"):
        with_parameters(card(), {"most": "1"})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: U01", "id: '../x'", "its id"),
        ("needs:", "wants:", "'wants', which no card has"),
        ("title: {ja: 題, en: title}", "title: {ja: 題}", "not said in ja and en"),
        ("title: {ja: 題, en: title}", "title: {ja: 題, en: one, two}", "stands in quotes"),
        ("SELECT id", "DELETE FROM message; SELECT id", "not one SELECT"),
        ("SELECT id", "INSTALL httpfs; SELECT id", "not one SELECT"),
        ("SELECT id", "SELEC id", "cannot be understood"),
        ("version:", "detector: x\nversion:", "neither or both"),
        ("id: U01", "id: &a U01", "anchor"),
    ],
)
def test_a_card_that_is_none_is_refused_in_one_sentence(old: str, new: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        card(CARD.replace(old, new, 1))
    assert said in str(caught.value.what)
    assert caught.value.place == "u.yaml"


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "COPY message TO 'x.csv'"]
)
def test_a_card_reaches_no_file(sql: str) -> None:
    try:
        one = card(CARD.partition("sql:")[0] + f"sql: |\n  {sql}\nclaim: {{ja: a, en: a}}\nbecause: {{ja: a, en: a}}\n")
    except UsageError:
        return
    with pytest.raises(UsageError, match="cannot be asked"):
        asked(one)


def test_a_card_that_does_not_end_is_stopped_and_says_so() -> None:
    endless = "SELECT count(*) AS record FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = -1"
    one = card(CARD.replace(CARD[CARD.index("SELECT") : CARD.index("group:")], endless + "\n"))
    (looked,) = asking.ask(StandIn(MAIL), one, {"least": 2}, limit=0.2)
    assert isinstance(looked, Looked)
    assert "stopped" in looked.why_not[0][1]


def test_a_rule_whose_evidence_is_missing_says_so() -> None:
    (looked,) = running.run(StandIn({}), card(), {"least": 2})
    assert isinstance(looked, Looked)
    assert looked.why_not[0][1] == "not run, because this case holds no messages"


def test_a_pack_from_a_folder_is_asked_beside_the_others_and_brings_no_python(tmp_path: Path) -> None:
    (tmp_path / "u.yaml").write_text(CARD, encoding="utf-8")
    assert [each.name for each in questions(["U01"], [tmp_path])] == ["U01"]
    (tmp_path / "v.yaml").write_text(CARD, encoding="utf-8")
    with pytest.raises(UsageError, match="twice"):
        packs.from_folder(tmp_path)
    (tmp_path / "v.yaml").write_text(CARD.replace("U01", "D01"), encoding="utf-8")
    with pytest.raises(UsageError, match="both have a rule D01"):
        questions(["U01"], [tmp_path])
    start, end = CARD.index("sql:"), CARD.index("group:")
    (tmp_path / "v.yaml").write_text(
        CARD[:start].replace("U01", "U02") + "detector: d\n" + CARD[end:], encoding="utf-8"
    )
    with pytest.raises(UsageError, match="installed packages only"):
        packs.from_folder(tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        packs.from_folder(tmp_path / "none")
    with pytest.raises(UsageError, match="no rule named"):
        questions(["Z99"])


def test_a_table_of_the_client_takes_the_place_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = [{"domain": "own-mail.example", "class": "free"}]
    monkeypatch.setattr(reference, "rows_of", lambda case, name: mine if name == "freemail" else [])
    case = StandIn(MAIL)
    views.prepare(case, ["freemail", "shorteners"])
    assert [row["domain"] for row in case.rows("SELECT domain FROM freemail")] == ["own-mail.example"]
    assert case.rows("SELECT count(*) AS n FROM shorteners")[0]["n"] > 5


def test_the_digest_of_a_pack_follows_from_its_cards_alone() -> None:
    once, again = packs.built_in(), packs._pack(packs.BUILT_IN, packs._files(Path(packs.__file__).parent / "cards"))
    assert once.sha256 == again.sha256
