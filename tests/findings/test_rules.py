"""Each rule: what it finds, and what looks like it and is innocent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import discovery
from forensics.findings.authenticity.clock_skew import ClockSkew
from forensics.findings.authenticity.date_forged import DateForged
from forensics.findings.authenticity.header_added import HeaderAdded
from forensics.findings.authenticity.imported_later import ImportedLater
from forensics.findings.authenticity.log_against_mail import LogAgainstMail
from forensics.findings.authenticity.mailer_mismatch import MailerMismatch
from forensics.findings.authenticity.rejected_delivered import RejectedDelivered
from forensics.findings.authenticity.thread_contradiction import ThreadContradiction
from forensics.findings.authenticity.uid_order import UidOrder
from forensics.findings.finding import Confidence, Finding
from forensics.moments import Meaning, Zone
from forensics.records import Record
from tests.casebuilder import JUNE, SECOND
from tests.findings.letters import (
    DAY,
    HOSTS,
    HOUR,
    MINUTE,
    Letter,
    case_of,
    from_line,
    google_boundary,
    google_id,
    kept,
    logged,
    look,
    ordinary,
    outlook_boundary,
    outlook_id,
    stamp,
    thread_index,
)

AT = JUNE + 50 * DAY
Made = tuple[list[Letter], list[Record]]


def letter(number: int = 1, **changed: Any) -> Letter:
    return Letter(number=number, **{"at": AT, **changed})


def only(*letters: Letter) -> Made:
    return [*ordinary(12), *letters], []


def with_logs(one: Letter, *logs: Record) -> Made:
    return [*ordinary(12), one], list(logs)


def backdated() -> Made:
    return only(letter(date=AT - 20 * DAY, message_id=google_id(AT), boundary=google_boundary(AT)))


def offline_outbox() -> Made:
    return only(letter(message_id=google_id(AT), hops=[(host, AT + 3 * DAY) for host in HOSTS]))


def old_draft() -> Made:
    return only(letter(message_id=outlook_id(AT - 9 * DAY)))


def time_backwards() -> Made:
    return only(letter(hops=[(HOSTS[0], AT), (HOSTS[1], AT - 50 * MINUTE), (HOSTS[2], AT + 9 * SECOND)]))


def slow_queue() -> Made:
    return only(letter(hops=[(HOSTS[0], AT), (HOSTS[1], AT + DAY), (HOSTS[2], AT + DAY + SECOND)]))


def a_little_off() -> Made:
    return only(letter(hops=[(HOSTS[0], AT), ("x.example.net", AT - 3 * MINUTE), (HOSTS[2], AT + 9 * SECOND)]))


def copied_years_later() -> Made:
    return only(letter(clocks=[kept(AT + 400 * DAY)], folder="/Projects"))


def kept_at_once() -> Made:
    return only(letter(clocks=[kept(AT + 20 * SECOND), kept(AT + 20 * SECOND, "file modified", Meaning.MODIFIED)]))


def left_on_the_server_for_a_day() -> Made:
    return only(letter(clocks=[kept(AT + DAY)]))


def thread_begins_later() -> Made:
    return only(letter(more=[("Thread-Index", thread_index(AT + 9 * DAY))]))


def thread_begun_before() -> Made:
    return only(letter(more=[("Thread-Index", thread_index(AT - 9 * DAY, [9 * DAY]))]))


def answer_in_another_zone() -> Made:
    first = letter(1)
    return only(first, letter(2, at=AT + HOUR, minutes=-420, more=[("In-Reply-To", first.id)]))


def google_by_outlook() -> Made:
    return only(letter(message_id=google_id(AT), more=[("X-Mailer", "Microsoft Outlook 16.0")]))


def id_by_the_relay() -> Made:
    return only(letter(message_id="<20260721010312.0A1B2C3D4E@example.jp>", more=[("X-Mailer", "Becky! ver. 2.75")]))


def id_replaced_boundary_its_own() -> Made:
    mailer = ("X-Mailer", "Microsoft Outlook 16.0")
    return only(letter(message_id=google_id(AT), boundary=outlook_boundary(AT), more=[mailer]))


def uid(number: int, at: int) -> Letter:
    return Letter(number=number, at=at, more=[("X-UID", str(number))], clocks=[from_line(at + SECOND)])


def put_at_the_end() -> Made:
    return [*(uid(n, AT + n * HOUR) for n in range(1, 30)), uid(30, AT - 90 * DAY)], []


def in_order() -> Made:
    return [uid(n, AT + n * HOUR) for n in range(1, 30)], []


def nearly_in_order() -> Made:
    return [uid(n, AT + (n - 12 * (n == 20)) * HOUR) for n in range(1, 30)], []


def rejected() -> Made:
    one = letter()
    return with_logs(one, logged(1, AT, one.id, "rejected", status="550 5.7.1 policy"))


def greylisted() -> Made:
    one = letter()
    return with_logs(one, logged(1, AT, one.id, "rejected", status="450 4.2.0 try again"), logged(2, AT + HOUR, one.id))


def rejected_for_another() -> Made:
    one = letter(to=("tanaka@example.jp", "ono@example.com"))
    other = "ono@example.com"
    return with_logs(one, logged(1, AT, one.id, "bounced", recipient=other, recipients=(other,)))


def log_before_it_was_written() -> Made:
    one = letter()
    return with_logs(one, logged(1, AT - 3 * DAY - 20 * MINUTE, one.id))


def log_as_the_mail_says() -> Made:
    one = letter()
    return with_logs(one, logged(1, AT + 2 * SECOND, one.id, detail='{"host": "out"}'))


def log_of_a_later_try() -> Made:
    one = letter()
    return with_logs(
        one,
        logged(1, AT + 2 * SECOND, one.id, detail='{"host": "out"}'),
        logged(2, AT + HOUR, one.id, "deferred", detail='{"host": "out"}'),
    )


def slow_clock() -> Made:
    path = (HOSTS[0], "slow.example.jp", HOSTS[2])
    made = []
    for n in range(8):
        at = AT + n * HOUR
        hops = [(path[0], at + SECOND), (path[1], at - 7 * MINUTE), (path[2], at + 9 * SECOND)]
        made.append(Letter(number=n + 1, at=at, hops=hops))
    return [*ordinary(12), *made], []


def slow_delivery() -> Made:
    made = []
    for n in range(8):
        at = AT + n * HOUR
        made.append(Letter(number=n + 1, at=at, hops=[(HOSTS[0], at), ("late.example.jp", at + 7 * MINUTE)]))
    return [*ordinary(12), *made], []


def one_bad_reading() -> Made:
    return time_backwards()


CASES: list[tuple[type[Any], Callable[[], Made], int]] = [
    (DateForged, backdated, 1),
    (DateForged, offline_outbox, 0),
    (DateForged, old_draft, 0),
    (HeaderAdded, time_backwards, 1),
    (HeaderAdded, slow_queue, 0),
    (HeaderAdded, a_little_off, 0),
    (ImportedLater, copied_years_later, 1),
    (ImportedLater, kept_at_once, 0),
    (ImportedLater, left_on_the_server_for_a_day, 0),
    (ThreadContradiction, thread_begins_later, 1),
    (ThreadContradiction, thread_begun_before, 0),
    (ThreadContradiction, answer_in_another_zone, 0),
    (MailerMismatch, google_by_outlook, 1),
    (MailerMismatch, id_by_the_relay, 0),
    (MailerMismatch, id_replaced_boundary_its_own, 0),
    (UidOrder, put_at_the_end, 1),
    (UidOrder, in_order, 0),
    (UidOrder, nearly_in_order, 0),
    (RejectedDelivered, rejected, 1),
    (RejectedDelivered, greylisted, 0),
    (RejectedDelivered, rejected_for_another, 0),
    (LogAgainstMail, log_before_it_was_written, 1),
    (LogAgainstMail, log_as_the_mail_says, 0),
    (LogAgainstMail, log_of_a_later_try, 0),
    (ClockSkew, slow_clock, 1),
    (ClockSkew, slow_delivery, 0),
    (ClockSkew, one_bad_reading, 0),
]


@pytest.mark.parametrize(("rule", "made", "number"), CASES, ids=[f"{r.name}-{m.__name__}" for r, m, _ in CASES])
def test_what_is_planted_is_found_and_what_is_innocent_is_not(
    tmp_path: Path, rule: type[Any], made: Callable[[], Made], number: int
) -> None:
    letters, more = made()
    found, looked = look(rule(), case_of(tmp_path / "case", letters, more))
    assert [each.claim_en for each in found][number:] == []
    assert len(found) == number
    assert looked.considered or not number


def first(rule: Any, folder: Path, made: Made) -> Finding:
    found, _ = look(rule, case_of(folder, *made))
    return found[0]


def test_a_difference_of_whole_hours_is_only_possible_and_names_the_zone(tmp_path: Path) -> None:
    found = first(DateForged(), tmp_path / "case", only(letter(date=AT + 9 * HOUR)))
    assert found.confidence == Confidence.POSSIBLE
    assert any("time zone" in en for _, en in found.also_possible)


def test_clocks_of_three_kinds_make_it_certain(tmp_path: Path) -> None:
    signature = ("DKIM-Signature", f"v=1; a=rsa-sha256; d=x.jp; s=k; t={AT // SECOND}; bh=x; b=y")
    one = letter(date=AT - 20 * DAY, message_id=google_id(AT), top=[signature])
    assert first(DateForged(), tmp_path / "case", only(one)).confidence == Confidence.CERTAIN


def test_a_date_without_a_zone_contradicts_nothing_within_a_day(tmp_path: Path) -> None:
    class Bare(Letter):
        def raw(self) -> bytes:
            return super().raw().replace(b" +0900\r\nMessage-ID", b"\r\nMessage-ID")

    found, _ = look(DateForged(), case_of(tmp_path / "case", *only(Bare(number=1, at=AT))))
    assert found == []


def test_an_account_whose_computer_is_off_is_one_finding_and_no_forgery(tmp_path: Path) -> None:
    times = [AT + n * HOUR for n in range(1, 9)]
    letters = [
        Letter(number=n, at=at, date=at + 40 * MINUTE, sender="ito@example.jp") for n, at in enumerate(times, start=1)
    ]
    case = case_of(tmp_path / "case", [*ordinary(12), *letters])
    skew, _ = look(ClockSkew(), case)
    assert ["ito@example.jp" in each.claim_en for each in skew] == [True]
    assert look(DateForged(), case)[0] == []


def test_one_account_and_one_relay_alone_leave_open_whose_clock_it_is(tmp_path: Path) -> None:
    times = [AT + n * HOUR for n in range(1, 9)]
    letters = [
        Letter(number=n, at=at, date=at + 40 * MINUTE, hops=[(HOSTS[0], at)]) for n, at in enumerate(times, start=1)
    ]
    (found,), _ = look(ClockSkew(), case_of(tmp_path / "case", letters))
    assert found.confidence == Confidence.POSSIBLE
    assert "the other one" in found.also_possible[0][1]


def test_what_was_imported_together_is_one_finding(tmp_path: Path) -> None:
    letters = [
        Letter(number=n, at=AT + n * HOUR, folder="/Old", clocks=[kept(AT + 300 * DAY + n * SECOND)])
        for n in range(1, 40)
    ]
    (found,), _ = look(ImportedLater(), case_of(tmp_path / "case", letters))
    assert len(found.subject) == 39
    assert found.confidence == Confidence.POSSIBLE


def test_a_log_whose_clock_is_off_is_one_finding(tmp_path: Path) -> None:
    letters = ordinary(12)
    logs = [logged(n, each.at - 33 * MINUTE, each.id) for n, each in enumerate(letters, start=1)]
    (found,), _ = look(LogAgainstMail(), case_of(tmp_path / "case", letters, logs))
    assert "The clock of the log" in found.claim_en


def test_a_local_time_in_an_identifier_is_not_held_against_its_zone(tmp_path: Path) -> None:
    one = letter(message_id="<20260721120000.0A1B.SATO@example.jp>", minutes=0)
    assert look(DateForged(), case_of(tmp_path / "case", *only(one)))[0] == []


def test_a_received_field_below_the_subject_is_named_with_its_place(tmp_path: Path) -> None:
    line = f"from a.example.jp by b.example.jp with SMTP id Z; {stamp(AT)}"
    found = first(HeaderAdded(), tmp_path / "case", only(letter(below=[("Received", line)])))
    assert found.because[0].address.endswith("header:9")


def test_copies_of_one_message_are_one_finding(tmp_path: Path) -> None:
    from forensics.timeline.build import build
    from tests.casebuilder import CaseBuilder

    one = letter(date=AT - 20 * DAY, message_id=google_id(AT))
    case = CaseBuilder(tmp_path / "case")
    for name in ("EV-0001", "EV-0002"):
        case.evidence(name)
        case.parsed(one.records(name), name)
    case.timeline_listed(build(case.view(), case.folder / "timeline").files)
    (found,), _ = look(DateForged(), case.view())
    assert len(found.subject) == 3


def test_every_rule_says_what_it_needs_in_two_languages() -> None:
    for offer in discovery.offers("forensics.findings.authenticity"):
        rule = offer.maker
        assert rule.title == rule.title_en
        assert rule.title_ja
        assert isinstance(rule.needs, tuple)
        assert isinstance(rule.parameters, dict)


def test_zone_unknown_is_the_zone_of_a_from_line() -> None:
    assert from_line(AT).zone == Zone.UNKNOWN
