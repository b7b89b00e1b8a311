"""Whose a store is, and where each message lies, is missing, or cannot be known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from forensics.absent import Absent
from forensics.casefile.view import CaseView
from forensics.records import Record, Recovery
from tests.casebuilder import JUNE, mail
from tests.timeline.lines import DAY, HOUR, case_of, line, rows, transfer

SATO, TANAKA, OUTSIDE = "sato@example.jp", "tanaka@example.jp", "x@elsewhere.example"


def sato_sends(number: int, day: int, evidence: str = "EV-0001", **fields: Any) -> list[Record]:
    """A message from Sato to Tanaka in a folder of sent mail."""
    given = {"store_path": "/top/送信済みアイテム", "date_utc": JUNE + day * DAY, "evidence": evidence, **fields}
    return mail(number, **given)


def in_inbox(number: int, day: int, to: str = TANAKA, evidence: str = "EV-0002", **fields: Any) -> list[Record]:
    """A message in somebody's inbox."""
    return mail(number, **{"to": [to], "date_utc": JUNE + day * DAY, "evidence": evidence, **fields})


def two_stores(*, sato: list[int], tanaka: list[int]) -> tuple[list[Record], list[Record]]:
    """Sato's store of sent mail, and Tanaka's inbox, of messages sent on these days."""
    one = [record for day in sato for record in sato_sends(day, day)]
    two = [record for day in tanaka for record in in_inbox(day, day)]
    return one, two


def cells(view: CaseView, number: int) -> dict[str, tuple[str, str]]:
    """Status and ground of one message by account, or by log."""
    found = rows(view, "presence", f"message_id = '<{number}@example.jp>'")
    return {row["account"] or row["place"]: (row["status"], row["ground"]) for row in found}


