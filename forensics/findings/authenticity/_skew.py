"""How far the clock of each host, and of each account's programs, is off: estimated from pairs of neighbouring hops.

For each pair of neighbours the median difference and its spread (median absolute deviation) are taken over all messages
that passed both. A transit takes from nothing to a few minutes; where time runs backwards by about as much every time,
one of the two clocks is off, and it is the one whose other neighbours contradict it too. A delay alone is
no skew.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median, median_low
from typing import Any

from forensics.casefile.view import CaseView
from forensics.findings.authenticity._clocks import has_table, prepare
from forensics.findings.authenticity._words import MINUTE

FEWEST = 5
"""So many messages must have passed a pair before it tells anything."""
AGREES = MINUTE
"""Differences that lie within this of each other are the same."""
LONGEST_TRANSIT = 5 * MINUTE
_MOST_NODES = 5_000

# The programs of an account are a node too: where they are off against every first hop, their clock is.
PAIRS = """
CREATE TEMP TABLE au_pair AS
WITH hop AS (
    SELECT id, address, ref, hop, us, 'host ' || host AS node FROM au_clock
    WHERE kind = 'hop' AND host IS NOT NULL AND hop IS NOT NULL
), step AS (
    SELECT id, address, ref, node AS b, us, lag(node) OVER line AS a, lag(us) OVER line AS before
    FROM hop WINDOW line AS (PARTITION BY ref ORDER BY hop)
)
SELECT id, address, ref, a, b, us, us - before AS difference FROM step WHERE a IS NOT NULL AND a <> b
UNION ALL
SELECT id, hop.address, ref, 'account ' || sender, node, hop.us, hop.us - date_us
FROM au_mail JOIN hop USING (ref) WHERE hop = 1 AND date_us IS NOT NULL AND sender IS NOT NULL
"""
EDGES = f"""
CREATE TEMP TABLE au_edge AS
WITH middle AS (
    SELECT a, b, median(difference) AS middle, count(*) AS readings FROM au_pair GROUP BY a, b
    HAVING count(*) >= {FEWEST}
)
SELECT a, b, CAST(any_value(middle) AS BIGINT) AS middle, any_value(readings) AS readings,
       CAST(median(abs(difference - middle)) AS BIGINT) AS spread
FROM au_pair JOIN middle USING (a, b) GROUP BY a, b
"""  # noqa: S608 - filled with constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Skew:
    """One clock that is off by ``us`` (behind where it is negative); ``others`` could be off instead."""

    node: str
    us: int
    spread: int
    readings: int
    neighbours: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    a: str
    b: str
    middle: int
    spread: int
    readings: int


def skews(case: CaseView) -> tuple[Skew, ...]:
    """Every clock that is off, and the table ``au_skew`` (node, us) by which the other rules correct readings."""
    prepare(case)
    for name, made in (("au_pair", PAIRS), ("au_edge", EDGES)):
        if not has_table(case, name):
            case.connection.execute(made)
    # Only what a clock that is off could have made, and its neighbourhood, needs to be looked at.
    sql = f"""
        WITH bad AS (SELECT * FROM au_edge WHERE middle < {-AGREES}),
        near AS (SELECT a AS node FROM bad UNION SELECT b FROM bad)
        SELECT * FROM au_edge WHERE a IN (SELECT node FROM near) OR b IN (SELECT node FROM near)
        ORDER BY readings DESC, a, b LIMIT {_MOST_NODES * 4}
    """  # noqa: S608 - filled with constants only
    found = _solved([_Edge(**row) for row in case.rows(sql)])
    if not has_table(case, "au_skew"):
        case.connection.execute("CREATE TEMP TABLE au_skew (node VARCHAR, us BIGINT)")
        for each in found:
            case.connection.execute("INSERT INTO au_skew VALUES (?, ?)", [each.node, each.us])
    return found


def _solved(edges: list[_Edge]) -> tuple[Skew, ...]:
    """The clocks that are off, the best proven first; each is corrected before the next is looked for."""
    steady = [edge for edge in edges if edge.spread <= max(AGREES, abs(edge.middle) // 5)]
    off: dict[str, int] = defaultdict(int)
    found: list[Skew] = []
    while len(found) < _MOST_NODES:
        best = _worst_node(steady, off)
        if best is None:
            break
        off[best.node] += best.us
        found.append(best)
    return tuple(found)


def _rest(edge: _Edge, off: dict[str, int]) -> int:
    return edge.middle - (off.get(edge.b, 0) - off.get(edge.a, 0))


def _worst_node(edges: list[_Edge], off: dict[str, int]) -> Skew | None:
    blamed: dict[str, list[tuple[int, _Edge]]] = defaultdict(list)
    good: dict[str, int] = defaultdict(int)
    for edge in edges:
        rest = _rest(edge, off)
        if -AGREES <= rest <= LONGEST_TRANSIT:
            good[edge.a] += 1
            good[edge.b] += 1
            continue
        blamed[edge.a].append((-rest, edge))
        blamed[edge.b].append((rest, edge))
    scored = []
    for node, shifts in blamed.items():
        if node in off or not any(_rest(edge, off) < 0 for _, edge in shifts):
            continue
        scored.append(_scored(node, shifts, good[node], off))
    scored.sort(key=lambda each: (-each[0], -each[1].readings, not each[1].node.startswith("host "), each[1].node))
    if not scored or scored[0][0] < 0:
        return None
    score, best = scored[0]
    tied = tuple(each.node for points, each in scored[1:] if points == score and each.node in best.neighbours)
    return Skew(
        node=best.node,
        us=best.us,
        spread=best.spread,
        readings=best.readings,
        neighbours=best.neighbours,
        others=tied,
    )


def _scored(node: str, shifts: list[tuple[int, _Edge]], good: int, off: dict[str, int]) -> tuple[int, Skew]:
    """How many neighbours contradict this clock by the same amount, less those that do not contradict it."""
    backwards = [shift for shift, edge in shifts if _rest(edge, off) < 0]
    middle = median_low(backwards)
    same = [(shift, edge) for shift, edge in shifts if abs(shift - middle) <= 2 * AGREES + abs(middle) // 20]
    us = int(median(shift for shift, _ in same))
    return len(same) - good, Skew(
        node=node,
        us=us,
        spread=max(edge.spread for _, edge in same),
        readings=sum(edge.readings for _, edge in same),
        neighbours=tuple(dict.fromkeys(edge.b if edge.a == node else edge.a for _, edge in same)),
        others=(),
    )


def readings_of(case: CaseView, node: str, most: int) -> list[dict[str, Any]]:
    """A few clock readings of a node, in the order of their places."""
    kind, _, name = node.partition(" ")
    if kind == "host":
        sql = "SELECT id, address, ref, us FROM au_clock WHERE kind = 'hop' AND host = $1 ORDER BY address LIMIT $2"
    else:
        sql = """SELECT date_id AS id, date_address AS address, ref, date_us AS us FROM au_mail
                 WHERE sender = $1 AND date_id IS NOT NULL ORDER BY date_address LIMIT $2"""
    return case.rows(sql, [name, most])
