"""Whose fault it is that a file was not looked at: a busy machine and a program that is being updated cost no file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from forensics.examination import parsing
from forensics.workers import Job, Outcome, same_code

_FILE = {"number": "000001", "path": "a.pst", "size": 1, "sha256": "", "metadata": {}, "folder": ""}
_ANSWER = {"number": "000001", "parser": "pst", "kind": "pst", "why": "", "ranges": [], "lost": ""}

_ASK = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from forensics.errors import ForensicsError
from forensics.workers import Job, Limits, LocalEngine
with LocalEngine(1, Limits(), preload=("forensics.halfway",)) as engine:
    try:
        outcome = engine.submit(Job(call="forensics.halfway:tell", spool=Path(sys.argv[2]))).result(timeout=100)
        print("blamed on the job:", outcome.cause)
    except ForensicsError as error:
        print(type(error).__name__, error.what)
"""


class _Engine:
    """Gives one outcome after another, and keeps what it was asked."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = list(outcomes)
        self.asked: list[Job] = []

    def submit(self, job: Job) -> Future[Outcome]:
        self.asked.append(job)
        future: Future[Outcome] = Future()
        future.set_result(self._outcomes.pop(0))
        return future


def _planned(engine: _Engine, tmp_path: Path) -> list[dict[str, Any]]:
    data = {"000001": tmp_path / "a"}
    told = {"to_plan": lambda batch: {"files": batch}, "vault": None}
    runner = SimpleNamespace(engine=engine, work=tmp_path, data=data, **told)
    work = SimpleNamespace(runner=runner, item=SimpleNamespace(name="EV-0001"))
    return parsing._plan_batch(cast("Any", work), [dict(_FILE)], [])


@pytest.mark.parametrize("cause", ["lost", "timeout", "signal 9", "memory", "error"])
def test_a_look_that_failed_once_is_tried_again_with_more_room_before_a_file_is_blamed(
    cause: str, tmp_path: Path
) -> None:
    engine = _Engine(Outcome(cause=cause, at="000001"), Outcome(value={"files": [_ANSWER]}))
    assert _planned(engine, tmp_path) == [_ANSWER]
    first, again = engine.asked
    assert first.limits is None
    assert again.limits is not None
    assert again.limits.wall > 60


def test_a_look_that_fails_twice_costs_that_file_and_names_the_cause(tmp_path: Path) -> None:
    failed = Outcome(cause="signal 11", at="000001")
    (plan,) = _planned(_Engine(failed, failed, Outcome(value={"files": []})), tmp_path)
    assert plan["lost"] == "signal 11"


def test_a_worker_that_cannot_load_our_own_modules_is_not_started_so_that_no_evidence_is_blamed(tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "forensics"
    shutil.copytree(same_code.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "static"))
    (copy / "halfway.py").write_text("from forensics.errors import NotYetWritten\n\ntell = NotYetWritten\n")
    command = [sys.executable, "-P", "-c", _ASK, str(copy.parent), str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)
    assert answer.stdout.startswith("NoWorkers"), answer.stdout + answer.stderr
