"""Thirty planted contradictions are found, and nothing is invented, neither beside them nor in their twin."""

from __future__ import annotations

from pathlib import Path

from forensics import discovery
from forensics.casefile.view import CaseView
from forensics.findings.finding import Finding
from forensics.timeline.build import build
from tests.casebuilder import CaseBuilder
from tests.findings.letters import look
from tests.findings.planted import Exchange, exchange

NEEDS_WORKERS = "body-changed"
"""Checked over stored bytes: see test_dkim_in_a_case."""


def opened(folder: Path, made: Exchange) -> CaseView:
    case = CaseBuilder(folder)
    case.evidence(files={"mail/inbox.mbox": b"From - ", "mail.log": b"x"})
    case.parsed(made.records())
    case.timeline_listed(build(case.view(), folder / "timeline").files)
    return case.view()


def asked(case: CaseView) -> dict[str, list[Finding]]:
    rules = [each for each in discovery.offers("forensics.findings.authenticity") if each.name != NEEDS_WORKERS]
    assert len(rules) == 11
    return {rule.name: look(rule.maker(), case)[0] for rule in rules}


def test_thirty_planted_contradictions_are_found_and_none_is_invented(tmp_path: Path) -> None:
    made = exchange(planted=True)
    assert len(made.expected) == 30
    found = asked(opened(tmp_path / "case", made))
    records = {letter.record: letter.number for letter in made.letters}
    told = {
        (rule, records[subject])
        for rule, findings in found.items()
        for finding in findings
        for subject in finding.subject
        if subject in records
    }
    assert [each for each in made.expected if each not in told] == []
    planted = {number for _, number in made.expected} | set(range(700, 708))
    assert sorted(each for each in told if each[1] not in planted) == []
    assert len(found["clock-skew"]) == 1
    assert "slow.example.jp" in found["clock-skew"][0].claim_en
    assert not {number for rule, number in told if rule in ("header-added", "date-forged")} & set(range(700, 708))


def test_the_twin_without_them_has_no_finding(tmp_path: Path) -> None:
    found = asked(opened(tmp_path / "case", exchange(planted=False)))
    assert {rule: [each.claim_en for each in findings] for rule, findings in found.items() if findings} == {}
