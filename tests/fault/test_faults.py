"""``kill -9``, a full disk and a failing disk at every system call of an acquire and of a seal.

Nothing that was acknowledged is lost, a failure is one sentence with the path and the cause, the case still verifies,
and the same command again completes. A fixed share of the calls is tried on every run, all of them by ``make fault``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from forensics.casefile.view import CaseView
from forensics.errors import INTEGRITY_BROKEN
from forensics.examination.verifying import verify
from tests.fault.inject import KILLED, Ended, Forks
from tests.fault.scenarios import start
from tests.fault.trace import needs_strace

NAMES = ("acquire", "seal")
SHARE = 17
FAILING = ("write", "fsync", "fdatasync", "syncfs", "rename", "link", "linkat", "mkdir")
CAUSES = {"ENOSPC": ("no space left",), "EIO": ("the disk reported an error", "cannot be read", "Input/output error")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A command, what lies there before it, where it works, and its calls."""

    forks: Forks
    before: Path
    folder: Path
    command: list[str]
    calls: list[tuple[str, int]]

    def fresh(self) -> None:
        """Everything as it was before the command."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.before, self.folder)

    @property
    def case(self) -> Path:
        return self.folder / "case"


def _command(name: str, folder: Path) -> list[str]:
    case, held = str(folder / "case"), str(folder / "keys")
    if name == "acquire":
        return ["acquire", str(folder / "source" / "one"), "--case", case, "--quiet"]
    return ["case", "seal", case, "--keys", held, "--quiet"]


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Work]]:
    """Each command, and every call that it makes in the folder."""
    top = tmp_path_factory.mktemp("faults").resolve()
    found = {}
    with Forks(top) as forks:
        for name in NAMES:
            before, folder = top / f"{name}-before", top / name
            start("seal", before)
            # The command line keeps the keys of each case in a folder of its id.
            (before / "keys" / CaseView(before / "case").facts.id).mkdir()
            shutil.move(before / "keys" / "keyring.json", before / "keys" / CaseView(before / "case").facts.id)
            for number in range(3):
                path = before / "source" / "one" / f"{number}.eml"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(b"Subject: %d\r\n\r\nbody\r\n" % number * 300)
            work = Work(forks=forks, before=before, folder=folder, command=_command(name, folder), calls=[])
            work.fresh()
            work.calls.extend(forks.calls(work.command, folder))
            found[name] = work
        yield found


def acknowledged(case: Path) -> tuple[bytes, set[str]]:
    """The whole lines of the ledger, and the items that are in their place."""
    data = (case / "ledger" / "events.jsonl").read_bytes()
    items = {path.name for path in (case / "evidence").glob("EV-*") if "." not in path.name}
    return data[: data.rfind(b"\n") + 1], items


def completes(work: Work, lines: bytes, items: set[str]) -> None:
    """The same command again ends well, what was there is there, and everything verifies."""
    done = work.forks.run(work.command)
    assert done.code == 0, done.errors
    after, items_after = acknowledged(work.case)
    assert after.startswith(lines)
    assert items <= items_after
    found = verify(work.case)
    assert (found.ledger, found.differences, found.unsettled) == ((), (), ())
    if work.command[0] == "case":
        assert found.covered, "the seal is on the ledger, and no checkpoint covers it"


def killed(work: Work, call: str, number: int) -> None:
    work.fresh()
    done = work.forks.faulty(work.command, call, number, "signal=KILL")
    # Which module was looked up already is not the same in every process, and only that is where "openat" can end well.
    assert done.code == KILLED or (done.code, call) == (0, "openat"), (call, number, done)
    completes(work, *acknowledged(work.case))


def failed(work: Work, call: str, number: int, error: str) -> Ended:
    """The call fails; whatever came of it, the case verifies and the command can be given again."""
    work.fresh()
    before = acknowledged(work.case)
    done = work.forks.faulty(work.command, call, number, f"error={error}")
    assert "has a fault" not in done.errors, (call, number, done.errors)
    lines, items = acknowledged(work.case)
    assert lines.startswith(before[0])
    # The command and not the function: whoever opens the ledger catches up a head that is one line behind.
    found = work.forks.run(["verify", str(work.case)])
    assert found.code < INTEGRITY_BROKEN, (call, number, found)
    lines, items = acknowledged(work.case)
    completes(work, lines, items)
    return done


def told(work: Work, call: str, done: Ended, error: str) -> bool:
    """Whether it ended with one sentence that has the cause, and the path."""
    if done.code == 0 and call == "mkdir":
        # The folder was there already, so that nothing failed; ``completes`` saw that the work is whole.
        return True
    lines = done.errors.splitlines()
    named = any(line.startswith("Error: ") for line in lines) and any(str(work.folder) in line for line in lines)
    return done.code != 0 and named and any(cause in done.errors for cause in CAUSES[error])


def failing(work: Work) -> list[tuple[str, int]]:
    return [each for each in work.calls if each[0] in FAILING]


def shared(calls: list[tuple[str, int]], share: int) -> list[tuple[str, int]]:
    return calls[share // 2 :: share]


@needs_strace
@pytest.mark.parametrize("name", NAMES)
def test_killed_at_a_share_of_its_calls_it_completes_and_nothing_is_lost(works: dict[str, Work], name: str) -> None:
    calls = works[name].calls
    assert {"openat", "write", "fsync", "rename"} <= {call for call, _ in calls}
    for call, number in shared(calls, SHARE * 2):
        killed(works[name], call, number)


@needs_strace
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("error", CAUSES)
def test_where_a_share_of_its_calls_fails_it_says_so_and_the_case_verifies(
    works: dict[str, Work], name: str, error: str
) -> None:
    for call, number in shared(failing(works[name]), SHARE):
        done = failed(works[name], call, number, error)
        assert told(works[name], call, done, error), (call, number, done)


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_killed_at_every_call(works: dict[str, Work], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for call, number in works[name].calls:
        killed(works[name], call, number)
    with capsys.disabled():
        print(f"\n{name}: killed at {len(works[name].calls):,} calls, nothing lost")  # noqa: T201 - the figure


@needs_strace
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("error", CAUSES)
def test_where_any_call_fails(
    works: dict[str, Work], name: str, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = []
    for call, number in failing(works[name]):
        done = failed(works[name], call, number, error)
        if not told(works[name], call, done, error):
            silent.append((call, number, done.code, done.errors))
    with capsys.disabled():
        print(f"\n{name}: {error} at {len(failing(works[name])):,} calls, {len(silent)} not told")  # noqa: T201
    assert silent == []
