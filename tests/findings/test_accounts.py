"""Logins after failures, forwarding to outside, clocks that were off for a time, and moves that only logs tell of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.findings.authenticity.clock_skew import ClockSkew
from forensics.findings.authenticity.forwarding_set import ForwardingSet
from forensics.findings.authenticity.header_added import HeaderAdded
from forensics.findings.authenticity.imported_later import ImportedLater
from forensics.findings.authenticity.login_after_failures import LoginAfterFailures
from forensics.findings.authenticity.uid_order import UidOrder
from forensics.findings.finding import Confidence
from forensics.moments import Meaning
from forensics.records import Record
from tests.casebuilder import JUNE, SECOND
from tests.findings.letters import DAY, HOSTS, HOUR, MINUTE, Letter, case_of, kept, look, ordinary
from tests.timeline.lines import line

SATO, OFFICE, ABROAD = "sato@example.jp", "203.0.113.30", "185.220.101.34"


def login(number: int, at: int, *, ip: str = ABROAD, good: bool = False, account: str = SATO) -> Record:
    operation = "UserLoggedIn" if good else "UserLoginFailed"
    return line(number, at, operation, source="m365_audit", actor=account, actor_ip=ip)


def tried(times: int, *, ip: str = ABROAD, at: int = JUNE + 5 * DAY) -> list[Record]:
    """So many failures, half a minute apart, and a login."""
    return [
        *(login(50 + n, at + n * 30 * SECOND, ip=ip) for n in range(times)),
        login(99, at + HOUR // 6, ip=ip, good=True),
    ]


def office() -> list[Record]:
    return [login(n, JUNE + n * DAY, ip=OFFICE, good=True) for n in range(1, 9)]


def logins(folder: Path, records: Iterable[Record]) -> list[Any]:
    return look(LoginAfterFailures(), case_of(folder, ordinary(3), records))[0]


def test_a_login_after_failures_from_a_new_address_is_found_and_named(tmp_path: Path) -> None:
    (found,) = logins(tmp_path / "case", [*office(), *tried(7)])
    assert found.confidence == Confidence.LIKELY
    assert SATO in found.claim_en
    assert ABROAD in found.claim_en
    assert len(found.subject) == 8


def test_a_password_mistyped_at_the_office_is_none(tmp_path: Path) -> None:
    assert logins(tmp_path / "case", [*office(), *tried(7, ip=OFFICE)]) == []
    assert logins(tmp_path / "twice", [*office(), *tried(2)]) == []


def test_a_first_login_with_few_failures_is_only_possible(tmp_path: Path) -> None:
    (found,) = logins(tmp_path / "case", tried(4))
    assert found.confidence == Confidence.POSSIBLE


def rule(target: str, name: str = "ForwardTo") -> Record:
    record = {"Parameters": [{"Name": "Name", "Value": "."}, {"Name": name, "Value": target}]}
    return line(1, JUNE, "New-InboxRule", source="m365_audit", actor=SATO, actor_ip=ABROAD, detail={"record": record})


def forwarded(folder: Path, *records: Record) -> list[Any]:
    return look(ForwardingSet(), case_of(folder, ordinary(3), records))[0]


def test_a_rule_that_forwards_outside_is_found_with_what_was_sent(tmp_path: Path) -> None:
    sent = line(2, JUNE + HOUR, source="message_trace", to=["Copy@elsewhere.example"])
    (found,) = forwarded(tmp_path / "case", rule("smtp:copy@elsewhere.example", "RedirectTo"), sent)
    assert "copy@elsewhere.example" in found.claim_en
    assert "1 entries" in found.claim_en


def test_forwarding_inside_and_rules_without_target_are_none(tmp_path: Path) -> None:
    assert forwarded(tmp_path / "case", rule("tanaka@example.jp")) == []
    assert forwarded(tmp_path / "folder", rule("copy@elsewhere.example", "MoveToFolder")) == []


def week(*, off: int, host: int = 1) -> list[Letter]:
    """Letters on their way over three hosts; on the last two days the clock of one is off."""
    made = []
    for n in range(60):
        at = JUNE + n * 4 * HOUR
        wrong = off if n >= 48 else 0
        hops = [(name, at + (2 + 3 * k) * SECOND + (wrong if k == host else 0)) for k, name in enumerate(HOSTS)]
        made.append(Letter(number=2000 + n, at=at, hops=hops))
    return made


def test_a_clock_that_was_off_for_two_days_is_one_finding_and_no_added_header(tmp_path: Path) -> None:
    for off, side in ((7 * MINUTE, "ahead of"), (-7 * MINUTE, "behind")):
        case = case_of(tmp_path / side.replace(" ", "-"), week(off=off))
        (found,), _ = look(ClockSkew(), case)
        assert f"{HOSTS[1]} stood about 7 min {side}" in found.claim_en
        assert look(HeaderAdded(), case)[0] == []


def test_mail_that_waited_for_days_makes_no_clock_wrong(tmp_path: Path) -> None:
    made = week(off=0)
    for letter in made[48:]:
        letter.hops = [(host, at + (0 if n == 0 else 7 * MINUTE)) for n, (host, at) in enumerate(letter.path)]
    assert look(ClockSkew(), case_of(tmp_path / "case", made))[0] == []


def moved(folder: Path, after: int) -> CaseView:
    one = Letter(number=1, at=JUNE)
    log = line(1, JUNE + after, "copy", source="dovecot", actor=SATO, message_ids=[one.id])
    return case_of(folder, [one, *ordinary(5)], [log])


def test_a_move_that_only_the_log_tells_of_is_found_when_it_came_late(tmp_path: Path) -> None:
    (found,), _ = look(ImportedLater(), moved(tmp_path / "late", 20 * DAY))
    assert "dovecot: copy" in found.claim_en
    assert look(ImportedLater(), moved(tmp_path / "soon", HOUR))[0] == []


def changed(folder: Path, late: int) -> list[Any]:
    """Forty items of Outlook, so many of them changed three weeks after they came."""
    made = ordinary(40)
    for n, letter in enumerate(made):
        at = letter.at + (21 * DAY if n < late else MINUTE)
        letter.clocks = [kept(letter.at), kept(at, "PR_LAST_MODIFICATION_TIME", Meaning.MODIFIED)]
    return look(ImportedLater(), case_of(folder, made))[0]


def test_a_late_change_counts_where_hardly_any_other_item_has_one(tmp_path: Path) -> None:
    (found,) = changed(tmp_path / "one", 1)
    assert found.confidence == Confidence.POSSIBLE
    assert changed(tmp_path / "many", 20) == []


def test_a_box_with_the_newest_first_and_one_that_was_written_anew_are_in_no_wrong_order(tmp_path: Path) -> None:
    for name, step, first in (("newest", -1, 40), ("anew", 17, 0)):
        made = ordinary(40)
        for n, letter in enumerate(made):
            letter.place, letter.at = (n + 1) * 5000, JUNE + (first + n * step) % 41 * 3 * DAY
            letter.clocks = [kept(letter.at, "From_ line", Meaning.DELIVERED)]
        found, looked = look(UidOrder(), case_of(tmp_path / name, made))
        assert found == []
        assert bool(looked.why_not) == (name == "anew")
