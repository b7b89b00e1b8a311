"""Every way in which a command can fail, as one sentence, the place, what to do, and the exit code (errors.py)."""

from __future__ import annotations

import errno
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from forensics.cli.screen import complain, say_object
from forensics.errors import FAILED, INTERRUPTED, USAGE, ForensicsError, IntegrityError

GO_ON = "run the same command again: it goes on where it stopped"
_SHOWN_DIFFERENCES = 50
_SYSTEM = {
    errno.ENOSPC: ("there is no space left", "free some space there, then " + GO_ON),
    errno.EDQUOT: ("the quota of this account is used up", "free some space there, then " + GO_ON),
    errno.EROFS: ("this file system is read-only", "put the case where this account may write"),
    errno.EACCES: ("this account may not do that", "run as an account that may, or choose another place"),
    errno.EPERM: ("this account may not do that", "run as an account that may, or choose another place"),
    errno.EIO: ("the disk reported an error", "check the disk and its cable; nothing that was acknowledged is lost"),
    errno.ENAMETOOLONG: (
        "a name became longer than the file system allows",
        "put the case into a folder nearer to the top",
    ),
    errno.ELOOP: ("links lead in a circle", "remove the link, or name the place that it was meant to lead to"),
    errno.EMFILE: ("too many files are open", "raise the limit with 'ulimit -n', then " + GO_ON),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is said about a failure."""

    what: str
    code: int
    place: str = ""
    todo: str = ""
    differences: tuple[str, ...] = ()


def of_ours(error: ForensicsError) -> Failure:
    """An error that this package names."""
    differences = error.differences if isinstance(error, IntegrityError) else ()
    todo = error.todo or (GO_ON if error.exit_code == INTERRUPTED else "")
    return Failure(what=error.what, code=error.exit_code, place=error.place, todo=todo, differences=differences)


def of_system(error: OSError) -> Failure:
    """An error of the operating system: no space left, not allowed, ..."""
    what, todo = _SYSTEM.get(error.errno or 0, (error.strerror or str(error), "see the reason, then " + GO_ON))
    place = error.filename2 or error.filename or ""
    return Failure(what=what, code=FAILED, place=str(place), todo=todo)


def of_usage(what: str, todo: str) -> Failure:
    """A command line that cannot be understood."""
    return Failure(what=what, code=USAGE, todo=todo)


def interrupted() -> Failure:
    """Ctrl-C or a polite kill."""
    return Failure(what="the work was stopped", code=INTERRUPTED, todo=GO_ON)


def show(failure: Failure, *, command: str = "", as_json: bool = False) -> int:
    """Say it on standard error, and as the one object where that was asked for; the answer is the exit code."""
    complain(f"Error: {failure.what}", bold=True, colour="red")
    for each in failure.differences[:_SHOWN_DIFFERENCES]:
        complain(f"  {each}")
    if len(failure.differences) > _SHOWN_DIFFERENCES:
        complain(f"  and {len(failure.differences) - _SHOWN_DIFFERENCES:,} more")
    if failure.place:
        complain(f"  Where: {failure.place}")
    if failure.todo:
        complain(f"  What to do: {failure.todo}")
    if as_json:
        said = {"what": failure.what, "place": failure.place, "todo": failure.todo, "differences": failure.differences}
        say_object(command, failure.code, {"error": said})
    return failure.code


def command_in(arguments: list[str]) -> str:
    """The verb of a command line, as far as it can be told without understanding the options."""
    verbs = [word for word in arguments[:2] if word.isalpha()]
    return " ".join(verbs if verbs[:1] == ["case"] else verbs[:1])


def show_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For ``sys.excepthook``: a fault of this program, in one sentence with the last place; all with ``--debug``."""
    if issubclass(kind, KeyboardInterrupt):
        show(interrupted())
        return
    frames = traceback.extract_tb(trace)
    last = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    if "--debug" in sys.argv:
        for line in "".join(traceback.format_exception(kind, error, trace)).splitlines():
            complain(line)
    todo = "please report this with the last lines of the same command with --debug; " + GO_ON
    what = f"the program has a fault: {kind.__name__}: {error}"
    failure = Failure(what=what, code=FAILED, place=last, todo=todo)
    show(failure, command=command_in(sys.argv[1:]), as_json="--json" in sys.argv)
