"""What a person answers goes on the ledger, under its own hash, and unknown stays missing."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.evidence.points import askable
from forensics.examination import answering
from forensics.examination.conductor import Examination
from tests.casebuilder import CaseBuilder
from tests.cli.command import here


@pytest.fixture
def case(tmp_path: Path) -> Path:
    builder = CaseBuilder(tmp_path / "case")
    builder.evidence()
    return builder.folder


def test_answers_on_the_command_line_stand_on_the_ledger(case: Path) -> None:
    done = here("case", "answer", case, "EV-0001", "custodian=佐藤 健太", "owner-consent=yes", "--json").object
    assert done["answered"] == {"EV-0001": {"custodian": "佐藤 健太", "owner_consent": "yes"}}
    assert "A3.custodian" not in done["missing"]["EV-0001"]
    assert "A2.consent_reference" in done["missing"]["EV-0001"]
    assert hashlib.sha256((case / "ledger/attached" / done["sha256"]).read_bytes()).hexdigest() == done["sha256"]


def test_the_same_answer_again_writes_no_line(case: Path) -> None:
    here("case", "answer", case, "place=東京")
    lines = len(Examination(case).view().lines)
    assert here("case", "answer", case, "place=東京").code == 0
    assert len(Examination(case).view().lines) == lines


def test_an_empty_answer_takes_it_back(case: Path) -> None:
    here("case", "answer", case, "place=東京")
    done = here("case", "answer", case, "place=", "--json").object
    assert "A3.place" in done["missing"]["EV-0001"]


def test_the_template_is_a_file_that_can_be_given_back_half_filled(case: Path, tmp_path: Path) -> None:
    here("case", "answer", case, 'place=東京\\1 "甲"')
    text = answering.template(Examination(case).view())
    assert set(tomllib.loads(text)) == {*askable(), "EV-0001"}
    path = tmp_path / "answers.toml"
    path.write_text(text.replace('holder = ""', 'holder = "総務部"'), encoding="utf-8")
    done = here("case", "answer", case, "--answers", path, "--json").object
    assert done["answered"] == {"": {"holder": "総務部"}}


def test_a_photo_is_kept_by_its_hash(case: Path, tmp_path: Path) -> None:
    (tmp_path / "IMG_1.JPG").write_bytes(b"photo")
    path = tmp_path / "answers.toml"
    path.write_text('[EV-0001]\nphotos = ["IMG_1.JPG"]\n', encoding="utf-8")
    done = here("case", "answer", case, "--answers", path, "--json").object
    assert done["answered"]["EV-0001"]["photos"] == [
        f"IMG_1.JPG (5 bytes) sha256:{hashlib.sha256(b'photo').hexdigest()}"
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["colour=red"], "no question named 'colour'"),
        (["EV-0009", "place=x"], "no evidence item 'EV-0009'"),
        (["place"], "not of the form NAME=VALUE"),
        ([], "nothing was answered"),
        (["photos=absent.jpg"], "cannot be read"),
    ],
)
def test_what_cannot_be_taken_down_is_refused(case: Path, words: list[str], said: str) -> None:
    answer = here("case", "answer", case, *words)
    assert answer.code == 2
    assert said in answer.err
    assert not (case / "ledger/attached").exists()


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff = 1")
    with pytest.raises(UsageError, match="cannot be read"):
        answering.read_file(tmp_path / "bad.toml")
