"""The tables beside the events answer the same questions, and give what spreadsheets and notebooks need."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forensics.casefile.view import TIMELINE_TABLES, CaseView
from forensics.errors import UsageError
from forensics.examination import querying
from forensics.timeline import tabled
from forensics.timeline.build import build
from forensics.timeline.query import Question, instant
from tests.casebuilder import JUNE, CaseBuilder, mail
from tests.timeline.lines import DAY, case_of, line, transfer


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> CaseView:
    """Two messages of a thread, one of them in a log, a third that only the log knows, and a login."""
    records = [
        *mail(1, date_utc=JUNE, message_id="<1@example.jp>"),
        *mail(2, date_utc=JUNE + DAY, in_reply_to="<1@example.jp>", sender="=cmd", sender_address="=cmd@example.jp"),
        *transfer(1, JUNE, "4A1B1", "<1@example.jp>"),
        *transfer(11, JUNE + DAY, "4A1B2", "<lost@example.jp>"),
        line(21, JUNE, "login", source="dovecot", actor="sato@example.jp", actor_ip="192.0.2.1"),
    ]
    return case_of(tmp_path_factory.mktemp("tabled") / "case", records)


@pytest.mark.parametrize("name", sorted(tabled.TABLES))
def test_every_table_is_read_whole_in_its_order_and_has_the_columns_that_are_shown(view: CaseView, name: str) -> None:
    found = list(tabled.rows(view, name, Question()))
    assert len(found) == tabled.count(view, name, Question())
    assert pa.concat_tables(tabled.slices(view, name, Question())).to_pylist() == found
    assert set(tabled.TABLES[name].shown) <= set(tabled.columns(view, name))
    assert list(tabled.rows(view, name, Question(person="nobody at all"))) == []
    since = instant("2031-01-01", "UTC")
    assert not list(tabled.rows(view, name, Question(since=since)))


def test_every_table_of_the_timeline_but_events_and_messages_can_be_asked() -> None:
    assert {each.view for each in tabled.TABLES.values()} == set(TIMELINE_TABLES) - {"event", "logical"}


def test_a_message_is_asked_for_by_its_id_even_if_only_a_log_knows_it(view: CaseView) -> None:
    known = list(tabled.rows(view, "presence", Question(message="<1@example.jp>")))
    assert {row["message_id"] for row in known} == {"<1@example.jp>"}
    lost = list(tabled.rows(view, "presence", Question(message="lost@example.jp")))
    assert {row["logical_id"] for row in lost} == {None}
    assert len(list(tabled.rows(view, "joins", Question(message="<lost@example.jp>")))) == 5
    with pytest.raises(UsageError, match="no message is known"):
        list(tabled.rows(view, "presence", Question(message="<never@example.jp>")))


def test_a_thread_is_asked_for_by_one_of_its_messages(view: CaseView) -> None:
    assert len(list(tabled.rows(view, "threads", Question(thread="<2@example.jp>")))) == 2


def test_a_table_without_messages_says_so(view: CaseView) -> None:
    with pytest.raises(UsageError, match="single messages"):
        tabled.count(view, "sessions", Question(message="<1@example.jp>"))


@pytest.mark.parametrize("where", ["nothing = 1", "TRUE); DROP TABLE presence; --"])
def test_a_condition_that_is_none_is_refused_as_usage(view: CaseView, where: str) -> None:
    with pytest.raises(UsageError, match="condition"):
        tabled.count(view, "presence", Question(where=where))


def test_the_same_rows_as_csv_json_lines_and_parquet(view: CaseView, tmp_path: Path) -> None:
    question = Question(where="status = 'present'")
    total = tabled.count(view, "presence", question)
    text = "".join(querying.table_lines(view, "presence", question, "csv"))
    assert len(list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))) == total
    lines = [json.loads(each) for each in querying.table_lines(view, "presence", question, "jsonl")]
    assert lines[0]["utc"] == "2026-06-01T01:03:12Z"
    assert querying.export_table(view, "presence", question, "parquet", tmp_path / "p.parquet") == total
    assert pq.read_table(tmp_path / "p.parquet").num_rows == total == len(lines)
    with pytest.raises(UsageError, match="there already"):
        querying.export_table(view, "presence", question, "csv", tmp_path / "p.parquet")
    with pytest.raises(UsageError, match="for events"):
        querying.table_lines(view, "presence", question, "l2tcsv")


def test_a_spreadsheet_gets_no_live_formula(view: CaseView) -> None:
    text = "".join(querying.table_lines(view, "identities", Question(), "csv"))
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]


def test_an_older_timeline_says_what_to_do(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case")
    case.evidence()
    case.parsed(mail(1))
    case.timeline_listed(build(case.view(), tmp_path / "case" / "timeline").files[:2])
    with pytest.raises(UsageError, match="before there was such a table"):
        tabled.count(case.view(), "presence", Question())


def test_a_second_run_gives_the_same_bytes_in_any_order_of_records(tmp_path: Path) -> None:
    records = [
        *(record for n in range(120) for record in mail(n, date_utc=JUNE + n % 7 * DAY, subject="同じ件名")),
        *(each for n in range(120) for each in transfer(n * 10, JUNE + n % 7 * DAY, f"4A{n:03d}", f"<{n}@example.jp>")),
    ]
    files = []
    for folder, found in (("a", records), ("b", reversed(records))):
        case_of(tmp_path / folder, found)
        files.append({path.name: path.read_bytes() for path in sorted((tmp_path / folder / "timeline").iterdir())})
    assert [name for name in files[0] if files[0][name] != files[1][name]] == []
