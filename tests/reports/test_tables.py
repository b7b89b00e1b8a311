"""The CSV reports and the sink: whole files or none, dead formulas, visible characters, the same bytes twice."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.reports import timeline_csv
from forensics.reports.messages_csv import FIELDS, MessagesCsv
from forensics.reports.sink import Sink
from forensics.reports.timeline_csv import TimelineCsv
from forensics.reports.timeline_html import TimelineHtml
from forensics.reports.visible import CELL_LIMIT, cell, is_formula, visible
from tests.casebuilder import CaseBuilder, mail, sent
from tests.reports.cases import ATTACKS, hostile, ordinary, with_timeline


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "name", ["", "../x.csv", "/x.csv", "a/b.csv", "a\\b.csv", ".hidden", "x.csv\n", "con.csv", "x" * 101]
)
def test_the_sink_refuses_names_that_escape_or_mislead(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Sink(tmp_path / "reports").write(name, b"x")
    assert not (tmp_path / "x.csv").exists()


def test_the_sink_hashes_what_it_wrote(tmp_path: Path) -> None:
    out = Sink(tmp_path)
    out.write("b.txt", b"two")
    out.write("a.txt", b"one")
    assert out.written == (
        ("a.txt", hashlib.sha256(b"one").hexdigest(), 3),
        ("b.txt", hashlib.sha256(b"two").hexdigest(), 3),
    )


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    out = Sink(tmp_path)
    out.write("a.txt", b"old")

    def fail() -> None:
        with out.open("a.txt") as file:
            file.write(b"half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"old"


def test_the_sink_does_not_write_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"theirs")
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "a.txt").symlink_to(outside)
    (reports / "a.txt.new").symlink_to(outside)
    Sink(reports).write("a.txt", b"ours")
    assert outside.read_bytes() == b"theirs"
    assert (reports / "a.txt").read_bytes() == b"ours"


def test_an_exact_table_changes_nothing(tmp_path: Path) -> None:
    facts = Sink(tmp_path).exact("t.csv", ["a"], [[attack] for attack in ATTACKS if "\0" not in attack])
    rows = list(csv.reader(io.StringIO((tmp_path / "t.csv").read_bytes().decode(), newline="")))
    assert [row[0] for row in rows[1:]] == [attack for attack in ATTACKS if "\0" not in attack]
    assert facts.changed == 0


@pytest.mark.parametrize("lead", list("=+-@\t\r\n\0＝＋－＠"))
def test_a_formula_gets_an_apostrophe(lead: str) -> None:
    assert cell(f"{lead}1").startswith("'")
    assert is_formula(f"  {lead}1")


def test_hidden_characters_become_visible() -> None:
    assert visible("請求書\u202egpj.exe\u200b") == "請求書⟦U+202E⟧gpj.exe⟦U+200B⟧"
    assert visible("\x1b[31m\x9b") == "⟦U+001B⟧[31m⟦U+009B⟧"
    assert visible("\ud800") == "⟦U+D800⟧"
    assert visible("髙橋　一郎 が葛\U000e0100城市へ") == "髙橋　一郎 が葛⟦U+E0100⟧城市へ"


def test_a_cell_holds_no_more_than_a_spreadsheet_can() -> None:
    shown = cell("\x01" * 1_000_000)
    assert len(shown) <= CELL_LIMIT
    assert shown.endswith("…[1000000 characters, cut]")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_timeline_is_a_table_in_the_language_of_the_case(tmp_path: Path, language: str) -> None:
    case = with_timeline(tmp_path / "case", ordinary(), language=language)
    TimelineCsv().write(case, out := Sink(tmp_path / "out"))
    data = (tmp_path / "out" / "timeline.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    rows = table(tmp_path / "out" / "timeline.csv")
    assert rows[0][0] == ("番号" if language == "ja" else "No.")
    assert rows[1][1:3] == ["2026-06-01 10:03:12", "2026-06-01T01:03:12Z"]
    assert any(row[2].endswith(".0000001Z") for row in rows)
    assert rows[-1][1:3] == ["", ""]
    assert [entry[0] for entry in out.written] == ["timeline.csv", "timeline.csv.json"]


def test_a_sidecar_tells_where_the_table_comes_from(tmp_path: Path) -> None:
    case = with_timeline(tmp_path / "case", ordinary())
    TimelineCsv().write(case, Sink(tmp_path / "out"))
    told = json.loads((tmp_path / "out" / "timeline.csv.json").read_bytes())
    assert told["ledger"]["number"] == case.lines[-1].number
    assert told["ledger"]["sha256"] == case.lines[-1].sha256
    assert told["file"]["sha256"] == hashlib.sha256((tmp_path / "out" / "timeline.csv").read_bytes()).hexdigest()
    assert told["rows"] == told["counts"]["event"] == 122
    assert told["problems"] == 1
    assert len(told["columns"]) == len(timeline_csv.COLUMNS)


def test_messages_have_a_row_for_each_item(tmp_path: Path) -> None:
    case = with_timeline(tmp_path / "case", ordinary())
    MessagesCsv().write(case, Sink(tmp_path / "out"))
    rows = table(tmp_path / "out" / "messages.csv")
    assert rows[0] == list(FIELDS)
    assert len(rows) == 43
    first = dict(zip(rows[0], rows[1], strict=True))
    assert first["subject"] == "件名 0"
    assert first["date_utc"] == "2026-06-01T01:03:12Z"
    assert first["date_local"] == "2026-06-01 10:03:12"
    assert first["attachments"] == "見積書0.xlsx"
    assert first["copies"] == "1"


def test_formulas_of_hostile_mail_are_dead_and_their_exact_text_is_kept(tmp_path: Path) -> None:
    case = with_timeline(tmp_path / "case", hostile())
    out = Sink(tmp_path / "out")
    for report in (TimelineCsv(), MessagesCsv()):
        report.write(case, out)
        name = f"{report.name.removesuffix('-csv')}.csv"
        cells = [value for row in table(tmp_path / "out" / name)[1:] for value in row]
        assert not [value for value in cells if is_formula(value)]
        assert not [value for value in cells if visible(value) != value]
        told = json.loads((tmp_path / "out" / f"{name}.json").read_bytes())
        assert told["changed_cells"] > len(ATTACKS)
        assert "請求書\u202egpj.exe" in [change["value"] for change in told["changed"]]


def test_the_same_case_gives_the_same_bytes(tmp_path: Path) -> None:
    case = with_timeline(tmp_path / "case", hostile())
    made = []
    for name in ("one", "two"):
        out = Sink(tmp_path / name)
        TimelineCsv().write(case, out)
        MessagesCsv().write(case, out)
        made.append(out.written)
    assert made[0] == made[1]


def test_times_of_any_year_are_written(tmp_path: Path) -> None:
    far, old = 51_737_477_630 * 10**9, -11_676_096_000 * 10**9 - 100
    records = [*mail(1, moments=[sent(far)], date_utc=far), *mail(2, moments=[sent(old)], date_utc=old)]
    case = with_timeline(tmp_path / "case", records)
    for report in (TimelineCsv(), MessagesCsv(), TimelineHtml()):
        report.write(case, Sink(tmp_path / "out"))
    assert [row[2] for row in table(tmp_path / "out" / "timeline.csv")[1:]] == [
        "1599-12-31T23:59:59.999999Z",
        "3609-06-30T09:33:50Z",
    ]
    told = [row[FIELDS.index("date_utc")] for row in table(tmp_path / "out" / "messages.csv")[1:]]
    assert told == ["3609-06-30T09:33:50Z", "1599-12-31T23:59:59.999999Z"]


def test_a_case_without_a_timeline_says_what_to_do(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case")
    case.evidence()
    case.parsed(mail(1))
    with pytest.raises(UsageError, match="no timeline") as caught:
        TimelineCsv().write(case.view(), Sink(tmp_path / "out"))
    assert "forensics timeline" in caught.value.todo
