"""Reading of one generated Outlook store beside pffexport, readpst and libpff-python, one after another in turns.

    python -m benchmarks.pst [--messages N] [--size MIB] [--large] [--runs N] [--only SIDE ...] [--folder FOLDER]

All read every property, every recipient and every attachment. ``pffexport -m all`` and both of our sides also recover
what was deleted, and ours account for every byte; readpst and libpff-python read what is live. ``engine`` is our
engine in one process on one core; ``parse`` is the step that users run, with guarded workers, read-back of every hash,
everything synced to the disk. pffexport and readpst write what they read into files, libpff-python and ``engine`` hash
it. The start of the interpreter counts for no side in Python. Memory is the highest sum of the resident set sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measured import Measured, measured
from forensics.examination import acquiring
from forensics.examination.conductor import Examination
from forensics.examination.station import Station
from tests.tools.pst_stories import write_large

_SIDES = ("pffexport", "readpst", "libpff-python", "engine", "parse")
_PEER = "pffexport"
_EVERY = 10
_MOST_MEBIBYTES = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The store and where the sides may write."""

    store: Path
    folder: Path
    workers: int


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=options.folder) as name:
        work = _Work(store=Path(name) / "large.pst", folder=Path(name), workers=options.workers)
        size = _make(work.store, options)
        sides = [side for side in options.only if side in ("engine", "parse", "libpff-python") or shutil.which(side)]
        runs: dict[str, list[Measured]] = {side: [] for side in sides}
        for number in range(options.runs):
            for side in sides if number % 2 == 0 else reversed(sides):
                runs[side].append(_RUNNERS[side](work))
                _show(number + 1, side, runs[side][-1], options.messages)
    _report(runs, size, options)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reading an Outlook store beside pffexport, readpst, libpff-python.")
    parser.add_argument("--messages", type=int, default=20_000, help="messages in the store (20,000)")
    parser.add_argument("--size", type=int, default=200, help="size of the store in MiB, roughly (200)")
    parser.add_argument("--large", action="store_true", help="200,000 messages and 2 GiB")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--workers", type=int, default=2, help="workers and cores of parse (2)")
    parser.add_argument("--only", nargs="+", choices=_SIDES, default=list(_SIDES), help="these sides alone")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to work: on the disk to be measured")
    options = parser.parse_args()
    if options.large:
        options.messages, options.size = 200_000, 2048
    return options


def _make(path: Path, options: argparse.Namespace) -> int:
    """The store; what its messages do not fill is filled by a file in each tenth."""
    with tempfile.TemporaryFile(dir=options.folder) as probe:
        plain = write_large(probe, 500).size / 500 * options.messages
    attachment = max(0, int((options.size << 20) - plain) // (options.messages // _EVERY))
    with path.open("w+b") as out:
        made = write_large(out, options.messages, attachment=attachment, every=_EVERY)
    print(f"{made.items} messages in {made.folders} folders, {made.blocks} blocks, {made.size >> 20} MiB", flush=True)
    os.sync()
    return made.size


def _pffexport(work: _Work) -> Measured:
    out = work.folder / "pffexport"
    return _cleared(work, measured(["pffexport", "-q", "-m", "all", "-t", str(out), str(work.store)], {0}))


def _readpst(work: _Work) -> Measured:
    out = work.folder / "readpst"
    out.mkdir()
    return _cleared(work, measured(["readpst", "-q", "-j", "0", "-D", "-e", "-o", str(out), str(work.store)], {0}))


def _python(side: str) -> Callable[[_Work], Measured]:
    return lambda work: measured([sys.executable, "-m", "benchmarks.pst_sides", side, str(work.store)], {0})


def _parse(work: _Work) -> Measured:
    case = work.folder / "case"
    with Examination.create(case, {"title": "benchmark"}, Station(workers=work.workers)) as examination:
        acquiring.acquire_path(examination, work.store)
    os.sync()
    command = [sys.executable, "-m", "benchmarks.parsing", "--case", str(case), "--workers", str(work.workers)]
    return _cleared(work, measured(command, set(range(work.workers))))


_RUNNERS: dict[str, Callable[[_Work], Measured]] = {
    "pffexport": _pffexport,
    "readpst": _readpst,
    "libpff-python": _python("libpff"),
    "engine": _python("engine"),
    "parse": _parse,
}


def _cleared(work: _Work, run: Measured) -> Measured:
    """Nobody pays for what another left behind."""
    for path in work.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    os.sync()
    return run


def _show(number: int, side: str, run: Measured, messages: int) -> None:
    print(
        f"run {number}: {side:14} {run.seconds:7.2f} s ({run.processor:7.2f} s of processor) "
        f"{messages / run.seconds:6.0f} messages/s {run.memory >> 20:4} MiB  {json.dumps(run.counts)}",
        flush=True,
    )


def _report(runs: dict[str, list[Measured]], size: int, options: argparse.Namespace) -> None:
    print(f"\n{options.messages} messages, {size >> 20} MiB, {options.runs} runs of each, {os.cpu_count()} cores")
    clock = {side: statistics.median(run.seconds for run in found) for side, found in runs.items()}
    processor = {side: statistics.median(run.processor for run in found) for side, found in runs.items()}
    for side, found in runs.items():
        beside = ""
        if _PEER in runs:
            beside = f"; beside {_PEER}: clock {clock[_PEER] / clock[side]:.2f}"
            beside += f", processor {processor[_PEER] / processor[side]:.2f}"
        memory = max(run.memory for run in found) >> 20
        print(
            f"{side:14} median {clock[side]:7.2f} s, processor {processor[side]:7.2f} s, {memory} MiB at most{beside}"
        )
    print(f"goals: engine 1.0, parse with two workers 1.8 times {_PEER}, under {_MOST_MEBIBYTES} MiB")
    load = os.getloadavg()
    print(f"load of the machine at the end: {load[0]:.1f}, {load[1]:.1f}, {load[2]:.1f}")
    large = " --large" if options.large else f" --messages {options.messages} --size {options.size}"
    print(f"\nagain: python -m benchmarks.pst{large} --runs {options.runs} --only {' '.join(runs)}")


if __name__ == "__main__":
    sys.exit(main())
