"""Times of the year 1 and 9999, ten thousand Received fields, broken tags: no rule raises."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics import discovery
from forensics.absent import Absent
from forensics.examination import signatures
from forensics.findings.dkim_check import Result, check
from forensics.findings.finding import Finding, Looked
from forensics.formats.dkim_keys import Key
from forensics.moments import EARLIEST_NS, LATEST_NS, Meaning
from forensics.records import Record
from forensics.timeline.build import build
from tests.casebuilder import JUNE, CaseBuilder, mail, relayed, sent, stored
from tests.findings.letters import HOSTS, Letter, case_of, logged, thread_index
from tests.reports.cases import ATTACKS

RULES = [offer.maker for offer in discovery.offers("forensics.findings.authenticity")]
KEY = Key(selector="s", domain="d", record="v=DKIM1; p=AAAA")


def records() -> list[Record]:
    made: list[Record] = []
    ends = (EARLIEST_NS, LATEST_NS, 0, JUNE)
    for number, utc in enumerate(ends):
        for other, against in enumerate(ends):
            moments = [
                sent(utc),
                relayed(against, "h", "1/2"),
                relayed(utc, "h", "2/2"),
                stored(against, Meaning.CREATED),
                stored(utc, Meaning.DELIVERED),
                sent(against, meaning=Meaning.THREAD_STARTED, says="Thread-Index"),
                sent(against, meaning=Meaning.STAMPED, says="Message-ID (Outlook)"),
                sent(Absent.UNPARSABLE, says="Date"),
            ]
            made += mail(number * 10 + other, moments=moments)
    for number, attack in enumerate(ATTACKS, start=100):
        moments = [sent(JUNE, says=attack, raw=attack), relayed(JUNE, attack, attack)]
        made += mail(number, moments=moments, message_id=attack)
        made.append(logged(number, EARLIEST_NS, attack, attack, status=attack, recipient=attack, recipients=(attack,)))
    made.append(logged(900, LATEST_NS, "<1@example.jp>", detail="{}"))
    made.append(logged(901, JUNE, "<1@example.jp>", utc=Absent.UNPARSABLE))
    return made


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> CaseBuilder:
    case = CaseBuilder(tmp_path_factory.mktemp("hostile") / "case")
    case.evidence()
    case.parsed(records())
    case.timeline_listed(build(case.view(), case.folder / "timeline").files)
    return case


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_raises_on_the_ends_of_time_and_hostile_text(rule: type, hostile: CaseBuilder) -> None:
    view = hostile.view()
    signatures.fill(view, [])
    said = list(rule().look(view))
    assert isinstance(said[-1], Looked)
    for each in said[:-1]:
        assert isinstance(each, Finding)
        assert len(each.claim_en) < 2000
        assert each.plain()


def test_ten_thousand_received_fields_are_one_finding_at_most(tmp_path: Path) -> None:
    hops = [(HOSTS[n % 3], JUNE - n * 1000 * 10**9) for n in range(10_000)]
    one = Letter(number=1, at=JUNE, hops=hops, more=[("Thread-Index", thread_index(JUNE))])
    case = case_of(tmp_path / "case", [one])
    signatures.fill(case, [])
    for rule in RULES:
        said = list(rule().look(case))
        assert len(said) <= 5, rule.name
        assert all(len(each.plain()["because"]) <= 50 for each in said if isinstance(each, Finding))


@pytest.mark.parametrize(
    "field",
    [
        b"", b";", b"=;=;=", b"v=1", b"v=1; a=rsa-sha256; b=; bh=; d=d; s=s; h=from", b"a" * 100_000,
        b"v=1; a=none; b=AA==; bh=AA==; d=d; s=s; h=from", b"v=2; a=rsa-sha256; b=AA==; bh=AA==; d=d; s=s; h=from",
        b"v=1; a=rsa-sha256; b=!!; bh=AA==; d=d; s=s; h=from",
        b"v=1; a=rsa-sha256; b=AA==; bh=AA==; d=d; s=s; h=" + b":" * 5000,
        b"v=1; a=rsa-sha256; b=AA==; bh=AA==; d=d; s=s; h=from; l=99999999999999999999999", b"\xff\xfe=\xff; b=\x00",
        b"v=1; a=rsa-sha256; b=AA==; bh=AA==; d=d; s=s; h=from; c=x/y/z; t=99999999999999999; x=-1",
        b"v=1; a=ed25519-sha256; b=AA==; bh=AA==; d=d; s=s; h=from; t=1; t=2",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", [b"DKIM-Signature", b"ARC-Seal", b"ARC-Message-Signature"])
def test_broken_tags_are_unsupported_and_never_raise(name: bytes, field: bytes) -> None:
    raw = name + b": i=1; cv=none; " + field + b"\r\nFrom: a@b\r\n\r\nx\r\n"
    found = check(raw, [KEY])
    assert len(found) == (1 if name == b"DKIM-Signature" else 2)
    assert not {each.result for each in found} & {Result.VALID, Result.CHAIN_HOLDS}


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b" x\r\n\r\n", b"no header at all", b"From a@b\r\n>From x\r\n\r\n", b"\x00" * 100]
)
def test_what_is_no_message_is_unreadable_or_has_no_signature(raw: bytes) -> None:
    assert {each.result for each in check(raw, [KEY])} <= {Result.UNREADABLE}
