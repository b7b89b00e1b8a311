"""The record of an acquisition: measured where a machine can know it, asked where not, else INCOMPLETE in words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.evidence.points import ACQUISITION_POINTS, Origin, askable
from forensics.examination import answering
from forensics.examination.conductor import Examination
from forensics.examination.examining import acquire_all
from forensics.examination.reporting import report
from tests.acquisition.exports import made
from tests.casebuilder import CaseBuilder
from tests.cli.command import here
from tests.examination.cases import station

FACTS = {"examiner": "佐藤", "organisation": "A社", "legal_basis": "契約 2026-1", "scope": "全メール", "language": "en"}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    builder = CaseBuilder(tmp_path / "case")
    builder.evidence()
    return builder.folder


def every_answer() -> dict[str, str]:
    return {name: f"answer to {name}" for name in askable() if name != "photos"}


def test_every_must_point_has_a_way_to_be_met() -> None:
    for point in ACQUISITION_POINTS:
        assert point.sources
        assert not point.must or {origin for origin, _ in point.sources} <= set(Origin)


def test_answers_come_from_json_as_well_as_from_toml(case: Path, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(
        json.dumps({"custodian": "佐藤", "EV-0001": {"place": "東京", "owner_consent": True}}), encoding="utf-8"
    )
    with Examination(case, station()) as examination:
        done = answering.answer_from_file(examination, path)
        again = answering.answer_from_file(examination, path)
    assert done.answered == {"": {"custodian": "佐藤"}, "EV-0001": {"place": "東京", "owner_consent": "yes"}}
    assert not {"A3.custodian", "A3.place", "A2.consent"} & set(done.missing["EV-0001"])
    assert again.answered == {}


@pytest.mark.parametrize("text", ["{", '{"custodian": {"a": 1}}', '{"no such question": "x"}', '{"place": 1.5}'])
def test_a_file_of_answers_that_is_none_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        answering.read_file(path)


def test_a_file_of_answers_that_is_not_there_is_a_usage_error(case: Path, tmp_path: Path) -> None:
    assert here("case", "answer", case, "--answers", tmp_path / "gone.toml").code == 2


def test_what_only_a_person_knows_is_asked_and_what_is_answered_is_asked_no_more(case: Path) -> None:
    view = Examination(case).view()
    first = answering.questions(view, "EV-0001")
    assert {"custodian", "witness", "place", "write_protection"} <= {each.name for each in first}
    with Examination(case, station()) as examination:
        answering.answer(examination, answering.from_words("EV-0001", {"custodian": "佐藤", "place": "東京"}))
    left = {each.name for each in answering.questions(Examination(case).view(), "EV-0001")}
    assert {each.name for each in first} - left >= {"custodian", "place"}


def test_an_acquisition_with_all_answers_lacks_only_what_other_steps_supply(tmp_path: Path) -> None:
    export = made.gyb(tmp_path / "g", [1])
    with Examination.create(tmp_path / "case", dict(FACTS), station()) as examination:
        acquire_all(examination, [export])
        before = answering.missing(examination.view())["EV-0001"]
        answering.answer(examination, answering.from_words("", every_answer()))
        after = answering.missing(examination.view())["EV-0001"]
    assert {"A3.custodian", "A3.holder", "A6.proof", "A12.medium"} <= set(before)
    assert set(after) <= {"A7.argv", "A11.seal", "A13.photos"}


def test_the_acquisition_report_says_in_words_what_is_missing_and_what_the_provider_states(tmp_path: Path) -> None:
    export = made.vault(tmp_path / "v", {1: [1]}, [1, 2])
    case = tmp_path / "case"
    with Examination.create(case, dict(FACTS), station()) as examination:
        acquire_all(examination, [export])
        report(examination, ("acquisition-report",))
    text = "".join(path.read_text(encoding="utf-8") for path in case.rglob("acquisition-report*.html"))
    assert "INCOMPLETE" in text
    assert "Held against what the provider states" in text
    assert made.name_of(2) in text
    assert "missing: 1" in text


def test_the_command_asks_for_what_is_missing_and_an_empty_line_leaves_it_open(case: Path) -> None:
    names = [each.name for each in answering.questions(Examination(case).view(), "EV-0001")]
    typed = "\n".join(f"answer {name}" if name in ("custodian", "place") else "" for name in names) + "\n"
    done = subprocess.run(
        [sys.executable, "-m", "forensics.cli.main", "case", "answer", str(case), "EV-0001", "--ask", "--json"],
        input=typed.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)["answered"]
    assert answered == {"EV-0001": {"custodian": "answer custodian", "place": "answer place"}}
