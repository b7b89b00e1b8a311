"""Whatever a message does to its parser costs that message only: it becomes a problem, and its neighbours are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.examination import tasks
from forensics.examination.examining import ExamineSummary
from forensics.workers import Limits
from tests.examination import cases
from tests.examination.cases import (
    ATTACHED,
    files_of,
    lines,
    mail,
    parse_errors,
    rows,
    sound,
)
from tests.examination.hostile import LIES

LEFT_OUT = "reading this item did not end as it should, so it was left out"
FILE_LEFT_OUT = "reading this file did not end as it should, so it was left out"


@pytest.fixture(autouse=True)
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parsers of ``tests.examination.hostile``, in the real workers, with limits that a test can wait for."""
    monkeypatch.setattr(tasks, "_HERE", "tests.examination.hostile")
    monkeypatch.setattr(tasks, "_limits", lambda task: Limits(wall=20.0, cpu=20))


def examined(folder: Path, *sources: Path, workers: int = 2) -> ExamineSummary:
    """Two workers, so that the neighbours of what is hostile are in the other too."""
    return cases.examined(folder, *sources, workers=workers)


def narrow(monkeypatch: pytest.MonkeyPatch, **limits: float) -> None:
    given = {"wall": 20.0, "cpu": 20, **limits}
    monkeypatch.setattr(tasks, "_limits", lambda task: Limits(**given))  # type: ignore[arg-type]


def with_deed(number: int, deed: str) -> bytes:
    return f"X-Deed: {deed}\r\n".encode() + mail(number)


def mailbox(folder: Path, deeds: dict[int, str], size: int = 12) -> Path:
    folder.mkdir()
    letters = [with_deed(n, deeds[n]) if n in deeds else mail(n) for n in range(1, size + 1)]
    start = b"From a@example.jp Mon Jun  1 10:00:00 2026\n"
    (folder / "box.mbox").write_bytes(b"".join(start + letter + b"\n" for letter in letters))
    return folder


def read(case: Path) -> set[int]:
    """The numbers of the messages of the mailbox that were read."""
    return {int(row["message_id"].strip("<").partition("@")[0]) for row in rows(case, "SELECT message_id FROM message")}


def problems(case: Path) -> dict[str, str]:
    return {row["address"]: row["cause"] for row in rows(case, "SELECT * FROM problem")}


def test_a_crash_an_abort_an_exit_and_an_error_cost_one_message_each(tmp_path: Path) -> None:
    deeds = {2: "crash", 4: "abort", 5: "leave", 7: "raise", 12: "recurse"}
    done = examined(tmp_path / "case", mailbox(tmp_path / "source", deeds))
    assert done.exit_code == 3
    assert read(tmp_path / "case") == set(range(1, 13)) - set(deeds)
    found = problems(tmp_path / "case")
    assert {address.rpartition(":")[2] for address in found} == {str(number) for number in deeds}
    assert found["EV-0001/000001/message:2"] == "signal 11"
    assert found["EV-0001/000001/message:4"] == "signal 6"
    assert found["EV-0001/000001/message:7"] == "error"
    assert {row["what"] for row in rows(tmp_path / "case", "SELECT what FROM problem")} == {LEFT_OUT}
    tried = next(iter(parse_errors(tmp_path / "case").values()))
    assert len(tried) == len(deeds)
    assert any("RuntimeError" in each for each in tried)
    sound(tmp_path / "case")


def test_what_was_lost_is_the_same_with_one_worker_or_two(tmp_path: Path) -> None:
    source = mailbox(tmp_path / "source", {3: "crash", 9: "raise"})
    for name, workers in (("one", 1), ("two", 2)):
        examined(tmp_path / name, source, workers=workers)
    assert files_of(tmp_path / "one", "records") == files_of(tmp_path / "two", "records")


