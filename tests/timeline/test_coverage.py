"""What the evidence covers, where it has gaps, and when "nothing was found" may be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.timeline.coverage import covered
from tests.casebuilder import JUNE, mail
from tests.timeline.lines import DAY, case_of, line, rows

START = datetime(2026, 6, 1, tzinfo=UTC)


def store(*days: int) -> list[Any]:
    """Tanaka's inbox with mail of these days from the 1st of June on."""
    return [record for day in days for record in mail(day, date_utc=JUNE + day * DAY)]


def asked(view: CaseView, first: int, last: int, account: str = "tanaka@example.jp", **more: Any) -> Any:
    """What covers the days from ``first`` to before ``last``."""
    return covered(view, account, START + timedelta(days=first), START + timedelta(days=last), **more)


def test_a_store_covers_from_its_first_to_its_last_message(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", store(1, 9))
    assert asked(view, 2, 5).whole
    assert asked(view, 2, 5).places == ("EV-0001/000001",)
    assert [day.day for day in asked(view, 8, 12).uncovered] == [11, 12]


def test_a_month_without_mail_in_a_store_is_not_covered(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", store(1, 2, 70))
    assert asked(view, 35, 40).nothing
    assert not asked(view, 0, 40).whole


def test_nothing_is_covered_for_who_has_no_evidence(tmp_path: Path) -> None:
    found = asked(case_of(tmp_path / "case", store(1, 9)), 2, 5, "nobody@example.jp")
    assert found.nothing
    assert not found.whole


def test_no_days_are_no_coverage(tmp_path: Path) -> None:
    assert not asked(case_of(tmp_path / "case", store(1, 9)), 5, 5).whole


def test_a_silent_day_of_a_log_is_a_gap_and_named(tmp_path: Path) -> None:
    lines = [line(n, JUNE + n * DAY, to=["ito@example.jp"] if n == 1 else []) for n in (1, 2, 4)]
    view = case_of(tmp_path / "case", lines)
    (month,) = rows(view, "coverage", "kind = 'log'")
    assert (month["month"], month["events"], month["days"], month["silent_days"]) == ("2026-06", 3, 3, ["2026-06-04"])
    assert [day.day for day in asked(view, 1, 5, "ito@example.jp").uncovered] == [4]
    assert asked(view, 1, 3, "ito@example.jp", kinds=("store",)).nothing


def test_a_month_without_a_line_between_two_is_named_day_by_day(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", [line(1, JUNE), line(2, JUNE + 65 * DAY)])
    july = rows(view, "coverage", "kind = 'log' AND month = '2026-07'")
    assert [(row["events"], len(row["silent_days"])) for row in july] == [(0, 31)]


def test_a_quiet_account_in_a_log_that_covers_the_day_is_covered(tmp_path: Path) -> None:
    lines = [line(n, JUNE + n * DAY, to=["ito@example.jp"] if n == 0 else []) for n in range(5)]
    assert asked(case_of(tmp_path / "case", lines), 1, 4, "Ito@example.jp").whole


def test_an_ambiguous_store_is_named_and_does_not_count(tmp_path: Path) -> None:
    mixed = [*mail(1, to=["a@example.jp"], date_utc=JUNE), *mail(2, to=["b@example.jp"], date_utc=JUNE + DAY)]
    found = asked(case_of(tmp_path / "case", mixed), 0, 1, "a@example.jp")
    assert (found.nothing, found.ambiguous) == (True, ("EV-0001/000001",))


def test_uids_that_no_line_tells_of_are_missing(tmp_path: Path) -> None:
    def saved(number: int, uid: int, operation: str = "append") -> Any:
        detail = {"fields": {"box": "Sent", "uid": str(uid)}}
        return line(number, JUNE, operation, source="dovecot", actor="sato@example.jp", detail=detail)

    lines = [saved(1, 4), saved(2, 5), saved(3, 9), saved(4, 11), saved(5, 100, "expunge")]
    (found,) = rows(case_of(tmp_path / "case", lines), "coverage", "kind = 'uids'")
    assert (found["account"], found["box"], found["missing"], found["gaps"]) == (
        "sato@example.jp",
        "Sent",
        4,
        ["6-8", "10"],
    )


def test_rows_that_an_export_counts_and_does_not_have_are_missing(tmp_path: Path) -> None:
    lines = [
        line(n, JUNE, "Send", source="m365_audit", detail={"outer": {"ResultIndex": str(n), "ResultCount": "5"}})
        for n in (1, 2, 4)
    ]
    view = case_of(tmp_path / "case", lines)
    assert [row["missing"] for row in rows(view, "coverage", "kind = 'rows'")] == [2]
    assert {row["retention_days"] for row in rows(view, "coverage")} == {180}


def test_lines_that_nobody_could_read_are_counted(tmp_path: Path) -> None:
    view = case_of(tmp_path / "case", [line(1), line(2), line(5)])
    assert [row["missing"] for row in rows(view, "coverage", "kind = 'lines'")] == [2]
    whole = case_of(tmp_path / "whole", [line(1), line(2)])
    assert not rows(whole, "coverage", "kind = 'lines'")