def test_the_account_of_a_store_is_told_by_its_sent_mail_or_else_by_its_recipients(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", *two_stores(sato=[1, 2], tanaka=[1, 2]))
    found = {row["place"]: (row["account"], row["ground"]) for row in rows(view, "place")}
    assert found == {"EV-0001/000001": (SATO, "sent_and_delivered"), "EV-0002/000001": (TANAKA, "recipients")}


def test_a_store_of_several_is_ambiguous_and_a_person_can_say_whose_it_is(tmp_path: Path) -> None:
    mixed = [*in_inbox(1, 1, TANAKA, "EV-0001"), *in_inbox(2, 2, SATO, "EV-0001"), *in_inbox(3, 3, OUTSIDE, "EV-0001")]
    (told,) = rows(case_of(tmp_path / "a", mixed), "place")
    assert (told["account"], told["ground"]) == (None, "ambiguous")
    assert told["candidates"] == [f"{SATO} (1)", f"{TANAKA} (1)", f"{OUTSIDE} (1)"]
    (answered,) = rows(case_of(tmp_path / "b", mixed, answers={"EV-0001": {"account": "Sato@example.jp"}}), "place")
    assert (answered["account"], answered["ground"]) == (SATO, "answered")
    said = "identity,value,kind\nboss@example.jp,EV-0001,store\n"
    (stated,) = rows(case_of(tmp_path / "c", mixed, stated=said), "place")
    assert (stated["account"], stated["ground"]) == ("boss@example.jp", "stated")


def test_an_ambiguous_store_makes_nothing_missing(tmp_path: Path) -> None:
    mixed = [*in_inbox(1, 1, TANAKA, "EV-0001"), *in_inbox(2, 2, SATO, "EV-0001")]
    view = case_of(tmp_path / "case", mixed)
    assert {row["ground"] for row in rows(view, "presence", "status = 'not_covered'")} == {"ambiguous_store"}
    assert not rows(view, "presence", "status = 'missing'")


def test_a_copy_that_the_recipient_should_have_is_missing(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", *two_stores(sato=[1, 2, 3], tanaka=[1, 3]))
    assert cells(view, 1) == {SATO: ("present", "sent_and_delivered"), TANAKA: ("present", "recipients")}
    assert cells(view, 2) == {SATO: ("present", "sent_and_delivered"), TANAKA: ("missing", "covered")}


def test_the_sent_copy_that_is_not_there_is_missing(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", *two_stores(sato=[1, 3], tanaka=[1, 2, 3]))
    assert cells(view, 2)[SATO] == ("missing", "covered")


def test_what_a_store_does_not_cover_is_not_missing(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", *two_stores(sato=[1, 2, 45, 120], tanaka=[1, 2, 90]))
    assert cells(view, 120)[TANAKA] == ("not_covered", "outside_of_store")
    assert cells(view, 45)[TANAKA] == ("not_covered", "outside_of_store")


def test_who_is_outside_of_the_case_is_not_covered(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", sato_sends(1, 1, to=[OUTSIDE]))
    assert cells(view, 1)[OUTSIDE] == ("not_covered", "no_evidence")


def test_a_store_without_received_mail_does_not_miss_any(tmp_path: Path) -> None:
    one = [record for day in (1, 3) for record in sato_sends(day, day)]
    two = [record for day in (1, 2, 3) for record in in_inbox(day + 10, day, sender_address=OUTSIDE)]
    answer = [
        record
        for day in (1, 2)
        for record in mail(
            day + 20,
            evidence="EV-0002",
            sender_address=TANAKA,
            to=[SATO],
            date_utc=JUNE + day * DAY,
            store_path="/top/Sent",
        )
    ]
    view = case_of(tmp_path / "case", one, [*two, *answer])
    assert cells(view, 22)[SATO] == ("not_covered", "keeps_no_such_mail")


def test_deleted_recovered_and_embedded_copies_are_told_apart(tmp_path: Path) -> None:
    found = [
        *in_inbox(1, 1, evidence="EV-0001"),
        *in_inbox(2, 2, evidence="EV-0001", recovery=Recovery.SOFT_DELETED),
        *in_inbox(3, 3, evidence="EV-0001", recovery=Recovery.CARVED),
        *in_inbox(4, 4, evidence="EV-0001", depth=1),
    ]
    view = case_of(tmp_path / "case", found)
    assert [cells(view, number)[TANAKA][0] for number in (1, 2, 3, 4)] == [
        "present",
        "deleted",
        "recovered",
        "embedded",
    ]


def test_a_draft_is_expected_nowhere_unless_a_log_shows_it_sent(tmp_path: Path) -> None:
    drafts = [*sato_sends(2, 2, store_path="/top/下書き"), *sato_sends(3, 3, store_path="/top/下書き")]
    one, two = two_stores(sato=[1, 5], tanaka=[1, 5])
    lines = transfer(1, JUNE + 3 * DAY, "4A1B2", "<3@example.jp>")
    view = case_of(tmp_path / "case", [*one, *drafts, *lines], two)
    assert TANAKA not in cells(view, 2)
    assert cells(view, 3)[TANAKA] == ("missing", "covered")


def test_a_message_that_only_a_log_knows_is_missing_in_both_stores(tmp_path: Path) -> None:
    lines = transfer(1, JUNE + 2 * DAY, "4A1B2", "<2@example.jp>")
    view = case_of(tmp_path / "case", *two_stores(sato=[1, 3], tanaka=[1, 3]), lines_of(lines, "EV-0003"))
    assert cells(view, 2) == {
        SATO: ("missing", "covered"),
        TANAKA: ("missing", "covered"),
        "EV-0003:postfix": ("present", "lines"),
    }
    assert {row["logical_id"] for row in rows(view, "presence", "message_id = '<2@example.jp>'")} == {None}


def lines_of(lines: list[Any], evidence: str) -> list[Any]:
    """The same lines in another evidence item."""
    from dataclasses import replace

    return [replace(each, address=replace(each.address, evidence=evidence)) for each in lines]


def days_in_a_log(folder: Path, missing: list[float], *, heard: tuple[int, ...] = ()) -> CaseView:
    """Mail of Sato to Tanaka on eleven days, which a log of Postfix has but for those that are missing."""
    times = [*range(1, 12), *(each for each in missing if each != int(each))]
    one = [record for n, day in enumerate(times) for record in sato_sends(n + 1, 0, date_utc=JUNE + int(day * DAY))]
    two = [record for n, day in enumerate(times) for record in in_inbox(n + 1, 0, date_utc=JUNE + int(day * DAY))]
    lines = [
        each
        for n, day in enumerate(times)
        if day not in missing
        for each in transfer(n * 10 + 1, JUNE + int(day * DAY), f"4A1B{n}", f"<{n + 1}@example.jp>")
    ]
    lines += [line(900 + hour, JUNE + 3 * DAY + hour * HOUR, "connect") for hour in heard]
    return case_of(folder, one, two, lines_of(lines, "EV-0003"))


def test_a_log_that_has_nearly_all_mail_of_a_domain_misses_the_rest(tmp_path: Path) -> None:
    view = days_in_a_log(tmp_path / "case", [3], heard=(-1, 0, 1))
    found = {number: cells(view, number)["EV-0003:postfix"] for number in (2, 3, 4)}
    assert found == {2: ("present", "lines"), 3: ("missing", "covered"), 4: ("present", "lines")}


def test_a_silent_day_and_the_time_after_the_last_line_are_not_covered(tmp_path: Path) -> None:
    view = days_in_a_log(tmp_path / "case", [4, 11])
    assert cells(view, 4)["EV-0003:postfix"] == ("not_covered", "silent_day")
    assert cells(view, 11)["EV-0003:postfix"] == ("not_covered", "outside_of_log")


def test_a_log_that_has_some_mail_of_a_domain_by_chance_misses_nothing(tmp_path: Path) -> None:
    view = days_in_a_log(tmp_path / "case", [3, 1.5, 2.5, 7.5], heard=(-1, 0, 1))
    assert "EV-0003:postfix" not in cells(view, 3)


def test_a_silence_in_which_several_messages_should_be_is_one_gap_of_the_log(tmp_path: Path) -> None:
    view = days_in_a_log(tmp_path / "case", [3, 3.05], heard=(-1, 3))
    assert cells(view, 3)["EV-0003:postfix"] == ("not_covered", "silent_hours")
    (gap,) = rows(view, "coverage", "kind = 'hours'")
    assert (gap["last"] - gap["first"], gap["missing"]) == (timedelta(hours=4), 2)


def test_a_copy_with_another_body_is_not_missing(tmp_path: Path) -> None:
    one, two = two_stores(sato=[1, 3], tanaka=[1, 3])
    other = in_inbox(2, 2, body_sha256="ff" * 32)
    view = case_of(tmp_path / "case", [*one, *sato_sends(2, 2, body_sha256="ee" * 32)], [*two, *other])
    assert not rows(view, "presence", "status = 'missing'")


def test_what_a_log_says_was_taken_out_is_missing_even_after_the_last_message_of_the_store(tmp_path: Path) -> None:
    one, two = two_stores(sato=[1, 3, 9], tanaka=[1, 3])
    gone = line(1, JUNE + 10 * DAY, "expunge", source="dovecot", actor=TANAKA, message_ids=["<9@example.jp>"])
    view = case_of(tmp_path / "case", [*one, gone], two)
    assert cells(view, 9)[TANAKA] == ("missing", "deletion_logged")
    plain = case_of(tmp_path / "plain", one, two)
    assert cells(plain, 9)[TANAKA] == ("not_covered", "outside_of_store")


def test_members_of_a_group_that_the_server_expanded_are_expected_to_have_it(tmp_path: Path) -> None:
    expanded = [
        line(1, JUNE, "sent", to=[member], detail={"orig_to": "all@example.jp"}, queue_id="4A1B2")
        for member in (TANAKA, SATO)
    ]
    one, two = two_stores(sato=[1, 3], tanaka=[1, 3])
    view = case_of(tmp_path / "case", [*one, *sato_sends(2, 2, to=["all@example.jp"]), *expanded], two)
    assert cells(view, 2)[TANAKA] == ("missing", "covered")
    assert "all@example.jp" not in cells(view, 2)


def test_a_message_without_a_time_cannot_be_expected(tmp_path: Path) -> None:
    one, two = two_stores(sato=[1, 3], tanaka=[1, 3])
    view = case_of(tmp_path / "case", [*one, *sato_sends(2, 2, date_utc=Absent.NOT_RECORDED)], two)
    assert cells(view, 2)[TANAKA] == ("not_covered", "time_unknown")
