"""The checklists hold what is there, say what is not, and never guess."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from forensics import canonical
from forensics.errors import IntegrityError
from forensics.evidence import answers, checklist
from forensics.evidence.checklist import Record, State, acquisition_state, incomplete
from forensics.evidence.points import (
    ACQUISITION_POINTS,
    ARRIVAL_POINTS,
    EVENT_POINTS,
    REPORT_POINTS,
    TRANSFER_POINTS,
    VIEW_POINTS,
    Origin,
    askable,
)

LISTS = (ACQUISITION_POINTS, EVENT_POINTS, TRANSFER_POINTS, ARRIVAL_POINTS, VIEW_POINTS, REPORT_POINTS)
ACQUIRE = {
    "act": "acquire",
    "phase": "finished",
    "params": {"evidence": "EV-0001"},
    "actor": {"name": "山田 花子"},
    "host": {"name": "station"},
    "tool": {"version": "1", "sha256": "ab"},
    "argv": ["forensics"],
    "result": {"protection": "readonly"},
}


def record(**changed: Any) -> Record:
    given: dict[str, Any] = {
        "facts": {"id": "case", "legal_basis": "", "time_zone": "Asia/Tokyo"},
        "acquisition": {"item": "EV-0001", "source": {"kind": "folder", "given": "/mnt"}, "receipt": {"asked": 0}},
        "answers": {},
        "answer_lines": {},
        "lines": ((3, ACQUIRE),),
    }
    return Record(**{**given, **changed})


def state(key: str, of: Record) -> checklist.Finding:
    return next(each for each in acquisition_state(of) if each.point.key == key)


def test_every_point_has_a_key_of_its_own_and_a_title_in_both_languages() -> None:
    points = [point for each in LISTS for point in each]
    assert len({point.key for point in points}) == len(points)
    assert all(point.ja and point.en and point.sources for point in points)


def test_list_a_covers_all_fourteen_headings() -> None:
    assert {point.key.partition(".")[0] for point in ACQUISITION_POINTS} == {f"A{n}" for n in range(1, 15)}


def test_a_fact_that_nobody_supplied_is_missing_and_the_record_is_incomplete() -> None:
    found = acquisition_state(record())
    keys = [point.key for point in incomplete(found)]
    assert "A2.basis" in keys
    assert "A3.custodian" in keys
    assert state("A3.custodian", record()).value == ""


def test_a_measured_zero_and_a_measured_no_are_given() -> None:
    of = record(acquisition={"item": "EV-0001", "receipt": {"asked": 0, "complete": False}})
    assert (state("A10.asked", of).state, state("A10.asked", of).value) == (State.GIVEN, "0")
    assert (state("A10.complete", of).state, state("A10.complete", of).value) == (State.GIVEN, "no")


def test_an_answer_names_the_line_that_it_stands_in() -> None:
    found = state("A3.custodian", record(answers={"custodian": "佐藤"}, answer_lines={"custodian": 7}))
    assert (found.state, found.value, found.origin, found.line) == (State.GIVEN, "佐藤", Origin.ANSWER, 7)


def test_a_fact_of_the_ledger_names_its_line() -> None:
    found = state("A5.operator", record())
    assert (found.value, found.origin, found.line) == ("山田 花子", Origin.LEDGER, 3)


def test_a_server_has_no_device_and_a_disk_no_certificate() -> None:
    server = record(acquisition={"source": {"kind": "imap", "host": "mail.example.jp"}})
    assert state("A4.device", server).state == State.NOT_APPLICABLE
    assert state("A4.server", server).state == State.GIVEN
    assert state("A4.server", record()).state == State.NOT_APPLICABLE
    assert state("A4.device", record()).incomplete


@pytest.mark.parametrize(("said", "expected"), [("yes", State.MISSING), ("no", State.NOT_APPLICABLE)])
def test_the_reference_of_a_consent_is_asked_for_where_there_is_one(said: str, expected: State) -> None:
    assert state("A2.consent_reference", record(answers={"owner_consent": said})).state == expected


def test_a_line_is_about_an_item_wherever_it_names_it() -> None:
    lines = [
        (1, {"params": {"evidence": "EV-0001"}}),
        (2, {"params": {"parent": "EV-0001/000031"}}),
        (3, {"out": [{"id": "EV-0001"}]}),
        (4, {"params": {"items": {"EV-0001": {}}}}),
        (5, {"params": {"evidence": "EV-00011"}}),
        (6, {"result": {"of": "EV-0001"}}),
    ]
    assert [number for number, _ in checklist.about("EV-0001", lines)] == [1, 2, 3, 4]


def test_a_witness_covers_what_was_on_the_ledger_before_and_a_clock_check_everything() -> None:
    lines = [
        (1, {"act": "witness", "phase": "done"}),
        (2, {"act": "clock.check", "phase": "done"}),
        (3, ACQUIRE),
        (4, {"act": "witness", "phase": "done", "params": {"who": "w@example.jp"}}),
    ]
    about = checklist.about("EV-0001", lines)
    assert [number for number, _ in about] == [2, 3, 4]
    assert state("A3.witness_signature", record(lines=about)).line == 4


def test_the_gaps_of_a_handing_over_are_named() -> None:
    line = {"act": "transfer.out", "params": {"from": "A", "to": "B", "purpose": "analysis"}, "in": [{"id": "EV-0001"}]}
    keys = [point.key for point in checklist.gaps(TRANSFER_POINTS, line)]
    assert "C.from" not in keys
    assert {"C.method", "C.seal", "C.checkpoint"} <= set(keys)


def test_every_question_is_asked_once() -> None:
    assert {"owner_consent", "custodian", "witness", "write_protection_proof", "photos", "limits"} <= set(askable())


class Stored:
    """Answers on a disk, as the examination puts them there."""

    def __init__(self, folder: Any) -> None:
        self.folder = folder
        (folder / "attached").mkdir()
        self.lines: list[tuple[int, dict[str, Any]]] = []

    def add(self, given: dict[str, dict[str, answers.Answer]]) -> str:
        data = answers.payload(given)
        sha256 = hashlib.sha256(data).hexdigest()
        (self.folder / "attached" / sha256).write_bytes(data)
        self.lines.append((len(self.lines) + 1, {"act": "case.set", "params": {"answers": {"sha256": sha256}}}))
        return sha256


def test_a_later_answer_replaces_an_earlier_one_and_null_takes_it_back(tmp_path: Any) -> None:
    stored = Stored(tmp_path)
    stored.add({"": {"place": "東京", "holder": "A"}})
    stored.add({"EV-0001": {"place": "大阪"}, "": {"holder": None}})
    found = answers.read_answers(tmp_path, stored.lines)
    assert found.of("EV-0001") == {"place": "大阪"}
    assert found.of("EV-0002") == {"place": "東京"}
    assert found.lines_of("EV-0001") == {"place": 2}


def test_answers_that_were_changed_are_not_believed(tmp_path: Any) -> None:
    stored = Stored(tmp_path)
    sha256 = stored.add({"": {"place": "東京"}})
    (tmp_path / "attached" / sha256).write_bytes(canonical.encode({"v": 1, "answers": {"": {"place": "大阪"}}}))
    with pytest.raises(IntegrityError, match="not what the ledger names"):
        answers.read_answers(tmp_path, stored.lines)
