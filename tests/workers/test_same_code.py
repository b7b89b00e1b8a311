"""A worker runs the very code of its parent, whatever else is installed, and one that would not is refused."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.workers import Job, Limits, LocalEngine, same_code

# Another copy of the package than the one that the environment has installed asks its worker where it comes from.
ASK = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import forensics
from forensics.workers import Job, Limits, LocalEngine
with LocalEngine(1, Limits()) as engine:
    job = Job(call="forensics.where:tell", spool=Path(sys.argv[2]))
    outcome = engine.submit(job).result(timeout=60)
print(forensics.__file__, outcome.value and outcome.value["file"], outcome.detail, sep="\\n")
"""
TELL = """
def tell(args, reads, spool, report):
    import forensics
    return {"file": forensics.__file__}
"""


def test_a_worker_loads_the_package_of_its_parent_and_not_the_installed_one(tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "forensics"
    shutil.copytree(same_code.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "static"))
    (copy / "where.py").write_text(TELL)
    command = [sys.executable, "-P", "-c", ASK, str(copy.parent), str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)
    assert answer.stdout.splitlines()[:2] == [str(copy / "__init__.py")] * 2, answer.stdout + answer.stderr


def _refused(spool: Path) -> str:
    with LocalEngine(1, Limits()) as engine, pytest.raises(same_code.OtherCode) as refused:
        engine.submit(Job(call="tests.workers.jobs:echo", spool=spool)).result(timeout=60)
    assert refused.value.todo
    return refused.value.what


def test_a_worker_whose_files_are_not_those_of_the_ledger_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(same_code, "digest", lambda: "0" * 64)
    assert "changed while it was running" in _refused(tmp_path)


def test_a_worker_from_another_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.workers.slot.same_code.PACKAGE", _Elsewhere(same_code.PACKAGE))
    assert "from another place" in _refused(tmp_path)


class _Elsewhere:
    """A package that is started from one folder and said to be in another."""

    def __init__(self, real: Path) -> None:
        self._real = str(real)
        self._asked = 0

    def __str__(self) -> str:
        self._asked += 1
        return self._real if self._asked == 1 else "/elsewhere/forensics"


def test_the_digest_is_the_one_that_the_ledger_names() -> None:
    from forensics.examination.station import tool

    assert same_code.digest() == tool()["sha256"]
    assert same_code.loaded()["strays"] == []
