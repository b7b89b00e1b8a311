"""kill -9 at any call that writes, then the same command again: it completes and verifies."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.evidence.store import EvidenceStore
from tests.acquisition.stand_in import acquired

FILES = {f"{n:02d}.eml": bytes([n]) * (n * 1_000) for n in range(12)} | {"box.pst": b"!BDN" * 1_300_000}
DOOMED = """
import os, signal, sys
from pathlib import Path
import forensics.evidence.writer as writer
from forensics.evidence import durable
from forensics.acquisition.tree import TreeSource
from tests.acquisition.stand_in import acquired

writer._BATCH_FILES = 3
left = int(sys.argv[3])

def dying(call):
    def counted(*args, **options):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **options)
    return counted

for name in ("write", "fsync", "link", "unlink", "mkdir", "rename", "chmod", "truncate", "rmdir"):
    setattr(os, name, dying(getattr(os, name)))
acquired(TreeSource(Path(sys.argv[1])), Path(sys.argv[2]))
print(left)
"""


def run(source: Path, case: Path, calls: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DOOMED, str(source), str(case), str(calls)]
    return subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = tmp_path / "source"
    place.mkdir()
    for name, data in FILES.items():
        (place / name).write_bytes(data)
    return place


def check(case: Path) -> None:
    store = EvidenceStore(case / "evidence")
    assert store.verify("EV-0001") == []
    assert os.listdir(store.root) == ["EV-0001"]
    stored = {
        entry.path.decode(): store.path("EV-0001", entry.number) for entry in store.entries("EV-0001") if entry.number
    }
    assert {name: path.read_bytes() for name, path in stored.items()} == FILES


def test_killed_at_any_write_it_goes_on_and_completes(source: Path, tmp_path: Path) -> None:
    from forensics.acquisition.tree import TreeSource

    whole = run(source, tmp_path / "whole", 1_000_000)
    calls = 1_000_000 - int(whole.stdout)
    check(tmp_path / "whole")
    for at in sorted(random.Random(2).sample(range(1, calls + 1), 16)):
        case = tmp_path / f"killed-{at}"
        assert run(source, case, at).returncode == -9, f"call {at} of {calls}"
        store = EvidenceStore(case / "evidence")
        if "EV-0001" in store.items():
            assert store.verify("EV-0001") == []
            with pytest.raises(Exception, match="never written twice"):
                store.begin("EV-0001")
        else:
            acquired(TreeSource(source), case)
        check(case)


def test_killed_again_and_again_it_still_completes(source: Path, tmp_path: Path) -> None:
    case = tmp_path / "case"
    for allowed in range(30, 400, 10):
        if run(source, case, allowed).returncode == 0:
            break
        if EvidenceStore(case / "evidence").items():
            break
    store = EvidenceStore(case / "evidence")
    assert store.items() == ("EV-0001",)
    assert store.verify("EV-0001") == []
