"""Which members of a sequence stand out of order: those outside of its longest run that never falls back."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

NONE = -1


def displaced(values: Sequence[int], tolerance: int) -> list[tuple[int, int]]:
    """The places that stand out by more than ``tolerance``, each with the place of the neighbour that shows it."""
    kept = _longest_run(values)
    found = []
    before = NONE
    after = iter(sorted(kept))
    following = next(after, NONE)
    for place, value in enumerate(values):
        if place == following:
            before, following = place, next(after, NONE)
        elif before != NONE and value < values[before] - tolerance:
            found.append((place, before))
        elif following != NONE and value > values[following] + tolerance:
            found.append((place, following))
    return found


def _longest_run(values: Sequence[int]) -> set[int]:
    """The places of a longest subsequence that never falls back (patience sorting, n log n)."""
    tails, places, previous = array("q"), array("q"), array("q")
    for place, value in enumerate(values):
        at = bisect_right(tails, value)
        previous.append(places[at - 1] if at else NONE)
        if at == len(tails):
            tails.append(value)
            places.append(place)
        else:
            tails[at], places[at] = value, place
    kept: set[int] = set()
    place = places[-1] if places else NONE
    while place != NONE:
        kept.add(place)
        place = previous[place]
    return kept
