"""Runs mutations through the guarded engine and adds up what came of them, mode by mode.

As a program: ``python -m tests.hostile_stores.campaign [MUTATIONS]`` prints the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from tests.hostile_stores.guard import WALL, Guard
from tests.hostile_stores.mutations import MODES
from tests.hostile_stores.seeds import GENERATED, real

Case = tuple[str, str, int]


@dataclass(slots=True)
class Row:
    """One line of the table."""

    runs: int = 0
    refused: int = 0
    standing: int = 0
    reached: int = 0
    by_item: int = 0
    by_store: int = 0
    seconds: float = 0.0
    memory: int = 0
    silent: list[Case] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.reached / self.standing if self.standing else 1.0


def cases(count: int, seeds: Iterable[str] | None = None) -> Iterator[Case]:
    """So many mutations, evenly over the modes and the seeds."""
    names = list(seeds) if seeds is not None else [*GENERATED, *real()]
    every = ((name, mode, number) for number in range(count) for name in names for mode in MODES)
    return islice(every, count)


def run(wanted: Iterable[Case], wall: float = WALL) -> dict[str, Row]:
    """The table."""
    table = {mode: Row() for mode in MODES}
    with Guard(wall) as guard:
        for case in wanted:
            _add(table[case[1]], case, guard.ask(*case))
    return table


def _add(row: Row, case: Case, said: dict[str, object]) -> None:
    row.runs += 1
    for key in ("death", "escaped"):
        if key in said:
            row.bad.append(f"{case}: {said[key]}")
            return
    row.refused += bool(said["refused"])
    row.standing += int(str(said["standing"]))
    row.reached += int(str(said["reached"]))
    row.by_item += int(str(said.get("by_item", 0)))
    row.by_store += int(str(said.get("by_store", 0)))
    row.seconds = max(row.seconds, float(str(said["seconds"])))
    row.memory = max(row.memory, int(str(said["memory"])))
    if case[1] != "sealed" and said.get("silent"):
        row.silent.append(case)
    if said.get("missed"):
        row.missed.append(f"{case}: {said['missed']}")
    bad = said["bad"]
    assert isinstance(bad, list)
    row.bad.extend(f"{case}: {each}" for each in bad)


def lines(table: dict[str, Row]) -> Iterator[str]:
    """The table as text."""
    yield "mode     runs refused standing reached  share  by item by store silent  bad  slowest    peak"
    for mode, row in table.items():
        yield (
            f"{mode:8} {row.runs:4} {row.refused:7} {row.standing:8} {row.reached:7} {row.share:6.2%} {row.by_item:8} "
            f"{row.by_store:8} {len(row.silent):6} {len(row.bad):4} {row.seconds:7.2f}s {row.memory >> 10:4} MB"
        )


def main() -> None:
    table = run(cases(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
    out = [*lines(table)]
    for row in table.values():
        out += [*map(repr, row.silent[:20]), *row.bad[:20], *row.missed[:10]]
    sys.stdout.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
