"""The generated company is the same each time and says where its plants are; the rules find what they must in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from forensics.casefile.view import CaseView
from forensics.formats.logs import dovecot, postfix
from forensics.formats.logs.times import Assumed
from tests.staff_company import SMALL, Built, build
from tests.staff_company.journey import make_case
from tests.staff_company.judge import Judgement, judge

SEED = 31
OPEN = {"X3"}
"""Rows whose card does not say yet what is planted; a row leaves this set when it does."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    out = tmp_path_factory.mktemp("company")
    return out, build(SEED, out, people=20, messages=2000, plants=SMALL)


@pytest.fixture(scope="module")
def judged(made: tuple[Path, Built]) -> Judgement:
    make_case(made[0], made[0] / "case")
    return judge(CaseView(made[0] / "case"), made[0])


def _truths(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "truth.jsonl").read_text("utf-8").splitlines()]


def _tree(out: Path) -> dict[str, str]:
    files = sorted(path for path in out.rglob("*") if path.is_file() and "case" not in path.relative_to(out).parts)
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_company(made: tuple[Path, Built], tmp_path: Path) -> None:
    assert build(SEED, tmp_path, people=20, messages=2000, plants=SMALL) == made[1]
    assert _tree(tmp_path) == _tree(made[0])


def test_without_plants_nothing_is_planted(tmp_path: Path) -> None:
    built = build(SEED, tmp_path, people=20, messages=500, planted=False)
    assert built.planted == built.innocent == {}
    assert _truths(tmp_path) == []


def test_all_plants_cover_the_rows(tmp_path: Path) -> None:
    built = build(SEED + 1, tmp_path, people=40, messages=1500)
    rows = {
        f"{letter}{n:02d}"
        for letter, last in (("D", 13), ("C", 9), ("P", 15), ("T", 6), ("G", 5))
        for n in range(1, last + 1)
    }
    rows |= {f"X{n}" for n in range(1, 7)} | {"G19", "G21", "G23", "G24", "G25"}
    assert set(built.planted) == rows
    assert sum(built.planted.values()) >= 60
    assert len(built.innocent) > 40


def test_every_plant_says_where_it_is_seen(made: tuple[Path, Built]) -> None:
    stored = b"".join(path.read_bytes() for path in sorted((made[0] / "sources").rglob("*")) if path.is_file())
    for truth in _truths(made[0]):
        assert truth["say"]
        assert truth["message_ids"] or truth["lines"]
        assert all(name.encode() in stored for name in truth["message_ids"])


def test_every_line_of_the_server_log_is_read(made: tuple[Path, Built]) -> None:
    for path in sorted((made[0] / "sources/log").iterdir()):
        for line in path.read_text("utf-8").splitlines():
            event = postfix.parse(line, Assumed()) or dovecot.parse(line, Assumed())
            assert event is not None
            assert event.operation != "other"


def test_the_rules_find_what_is_planted_and_accuse_no_innocent(judged: Judgement) -> None:
    assert judged.accused == []
    assert [each.truth["say"] for each in judged.missed if each.truth["row"] not in OPEN] == []


def test_the_judgement_names_every_row(judged: Judgement) -> None:
    table = judged.table()
    assert all(truth.truth["row"] in table for truth in judged.verdicts)
    assert judged.planted == len([each for each in judged.verdicts if not each.truth["innocent"]])


@pytest.mark.slow
def test_all_is_found_in_a_company_of_200_people(tmp_path: Path) -> None:
    build(77, tmp_path, people=200, messages=300_000)
    make_case(tmp_path, tmp_path / "case")
    found = judge(CaseView(tmp_path / "case"), tmp_path)
    assert found.missed == found.accused == []
    assert all(found.per_month(rule, sure=True) < 5 for rule in found.answers)