def test_a_hang_is_tried_once_more_with_four_times_the_time_and_then_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, wall=1.0)
    examined(tmp_path / "case", mailbox(tmp_path / "source", {6: "hang"}))
    assert read(tmp_path / "case") == set(range(1, 13)) - {6}
    assert problems(tmp_path / "case") == {"EV-0001/000001/message:6": "timeout (this depends on the machine)"}
    tried = next(iter(parse_errors(tmp_path / "case").values()))
    assert [each.partition(" ")[0] for each in tried] == ["timeout", "timeout"]
    assert "1 seconds" in tried[0]
    assert "4 seconds" in tried[1]


def test_a_message_that_only_takes_long_is_read_in_the_second_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, wall=1.0)
    examined(tmp_path / "case", mailbox(tmp_path / "source", {6: "dawdle"}))
    assert read(tmp_path / "case") == set(range(1, 13))
    assert problems(tmp_path / "case") == {}


def test_an_endless_loop_meets_the_limit_of_the_processor_and_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, wall=60.0, cpu=1)
    examined(tmp_path / "case", mailbox(tmp_path / "source", {6: "spin"}))
    assert read(tmp_path / "case") == set(range(1, 13)) - {6}
    assert problems(tmp_path / "case") == {"EV-0001/000001/message:6": "cpu"}


def test_a_bomb_is_left_out_and_what_needs_some_memory_gets_it_in_the_second_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, memory=500 << 20)
    examined(tmp_path / "case", mailbox(tmp_path / "source", {3: "swell a little", 6: "swell"}))
    assert read(tmp_path / "case") == set(range(1, 13)) - {6}
    assert problems(tmp_path / "case") == {"EV-0001/000001/message:6": "memory"}


def test_a_file_that_falls_before_its_first_item_costs_that_file_only(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(1, 9):
        data = with_deed(number, "crash") if number in (3, 4, 8) else mail(number)
        (source / f"{number}.eml").write_bytes(data)
    examined(tmp_path / "case", source)
    assert read(tmp_path / "case") == {1, 2, 5, 6, 7}
    found = rows(tmp_path / "case", "SELECT * FROM problem ORDER BY address")
    assert [row["address"] for row in found] == ["EV-0001/000003", "EV-0001/000004", "EV-0001/000008"]
    assert {(row["what"], row["cause"]) for row in found} == {(FILE_LEFT_OUT, "signal 11")}


def test_a_worker_may_not_write_outside_its_folder(tmp_path: Path) -> None:
    examined(tmp_path / "case", mailbox(tmp_path / "source", {6: "write outside"}))
    assert not Path("/tmp/hostile-was-here").exists()
    assert problems(tmp_path / "case") == {"EV-0001/000001/message:6": "error"}


@pytest.mark.parametrize("lie", sorted(LIES), ids=lambda lie: lie.decode()[7:])
def test_an_answer_that_is_not_true_is_not_believed_and_nothing_of_it_enters_the_case(
    tmp_path: Path, lie: bytes
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "1.eml").write_bytes(lie + b"\r\n" + ATTACHED)
    (source / "box.mbox").write_bytes(b"From a@example.jp Mon Jun  1 10:00:00 2026\n" + mail(7) + b"\n")
    done = examined(tmp_path / "case", source)
    assert done.exit_code == 3
    assert read(tmp_path / "case") == {7}
    assert [row["address"] for row in rows(tmp_path / "case", "SELECT address FROM problem")] == ["EV-0001/000001"]
    assert files_of(tmp_path / "case", "content") == {}
    sound(tmp_path / "case")


def test_a_box_in_which_everything_is_hostile_ends_and_says_so(tmp_path: Path) -> None:
    deeds = dict.fromkeys(range(1, 13), "crash")
    done = examined(tmp_path / "case", mailbox(tmp_path / "source", deeds))
    assert done.exit_code == 3
    assert read(tmp_path / "case") == set()
    assert len(problems(tmp_path / "case")) == 12


def test_the_guards_of_the_workers_stand_in_the_ledger(tmp_path: Path) -> None:
    examined(tmp_path / "case", mailbox(tmp_path / "source", {}))
    line = next(line for line in lines(tmp_path / "case") if line.act == "parse" and line.phase == "finished")
    assert {"limit on memory", "limit on processor time"} <= set(line.value["result"]["guards"])
