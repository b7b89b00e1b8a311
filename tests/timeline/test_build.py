"""The timeline: every clock reading is an event, in one total order, and copies of one message are known as such."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from forensics.absent import Absent
from forensics.address import Address, record_id
from forensics.casefile.view import SPILL
from forensics.moments import Meaning, Zone
from forensics.records import LogEvent, Message, Record, Recovery
from forensics.timeline.build import TimelineResult, build
from forensics.timeline.sentences import SENTENCES
from tests.casebuilder import JUNE, SECOND, CaseBuilder, mail, relayed, sent, stored

MINUTE = 60 * SECOND
Rows = list[dict[str, Any]]


def built(tmp_path: Path, records: Iterable[Record], *more: Iterable[Record]) -> tuple[TimelineResult, Rows, Rows]:
    case = CaseBuilder(tmp_path / "case")
    for number, found in enumerate((records, *more), start=1):
        case.evidence(f"EV-{number:04d}")
        case.parsed(found, f"EV-{number:04d}")
    result = build(case.view(), tmp_path / "case" / "timeline")
    return result, *(pq.read_table(path).to_pylist() for path in result.files[:2])


def test_every_moment_is_an_event_in_order_of_time(tmp_path: Path) -> None:
    moments = [stored(JUNE + 9 * SECOND), sent(JUNE), relayed(JUNE + 2 * SECOND)]
    result, events, _ = built(tmp_path, mail(1, moments=moments))
    assert result.events == 3
    assert result.logical == 1
    assert [event["meaning"] for event in events] == ["sent", "relayed", "delivered"]
    assert [event["actor"] for event in events] == ["sato@example.jp", "mx.example.jp", "EV-0001 /受信トレイ"]
    assert events[0]["utc_ns"] == JUNE
    assert events[0]["event_id"] == record_id("event", "EV-0001/000001/message:000001/moment:2")


def logged(line: int, utc: int | Absent, **fields: Any) -> LogEvent:
    return LogEvent(
        address=Address(evidence="EV-0001", steps=("000002", f"line:{line}")),
        source="postfix",
        operation="sent",
        utc=utc,
        utc_raw="Jun  1",
        zone="assumed",
        precision="s",
        detail='{"host": "mx"}',
        line=line,
        offset=0,
        raw_sha256="0" * 64,
        **fields,
    )


def test_an_event_of_a_log_stands_among_the_clocks_of_the_message_that_it_names(tmp_path: Path) -> None:
    records = [
        *mail(1, moments=[sent(JUNE), stored(JUNE + 9 * SECOND)]),
        logged(1, JUNE + SECOND, message_id="<1@x.jp>"),
    ]
    records += [logged(2, JUNE + 2 * SECOND), logged(3, Absent.UNPARSABLE)]
    message = next(each for each in records if isinstance(each, Message))
    named = replace(message, message_id="<1@x.jp>")
    _, events, _ = built(tmp_path, [named if each is message else each for each in records])
    assert [event["action"] for event in events] == ["sent", "sent", "sent", "delivered", "sent"]
    assert [event["basis"] for event in events] == ["sender", "service", "service", "store", "service"]
    assert events[1]["logical_id"] == events[0]["logical_id"]
    assert events[2]["logical_id"] is None
    assert events[1]["sentence_en"] == "The log postfix records the operation sent of mx."
    assert events[4]["utc"] is None


def test_equal_times_are_ordered_by_evidence_address_and_position(tmp_path: Path) -> None:
    one = [*mail(2, moments=[sent(), relayed(JUNE)]), *mail(1, moments=[relayed(JUNE), sent()])]
    _, events, _ = built(tmp_path, one, mail(1, evidence="EV-0002", moments=[sent()]))
    places = [(event["evidence"], event["address"][-1], event["position"]) for event in events]
    assert places == [
        ("EV-0001", "1", 1),
        ("EV-0001", "1", 2),
        ("EV-0001", "2", 1),
        ("EV-0001", "2", 2),
        ("EV-0002", "1", 1),
    ]


def test_hundred_nanoseconds_decide_the_order(tmp_path: Path) -> None:
    moments = [stored(JUNE + 200), stored(JUNE + 100, Meaning.CREATED, "PR_CREATION_TIME")]
    _, events, _ = built(tmp_path, mail(1, moments=moments))
    assert [event["utc_ns"] - JUNE for event in events] == [100, 200]


def test_unknown_times_come_last_and_say_so(tmp_path: Path) -> None:
    lost = sent(Absent.UNPARSABLE, raw="昨日", zone=Zone.UNKNOWN, offset_minutes=Absent.NOT_RECORDED)
    result, events, _ = built(tmp_path, [*mail(1), *mail(2, moments=[lost]), *mail(3, moments=[sent()])])
    assert [event["utc"] is None for event in events] == [False, True, True]
    assert events[1]["meaning"] == "no_time"
    assert "no time that can be read" in events[1]["sentence_en"]
    assert events[2]["raw"] == "昨日"
    assert "時刻は読み取れない" in events[2]["sentence_ja"]
    assert result.events == 3


def test_sentences_name_accounts(tmp_path: Path) -> None:
    _, events, _ = built(tmp_path, mail(1, moments=[sent()], to=[f"a{n}@example.jp" for n in range(7)]))
    shown = "a0@example.jp, a1@example.jp, a2@example.jp, a3@example.jp, a4@example.jp (+2)"
    assert events[0]["sentence_ja"] == f"sato@example.jp のアカウントから {shown} へ送信された記録がある"
    assert events[0]["sentence_en"] == f"It is recorded that the account sato@example.jp sent this to {shown}."


def test_a_message_without_sender_or_recipients_still_has_its_sentence(tmp_path: Path) -> None:
    absent = {"sender": Absent.NOT_RECORDED, "sender_address": Absent.NOT_RECORDED}
    _, events, _ = built(tmp_path, mail(1, moments=[sent()], to=[], **absent))
    assert events[0]["sentence_ja"] == "（不明） のアカウントから （宛先の記録なし） へ送信された記録がある"


def test_a_store_without_folders_acts_under_the_name_of_its_evidence_alone(tmp_path: Path) -> None:
    _, events, _ = built(tmp_path, mail(1, moments=[stored(JUNE)], store_path=""))
    assert events[0]["actor"] == "EV-0001"
    assert events[0]["sentence_ja"] == "EV-0001 に届いた記録がある"


def test_every_meaning_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Meaning)


def test_copies_are_one_logical_message_and_repeated_readings_are_marked(tmp_path: Path) -> None:
    one = mail(1, moments=[sent(), relayed(JUNE + SECOND, hop="1/1"), stored(JUNE + 5 * SECOND)])
    far = [sent(), relayed(JUNE + SECOND, hop="1/2"), relayed(JUNE + 3 * SECOND, "in.example.com", "2/2")]
    two = mail(1, evidence="EV-0002", moments=[*far, stored(JUNE + 6 * SECOND)])
    result, events, logical = built(tmp_path, one, two)
    assert result.logical == 1
    assert result.events == 7
    repeats = [(event["evidence"], event["meaning"]) for event in events if event["is_repeat"]]
    assert repeats == [("EV-0002", "sent"), ("EV-0002", "relayed")]
    assert {event["seen_in"] for event in events} == {2}
    assert [(row["evidence"], row["copy"], row["is_first"]) for row in logical] == [
        ("EV-0001", 1, True),
        ("EV-0002", 2, False),
    ]
    assert {row["recognised_by"] for row in logical} == {"message_id+body"}


def test_one_reading_twice_in_one_copy_is_no_repeat(tmp_path: Path) -> None:
    _, events, _ = built(tmp_path, mail(1, moments=[sent(), sent()]))
    assert [event["is_repeat"] for event in events] == [False, False]


def test_the_same_id_over_another_body_names_its_rival(tmp_path: Path) -> None:
    one = [
        *mail(1, message_id="<x@y>"),
        *mail(2, message_id="<x@y>", body="別の本文"),
        *mail(3, message_id="<x@y>", body=None),
    ]
    result, _, logical = built(tmp_path, one)
    assert result.logical == 3
    rivals = {row["logical_id"]: row["others"] for row in logical if row["same_id_other_body"]}
    assert len(rivals) == 2
    assert all(others == [other] for other, others in zip(reversed(rivals), rivals.values(), strict=True))
    unknown = next(row for row in logical if row["recognised_by"] == "message_id")
    assert unknown["same_id_other_body"] == 0


def test_without_a_message_id_likeness_within_two_minutes_counts(tmp_path: Path) -> None:
    dates = [0, 120, 121, 500]
    alike = [
        mail(n, message_id=Absent.NOT_RECORDED, subject="s", date_utc=JUNE + s * SECOND) for n, s in enumerate(dates)
    ]
    result, _, logical = built(tmp_path, [record for records in alike for record in records])
    groups: dict[str, list[str]] = {}
    for row in logical:
        groups.setdefault(row["logical_id"], []).append(row["address"][-1])
    assert sorted(groups.values()) == [["0", "1"], ["2"], ["3"]]
    assert result.logical == 3


def test_what_has_too_little_to_compare_stays_alone(tmp_path: Path) -> None:
    bare = {"message_id": Absent.NOT_RECORDED, "subject": "s"}
    result, _, logical = built(
        tmp_path, [*mail(1, **bare), *mail(2, **bare), *mail(3, body=None, date_utc=JUNE, **bare)]
    )
    assert result.logical == 3
    assert {row["recognised_by"] for row in logical} == {"alone"}


def test_embedded_copies_are_members_and_marked(tmp_path: Path) -> None:
    inside = mail(2, message_id="<1@example.jp>", depth=1, recovery=Recovery.STALE)
    _, _, logical = built(tmp_path, [*inside, *mail(1)])
    assert [(row["is_embedded"], row["is_first"], row["recovery"]) for row in logical] == [
        (False, True, "live"),
        (True, False, "stale"),
    ]


def test_a_second_run_gives_the_same_bytes_in_any_order_of_records(tmp_path: Path) -> None:
    records = [record for n in range(300) for record in mail(n, moments=[sent(JUNE + n % 7 * MINUTE), stored(JUNE)])]
    first, _, _ = built(tmp_path / "a", records)
    second, _, _ = built(tmp_path / "b", reversed(records))
    assert [path.read_bytes() for path in first.files] == [path.read_bytes() for path in second.files]


def test_in_a_file_or_in_memory_the_bytes_are_the_same_and_nothing_stays_behind(tmp_path: Path) -> None:
    records = [record for n in range(30) for record in mail(n, moments=[sent(JUNE + n % 7 * MINUTE), stored(JUNE)])]
    records += [logged(n, JUNE + n * SECOND, message_id=f"<{n}@example.jp>", queue_id=f"4A{n % 9}") for n in range(50)]
    case = CaseBuilder(tmp_path / "case")
    case.evidence()
    case.parsed(records)
    small, large = (build(case.view(), tmp_path / name, large=size) for name, size in (("a", 1 << 30), ("b", 0)))
    assert [path.read_bytes() for path in small.files] == [path.read_bytes() for path in large.files]
    assert list((tmp_path / "case" / SPILL).iterdir()) == []


def test_a_view_can_be_asked_and_built_from_again(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case")
    case.evidence()
    case.parsed([*mail(1, moments=[sent(JUNE)]), logged(1, JUNE)])
    view = case.view()
    first, second = (build(view, tmp_path / name, large=0) for name in "ab")
    assert [path.read_bytes() for path in first.files] == [path.read_bytes() for path in second.files]
    assert view.rows("SELECT count(*) AS n FROM message") == [{"n": 1}]
    assert view.rows("SELECT table_name FROM duckdb_tables()") == []


def test_an_empty_case_has_an_empty_timeline(tmp_path: Path) -> None:
    result, events, logical = built(tmp_path, [])
    assert (result.events, result.logical, events, logical) == (0, 0, [], [])
