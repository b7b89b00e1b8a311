"""Searching a case: what is searched, when the index is made anew, what is refused, and what the verb shows."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from forensics import tables
from forensics.casefile.acts import Act, Phase
from forensics.errors import UsageError
from forensics.examination import searching
from forensics.examination.contentjob import COLUMNS
from forensics.examination.station import Silent
from forensics.records import BodyText, Record
from tests.casebuilder import JUNE, SECOND, CaseBuilder, attached, mail, sent
from tests.cli.command import here

DAY = 24 * 3600 * SECOND


def letters() -> list[Record]:
    first = mail(1, subject="顧客リスト", body="添付の顧客リストをご確認ください。", date_utc=JUNE, moments=[sent()])
    second = mail(2, subject="ＩＮＶＯＩＣＥ", body="see the invoice", date_utc=JUNE + DAY, moments=[sent(JUNE + DAY)])
    third = mail(3, subject="Re: lunch", body=None, to=["rival@example.com"], date_utc=JUNE - DAY, moments=[])
    at = third[0].address.child("text:1")
    page = "<html><style>.顧客{}</style><body>ｺｷｬｸ&nbsp;<b>名</b>簿</body></html>"
    html = BodyText(
        address=at, message_id_ref=third[0].identity(), position=1, kind="html", text=page, sha256="ee" * 32, size=1
    )
    return [*first, *second, *third, html, attached(second[0], 1, "顧客一覧.xlsx")]


@pytest.fixture
def built(tmp_path: Path) -> CaseBuilder:
    case = CaseBuilder(tmp_path / "case")
    case.evidence()
    case.parsed(letters())
    return case


def asked(case: CaseBuilder, said: str, **limits: Any) -> list[str]:
    searched = searching.prepared(case.folder, Silent())
    answer = searching.found_by(searched, said, searching.Limits(**limits), limit=10)
    assert answer.messages == len(answer.shown)
    return [hit.address.rpartition(":")[2].lstrip("0") for hit in answer.shown]


def read_files(case: CaseBuilder, text: str) -> None:
    """What a reading of the attachments leaves behind."""
    values = {"sha256": "cd" * 32, "position": 1, "part": "Sheet2!A1", "text": text, "key": text}
    row = [values.get(name) for name, _ in COLUMNS]
    path = case.folder / "findings" / "content.parquet"
    path.parent.mkdir(exist_ok=True)
    tables.write_parquet(tables.of_rows(COLUMNS, [row]), path)
    output = {"path": "findings/content.parquet", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    case._append(Act.FIND, Phase.FINISHED, {"rule": "content"}, [output])


def test_subjects_texts_names_and_people_are_searched_in_the_order_of_time(built: CaseBuilder) -> None:
    assert asked(built, "顧客") == ["1", "2"]
    assert asked(built, "name:顧客") == ["2"]
    assert asked(built, "invoice") == ["2"]
    assert asked(built, "to:rival") == ["3"]
    assert asked(built, "from:佐藤") == ["3", "1", "2"]
    assert asked(built, "顧客", order=searching.RANK) == ["1", "2"]


def test_of_a_page_only_what_is_read_is_searched(built: CaseBuilder) -> None:
    assert asked(built, "body:コキャク") == ["3"]
    assert asked(built, "名簿") == ["3"]
    assert asked(built, "body:顧客") == ["1"]


def test_an_answer_can_be_held_to_a_time_and_a_person(built: CaseBuilder) -> None:
    assert asked(built, "from:佐藤", since=JUNE // 1000, until=JUNE // 1000 + 1) == ["1"]
    assert asked(built, "from:佐藤", person="rival") == ["3"]
    searched = searching.prepared(built.folder, Silent())
    limits = searching.limits_of(searched.zone, ("2026-06-02", "2026-06-02"), "", "date")
    assert searching.found_by(searched, "from:佐藤", limits, limit=None).messages == 1


def test_a_hit_is_shown_as_it_was_written(built: CaseBuilder) -> None:
    searched = searching.prepared(built.folder, Silent())
    (hit,) = searching.found_by(searched, "invoice", searching.Limits(), limit=None).shown
    assert [(each.field, each.hit) for each in hit.excerpts] == [("subject", "ＩＮＶＯＩＣＥ"), ("body", "invoice")]
    assert (hit.fields, hit.hits, hit.excerpts[1].before) == (("subject", "body"), 2, "see the ")


def test_the_index_is_kept_while_the_records_are_the_same_and_made_anew_when_they_are_not(built: CaseBuilder) -> None:
    searching.prepared(built.folder, Silent())
    before = (built.folder / "work.sqlite").stat().st_ino
    searching.prepared(built.folder, Silent())
    assert (built.folder / "work.sqlite").stat().st_ino == before
    built.parsed([*letters(), *mail(4, subject="解約の件")])
    assert asked(built, "解約") == ["4"]


def test_texts_of_attachments_are_searched_once_they_were_read(built: CaseBuilder) -> None:
    assert not searching.prepared(built.folder, Silent()).attachments
    assert asked(built, "原価") == []
    read_files(built, "原価 一覧")
    assert searching.prepared(built.folder, Silent()).attachments
    assert asked(built, "file:原価") == ["2"]


def test_a_damaged_index_is_made_anew(built: CaseBuilder) -> None:
    (built.folder / "work.sqlite").write_bytes(b"SQLite format 3\0 and then nothing")
    assert asked(built, "顧客") == ["1", "2"]


def test_an_index_in_the_making_that_was_killed_is_in_nobodys_way(built: CaseBuilder) -> None:
    (built.folder / "work.sqlite.new").write_bytes(b"half")
    assert asked(built, "顧客") == ["1", "2"]
    assert not (built.folder / "work.sqlite.new").exists()


def test_a_case_under_two_person_control_has_no_index(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case", review="two-person", people_sha256="ab" * 32)
    with pytest.raises(UsageError, match="two-person control") as error:
        searching.prepared(case.folder, Silent())
    assert "forensics review" in error.value.todo
    assert not (case.folder / "work.sqlite").exists()


def test_a_case_without_records_says_so(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case")
    with pytest.raises(UsageError, match="no records yet"):
        searching.prepared(case.folder, Silent())


def test_the_verb_shows_a_table_an_object_and_csv(built: CaseBuilder) -> None:
    shown = here("search", "--case", built.folder, "顧客")
    assert shown.code == 0, shown.err
    assert "subject: «顧客»リスト" in shown.out
    assert "2 messages of 3." in shown.out
    assert "Texts of attachments were not read" in shown.out
    told = here("search", "--case", built.folder, "顧客", "--limit", 1, "--json").object
    assert (told["messages"], len(told["shown"]), told["attachments"]) == (2, 1, False)
    rows = list(csv.DictReader(io.StringIO(here("search", "--case", built.folder, "顧客", "--csv").out)))
    assert [row["fields"] for row in rows] == ["subject body", "name"]
    assert rows[0]["utc"] == "2026-06-01T01:03:12+00:00"


def test_the_words_of_a_list_are_counted(built: CaseBuilder, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# remark\n顧客\ninvoice\n。\n顧客\n", encoding="utf-8")
    words = here("search", "--case", built.folder, "--list", path, "--json").object["words"]
    assert [(each["word"], each["messages"], each["hits"]) for each in words] == [
        ("顧客", 2, 3),
        ("invoice", 1, 2),
        ("。", 0, 0),
    ]
    assert "nothing to look for" in words[2]["why_not"]
    lines = here("search", "--case", built.folder, "--list", path, "--csv").out.splitlines()
    assert len(lines) == 1 + 3


@pytest.mark.parametrize("words", [[], ["a", "--words"], ['"a'], ["。"], ["--", "-a"], ["a", "--json", "--csv"]])
def test_an_odd_question_is_usage(built: CaseBuilder, words: list[str]) -> None:
    answer = here("search", "--case", built.folder, *words)
    assert answer.code == 2
    assert len((answer.err or json.dumps(answer.out)).strip().splitlines()) <= 3
    assert not (built.folder / "work.sqlite").exists()
