"""Parsing of one mbox of real mail, from stored bytes to records on the disk, beside ``mailbox`` and ``email``.

    python -m benchmarks.parsing [--size MIB] [--runs N] [--workers N] [--folder FOLDER] [--corpus FOLDER]

Ours is the step that users run (``examination.parsing.parse`` on an acquired case: plan, guarded workers, read-back of
every hash, everything synced to the disk, ledger), on as many cores as there are workers. The peer
(``benchmarks/stdlib_peer.py``) runs on one core and syncs nothing. Both run in a fresh process, in turn, in one run;
the start of the interpreter counts for neither. Memory is the highest sum of the resident set sizes of all processes
of a side, seen every 50 ms in /proc; pages that they share count once for each process. Processor time stands beside
the clock, because it says what the clock would say on a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.mail_box import Box, make_box
from benchmarks.measured import Measured, measured
from forensics.examination import acquiring, parsing
from forensics.examination.conductor import Examination
from forensics.examination.station import Station

_GOAL, _MOST_MEBIBYTES = 2.0, 600
_CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
_OURS, _PEER = "forensics", "mailbox+email"


def main() -> int:
    options = _options()
    if options.case is not None:
        return _parse_case(options.case, options.workers)
    if not (options.corpus / "INDEX.tsv").is_file():
        print(f"there is no corpus in {options.corpus}, so there is nothing to parse")
        return 1
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=options.folder) as name:
        folder = Path(name)
        box = make_box(options.corpus, folder / "box.mbox", options.size << 20)
        _show_box(box)
        runs: dict[str, list[Measured]] = {_PEER: [], _OURS: []}
        sides: list[tuple[str, Callable[[], Measured]]] = [
            (_PEER, lambda: _peer(box, folder)),
            (_OURS, lambda: _ours(box, folder, options.workers)),
        ]
        for number in range(1, options.runs + 1):
            for label, measure in sides if number % 2 else reversed(sides):
                runs[label].append(measure())
                _show_run(number, label, runs[label][-1], box)
    _report(box, runs, options)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Parsing an mbox beside mailbox and email.")
    parser.add_argument("--size", type=int, default=200, help="size of the mbox in MiB (200)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--workers", type=int, default=2, help="our workers and cores (2)")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to work: on the disk to be measured")
    parser.add_argument("--corpus", type=Path, default=_CORPUS, help="the folder with INDEX.tsv")
    parser.add_argument("--case", type=Path, default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


def _ours(box: Box, folder: Path, workers: int) -> Measured:
    case = folder / "case"
    with Examination.create(case, {"title": "benchmark"}, Station(workers=workers)) as examination:
        acquiring.acquire_path(examination, box.path)
    os.sync()
    command = ["-m", "benchmarks.parsing", "--case", str(case), "--workers", str(workers)]
    run = measured([sys.executable, *command], set(range(workers)))
    _removed(case)
    return run


def _peer(box: Box, folder: Path) -> Measured:
    out = folder / "peer"
    run = measured([sys.executable, "-m", "benchmarks.stdlib_peer", str(box.path), str(out)], {0})
    _removed(out)
    return run


def _removed(folder: Path) -> None:
    """Nobody pays for what the other left behind."""
    shutil.rmtree(folder)
    os.sync()


def _parse_case(case: Path, workers: int) -> int:
    """In the measured process: the step, and what it came to."""
    with Examination(case, Station(workers=workers)) as examination:
        began, used = time.perf_counter(), sum(os.times()[:4])
        [summary] = parsing.parse(examination)
        seconds, processor = time.perf_counter() - began, sum(os.times()[:4]) - used
    print(json.dumps({"seconds": seconds, "processor": processor, "counts": summary.counts}))
    return 0


def _show_box(box: Box) -> None:
    print(f"{box.messages} messages, {box.size} bytes, {box.rounds} rounds; in one round from each collection:")
    for origin, count in box.origins.most_common():
        print(f"  {count:5} {origin}")


def _show_run(number: int, label: str, run: Measured, box: Box) -> None:
    rate = box.messages / run.seconds
    print(
        f"run {number}: {label:14} {run.seconds:6.2f} s ({run.processor:6.2f} s of processor) "
        f"{rate:6.0f} messages/s {run.memory >> 20:4} MiB",
        flush=True,
    )


def _report(box: Box, runs: dict[str, list[Measured]], options: argparse.Namespace) -> None:
    rates = {label: [box.messages / run.seconds for run in found] for label, found in runs.items()}
    cores = {_PEER: 1, _OURS: options.workers}
    version = f"Python {platform.python_version()}"
    print(f"\n{box.size >> 20} MiB, {len(runs[_OURS])} runs each, {os.cpu_count()} cores, {version}")
    for label, found in rates.items():
        memory = max(run.memory for run in runs[label]) >> 20
        print(
            f"{label:14} on {cores[label]} core(s): median {statistics.median(found):5.0f} messages/s "
            f"({min(found):.0f} to {max(found):.0f}), {memory} MiB at most; rows: {_rows(runs[label][0].counts)}"
        )
    ratios = [ours / theirs for ours, theirs in zip(rates[_OURS], rates[_PEER], strict=True)]
    ratio = statistics.median(rates[_OURS]) / statistics.median(rates[_PEER])
    print(f"ratio of the medians {ratio:.2f} (pairs {min(ratios):.2f} to {max(ratios):.2f}); goal {_GOAL}")
    each = {label: statistics.median(run.processor for run in found) for label, found in runs.items()}
    per_core = each[_PEER] / each[_OURS]
    print(f"per second of processor {per_core:.2f}; the memory goal is under {_MOST_MEBIBYTES} MiB")
    print(f"\nagain: python -m benchmarks.parsing --size {options.size} --runs {options.runs}")


def _rows(counts: dict[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()) if count)


if __name__ == "__main__":
    sys.exit(main())
