"""What a server's log should hold by what others say of it, and whose logs were not collected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.records import Record
from tests.casebuilder import JUNE
from tests.findings.letters import HOSTS, Letter
from tests.findings.letters import case_of as letters_in
from tests.timeline.lines import DAY, MINUTE, Rows, case_of, line, rows, transfer


def gaps(view: CaseView, kind: str) -> list[tuple[Any, ...]]:
    """Host, number and examples of each gap of this kind."""
    return [(row["box"], row["missing"], row["gaps"]) for row in rows(view, "coverage", f"kind = '{kind}'")]


def letters(*numbers: int) -> list[Letter]:
    """Letters a day apart; the first host gives each the queue id ``Q<number>x0``."""
    return [Letter(number=number, at=JUNE + (number - 1000) * DAY) for number in numbers]


def log_of(*numbers: int) -> list[Record]:
    """The first host's log of these letters."""
    found: list[Record] = []
    for number in numbers:
        found += transfer(
            number * 10, JUNE + (number - 1000) * DAY, f"Q{number}x0", "", detail={"host": HOSTS[0].split(".")[0]}
        )
    return found


def test_a_queue_id_that_a_received_field_names_is_missing_in_the_log_of_its_host(tmp_path: Path) -> None:
    view = letters_in(tmp_path / "case", letters(1001, 1002, 1003), log_of(1001, 1003))
    assert gaps(view, "queue_ids") == [("out", 1, ["Q1002x0"])]


def test_a_log_that_has_every_queue_id_or_ends_before_misses_none(tmp_path: Path) -> None:
    view = letters_in(tmp_path / "case", letters(1001, 1002, 1003), log_of(1001, 1002))
    assert gaps(view, "queue_ids") == []


def test_a_queue_that_ends_in_the_middle_of_a_log_is_open(tmp_path: Path) -> None:
    lines = [
        *transfer(1, JUNE, "4A1B1", "<1@example.jp>")[:-1],
        *transfer(11, JUNE + 2 * DAY, "4A1B2", "<2@example.jp>"),
        *transfer(21, JUNE + 9 * DAY, "4A1B3", "<3@example.jp>")[3:],
        *transfer(31, JUNE + 10 * DAY, "4A1B4", "<4@example.jp>")[:-1],
    ]
    assert gaps(case_of(tmp_path / "case", lines), "queues") == [("mx", 2, ["4A1B1", "4A1B3"])]


def test_numbers_of_deliveries_that_qmail_counted_are_missing(tmp_path: Path) -> None:
    def starting(number: int, delivery: int) -> Any:
        return line(number, JUNE + number * MINUTE, "starting", source="qmail", detail={"delivery": str(delivery)})

    lines = [starting(n, delivery) for n, delivery in enumerate((4, 5, 9, 10, 12, 1, 2), start=1)]
    assert gaps(case_of(tmp_path / "case", lines), "sequence") == [("mx", 4, ["6-8", "11"])]


def uncollected(folder: Path, logs: list[Record]) -> Rows:
    return rows(letters_in(folder, letters(*range(1001, 1007)), logs), "coverage", "kind = 'uncollected'")


def test_the_server_of_a_store_without_a_log_is_named(tmp_path: Path) -> None:
    (found,) = uncollected(tmp_path / "case", [])
    assert (found["box"], found["missing"], found["source"]) == (HOSTS[-1], 6, None)


def test_a_server_whose_mail_any_log_knows_is_not(tmp_path: Path) -> None:
    one = letters(1002)[0]
    assert uncollected(tmp_path / "case", [line(1, one.at, source="message_trace", message_ids=[one.id])]) == []
