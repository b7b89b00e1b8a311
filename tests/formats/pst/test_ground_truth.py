"""Recovery held against generated stores of which it is known what was deleted, edited and overwritten.

For each tier: nothing is shown that was never there (precision 1.0), and everything that still stands is found
(recall 1.0), with what was overwritten named.
"""

from __future__ import annotations

import io

import pytest

from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging.store import open_store
from forensics.formats.pst.recovery.recover import Recoverer
from sample_data.maker.pst.truth import Version
from tests.tools.pst_score import Score, score, score_folders, score_rows
from tests.tools.pst_seeded import MODES, cases
from tests.tools.pst_stories import Case, Overwritten, deleted

PERFECT = (1.0, 1.0)
UNSEEN_SEEDS = (20261121, 31337)
"""The engine was written without them."""


def _scores(case: Case, live: list[Version]) -> dict[str, Score]:
    store, truth = open_store(io.BytesIO(case.data)), case.truth
    listed = [one for folder in store.folders() for one in store.items(folder.nid)]
    orphans = list(store.items(ORPHANS))
    recovered = list(Recoverer(store).items())
    return {
        **score_folders(truth, [*listed, *orphans]),
        **{tier: Score() for tier in ("STALE", "REMNANT")},
        **score(truth, recovered),
        "ROW": score_rows(truth, recovered, live),
    }


def _assert_perfect(scores: dict[str, Score], where: str) -> None:
    for tier, made in scores.items():
        assert (made.precision, made.recall) == PERFECT, (where, tier, made.wrong[:5], made.missed[:5])


def _assert_expected(scores: dict[str, Score], overwritten: Overwritten) -> None:
    """The store really puts each tier to the test."""
    assert scores["SOFT_DELETED"].expected >= 20
    assert scores["ORPHANED"].expected == 15
    assert scores["ROW"].expected > 250
    if overwritten == "none":
        assert scores["STALE"].expected > 250
    elif overwritten == "some":
        assert scores["STALE"].expected > 50
        assert scores["REMNANT"].expected > 10
    else:
        assert scores["STALE"].expected == scores["REMNANT"].expected == 0


def test_three_hundred_of_a_thousand_deleted_are_found_as_far_as_they_stand_and_nothing_else() -> None:
    seen = []
    for overwritten, case, live in cases(UNSEEN_SEEDS[0]):
        scores = _scores(case, live)
        _assert_perfect(scores, overwritten)
        _assert_expected(scores, overwritten)
        seen.append(overwritten)
    assert tuple(seen) == MODES


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*UNSEEN_SEEDS[1:], 1, 2, 3, 7, 11, 77, 101, 4242, 90210])
def test_further_seeds_give_the_same(seed: int) -> None:
    for overwritten, case, live in cases(seed):
        _assert_perfect(_scores(case, live), f"seed {seed}, {overwritten}")


@pytest.mark.slow
@pytest.mark.parametrize("overwritten", MODES)
def test_the_told_story_of_deletions_gives_the_same(overwritten: Overwritten) -> None:
    case = deleted(overwritten=overwritten)
    made = case.mutator
    live = [made.version(nid) for folder in made.folders().values() for nid in made.messages(folder)]
    _assert_perfect(_scores(case, live), overwritten)


def test_with_everything_overwritten_nothing_is_made_up() -> None:
    for overwritten, case, _ in cases(UNSEEN_SEEDS[1], 120, 36):
        if overwritten == "all":
            case.mutator.overwrite_tables()
            store = open_store(io.BytesIO(case.mutator.content()))
            assert [one.step for one in Recoverer(store).items() if not one.same_as and not one.overwritten] == []
