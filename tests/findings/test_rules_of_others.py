"""YARA over contents and Sigma over logs: what matches, what cannot be asked, rules that never end, libraries gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile.acts import Act
from forensics.errors import UsageError
from forensics.examination import sigma_asking, yara_asking
from forensics.examination.acquiring import acquire_path
from forensics.examination.conductor import Examination
from forensics.examination.finding import RuleSummary, find
from forensics.examination.parsing import parse
from forensics.examination.timelining import timeline
from forensics.findings import sigma_rules, yara_scan
from forensics.findings.finding import Finding, Looked
from tests.cli.command import here
from tests.findings.cards.stand_in import StandIn

needs_yara = pytest.mark.skipif(not yara_scan.installed(), reason="the library yara-x is not installed")
needs_sigma = pytest.mark.skipif(not sigma_rules.installed(), reason="the library pySigma is not installed")

LETTER = b"""From: a@example.jp\r
To: b@example.com\r
Subject: plans\r
Date: Mon, 1 Jun 2026 10:00:00 +0900\r
Message-ID: <1@example.jp>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=cut\r
\r
--cut\r
Content-Type: text/plain\r
\r
hello\r
--cut\r
Content-Type: application/octet-stream; name=plan.bin\r
Content-Disposition: attachment; filename=plan.bin\r
Content-Transfer-Encoding: base64\r
\r
U0VDUkVUIFdPUkQgaGVyZQ==\r
--cut--\r
"""
RULE = """rule secret_word {
  meta: author = "somebody"
  strings: $word = "SECRET WORD"
  condition: $word
}
rule nothing { condition: filesize > 900MB }
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("others")
    (folder / "mail").mkdir()
    (folder / "mail" / "one.eml").write_bytes(LETTER)
    (folder / "mail" / "two.eml").write_bytes(LETTER.replace(b"<1@", b"<2@"))
    with Examination.create(folder / "case", {"title": "t", "examiner": "e"}) as examination:
        acquire_path(examination, folder / "mail")
        parse(examination)
        timeline(examination)
    return folder / "case"


def scanned(case: Path, tmp_path: Path, text: str) -> RuleSummary:
    rules = tmp_path / "rules.yar"
    rules.write_text(text)
    with Examination(case) as examination:
        (found,) = find(examination, others=[yara_asking.question(rules, examination.station)]).rules
    return found


@needs_yara
def test_a_rule_that_matches_an_attachment_is_one_finding_with_every_place(case: Path, tmp_path: Path) -> None:
    found = scanned(case, tmp_path, RULE)
    (one,) = found.findings
    assert "the YARA rule secret_word matches the attachment 'plan.bin'" in one["claim_en"]
    assert len(one["because"]) == 2
    assert "author=somebody" in one["because"][0]["en"]
    assert "$word 0+11" in one["because"][0]["en"]
    assert "malware" not in json.dumps(one)
    assert (found.considered, found.could_not_read) == (3, 0)
    with Examination(case) as examination:
        line = examination.view().newest(Act.FIND, rule="yara")
    assert line is not None
    assert line.value["params"]["rules_file"] == "rules.yar"
    assert len(line.value["params"]["rule_sha256"]) == 64
    assert scanned(case, tmp_path, RULE).unchanged


@needs_yara
def test_a_rule_that_matches_the_stored_text_of_a_message_names_it(case: Path, tmp_path: Path) -> None:
    found = scanned(case, tmp_path, 'rule id { strings: $a = "<2@example.jp>" condition: $a }')
    (one,) = found.findings
    assert "the stored text of a message" in one["claim_en"]


