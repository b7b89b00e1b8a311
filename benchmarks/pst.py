"""Reading of one generated Outlook store beside pffexport, readpst and libpff-python, one after another in turns.

    python -m benchmarks.pst [--messages N] [--size MIB] [--large] [--runs N] [--only SIDE ...] [--folder FOLDER]

All read every property, every recipient and every attachment. ``pffexport -m all`` and our sides also recover what was
deleted, and ours account for every byte; readpst and libpff-python read what is live. ``engine`` is our engine in one
process on one core, ``workers`` the same in guarded workers, a range of messages to a job; both hash what they read, as
libpff-python does. pffexport and readpst write what they read into files. ``parse`` is the step that users run: guarded
workers, records of everything, read-back of every hash, everything synced to the disk. The start of the interpreter
counts for no side in Python. Memory is the highest sum of the resident set sizes of a side's processes. ``--large``
measures two stores, one of 2 GiB and one of 200,000 messages.
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

_SIDES = ("pffexport", "readpst", "libpff-python", "engine", "workers", "parse")
_IN_PYTHON = ("libpff-python", "engine", "workers", "parse")
_PEER = "pffexport"
_EVERY = 10
_MOST_MEBIBYTES = 700
_LARGE = ((20_000, 2048), (200_000, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The store and where the sides may write."""

    store: Path
    folder: Path
    workers: int


def main() -> int:
    options = _options()
    # Messages and MiB of each store; a size of 0 is whatever so many messages come to.
    for messages, size in _LARGE if options.large else ((options.messages, options.size),):
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=options.folder) as name:
            _measure(Path(name), messages, size, options)
    return 0


def _measure(folder: Path, messages: int, size: int, options: argparse.Namespace) -> None:
    work = _Work(store=folder / "large.pst", folder=folder, workers=options.workers)
    made = _make(work.store, messages, size)
    sides = [side for side in options.only if side in _IN_PYTHON or shutil.which(side)]
    runs: dict[str, list[Measured]] = {side: [] for side in sides}
    for number in range(options.runs):
        for side in sides if number % 2 == 0 else reversed(sides):
            runs[side].append(_RUNNERS[side](work))
            _show(number + 1, side, runs[side][-1], messages)
    _report(runs, messages, made, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reading an Outlook store beside pffexport, readpst, libpff-python.")
    parser.add_argument("--messages", type=int, default=20_000, help="messages in the store (20,000)")
    parser.add_argument("--size", type=int, default=200, help="size of the store in MiB, roughly (200)")
    parser.add_argument("--large", action="store_true", help="a store of 2 GiB, then one of 200,000 messages")
    parser.add_argument("--runs", type=int, default=3, help="runs of each (3)")
    parser.add_argument("--workers", type=int, default=2, help="workers and cores of workers and parse (2)")
    parser.add_argument("--only", nargs="+", choices=_SIDES, default=list(_SIDES), help="these sides alone")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to work: on the disk to be measured")
    return parser.parse_args()


def _make(path: Path, messages: int, size: int) -> int:
    """The store; what its messages do not fill is filled by a file in each tenth."""
    attachment = 0
    if size:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            plain = write_large(probe, 500).size / 500 * messages
        attachment = max(0, int((size << 20) - plain) // (messages // _EVERY))
    with path.open("w+b") as out:
        made = write_large(out, messages, attachment=attachment, every=_EVERY)
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
    def run(work: _Work) -> Measured:
        cores = set(range(work.workers)) if side == "workers" else {0}
        command = [sys.executable, "-m", "benchmarks.pst_sides", side, str(work.store), str(work.workers)]
        return measured(command, cores)

    return run


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
    "workers": _python("workers"),
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


def _report(runs: dict[str, list[Measured]], messages: int, size: int, options: argparse.Namespace) -> None:
    print(f"\n{messages} messages, {size >> 20} MiB, {options.runs} runs of each, {os.cpu_count()} cores")
    clock = {side: statistics.median(run.seconds for run in found) for side, found in runs.items()}
    processor = {side: statistics.median(run.processor for run in found) for side, found in runs.items()}
    for side, found in runs.items():
        beside = ""
        if _PEER in runs:
            beside = f"; beside {_PEER}: clock {clock[_PEER] / clock[side]:.2f}"
            beside += f", processor {processor[_PEER] / processor[side]:.2f}"
            pairs = [theirs.seconds / ours.seconds for theirs, ours in zip(runs[_PEER], found, strict=True)]
            beside += f", pairs {min(pairs):.2f} to {max(pairs):.2f}"
        memory = max(run.memory for run in found) >> 20
        print(
            f"{side:14} median {clock[side]:7.2f} s, processor {processor[side]:7.2f} s, {memory} MiB at most{beside}"
        )
    print(f"goals beside {_PEER}: engine 1.0, two workers 1.8; under {_MOST_MEBIBYTES} MiB")
    load = os.getloadavg()
    print(f"load of the machine at the end: {load[0]:.1f}, {load[1]:.1f}, {load[2]:.1f}")
    large = " --large" if options.large else f" --messages {options.messages} --size {options.size}"
    print(f"\nagain: python -m benchmarks.pst{large} --runs {options.runs} --only {' '.join(runs)}")


if __name__ == "__main__":
    sys.exit(main())
