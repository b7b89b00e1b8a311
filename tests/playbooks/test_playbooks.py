"""Every playbook is whole: both languages, a way from every step to papers, rules, papers and tables that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.examination.playbook_given import Given, template
from forensics.examination.playbook_steps import names_of
from forensics.examination.reporting import available
from forensics.findings.reference import KINDS
from forensics.playbooks import checklist
from forensics.playbooks.model import Does, Playbook
from forensics.playbooks.reading import read_playbook
from forensics.playbooks.shelf import built_in, from_folder, sheets

SMALL = """
spec_version: cacao-2.0
type: playbook
id: small
version: "1"
name: {ja: 小, en: small}
description: {ja: 説明, en: text}
when_to_use: [{ja: 時, en: when}]
acquire_first: [maillog]
legal_basis: [purpose]
workflow_start: start
workflow:
  start: {type: start, on_completion: legal-basis}
  legal-basis:
    type: action
    name: {ja: 根拠, en: basis}
    commands: [{type: manual, command: legal-basis}]
    on_completion: papers
  papers:
    type: action
    name: {ja: 書類, en: papers}
    commands: [{type: forensics, command: report, reports: [custody-form]}]
    on_completion: end
  end: {type: end, name: {ja: 終, en: end}}
"""


def read(text: str) -> Playbook:
    return read_playbook(text.encode(), "a test", sheets())


def test_the_seven_are_there() -> None:
    assert [each.id for each in built_in()] == [
        "leaver",
        "wrong-recipient",
        "account-compromise",
        "malware-mail",
        "harassment",
        "bypassed-approval",
        "legal-hold",
    ]


@pytest.mark.parametrize("playbook", built_in(), ids=lambda each: each.id)
def test_every_rule_paper_and_table_exists(playbook: Playbook) -> None:
    for step in playbook.steps.values():
        assert set(names_of(step.rules)) == set(step.rules)
        assert set(step.reports) <= set(available())
        assert set(step.tables) <= set(KINDS)


@pytest.mark.parametrize("playbook", built_in(), ids=lambda each: each.id)
def test_a_playbook_has_all_its_parts_and_reads_as_a_checklist(playbook: Playbook) -> None:
    assert {Does.LEGAL, Does.ACQUIRE, Does.PARSE, Does.TIMELINE, Does.FIND, Does.REPORT, Does.ASK} <= {
        step.does for step in playbook.steps.values()
    }
    assert playbook.since
    known = [each.days for each in playbook.expires if each.days]
    assert known == sorted(known), "what disappears first stands first"
    assert all(step.leads_to for step in playbook.steps.values() if step.id in ("since", "preserve"))
    for language in (0, 1):
        text = "\n".join(checklist.lines(playbook, language))
        page = checklist.page(playbook, language)
        assert all(step.title[language] in text for step in playbook.steps.values() if step.type == "action")
        assert playbook.sha256 in text
        assert playbook.sha256 in page


@pytest.mark.parametrize("playbook", built_in(), ids=lambda each: each.id)
def test_the_file_of_answers_can_be_read_back(playbook: Playbook, tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(template(playbook), encoding="utf-8")
    assert Given.of_file(path) == Given()


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("on_completion: papers", "on_completion: nowhere", "no such step"),
        ("on_completion: papers", "on_completion: end", "no step leads to the step papers"),
        ("on_completion: end", "on_completion: legal-basis", "circle"),
        ("command: report, reports: [custody-form]", "command: find, rules: [D01]", "without the legal basis"),
        ("ja: 書類, en: papers", "en: papers", "ja and en"),
        ("reports: [custody-form]", "reports: []", "names no reports"),
        ("legal_basis: [purpose]", "legal_basis: [motive]", "'motive'"),
        ("acquire_first: [maillog]", "acquire_first: []", "lacks"),
        ("type: manual, command: legal-basis", "type: forensics, command: legal-basis", "wrong type"),
        ("command: report,", "command: rm,", "none that is known"),
        ('version: "1"', 'version: "1"\nscript: x', "'script'"),
        ("  end: {type: end", "  lost: {type: end, name: {ja: 終, en: end}}\n  end: {type: end", "no step leads to"),
    ],
)
def test_what_is_wrong_with_a_playbook_is_said(old: str, new: str, what: str) -> None:
    assert read(SMALL).id == "small"
    assert old in SMALL
    with pytest.raises(UsageError, match="this playbook cannot be used") as told:
        read(SMALL.replace(old, new, 1))
    assert what in told.value.what


def test_a_folder_gives_its_playbooks(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no playbooks"):
        from_folder(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    assert [each.id for each in from_folder(tmp_path)] == ["small"]
