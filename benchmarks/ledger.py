"""How long 100,000 ledger lines take: written in batches, one by one, verified; and a tree of a million leaves.

``python -m benchmarks.ledger [FOLDER]``: the folder is where the ledger is written, by default a temporary one.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from forensics.casefile import merkle
from forensics.casefile.acts import Act, Phase
from forensics.casefile.chain import check
from forensics.casefile.ledger import Entry, Ledger
from forensics.examination.station import Station, tool

CASE = "019a0000-0000-7000-8000-000000000001"
LINES, SINGLE, LEAVES = 100_000, 2_000, 1_000_000


def entry(number: int) -> Entry:
    """A line as an acquisition writes it."""
    return Entry(
        act=Act.ACQUIRE,
        phase=Phase.FINISHED,
        step="019a0000-0000-7000-8000-000000000002",
        ts_ns=1_780_275_792_000_000_000 + number,
        actor={"name": "検証 太郎", "org": "鑑定事務所", "role": "鑑定人"},
        host=Station().host(),
        tool=tool(),
        params={"evidence": "EV-0001", "case_toml_sha256": "0" * 64, "source": f"mail/{number}.pst"},
        outputs=({"id": "EV-0001", "sha256": "1" * 64, "size": number},),
    )


def seconds(work: Callable[[], Any]) -> float:
    """How long a piece of work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def rounds(folder: Path, count: int = 3) -> None:
    """Write and verify ``count`` times and print each time with the middle one."""
    entries = [entry(number) for number in range(LINES)]
    written, verified, rooted = [], [], []
    for _ in range(count):
        shutil.rmtree(folder, ignore_errors=True)
        with Ledger(folder, CASE) as ledger:
            written.append(seconds(lambda: ledger.append_many(entries)))
            rooted.append(seconds(lambda: ledger.root))
        verified.append(seconds(lambda: check(folder, CASE)))
    size = (folder / "events.jsonl").stat().st_size
    print(f"{LINES:,} lines, {size:,} bytes")
    for name, times in (("written in batches", written), ("verified", verified), ("root", rooted)):
        shown = ", ".join(f"{each:.2f}" for each in times)
        print(f"  {name:20} {statistics.median(times):6.2f} s  ({shown})")


def single(folder: Path) -> None:
    """Lines one by one, each with its own fsync and head."""
    shutil.rmtree(folder, ignore_errors=True)
    with Ledger(folder, CASE) as ledger:
        took = seconds(lambda: [ledger.append(entry(number)) for number in range(SINGLE)])
    print(f"{SINGLE:,} single lines: {took:.2f} s, {took / SINGLE * 1e3:.2f} ms a line")


def tree() -> None:
    """A million leaves: the root of packed leaves, of a growing tree, and proofs."""
    packed = bytes(32) + b"".join(number.to_bytes(32, "big") for number in range(1, LEAVES))
    print(f"{LEAVES:,} leaves: root {seconds(lambda: merkle.root(packed)):.2f} s")
    levels = merkle.Levels(packed)
    took = seconds(lambda: [levels.inclusion_proof(index) for index in range(0, LEAVES, 100)])
    print(f"  an inclusion proof {took / LEAVES * 100 * 1e6:.1f} µs")
    print(f"  most memory of this run {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    """Run all of it."""
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="ledger-"))
    try:
        tree()
        rounds(place / "ledger")
        single(place / "ledger")
    finally:
        shutil.rmtree(place / "ledger", ignore_errors=True)


if __name__ == "__main__":
    main()
