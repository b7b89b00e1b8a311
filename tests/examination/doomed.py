"""An examine that kills itself: ``python -m tests.examination.doomed CALLS OTHER_TOOL CASE SOURCE...``.

At the given number of calls that write it sends itself SIGKILL; what it counted is its last line if it lives. Its clock
only counts, from where the ledger stands. ``OTHER_TOOL`` makes it pass for another version of this program.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from forensics.casefile.ledger import read_lines
from forensics.examination import parsing, reporting, station, timelining
from forensics.examination.conductor import Examination
from forensics.examination.examining import examine
from forensics.examination.station import Station

CALLS = ("write", "fsync", "link", "unlink", "mkdir", "rename", "replace", "chmod", "truncate", "ftruncate", "rmdir")


class Fate:
    """Counts the calls, of all threads together, and ends the process at the chosen one."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.seen = 0

    def guard(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            self.seen += 1
            if self.seen == self.left:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)

        return counted


def disguise() -> None:
    """Another program than the one that made the case: everything is parsed again, and everything is replaced."""
    known = station.tool()
    other = {**known, "sha256": known["sha256"][::-1]}
    for module in (parsing, timelining, reporting):
        module.tool = lambda: other


def main() -> None:
    calls, other, case = int(sys.argv[1]), sys.argv[2] == "other", Path(sys.argv[3])
    sources = [Path(each) for each in sys.argv[4:]]
    if other:
        disguise()
    fate = Fate(calls)
    for name in CALLS:
        setattr(os, name, fate.guard(getattr(os, name)))
    last = [line.value["ts_ns"] for line in read_lines(case / "ledger")][-1:] or [1_780_000_000 * 10**9]
    ticks = itertools.count(last[0] + 10**9, 10**9)
    here = Station(now=lambda: next(ticks), argv=("a test",), workers=2)
    opened = (
        Examination(case, here) if (case / "case.toml").exists() else Examination.create(case, {"title": "t"}, here)
    )
    with opened as examination:
        done = examine(examination, sources)
    sys.stdout.write(f"{done.exit_code} {fate.seen}\n")


if __name__ == "__main__":
    main()
