"""A generated company of twelve accounts goes the whole way; what was planted is found, and its twin has nothing.

The seeds of these tests were not used while the detectors were written or mended.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.casefile.view import CaseView
from forensics.discovery import offers
from forensics.examination.questions import AUTHENTICITY
from tests.cli.command import forensics
from tests.company import build
from tests.company.judge import Judgement, judge

SEED, SCALE = 424243, 0.5
MORE_SEEDS = (918273, 550011)


def examined(folder: Path, seed: int, scale: float, *, planted: bool) -> Judgement:
    """Made, acquired, parsed, laid on a timeline, asked by every rule of authenticity, and judged."""
    company, case = folder / "company", folder / "case"
    build(seed, company, scale=scale, planted=planted)
    sites = sorted((company / "sources").iterdir())
    words = (*sites, company / "tables" / "dkim-keys.csv", "--case", case, "--workers", 1, "-q")
    assert forensics("examine", *words).code in (0, 3)
    asked = (word for offer in offers(AUTHENTICITY) for word in ("--rule", offer.name))
    assert forensics("find", "--case", case, *asked, "--workers", 1, "-q").code == 0
    return judge(CaseView(case), company)


def test_what_is_planted_is_found(tmp_path: Path) -> None:
    made = examined(tmp_path, SEED, SCALE, planted=True)
    assert len(made.verdicts) == 40
    assert (made.missed, [each.text for each in made.invented]) == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("seed", [SEED, *MORE_SEEDS])
def test_the_twin_without_plants_has_no_finding(tmp_path: Path, seed: int) -> None:
    made = examined(tmp_path, seed, 1 if seed in MORE_SEEDS else SCALE, planted=False)
    assert (made.verdicts, [each.text for each in made.invented]) == ((), [])


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_what_is_planted_is_found_with_other_seeds(tmp_path: Path, seed: int) -> None:
    made = examined(tmp_path, seed, 1, planted=True)
    assert (made.missed, [each.text for each in made.invented]) == ([], []), made.table()
