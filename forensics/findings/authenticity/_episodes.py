"""When the clock of a host was off for a time only: every message that passed it then is out by the same amount.

Each step between two clocks is held against what is usual between these two. Where a host was ahead, what came to it
then seems late, and what it handed on seems to have come before it was sent; a delay does the first alone. So a time in
which a clock was off is looked for around steps that run backwards, and it is the clock whose own steps agree in it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import accumulate
from statistics import median_low
from typing import Any

from forensics.casefile.view import CaseView
from forensics.findings.authenticity._clocks import has_table
from forensics.findings.authenticity._words import DAY, MINUTE

FEWEST = 5
"""So many steps must be out by the same amount."""
FEWEST_BACKWARDS = 2
MOST_OTHERS = 0.1
"""At most such a share of the steps of that time may go as usual."""
AGREES = MINUTE
NEAR = 4 * DAY
"""Steps that run backwards further apart than this belong to different times; a weekend lies within it."""
_MOST = 200_000

# ``off`` is how much longer than usual the step took; between two clocks that seldom met, only a step backwards counts.
STEPS = f"""
CREATE TEMP TABLE au_step AS
SELECT id, address, ref, a, b, us, CASE WHEN middle IS NOT NULL THEN difference - middle
                                        WHEN difference < {-AGREES} THEN difference END AS off
FROM au_pair LEFT JOIN au_edge USING (a, b)
"""  # noqa: S608 - filled with constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One message from the clock ``a`` to the clock ``b``, by so much later than usual."""

    id: str
    address: str
    ref: str
    a: str
    b: str
    us: int
    off: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A clock that was off by ``us`` from the first to the last of its steps that show it."""

    node: str
    us: int
    spread: int
    steps: tuple[Step, ...]
    others: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        return self.steps[0].us

    @property
    def last(self) -> int:
        return self.steps[-1].us

    @property
    def neighbours(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(step.a if step.b == self.node else step.b for step in self.steps))


def episodes(case: CaseView) -> tuple[Episode, ...]:
    """Every time in which a clock was off, the best proven first; run after the table ``au_edge`` is made."""
    if not has_table(case, "au_step"):
        case.connection.execute(STEPS)
    steps = [Step(**row) for row in case.rows(_sql())]
    found: list[Episode] = []
    while (best := _best(steps)) is not None:
        found.append(best)
        steps = [_corrected(step, best) for step in steps]
    return tuple(found)


def _sql() -> str:
    """All steps of the clocks that have steps backwards, near the days of these."""
    return f"""
        WITH bad AS (SELECT * FROM au_step WHERE off < {-AGREES}),
        ends AS (SELECT a AS node, us FROM bad UNION ALL SELECT b, us FROM bad),
        often AS (SELECT node FROM ends GROUP BY node HAVING count(*) >= {FEWEST_BACKWARDS}),
        days AS (SELECT DISTINCT node, us // {DAY} + unnest([-2, -1, 0, 1, 2]) AS day
                 FROM ends WHERE node IN (SELECT node FROM often))
        SELECT DISTINCT au_step.* FROM au_step JOIN days ON (days.node = a OR days.node = b) AND day = us // {DAY}
        WHERE off IS NOT NULL ORDER BY us, address, b LIMIT {_MOST}
    """  # noqa: S608 - filled with constants only


def _best(steps: list[Step]) -> Episode | None:
    """The clock and time that most steps bear out; clocks that the same steps would explain are named beside it."""
    scored = [each for node, own in _backwards(steps).items() for each in _times_of(node, own, steps)]
    if not scored:
        return None
    scored.sort(key=lambda each: (-len(each.steps), each.node, each.first))
    best = scored[0]
    tied = {each.node for each in scored[1:] if len(each.steps) == len(best.steps) and each.node in best.neighbours}
    return replace(best, others=tuple(sorted(tied)))


def _backwards(steps: list[Step]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.off < -AGREES:
            found[step.a].append(step)
            found[step.b].append(step)
    return {node: own for node, own in sorted(found.items()) if len(own) >= FEWEST_BACKWARDS}


def _times_of(node: str, backwards: list[Step], steps: list[Step]) -> list[Episode]:
    """The times in which this clock was off, by each cluster of its steps backwards."""
    clusters: list[list[Step]] = []
    for step in backwards:
        if not clusters or step.us - clusters[-1][-1].us > NEAR:
            clusters.append([])
        clusters[-1].append(step)
    own = [step for step in steps if node in (step.a, step.b)]
    found = []
    for cluster in clusters:
        first, last = cluster[0].us - NEAR, cluster[-1].us + NEAR
        near = [step for step in own if first <= step.us <= last]
        # A host may have been ahead of one neighbour while another ran behind: each direction is looked at by itself.
        for side in (1, -1):
            shifts = [_shift(step, node) for step in cluster if _shift(step, node) * side > 0]
            if len(shifts) >= FEWEST_BACKWARDS:
                found.append(_episode(node, median_low(shifts), near))
    return [each for each in found if each is not None]


def _shift(step: Step, node: str) -> int:
    return step.off if step.b == node else -step.off


def _episode(node: str, us: int, steps: list[Step]) -> Episode | None:
    """The run of steps in which those that are out by this amount most outnumber those that go as usual."""
    slack = max(AGREES, abs(us) // 10)
    odd = [abs(_shift(step, node) - us) <= slack for step in steps]
    usual = [abs(_shift(step, node)) <= slack for step in steps]
    start, end = _densest([is_odd * 1 - is_usual * 2 for is_odd, is_usual in zip(odd, usual, strict=True)])
    shown = tuple(step for at, step in enumerate(steps[start:end], start=start) if odd[at])
    others = sum(usual[start:end])
    backwards = sum(step.off < -AGREES for step in shown)
    if len(shown) < FEWEST or backwards < FEWEST_BACKWARDS or others > len(shown) * MOST_OTHERS:
        return None
    shifts = [_shift(step, node) for step in shown]
    middle = median_low(shifts)
    return Episode(node=node, us=middle, spread=median_low([abs(each - middle) for each in shifts]), steps=shown)


def _densest(weights: list[int]) -> tuple[int, int]:
    """Where the sum of neighbouring weights is greatest: from its first to before its end."""
    sums = [0, *accumulate(weights)]
    best, low = (0, 0), 0
    for at in range(1, len(sums)):
        if sums[at - 1] < sums[low]:
            low = at - 1
        if sums[at] - sums[low] > sums[best[1]] - sums[best[0]]:
            best = (low, at)
    return best


def _corrected(step: Step, episode: Episode) -> Step:
    if not episode.first <= step.us <= episode.last or episode.node not in (step.a, step.b):
        return step
    return replace(step, off=step.off - (episode.us if step.b == episode.node else -episode.us))


def rows_of(found: tuple[Episode, ...]) -> list[dict[str, Any]]:
    """What the other rules correct readings by: a clock, by how much, from when and until when."""
    return [
        {"node": each.node, "us": each.us, "first": each.first - MINUTE - abs(each.us), "last": each.last + MINUTE}
        for each in found
    ]
