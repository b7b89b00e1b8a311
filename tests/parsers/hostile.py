"""Cut and changed copies of a sample, and what a parser may do with them: give records, or raise ``FormatError``.

A native library may also crash; then it runs in a process of its own (``python -m tests.parsers.hostile``), and each
crash costs the one copy it happened on, as in the guarded workers.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from forensics import tables
from forensics.errors import FormatError
from tests.parsers import samples
from tests.parsers.samples import Sample

_CUTS, _FLIPS = 24, 40
_SECONDS = 240


class Change(NamedTuple):
    """The sample cut to ``length`` and, where ``at`` is not negative, with the byte there changed by ``mask``."""

    length: int
    at: int = -1
    mask: int = 0

    def of(self, data: bytes) -> bytes:
        """The changed copy."""
        copy = bytearray(data[: self.length])
        if self.at >= 0:
            copy[self.at] ^= self.mask
        return bytes(copy)


def changes(size: int) -> Iterator[Change]:
    """The same cuts and changes on every run: both ends, then places spread over the file."""
    chance = random.Random(size)
    lengths = {0, 1, size // 2, size - 1, *(chance.randrange(size) for _ in range(_CUTS))}
    yield from (Change(length) for length in sorted(lengths))
    places = {0, size - 1, *(chance.randrange(size) for _ in range(_FLIPS)), *range(0, min(size, 96), 7)}
    for at in sorted(places):
        yield Change(size, at, chance.choice((0x01, 0x20, 0x80, 0xFF)))


def try_one(sample: Sample, change: Change) -> None:
    """Parse a changed copy, and put what it gives into tables as the examination does."""
    unit = sample.unit(change.of(sample.data()))
    parser = samples.parsers()[sample.parser]
    columns: dict[str, tables.Columns] = {}
    seen: set[tuple[str, str]] = set()
    try:
        for record in parser.parse(unit, samples.AT, samples.Kept()):
            columns.setdefault(record.KIND, tables.Columns(record.KIND)).append(record, "test 1", unit.sha256)
            key = (record.KIND, record.identity())
            assert key not in seen, f"{sample}, {change}: an id is given twice: {record}"
            seen.add(key)
    except FormatError:
        pass
    for each in columns.values():
        each.table()


def run_apart(sample: Sample) -> None:
    """All changed copies in a process of its own; started again behind the copy that made it crash."""
    total = len(list(changes(len(sample.data()))))
    start = 0
    while start < total:
        command = [sys.executable, "-m", "tests.parsers.hostile", str(sample), str(start)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        assert done.returncode <= 0, done.stderr[-4000:]
        start += done.stdout.count("\n") + (1 if done.returncode else 0)


def main(name: str, start: int) -> None:
    """Try the copies from ``start`` on, one line to standard output for each that is done."""
    sample = next(each for each in samples.all_samples() if str(each) == name)
    for number, change in enumerate(changes(len(sample.data()))):
        if number >= start:
            try_one(sample, change)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
