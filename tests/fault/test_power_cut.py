"""A power cut after any operation of any store: what was acknowledged is there and verifies, and the work completes.

The operations are those that the kernel saw (strace); the disk is the weakest that POSIX allows (``tests.fault.disk``).
A fixed share of the states is tried on every run; ``make fault`` tries all of them.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from forensics.errors import ForensicsError
from forensics.evidence.filesystem_sync import FileSystem
from tests.fault.disk import Disk, Tree, lay, read
from tests.fault.scenarios import SCENARIOS, Said, case_sound, start
from tests.fault.trace import Op, needs_strace, traced

Recorded = Callable[[str], tuple[Path, Path, list[Op]]]
OURS = ("ledger", "signed", "evidence", "content", "case", "seal")
WRONG = ("naive", "renamed", "file-synced")
SHARE = {"ledger": 16, "signed": 16, "evidence": 16, "content": 16, "case": 60, "seal": 60}
"""Of so many states, one is tried on every run."""


@dataclass(slots=True)
class Tried:
    """What a simulation came to."""

    operations: int = 0
    states: int = 0
    different: int = 0
    violations: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The folder before the work, the folder after it, and the operations in between; each work is done once."""

    @cache
    def made(name: str) -> tuple[Path, Path, list[Op]]:
        folder = tmp_path_factory.mktemp(name).resolve()
        start(name, folder / "start")
        shutil.copytree(folder / "start", folder / "work")
        return folder / "start", folder / "work", traced(name, folder / "work", folder / "trace")

    return made


@pytest.fixture(autouse=True)
def synced_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is done again in a folder after a cut need not wait for the real disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(FileSystem, "sync", lambda self: None)


def cuts(before: Path, ops: list[Op]) -> Iterator[tuple[int, str, Tree, Said]]:
    """Every state after every operation, with what was acknowledged until then."""
    disk, said = Disk(before), Said()
    for number, op in enumerate(ops):
        if op.call == "say":
            said = [*said, json.loads(op.said)]
        elif not disk.apply(op):
            continue
        for how, tree in disk.states(number):
            yield number, f"after {op.call} {op.path or op.said}: {how}", tree, said


def tried(recorded: Recorded, name: str, folder: Path, share: int = 1) -> Tried:
    """Cut at one of ``share`` states, and hold each against the scenario."""
    before, _, ops = recorded(name)
    found, known = Tried(), set[bytes]()
    numbers = set()
    for count, (number, how, tree, said) in enumerate(cuts(before, ops)):
        numbers.add(number)
        # Right after an acknowledgement every state is tried: that is where most is to be lost.
        if count % share and not how.startswith("after say"):
            continue
        found.states += 1
        key = _key(tree, said)
        if key not in known:
            known.add(key)
            found.violations += [f"{how}: {what}" for what in violations(name, tree, said, folder / "cut")]
    found.operations, found.different = len(numbers), len(known)
    return found


def _key(tree: Tree, said: Said) -> bytes:
    hasher = hashlib.sha256(json.dumps(len(said)).encode())
    for path in sorted(tree):
        data = tree[path]
        hasher.update(path.encode() + (b"\0/" if data is None else hashlib.sha256(data).digest()))
    return hasher.digest()


def violations(name: str, tree: Tree, said: Said, folder: Path) -> list[str]:
    """What is lost or wrong in this state, and why the same work again does not complete."""
    scenario = SCENARIOS[name]
    shutil.rmtree(folder, ignore_errors=True)
    lay(tree, folder)
    try:
        found = list(scenario.wrong(folder, said))
        if scenario.again and not found:
            after: Said = []
            scenario.work(folder, lambda **values: after.append(values))
            found += [f"again: {what}" for what in scenario.wrong(folder, [*said, *after])]
            found += [f"again: {what}" for what in (case_sound(folder) if name in ("case", "seal") else ())]
    except (ForensicsError, OSError) as error:
        found = [f"{type(error).__name__}: {error} {getattr(error, 'place', '')}"]
    return found


def say(name: str, done: Tried, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(  # noqa: T201 - the figure is what the proof is about
            f"\n{name}: {done.operations:,} operations, {done.states:,} states, {done.different:,} different, "
            f"{len(done.violations):,} violations"
        )


@needs_strace
@pytest.mark.parametrize("name", [*OURS, *WRONG, "proper"])
def test_whoever_replays_the_trace_gets_the_folder_that_the_program_left(
    recorded: Recorded, name: str, tmp_path: Path
) -> None:
    before, after, ops = recorded(name)
    disk = Disk(before)
    for op in ops:
        if op.call != "say":
            disk.apply(op)
    assert disk.tree() == read(after)
    assert any(op.call in ("fsync", "syncfs") for op in ops) == (name not in ("naive", "renamed"))


@needs_strace
@pytest.mark.parametrize("name", OURS)
def test_at_a_share_of_all_cuts_nothing_acknowledged_is_lost_and_the_work_completes(
    recorded: Recorded, name: str, tmp_path: Path
) -> None:
    done = tried(recorded, name, tmp_path, SHARE[name])
    assert done.violations == []
    assert done.states > 20


@needs_strace
@pytest.mark.parametrize("name", WRONG)
def test_a_store_that_lacks_a_sync_is_found_out(recorded: Recorded, name: str, tmp_path: Path) -> None:
    done = tried(recorded, name, tmp_path, 3)
    assert len(done.violations) > done.states // 10


@needs_strace
def test_the_same_store_with_every_sync_is_not(recorded: Recorded, tmp_path: Path) -> None:
    assert tried(recorded, "proper", tmp_path, 3).violations == []


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("name", [*OURS, *WRONG, "proper"])
def test_at_every_cut(recorded: Recorded, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = tried(recorded, name, tmp_path)
    say(name, done, capsys)
    assert (done.violations[:20] == []) == (name not in WRONG)


def test_what_was_not_synced_is_absent_zero_or_torn(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    for op in (
        Op(call="open", path="a", fd=3, flags=frozenset(("O_WRONLY", "O_CREAT"))),
        Op(call="write", path="a", fd=3, data=b"x" * 1500),
        Op(call="fsync", path="", fd=4),
    ):
        disk.apply(op)
    found = dict(disk.states(0))
    assert found["all names, bytes absent"] == {"a": b""}
    assert found["all names, bytes zero"] == {"a": bytes(1500)}
    assert found["all names, bytes torn"] == {"a": b"x" * 512}
    assert found["no names, bytes whole"] == {"a": b"x" * 1500}, "its folder was synced"
    disk.apply(Op(call="fsync", path="a", fd=3))
    disk.apply(Op(call="rename", path="a", other="b"))
    assert {tuple(tree) for _, tree in disk.states(0)} == {("a",), ("b",)}
    assert all(tree == {next(iter(tree)): b"x" * 1500} for _, tree in itertools.islice(disk.states(0), 9))
