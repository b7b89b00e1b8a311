"""kill -9 at any moment of an examine, then the same command again: it completes, verifies, and nothing is lost.

The moments are calls that write, counted in the dying process, so each is the same on every run; some are moments on
the clock, where workers die as well. ``make fault`` runs the long form.
"""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from forensics.examination import parsing, station, tasks
from forensics.examination.tasks import Task
from forensics.examination.verifying import verify
from tests.corpus import CORPUS
from tests.examination.cases import ROOT, SAMPLES, examined, files_of, lay_mail, rows, sound

NEVER = 1 << 40
PARTLY = 3


def run(case: Path, *sources: Path, calls: int = NEVER, other: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.examination.doomed", str(calls), "other" if other else "same", str(case)]
    return subprocess.run(
        [*command, *map(str, sources)], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )


def counted(done: subprocess.CompletedProcess[str]) -> int:
    """The calls of a run that lived to its end."""
    assert done.returncode == 0, done.stderr
    code, seen = done.stdout.split()
    assert int(code) in (0, PARTLY)
    return int(seen)


def acknowledged(case: Path) -> tuple[bytes, dict[str, str]]:
    """The whole lines of the ledger, and every file of the evidence that is in its place with its hash."""
    path = case / "ledger" / "events.jsonl"
    data = path.read_bytes() if path.exists() else b""
    items = [item.name for item in (case / "evidence").glob("EV-*") if "." not in item.name]
    return data[: data.rfind(b"\n") + 1], files_of(case, *(f"evidence/{item}" for item in items))


def completes(case: Path, *sources: Path, other: bool = False) -> None:
    """The same command again ends well, and all that the dead one had acknowledged is still there."""
    lines, evidence = acknowledged(case)
    counted(run(case, *sources, other=other))
    sound(case)
    lines_after, evidence_after = acknowledged(case)
    assert lines_after.startswith(lines)
    assert evidence.items() <= evidence_after.items()


def results(case: Path) -> dict[str, str]:
    return files_of(case, "records", "timeline", "content")


def moments(seed: int, calls: int, number: int) -> list[int]:
    return sorted(random.Random(seed).sample(range(1, calls + 1), min(number, calls)))


def at_each(chosen: list[int], killed: Callable[[int], None]) -> None:
    """Each moment has a case and processes of its own, so two of them go side by side."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(killed, chosen))


def killed_everywhere(tmp_path: Path, sources: list[Path], number: int, seed: int) -> None:
    """A first examine, killed at ``number`` places."""
    whole = tmp_path / "whole"
    calls = counted(run(whole, *sources))

    def killed(at: int) -> None:
        case = tmp_path / f"killed-{at}"
        assert run(case, *sources, calls=at).returncode == -signal.SIGKILL, f"call {at} of {calls}"
        completes(case, *sources)
        assert results(case) == results(whole), f"call {at} of {calls}"
        shutil.rmtree(case)

    at_each(moments(seed, calls, number), killed)


def killed_while_replacing(tmp_path: Path, before: list[Path], after: list[Path], number: int, seed: int) -> None:
    """A second examine by another version of the program, which replaces all results, killed at ``number`` places."""
    first, whole = tmp_path / "first", tmp_path / "replaced"
    counted(run(first, *before))
    shutil.copytree(first, whole)
    calls = counted(run(whole, *after, other=True))

    def killed(at: int) -> None:
        case = tmp_path / f"replaced-{at}"
        shutil.copytree(first, case)
        assert run(case, *after, calls=at, other=True).returncode == -signal.SIGKILL, f"call {at} of {calls}"
        completes(case, *after, other=True)
        assert results(case) == results(whole), f"call {at} of {calls}"
        shutil.rmtree(case)

    at_each(moments(seed, calls, number), killed)


def killed_by_the_clock(tmp_path: Path, sources: list[Path], number: int, seed: int, longest: float) -> None:
    """The whole group of processes dies at a moment on the clock: what is running then differs from run to run."""
    chance = random.Random(seed)
    for turn in range(number):
        case = tmp_path / f"clock-{turn}"
        command = [sys.executable, "-m", "tests.examination.doomed", str(NEVER), "same", str(case), *map(str, sources)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.3, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        completes(case, *sources)
        shutil.rmtree(case)


def real_stores(folder: Path) -> list[Path]:
    """A part of the corpus with every kind of store; the sample where the corpus is not."""
    if CORPUS is None:
        return [SAMPLES]
    wanted = ("pst/apache+tika", "msg/apache+tika", "eml-mbox/apache+james-mime4j/mbox", "eml-mbox/dovecot+imaptest")
    for name in wanted:
        for path in sorted((CORPUS / name).rglob("*"))[:80]:
            if path.is_file() and path.stat().st_size < 3 << 20:
                target = folder / path.relative_to(CORPUS)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    return [folder, SAMPLES / "image"]


def test_killed_at_any_write_of_the_first_examine_it_goes_on_and_completes(tmp_path: Path) -> None:
    killed_everywhere(tmp_path, [lay_mail(tmp_path / "source")], number=3, seed=1)


def test_killed_while_another_version_replaces_every_result_it_completes(tmp_path: Path) -> None:
    source = lay_mail(tmp_path / "source")
    killed_while_replacing(tmp_path, [source], [source], number=3, seed=2)


def test_killed_again_and_again_it_still_completes(tmp_path: Path) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    for calls in (20, 150):
        assert run(case, source, calls=calls).returncode == -signal.SIGKILL
    completes(case, source)
    assert rows(case, "SELECT count(*) AS n FROM message")[0]["n"] == 8


class Killed(BaseException):
    """Ends a step as SIGKILL does: nothing is written about it."""


def test_results_that_a_killed_step_was_replacing_are_told_from_results_that_somebody_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, case = lay_mail(tmp_path / "source"), tmp_path / "case"
    examined(case, source)

    def killed(*_: object) -> None:
        raise Killed

    def other(files: list[dict[str, Any]], parser: str) -> Task:
        return Task(name=f"other-{parser}", parser=parser, files=tuple(files))

    with monkeypatch.context() as patch:
        patch.setattr(parsing, "tool", lambda: {**station.tool(), "sha256": "ab" * 32})
        patch.setattr(tasks, "_batch", other)
        patch.setattr(parsing, "_finish", killed)
        with pytest.raises(Killed):
            examined(case, source)
    found = verify(case)
    assert (found.exit_code, found.differences, len(found.unfinished)) == (PARTLY, (), 1)
    names = {each.place.rpartition("/")[2] for each in found.unsettled}
    assert names == {f"EV-0001-other-{parser}.parquet" for parser in ("eml", "maildir", "mbox")}
    (case / "reports" / "more.txt").write_bytes(b"put here by somebody else")
    assert [each.place for each in verify(case).differences] == ["reports/more.txt"]
    (case / "reports" / "more.txt").unlink()
    examined(case, source)
    assert sound(case).unsettled == ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_killed_at_50_moments_of_an_examine_of_real_stores_it_completes(tmp_path: Path, seed: int) -> None:
    killed_everywhere(tmp_path, real_stores(tmp_path / "stores"), number=5, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 30))
def test_killed_at_50_moments_of_replacing_the_results_of_real_stores_it_completes(tmp_path: Path, seed: int) -> None:
    sources = real_stores(tmp_path / "stores")
    killed_while_replacing(tmp_path, sources[:1], sources, number=5, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30, 34))
def test_killed_at_20_moments_on_the_clock_it_completes(tmp_path: Path, seed: int) -> None:
    killed_by_the_clock(tmp_path, real_stores(tmp_path / "stores"), number=5, seed=seed, longest=6.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40, 50))
def test_killed_at_a_hundred_writes_of_a_small_examine_it_completes(tmp_path: Path, seed: int) -> None:
    killed_everywhere(tmp_path, [lay_mail(tmp_path / "source", messages=1)], number=10, seed=seed)