@needs_yara
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule a {\n condition: nowhere }", "line 2: unknown identifier"),
        ('include "/etc/passwd"\nrule a { condition: true }', "line 1: include statements not allowed"),
        ('import "pe"\nrule a { condition: pe.is_pe }', "modules are switched off"),
    ],
)
def test_rules_that_cannot_be_used_are_one_sentence(case: Path, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        scanned(case, tmp_path, text)


@needs_yara
def test_a_rule_without_end_is_stopped_and_said(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yara_asking, "SECONDS", 1)
    endless = "for all i in (0..1000000000) : (for all j in (0..1000000000) : (i + j >= 0))"
    found = scanned(case, tmp_path, f"rule endless {{ condition: {endless} }}")
    assert (found.found, found.could_not_read) == (0, 3)
    assert "did not end in their time" in found.why_not[0][1]


def test_a_case_under_two_person_control_is_not_scanned(tmp_path: Path) -> None:
    view: Any = StandIn({})
    view.vault = object()
    (looked,) = yara_asking.ask(view, None, "", "rules")  # type: ignore[arg-type]
    assert isinstance(looked, Looked)
    assert "two-person control" in looked.why_not[0][1]


def test_without_the_libraries_both_say_what_to_install(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yara_scan, "yara_x", None)
    monkeypatch.setattr(sigma_rules, "SigmaRule", None)
    found = scanned(case, tmp_path, RULE)
    assert found.found == 0
    assert "email-forensics[yara]" in found.why_not[0][1]
    (looked,) = sigma(tmp_path, "{Operation: x}")
    assert isinstance(looked, Looked)
    assert "email-forensics[sigma]" in looked.why_not[0][1]


LOG = [
    {"source": "m365_audit", "operation": "New-InboxRule", "at": "2026-05-11T10:00+09:00", "actor": "a@example.jp",
     "actor_ip": "10.1.2.3", "detail": '{"record": {"Workload": "Exchange", "Count": 7, "Parameters": '
     '[{"Name": "DeleteMessage", "Value": "True"}], "Deep": {"Inner": "x_y"}}}'},
    {"source": "m365_audit", "operation": "MailItemsAccessed", "at": "2026-05-11T11:00+09:00", "actor": "b@example.jp",
     "actor_ip": "192.0.2.1", "detail": '{"record": {"Workload": "exchange", "Count": 3}}'},
    {"source": "postfix", "operation": "sent", "at": "2026-05-11T12:00+09:00", "actor": "c@example.jp", "detail": "{}"},
]  # fmt: skip


def sigma(
    tmp_path: Path, selection: str, condition: str = "sel", level: str = "high", product: str = "m365"
) -> list[Finding | Looked]:
    (tmp_path / "rule.yml").write_text(
        f"title: T\nid: one\nlogsource: {{product: {product}}}\n"
        f"detection:\n  sel: {selection}\n  condition: {condition}\nlevel: {level}\n"
    )
    (question,) = sigma_asking.questions_of(tmp_path / "rule.yml")
    return list(question.ask(StandIn({"log": LOG})))


@needs_sigma
@pytest.mark.parametrize(
    ("selection", "condition", "accounts"),
    [
        ("{Operation: new-inboxrule}", "sel", "a"),
        ("{Operation|startswith: Mail}", "sel", "b"),
        ("{Operation: '*items*'}", "sel", "b"),
        ("{Operation: 'new?inboxrule'}", "sel", "a"),
        ("{Operation|cased: new-inboxrule}", "sel", ""),
        ("{workload: Exchange}", "sel", "ab"),
        ("{Workload|cased: Exchange}", "sel", "a"),
        ("{Count: 7}", "sel", "a"),
        ("{Count|gte: 3}", "sel", "ab"),
        ("{Count|lt: 4}", "sel", "b"),
        ("{Parameters|contains: deletemessage}", "sel", "a"),
        ("{Parameters|contains|all: [deletemessage, 'true']}", "sel", "a"),
        ("{Deep.Inner: x_y}", "sel", "a"),
        ("{Deep.Inner: xxy}", "sel", ""),
        ("{Deep.Inner: x_y}", "not sel", "b"),
        ("{Deep.Inner|exists: true}", "sel", "a"),
        ("{Nowhere|exists: false}", "sel", "ab"),
        ("{Deep: null}", "sel", "b"),
        ("{ClientIP|cidr: 10.0.0.0/8}", "sel", "a"),
        ("{Operation|re: '^New-(Inbox|X)Rule$'}", "sel", "a"),
        ("{UserId|endswith: '@example.jp', Operation: [x, MailItemsAccessed]}", "sel", "b"),
        ("[DeleteMessage]", "sel", "a"),
    ],
)
def test_a_rule_finds_just_the_records_that_it_describes(
    tmp_path: Path, selection: str, condition: str, accounts: str
) -> None:
    *found, looked = sigma(tmp_path, selection, condition)
    assert isinstance(looked, Looked)
    assert not looked.why_not
    assert looked.considered == 2
    said = "".join(each.claim_en for each in found if isinstance(each, Finding))
    assert [name for name in "abc" if f"{name}@example.jp" in said] == list(accounts)


@needs_sigma
def test_the_level_of_a_rule_is_its_confidence_and_its_name_is_its_id(tmp_path: Path) -> None:
    words = []
    for level in ("critical", "medium"):
        first, _ = sigma(tmp_path, "{Operation: New-InboxRule}", level=level)
        assert isinstance(first, Finding)
        assert first.rule == "sigma-one"
        words.append(str(first.confidence))
    assert words == ["likely", "possible"]


@needs_sigma
@pytest.mark.parametrize(
    ("selection", "condition", "product", "said"),
    [
        ("{Nowhere: x}", "sel", "m365", "no field 'Nowhere'"),
        ("{Operation: x}", "sel", "windows", "none of the logs"),
        ("{Operation: x}", "sel", "azure, service: signinlogs", "holds no logs of its logsource"),
        ("{Operation: x}", "sel and", "m365", "not run, because"),
        ("{Operation: x}", "gone", "m365", "not run, because"),
        ("{Operation: x}", "not " * 200 + "sel", "m365", "not run, because"),
        ("{Operation: x}", "sel or " * 1000 + "sel", "m365", "longer than 1,000"),
        ("{Operation|re: '" + "a{1000}" * 400 + "'}", "sel", "m365", "longer than 1,000"),
        ("{Operation|re: '(((a{1000}){1000}){1000})'}", "sel", "m365", "not run, because"),
        ("{Operation|re: '(?<=x)y'}", "sel", "m365", "not run, because"),
        ("{ClientIP|cidr: '2001:db8::/32'}", "sel", "m365", "IPv6"),
        ("{Operation|fieldref: UserId}", "sel", "m365", "not supported"),
        ("x", "sel | count() > 3", "m365", "not run, because"),
    ],
)
def test_what_cannot_be_asked_is_not_run_and_says_why(
    tmp_path: Path, selection: str, condition: str, product: str, said: str
) -> None:
    (looked,) = sigma(tmp_path, selection, condition, product=product)
    assert isinstance(looked, Looked)
    assert said in looked.why_not[0][1]


@needs_sigma
def test_a_regular_expression_that_backtracks_elsewhere_ends_here(tmp_path: Path) -> None:
    *_, looked = sigma(tmp_path, "{Operation|re: '(a+)+$'}")
    assert isinstance(looked, Looked)
    assert not looked.why_not


@needs_sigma
def test_values_of_a_rule_never_become_sql(tmp_path: Path) -> None:
    hostile = "x'') OR 1=1 --"
    (looked,) = sigma(tmp_path, f"{{Operation: '{hostile}'}}")
    assert isinstance(looked, Looked)
    assert not looked.why_not


@needs_sigma
def test_two_rules_of_one_name_and_a_folder_without_rules_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Sigma rules"):
        sigma_asking.questions_of(tmp_path)
    rule = "title: T\nid: one\nlogsource: {product: m365}\ndetection: {s: {a: b}, condition: s}\n"
    (tmp_path / "a.yml").write_text(f"{rule}---\n{rule}")
    with pytest.raises(UsageError, match="two Sigma rules are named sigma-one"):
        sigma_asking.questions_of(tmp_path)


@needs_yara
@needs_sigma
def test_the_verb_asks_only_the_rules_of_the_files_given(case: Path, tmp_path: Path) -> None:
    (tmp_path / "r.yar").write_text(RULE)
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "r.yml").write_text(
        "title: T\nid: one\nlogsource: {product: m365}\ndetection: {s: {a: b}, condition: s}\n"
    )
    given = ("--yara", str(tmp_path / "r.yar"), "--sigma", str(tmp_path / "s"))
    told = json.loads(here("find", "--case", str(case), *given, "--json").out)
    assert [(each["rule"], each["found"]) for each in told["rules"]] == [("yara", 1), ("sigma-one", 0)]
