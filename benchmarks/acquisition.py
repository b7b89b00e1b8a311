"""Acquisition of one large file, SHA-256 and MD5, read-back of the copy included, beside dc3dd doing the same.

    python -m benchmarks.acquisition [--size MIB] [--runs N] [--folder FOLDER]

Both read the same source from the same disk and write to the same disk, in turn, in one run. dc3dd hashes with
``hash=sha256 hash=md5`` and reads its copy back because of ``hof=``; it leaves the copy in the page cache, where
its read-back finds it. We sync the copy to the disk, read it back from there, and write the item's papers; all of
that is in our time. The source is read once before the first run, so that neither meets a colder cache than the
other.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forensics.acquisition.acquire import acquire
from forensics.acquisition.tree import TreeSource
from forensics.evidence.store import EvidenceStore

_PIECE = 1 << 20
_GOAL = 1.5


def main() -> int:
    options = _options()
    if shutil.which("dc3dd") is None:
        print("dc3dd is not installed, so there is nothing to compare with")
        return 1
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=options.folder) as name:
        folder = Path(name)
        source = _make_source(folder / "source.bin", options.size)
        ours: list[float] = []
        theirs: list[float] = []
        for run in range(options.runs):
            pair = [("dc3dd", _time_dc3dd, theirs), ("forensics", _time_forensics, ours)]
            for label, measure, seconds in pair if run % 2 == 0 else reversed(pair):
                seconds.append(measure(source, folder))
                print(f"run {run + 1}: {label:10} {seconds[-1]:6.2f} s", flush=True)
    _report(options.size, theirs, ours)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Acquisition beside dc3dd.")
    parser.add_argument("--size", type=int, default=1024, help="size of the file in MiB (1024)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to work: on the disk to be measured")
    return parser.parse_args()


def _make_source(path: Path, mebibytes: int) -> Path:
    with path.open("wb") as handle:
        for _ in range(mebibytes):
            handle.write(os.urandom(_PIECE))
        handle.flush()
        os.fsync(handle.fileno())
    with path.open("rb") as handle:
        while handle.read(_PIECE):
            pass
    return path


def _settled(path: Path) -> None:
    """Nobody pays for what the other left behind."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    os.sync()


def _time_dc3dd(source: Path, folder: Path) -> float:
    copy = folder / "dc3dd.bin"
    command = ["dc3dd", f"if={source}", f"hof={copy}", "hash=sha256", "hash=md5"]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - began
    if done.stderr.count("[ok]") != 2:
        sys.exit("dc3dd did not confirm its two hashes")
    _settled(copy)
    return seconds


def _time_forensics(source: Path, folder: Path) -> float:
    case = folder / "case"
    store = EvidenceStore(case / "evidence")
    began = time.perf_counter()
    done = acquire(TreeSource(source), store.begin("EV-0001"), now=time.time_ns, tool={"name": "benchmark"})
    seconds = time.perf_counter() - began
    if not done.receipt.complete:
        sys.exit("the acquisition is not complete")
    _settled(case)
    return seconds


def _report(size: int, theirs: list[float], ours: list[float]) -> None:
    dc3dd, forensics = statistics.median(theirs), statistics.median(ours)
    ratios = [one / other for one, other in zip(theirs, ours, strict=True)]
    version = subprocess.run(["dc3dd", "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
    print(f"\n{size} MiB, {len(ours)} runs each, {os.cpu_count()} cores, Python {platform.python_version()}, {version}")
    print(f"dc3dd      median {dc3dd:6.2f} s   {size / dc3dd:6.0f} MiB/s   {min(theirs):.2f} to {max(theirs):.2f} s")
    print(
        f"forensics  median {forensics:6.2f} s   {size / forensics:6.0f} MiB/s   {min(ours):.2f} to {max(ours):.2f} s"
    )
    ratio = dc3dd / forensics
    print(f"ratio of the medians {ratio:.2f} (pairs {min(ratios):.2f} to {max(ratios):.2f}); goal {_GOAL}")
    print(f"\nagain: python -m benchmarks.acquisition --size {size} --runs {len(ours)}")


if __name__ == "__main__":
    sys.exit(main())
