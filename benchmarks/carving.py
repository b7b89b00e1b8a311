"""Carving of one generated medium beside foremost, one after another in turns; scalpel too, where it is installed.

    python -m benchmarks.carving [--size MIB] [--runs N] [--workers N] [--folder FOLDER]

The medium holds message files, mailboxes, message files of Outlook and Outlook stores among noise, text that is no mail
and zeros. The peers get the marks of these kinds in their configuration; both write what they find into files, and ours
hashes it too; ``ours, list`` and ``foremost -w`` write none. A message is found where a file begins in its header and
reaches its end (or one file holds the whole mailbox), and exact where it begins and ends where the message does. What
begins nowhere is false. The start of the interpreter and of the workers counts.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.carving_image import Maker, Truth
from benchmarks.measured import Measured, measured

_CONFIGURATION = "eml y 200000 Return-Path:\\x20\neml y 200000 From:\\x20\npst y 400000000 \\x21\\x42\\x4e\n"
_SCALPEL = _CONFIGURATION + "ole y 10000000 \\xd0\\xcf\\x11\\xe0\\xa1\\xb1\\x1a\\xe1\n"
_LINE = re.compile(r"^\d+:\s+(\S+)\s+\d+ \w+\s+(\d+)", re.MULTILINE)
_CLUSTER, _HEADER = 4096, 700
"""A file of a peer that begins anywhere in the header of a message counts as that message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Messages found and exact, files that begin where nothing does."""

    found: int
    exact: int
    false: int
    files: int


def main() -> int:
    options = _options()
    sides: dict[str, Callable[[Path, Path, argparse.Namespace], Measured]] = {"ours": _ours, "ours, list": _our_list}
    peers = (("foremost", _foremost), ("foremost -w", _foremost_audit), ("scalpel", _scalpel))
    sides |= {name: run for name, run in peers if shutil.which(name.split()[0])}
    runs: dict[str, list[Measured]] = {name: [] for name in sides}
    scores: dict[str, Score] = {}
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=options.folder) as name:
        image = Path(name) / "medium.dd"
        truths = Maker(20260601).write(image, options.size << 20)
        print(f"{image.stat().st_size >> 20} MiB, {sum(each.messages for each in truths)} messages", flush=True)
        for number in range(options.runs):
            for side in sides if number % 2 == 0 else reversed(sides):
                out = Path(name) / side.replace(" ", "").replace(",", "")
                runs[side].append(sides[side](image, out, options))
                scores[side] = _score(truths, _FILES[side](out))
                shutil.rmtree(out)
                print(f"run {number + 1}  {side:11} {runs[side][-1].seconds:7.2f} s", flush=True)
    _report(runs, scores, sum(each.messages for each in truths), options.size)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Carving of a generated medium beside foremost.")
    parser.add_argument("--size", type=int, default=512, help="MiB of the medium (512)")
    parser.add_argument("--runs", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--workers", type=int, default=2, help="workers and cores of our side (2)")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where to work: on the disk to be measured")
    return parser.parse_args()


def _ours(image: Path, out: Path, options: argparse.Namespace) -> Measured:
    command = [sys.executable, "-m", "benchmarks.carving_side", str(image), str(out), str(options.workers)]
    return measured(command, set(range(options.workers)))


def _our_list(image: Path, out: Path, options: argparse.Namespace) -> Measured:
    """Only the list, as its counterpart of foremost."""
    command = [sys.executable, "-m", "benchmarks.carving_side", str(image), str(out), str(options.workers), "search"]
    return measured(command, set(range(options.workers)))


def _foremost_audit(image: Path, out: Path, options: argparse.Namespace) -> Measured:
    """Only the list, no file is written: how fast it searches."""
    return _foremost(image, out, options, "-w")


def _foremost(image: Path, out: Path, options: argparse.Namespace, *more: str) -> Measured:
    configuration = image.parent / "foremost.conf"
    configuration.write_text(_CONFIGURATION)
    command = ["foremost", "-Q", *more, "-t", "ole", "-c", str(configuration), "-i", str(image), "-o", str(out)]
    return measured(command, set(range(options.workers)))


def _scalpel(image: Path, out: Path, options: argparse.Namespace) -> Measured:
    configuration = image.parent / "scalpel.conf"
    configuration.write_text(_SCALPEL)
    return measured(["scalpel", "-c", str(configuration), "-o", str(out), str(image)], set(range(options.workers)))


def _our_files(out: Path) -> list[tuple[int, int]]:
    lines = (out / "settle" / "carving.jsonl").read_text().splitlines()
    return [(found["ranges"][0][1], found["ranges"][0][1] + found["size"]) for found in map(json.loads, lines)]


def _foremost_files(out: Path) -> list[tuple[int, int]]:
    sizes = {path.name: path.stat().st_size for path in out.rglob("*") if path.is_file()}
    listed = _LINE.findall((out / "audit.txt").read_text())
    return [(int(start), int(start) + sizes.get(name, 0)) for name, start in listed]


def _scalpel_files(out: Path) -> list[tuple[int, int]]:
    lines = re.findall(r"^\S+\s+(\d+)\s+\w+\s+(\d+)\s+\S+$", (out / "audit.txt").read_text(), re.MULTILINE)
    return [(int(start), int(start) + int(length)) for start, length in lines]


_FILES: dict[str, Callable[[Path], list[tuple[int, int]]]] = {
    "ours": _our_files,
    "ours, list": _our_files,
    "foremost": _foremost_files,
    "foremost -w": lambda out: [],
    "scalpel": _scalpel_files,
}


def _score(truths: Sequence[Truth], files: list[tuple[int, int]]) -> Score:
    """A file is that of a message where it begins in its header; of a mailbox, one file may hold all messages."""
    ordered = sorted(files)
    starts = [start for start, _ in ordered]
    ends = dict(ordered)
    found = exact = box = 0
    hits: set[int] = set()
    for truth in truths:
        if truth.start % _CLUSTER == 0:
            box = truth.start if truth.kind == "mbox" else -1
        held = box >= 0 and ends.get(box, 0) >= truth.end - 1
        near = ordered[bisect_left(starts, truth.start) : bisect_right(starts, truth.start + _HEADER)]
        hits.update(start for start, _ in near)
        found += truth.messages * (held or any(end >= truth.end - 1 for _, end in near))
        exact += truth.messages * (held or any(s == truth.start and abs(e - truth.end) <= 1 for s, e in near))
    return Score(found=found, exact=exact, false=sum(start not in hits for start in starts), files=len(files))


def _report(runs: dict[str, list[Measured]], scores: dict[str, Score], messages: int, size: int) -> None:
    medians = {side: statistics.median(run.seconds for run in made) for side, made in runs.items()}
    for side, made in runs.items():
        score, memory = scores[side], max(run.memory for run in made) >> 20
        print(
            f"{side:11} {medians[side]:7.2f} s  {size / medians[side]:6.0f} MiB/s  {memory:5} MiB  "
            f"found {score.found} of {messages}, exact {score.exact}, {score.files} files, {score.false} false"
        )
    for ours, side in (("ours", "foremost"), ("ours, list", "foremost -w"), ("ours", "scalpel")):
        if side in medians:
            print(f"{ours} is {medians[side] / medians[ours]:.2f} times as fast as {side}")


if __name__ == "__main__":
    sys.exit(main())
