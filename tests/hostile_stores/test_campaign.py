"""Thousands of damaged stores: no crash, no hang, no silent change, and what still stands is reached.

A fixed share runs always; the whole is marked slow. ``python -m tests.hostile_stores.campaign 8000`` prints the table.
"""

from __future__ import annotations

import pytest

from tests.corpus import CORPUS
from tests.hostile_stores.campaign import Row, cases, lines, run
from tests.hostile_stores.seeds import GENERATED

_FEW = ("ansi-cyclic", "unicode-none", "4k-permute", "deleted", "sample")
_SHARE = {"header": 1.0, "flip1": 0.99, "live1": 0.99, "live8": 0.97}
_LEAST = 0.95


def _hold(table: dict[str, Row]) -> None:
    text = "\n".join(lines(table))
    for mode, row in table.items():
        assert row.bad == [], text
        assert row.silent == [], text
        if mode != "sealed":
            assert row.share >= _SHARE.get(mode, _LEAST), (text, row.missed[:10])


def test_a_fixed_share_of_the_mutations_is_read_within_bounds_and_nothing_changes_in_silence() -> None:
    _hold(run(cases(150, _FEW)))


@pytest.mark.slow
def test_the_whole_campaign_is_read_within_bounds_and_nothing_changes_in_silence() -> None:
    seeds = None if CORPUS is not None else GENERATED
    _hold(run(cases(7600, seeds)))
