"""However the work is stopped, no process is left behind and whoever waits is told."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.errors import ForensicsError, InterruptedWork
from forensics.workers import Job, Limits, LocalEngine, protections

LIMITS = Limits(wall=60.0, cpu=60)
ROOT = Path(__file__).parents[2]
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are followed through /proc, which is Linux's")

EXAMINER = """
import sys, threading
from pathlib import Path
from forensics.workers import Job, Limits, LocalEngine

def tell(progress):
    print(progress["pid"], progress["zygote"], flush=True)

with LocalEngine(2, Limits(wall=60.0)) as engine:
    for number in range(2):
        engine.submit(Job(call="tests.workers.jobs:linger", spool=Path(sys.argv[1])), listener=tell)
"""


def has_ended(pid: int) -> bool:
    """Wait for a process that need not be a child of ours, up to ten seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


def start_examiner(spool: Path) -> tuple[subprocess.Popen[str], list[int]]:
    examiner = subprocess.Popen(
        [sys.executable, "-c", EXAMINER, str(spool)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert examiner.stdout is not None
    pids = [int(word) for _ in range(2) for word in examiner.stdout.readline().split()]
    return examiner, pids


@linux
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_an_examiner_that_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    examiner, pids = start_examiner(tmp_path)
    with examiner:
        examiner.send_signal(how)
        assert len(set(pids)) == 4
        assert [has_ended(pid) for pid in pids] == [True] * 4


def test_close_ends_what_runs_and_cancels_what_waits(tmp_path: Path) -> None:
    heard: list[int] = []
    engine = LocalEngine(1, LIMITS)
    running = engine.submit(
        Job(call="tests.workers.jobs:linger", spool=tmp_path), listener=lambda progress: heard.append(progress["pid"])
    )
    waiting = engine.submit(Job(call="tests.workers.jobs:echo", spool=tmp_path))
    while not heard and not running.done():
        select.select([], [], [], 0.01)
    engine.close()
    with pytest.raises(InterruptedWork):
        running.result(timeout=0)
    assert waiting.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(heard[0], 0)


def test_an_error_in_the_block_ends_what_runs(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), LocalEngine(1, LIMITS) as engine:  # noqa: PT012 - the block is the test
        running = engine.submit(Job(call="tests.workers.jobs:hang", spool=tmp_path))
        raise KeyboardInterrupt
    assert running.cancelled() or isinstance(running.exception(timeout=0), InterruptedWork)


def test_a_zygote_that_is_killed_costs_one_job_and_is_replaced(tmp_path: Path) -> None:
    def kill(progress: dict[str, int]) -> None:
        os.kill(progress["zygote"], signal.SIGKILL)

    with LocalEngine(1, LIMITS) as engine:
        lost = engine.submit(Job(call="tests.workers.jobs:linger", spool=tmp_path), listener=kill)
        after = engine.submit(Job(call="tests.workers.jobs:echo", args={"a": 1}, spool=tmp_path))
        assert lost.result(timeout=60).cause == "lost"
        assert after.result(timeout=60).value == {"a": 1}


def test_workers_that_cannot_start_are_the_fault_of_the_machine_and_of_no_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    with LocalEngine(1, LIMITS) as engine:
        asked = engine.submit(Job(call="tests.workers.jobs:echo", spool=tmp_path))
        with pytest.raises(ForensicsError, match="cannot be started"):
            asked.result(timeout=60)
    guards = {each.name: each for each in protections()}
    assert not guards["guards"].holds


def test_a_zygote_that_is_stopped_does_not_stop_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def freeze(progress: dict[str, int]) -> None:
        os.kill(progress["zygote"], signal.SIGSTOP)

    monkeypatch.setattr("forensics.workers.slot._GRACE", 0.1)
    with LocalEngine(1, Limits(wall=0.3)) as engine:
        frozen = engine.submit(Job(call="tests.workers.jobs:linger", spool=tmp_path), listener=freeze)
        after = engine.submit(Job(call="tests.workers.jobs:echo", args={"a": 1}, spool=tmp_path))
        assert frozen.result(timeout=60).cause == "timeout"
        assert after.result(timeout=60).value == {"a": 1}
