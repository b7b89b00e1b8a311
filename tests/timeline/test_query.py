"""Questions to the timeline: who, when, which thread, and what other tools get."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import forensics
from forensics.errors import UsageError
from forensics.examination import querying
from forensics.records import Message
from forensics.timeline import query
from forensics.timeline.build import build
from forensics.timeline.query import Question, instant
from tests.casebuilder import JUNE, SECOND, CaseBuilder, mail, relayed, sent

HOUR = 3600 * SECOND


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three messages: the second answers the first, the third stands alone; the last subject looks like a formula."""
    root = tmp_path_factory.mktemp("query") / "case"
    case = CaseBuilder(root)
    case.evidence()
    records = []
    for number in (1, 2, 3):
        changed = {"message_id": f"<{number}@x.jp>", "subject": "=1+1" if number == 3 else f"件名 {number}"}
        if number == 2:
            changed["in_reply_to"] = "<1@x.jp>"
        found = mail(number, moments=[sent(JUNE + number * HOUR), relayed(JUNE + number * HOUR + SECOND)])
        records += [replace(each, **changed) if isinstance(each, Message) else each for each in found]
    case.parsed(records)
    case.timeline_listed(build(case.view(), root / "timeline").files)
    return root


def asked(folder: Path, **question: object) -> list[str]:
    view = querying.opened(folder)
    found = list(query.events(view, Question(**question)))  # type: ignore[arg-type]
    assert query.count(view, Question(**question)) == len(found)  # type: ignore[arg-type]
    return [f"{event['message_ref'] and event['subject']}:{event['meaning']}" for event in found]


def test_an_answer_keeps_the_order_of_the_timeline_without_being_sorted_again(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case")
    case.evidence()
    case.parsed([each for n in range(400) for each in mail(n, moments=[sent(JUNE + n * 7919 % 400 * SECOND)])])
    case.timeline_listed(build(case.view(), tmp_path / "case" / "timeline").files)
    found = list(query.events(case.view(), Question(where="position % 1 = 0"), limit=300))
    assert [event["utc_ns"] for event in found] == [JUNE + n * SECOND for n in range(300)]


def test_everything_is_answered_in_the_order_of_the_timeline(folder: Path) -> None:
    assert len(asked(folder)) == 6
    assert asked(folder)[0] == "件名 1:sent"


def test_a_condition_is_one_expression_over_the_columns(folder: Path) -> None:
    assert asked(folder, where="meaning = 'sent' AND subject LIKE '件名%'") == ["件名 1:sent", "件名 2:sent"]


@pytest.mark.parametrize(
    "where",
    ["TRUE); DROP TABLE event; --", "nothing = 1", "subject =", "utc > (SELECT max(utc) FROM read_csv('/etc/passwd'))"],
)
def test_a_condition_that_is_none_is_refused_as_usage(folder: Path, where: str) -> None:
    with pytest.raises(UsageError, match="condition"):
        asked(folder, where=where)


def test_the_end_of_a_span_does_not_count_and_its_start_does(folder: Path) -> None:
    since, until = (instant(f"2026-06-01T{hour}:03:12", "Asia/Tokyo") for hour in ("11", "12"))
    assert asked(folder, since=since, until=until) == ["件名 1:sent", "件名 1:relayed"]


def test_a_day_is_the_whole_day_of_the_zone() -> None:
    assert instant("2026-06-01", "Asia/Tokyo").isoformat() == "2026-05-31T15:00:00+00:00"
    assert instant("2026-06-01", "Asia/Tokyo", end=True).isoformat() == "2026-06-01T15:00:00+00:00"
    assert instant("2026-06-01T10:00+02:00", "Asia/Tokyo").isoformat() == "2026-06-01T08:00:00+00:00"
    with pytest.raises(UsageError, match="no day"):
        instant("yesterday", "Asia/Tokyo")


def test_a_person_is_found_as_account_sender_or_recipient_without_case(folder: Path) -> None:
    assert asked(folder, person="SATO@") == asked(folder)
    assert asked(folder, person="nobody") == []


def test_a_thread_is_what_answers_one_another(folder: Path) -> None:
    whole = ["件名 1:sent", "件名 1:relayed", "件名 2:sent", "件名 2:relayed"]
    assert asked(folder, thread="<1@x.jp>") == whole
    assert asked(folder, thread="2@x.jp") == whole
    assert asked(folder, thread="<3@x.jp>") == ["=1+1:sent", "=1+1:relayed"]


def test_a_message_is_known_by_its_id_or_named_as_unknown(folder: Path) -> None:
    assert asked(folder, message="<2@x.jp>") == ["件名 2:sent", "件名 2:relayed"]
    with pytest.raises(UsageError, match="no message is known"):
        asked(folder, message="<9@x.jp>")


def exported(folder: Path, kind: str) -> str:
    lines = querying.lines(querying.opened(folder), Question(), kind, language="en", zone="Asia/Tokyo")
    return "".join(lines)


def test_json_lines_hold_every_event(folder: Path) -> None:
    events = [json.loads(line) for line in exported(folder, "jsonl").splitlines()]
    assert [event["utc"] for event in events[:2]] == ["2026-06-01T02:03:12Z", "2026-06-01T02:03:13Z"]
    assert len({event["event_id"] for event in events}) == 6


def test_a_table_for_a_spreadsheet_holds_no_live_formula(folder: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(folder, "csv").removeprefix("\ufeff"))))
    assert rows[4]["subject"] != "=1+1"
    assert rows[4]["subject"].endswith("=1+1")


@pytest.mark.parametrize("kind", ["timesketch", "timesketch-csv"])
def test_timesketch_gets_its_three_fields(folder: Path, kind: str) -> None:
    text = exported(folder, kind)
    rows = (
        [json.loads(line) for line in text.splitlines()]
        if kind == "timesketch"
        else list(csv.DictReader(io.StringIO(text)))
    )
    assert len(rows) == 6
    for row in rows:
        assert row["message"]
        assert row["datetime"].endswith("+00:00")
        assert row["timestamp_desc"]


def test_l2tcsv_has_its_seventeen_columns_in_the_zone_that_was_asked_for(folder: Path) -> None:
    rows = list(csv.reader(io.StringIO(exported(folder, "l2tcsv"))))
    assert {len(row) for row in rows} == {17}
    assert rows[1][:3] == ["06/01/2026", "11:03:12", "Asia/Tokyo"]


def test_an_export_never_replaces_a_file(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.parquet"
    assert querying.export(querying.opened(folder), Question(), "parquet", out, language="en", zone="UTC") == 6
    assert pq.read_table(out).num_rows == 6
    with pytest.raises(UsageError, match="there already"):
        querying.export(querying.opened(folder), Question(), "csv", out, language="en", zone="UTC")


def test_a_notebook_gets_frames(folder: Path) -> None:
    case = forensics.open_case(folder)
    assert len(case.timeline(since="2026-06-01", until="2026-06-01")) == 6
    assert list(case.records("message", "subject = '件名 1'").message_id) == ["<1@x.jp>"]
