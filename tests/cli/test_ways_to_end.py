"""However a command ends, it says so in one sentence and nothing is left half said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.cli.command import forensics, mailbox

# Stands in for the whole examination: the system sends the signal in the middle of a step.
STOPPED = """
import os, signal, threading
import forensics.examination.examining as place
from forensics.casefile.acts import Act
def examine(examination, sources):
    with examination.step(Act.TIMELINE, params={}):
        os.kill(os.getpid(), signal.%s)
        threading.Event().wait(30)
place.examine = examine
"""
# Stands in for a fault of the program.
FAULTY = """
import forensics.examination.examining as place
def examine(examination, sources):
    raise RuntimeError("\\x1b[31mnobody expected this")
place.examine = examine
"""


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stopped_run_says_how_to_go_on(tmp_path: Path, signal: str) -> None:
    words = ("examine", mailbox(tmp_path / "a.mbox"), "--case", tmp_path / "case")
    answer = forensics(*words, before=STOPPED % signal)
    assert answer.code == 130
    assert answer.err.strip().splitlines() == [
        "Error: the work was stopped",
        "  What to do: run the same command again: it goes on where it stopped",
    ]
    shown = forensics("case", "show", tmp_path / "case")
    assert "stopped by the user" in shown.out
    assert forensics(*words).code == 0
    assert forensics("verify", tmp_path / "case").code == 0


def test_a_fault_of_the_program_is_one_sentence_with_its_place(tmp_path: Path) -> None:
    words = ("examine", mailbox(tmp_path / "a.mbox"), "--case", tmp_path / "case")
    answer = forensics(*words, "--json", before=FAULTY)
    assert answer.code == 1
    assert len(answer.err.splitlines()) == 3
    assert "RuntimeError: \\x1b[31mnobody expected this" in answer.err
    assert "Traceback" not in answer.err
    assert answer.object["command"] == "examine"
    assert "Traceback" in forensics(*words, "--debug", before=FAULTY).err


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_went_away_does_not_matter(tmp_path: Path, stream: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    code = "from forensics.cli.main import main; main()"
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writer}
    words = ["examine", str(mailbox(tmp_path / "a.mbox")), "--case", str(tmp_path / "case")]
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, check=False, **streams)
    os.close(writer)
    assert done.returncode == 0
    assert b"Error" not in (done.stderr or b"")
    assert forensics("verify", tmp_path / "case").code == 0


def test_quiet_says_nothing(tmp_path: Path) -> None:
    answer = forensics("examine", mailbox(tmp_path / "a.mbox"), "--case", tmp_path / "case", "--quiet")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_help_takes_less_than_two_fifths_of_a_second_of_the_processor() -> None:
    resource = pytest.importorskip("resource", reason="this system does not say how long a process has run")
    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert forensics("--help").code == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.4


# Ctrl-C comes while the modules are still being loaded.
EARLY = """
import sys
class Stop:
    def find_spec(self, name, path, target=None):
        if name == %r:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stop())
"""


@pytest.mark.parametrize("module", ["click", "forensics.cli.failures", "forensics.cli.toolkit", "forensics.cli.verify"])
def test_a_stop_in_the_first_moment_is_one_sentence_too(tmp_path: Path, module: str) -> None:
    answer = forensics("verify", tmp_path, before=EARLY % module)
    assert (answer.code, answer.out) == (130, "")
    assert answer.error.startswith("Error: the work was stopped")
    assert len(answer.err.strip().splitlines()) == 2
    assert "Traceback" not in answer.err


# Ctrl-C comes when all is said, and again while the interpreter winds up.
LATE = """
import os, signal
import forensics.cli.main as place
leave = place._leave
def late(code):
    import atexit
    atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
    leave(code)
place._leave = late
"""


def test_a_stop_after_the_end_changes_nothing() -> None:
    answer = forensics("formats", "--quiet", before=LATE)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
