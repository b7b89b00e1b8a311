"""kill -9 at any call that writes while an image is made, then the same again: it is whole and verifies."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.evidence.store import EvidenceStore
from tests.acquisition.imaging.stand_in import MIB, filled, stored

CONTENT = random.Random(8).randbytes(3 * MIB + 700)
BAD = frozenset({2, 3000})
DOOMED = """
import os, signal, sys
from pathlib import Path
from forensics.acquisition.imaging.image import Settings
from tests.acquisition.imaging.stand_in import MIB, FailingDisk, imaged

left = int(sys.argv[3])

def dying(call):
    def counted(*args, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **options)
    return counted

calls = "write fsync link unlink mkdir rename replace chmod truncate ftruncate rmdir"
for name in calls.split():
    setattr(os, name, dying(getattr(os, name)))
disk = FailingDisk(Path(sys.argv[1]).read_bytes(), frozenset({2, 3000}), nimble=bool(left % 2))
imaged(disk, Path(sys.argv[2]), Settings(piece=MIB, split=2 * MIB, retries=0))
print(left)
"""


def run(source: Path, case: Path, calls: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DOOMED, str(source), str(case), str(calls)]
    return subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=120)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.write_bytes(CONTENT)
    return path


def check(case: Path) -> None:
    store = EvidenceStore(case / "evidence")
    assert store.verify("EV-0001") == []
    entries = [each for each in store.entries("EV-0001") if not each.path.endswith(b".jsonl")]
    parts = [store.path("EV-0001", each.number or 0).read_bytes() for each in entries]
    assert b"".join(parts) == filled(CONTENT, BAD)
    assert b'"state":"filled"' in stored(store, b".error-map.jsonl")
    assert os.listdir(case / "evidence") == ["EV-0001"]


def dies_and_goes_on(source: Path, case: Path, calls: int) -> None:
    done = run(source, case, calls)
    assert done.returncode == -9, done.stderr
    if not (case / "evidence" / "EV-0001").exists():
        again = run(source, case, 1_000_000)
        assert again.returncode == 0, again.stderr
    else:
        EvidenceStore(case / "evidence").begin("EV-0002").close()
        for name in ("EV-0002.work", "EV-0002.part"):
            if (case / "evidence" / name).exists():
                (case / "evidence" / name / "copies").rmdir()
                (case / "evidence" / name).rmdir()
    check(case)


def calls_in_all(source: Path, case: Path) -> int:
    done = run(source, case, 1_000_000)
    assert done.returncode == 0, done.stderr
    check(case)
    return 1_000_000 - int(done.stdout)


def test_killed_at_some_calls(source: Path, tmp_path: Path) -> None:
    calls = calls_in_all(source, tmp_path / "whole")
    for number in (3, calls // 3, calls // 2, calls - 12, calls - 3):
        dies_and_goes_on(source, tmp_path / f"case-{number}", number)


@pytest.mark.slow
def test_killed_at_every_call(source: Path, tmp_path: Path) -> None:
    for number in range(1, calls_in_all(source, tmp_path / "whole") + 1):
        dies_and_goes_on(source, tmp_path / f"case-{number}", number)
