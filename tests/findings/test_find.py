"""The step and the verb: keys as evidence, signatures in guarded workers, the ledger, papers, verification."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from forensics.casefile.acts import Act
from forensics.errors import UsageError
from forensics.examination.acquiring import acquire_path
from forensics.examination.conductor import Examination
from forensics.examination.finding import FindSummary, find
from forensics.examination.parsing import parse
from forensics.examination.questions import available
from forensics.examination.reporting import report
from forensics.examination.timelining import timeline
from forensics.examination.verifying import verify
from tests.casebuilder import JUNE
from tests.cli.command import here
from tests.findings.letters import DAY, Letter, google_id
from tests.findings.test_dkim import DELIVERED, LETTER, public, signed
from tests.reports.browser import Browser, needs_chromium


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    good = signed(extra=b"t=%d" % DELIVERED)
    forged = Letter(number=9, at=JUNE, date=JUNE - 20 * DAY, message_id=google_id(JUNE)).raw()
    letters = [good, good.replace(b"Dear", b"Dead").replace(b"<1@", b"<2@"), forged, LETTER.replace(b"<1@", b"<3@")]
    stored = (each.replace(b"\r\n", b"\n").replace(b"\nFrom here", b"\n>From here") for each in letters)
    box = b"".join(b"From - Mon Jun  1 01:03:20 2026\n" + each + b"\n" for each in stored)
    (folder / "mail").mkdir()
    (folder / "mail" / "inbox.mbox").write_bytes(box)
    (folder / "mail" / "other.eml").write_bytes(
        good.replace(b"<1@", b"<5@").replace(b"Subject: plans", b"Subject: plane")
    )
    rows = f'k1,example.jp,"v=DKIM1; k=rsa; p={public()}",2026-06-02,H. Abe,192.0.2.1\n'
    (folder / "dkim-keys.csv").write_text("selector,domain,record,fetched,by,resolver\n" + rows)
    return folder


def made(folder: Path, *sources: Path) -> None:
    with Examination.create(folder, {"title": "t", "examiner": "e"}) as examination:
        for source in sources:
            acquire_path(examination, source)
        parse(examination)
        timeline(examination)


def of(summary: FindSummary, rule: str) -> list[dict[str, object]]:
    return next(list(each.findings) for each in summary.rules if each.rule == rule)


@pytest.fixture(scope="module")
def case(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("found") / "case"
    made(folder, sources / "mail", sources / "dkim-keys.csv")
    with Examination(folder) as examination:
        find(examination)
    return folder


def test_changed_letters_are_told_from_whole_ones_with_the_key_of_the_evidence(case: Path) -> None:
    with Examination(case) as examination:
        summary = find(examination)
    found = of(summary, "body-changed")
    claims = sorted(str(each["claim_en"]) for each in found)
    assert ["body is not the one" in claims[0], "header fields" in claims[1]] == [True, True]
    assert {each["confidence"] for each in found} == {"certain", "likely"}
    assert all("H. Abe" in str(each["because"]) for each in found)
    assert all("/header:" in each["because"][0]["address"] for each in found)  # type: ignore[index]
    assert len(of(summary, "date-forged")) == 1
    assert all(each.unchanged for each in summary.rules)


def test_what_was_found_is_on_the_ledger_and_verified(case: Path) -> None:
    assert verify(case).exit_code == 0
    path = case / "findings" / "date-forged.jsonl"
    whole = path.read_bytes()
    path.chmod(0o644)
    try:
        path.write_bytes(whole.replace(b"claim", b"cloim"))
        assert [each.place for each in verify(case).differences] == ["findings/date-forged.jsonl"]
        (case / "findings" / "more.jsonl").write_bytes(b"{}")
        assert "findings/more.jsonl" in [each.place for each in verify(case).differences]
    finally:
        path.write_bytes(whole)
        (case / "findings" / "more.jsonl").unlink(missing_ok=True)


def test_each_rule_is_a_step_with_its_version_parameters_and_hash(case: Path) -> None:
    with Examination(case) as examination:
        line = examination.view().newest(Act.FIND, rule="date-forged")
    assert line is not None
    params = line.value["params"]
    assert params["version"] == "2"
    assert params["parameters"]["queue_days"] == 5
    assert len(params["rule_sha256"]) == 64


def test_a_rule_without_its_evidence_says_why_it_was_not_run(case: Path) -> None:
    with Examination(case) as examination:
        (rule,) = find(examination, ["log-against-mail"]).rules
    assert rule.found == rule.considered == 0
    assert rule.why_not[0][1] == "not run, because this case holds no log events"


def test_one_rule_by_its_name_and_none_by_another(case: Path) -> None:
    with Examination(case) as examination:
        assert [each.rule for each in find(examination, ["uid-order"], again=True).rules] == ["uid-order"]
        with pytest.raises(UsageError):
            find(examination, ["no-such-rule"])
    assert verify(case).exit_code == 0


def test_without_a_key_file_what_cannot_be_checked_is_said(sources: Path, tmp_path: Path) -> None:
    made(tmp_path / "case", sources / "mail")
    with Examination(tmp_path / "case") as examination:
        (rule,) = find(examination, ["body-changed"]).rules
    said = " ".join(en for _, en in rule.why_not)
    assert "the key is not among the evidence" in said
    assert "there is no key file" in said
    assert [each["confidence"] for each in rule.findings] == ["likely"]


def test_the_verb_shows_a_table_reasons_and_one_object(case: Path) -> None:
    shown = here("find", "--case", str(case), "--explain")
    assert shown.code == 0
    assert "date-forged" in shown.out
    assert "because" in shown.out
    told = json.loads(here("find", "--case", str(case), "--rule", "date-forged", "--json").out)
    assert [each["found"] for each in told["rules"]] == [1]


def test_the_papers_hold_every_finding_and_every_rule(case: Path) -> None:
    with Examination(case) as examination:
        report(examination, ["findings-csv", "findings-html"])
    rows = list(csv.reader((case / "reports" / "findings.csv").read_text(encoding="utf-8-sig").splitlines()))
    rules = {row[1] for row in rows[1:]}
    assert rules == set(available())
    html = (case / "reports" / "findings.html").read_text(encoding="utf-8")
    assert "http" not in html.replace("http-equiv", "")
    assert "示さないこと" in html
    assert "not run, because this case holds no log events" in html


@needs_chromium
def test_the_page_opens_prints_and_changes_its_language(case: Path, tmp_path: Path) -> None:
    with Examination(case) as examination:
        report(examination, ["findings-html"])
    page = case / "reports" / "findings.html"
    with Browser() as browser:
        browser.open(page)
        assert "規則による検討結果" in browser.run("document.body.innerText")
        browser.run("document.getElementById('language').click()")
        assert "What the rules found" in browser.run("document.body.innerText")
        browser.pdf(tmp_path / "page.pdf")
        assert browser.errors == []
        assert browser.requests == [page.resolve().as_uri()]
