"""Every failure that this package names, with its exit code and what to do about it.

    ForensicsError (1)             something was tried and failed
     ├── UsageError (2)            asked for something that cannot be asked: no such source, not a case
     ├── FormatError (3)           these bytes are not what a format says they should be
     ├── IntegrityError (4)        something in the case is not what was stored
     ├── LedgerError (5)           the ledger itself is broken
     └── InterruptedWork (130)     a person or the system stopped the work

The message is one sentence: what happened. ``place`` says where, ``todo`` says what to do next.
"""

from __future__ import annotations

DONE = 0
FAILED = 1
USAGE = 2
PARTLY_READ = 3
INTEGRITY_BROKEN = 4
LEDGER_BROKEN = 5
INTERRUPTED = 130

_RANK = {DONE: 0, PARTLY_READ: 1, USAGE: 2, FAILED: 3, INTEGRITY_BROKEN: 4, LEDGER_BROKEN: 5, INTERRUPTED: 6}


class ForensicsError(Exception):
    """Something was tried and failed. ``str(error)`` is one sentence for a person."""

    exit_code = FAILED

    def __init__(self, what: str, *, place: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.place = place
        self.todo = todo


class UsageError(ForensicsError):
    """The request itself cannot be carried out: a missing source, a folder that is not a case."""

    exit_code = USAGE


class FormatError(ForensicsError):
    """Bytes that break the rules of their format. ``offset`` is where, in bytes, or -1 if unknown."""

    exit_code = PARTLY_READ

    def __init__(self, what: str, *, place: str = "", todo: str = "", offset: int = -1) -> None:
        super().__init__(what, place=place, todo=todo)
        self.offset = offset


class IntegrityError(ForensicsError):
    """Stored bytes differ from what the ledger says was stored. ``differences`` names every one."""

    exit_code = INTEGRITY_BROKEN

    def __init__(self, what: str, *, place: str = "", todo: str = "", differences: tuple[str, ...] = ()) -> None:
        super().__init__(what, place=place, todo=todo)
        self.differences = differences


class LedgerError(IntegrityError):
    """The ledger's own chain does not hold."""

    exit_code = LEDGER_BROKEN


class InterruptedWork(ForensicsError):
    """The work was stopped from outside; running the same command again resumes it."""

    exit_code = INTERRUPTED


def worst(*codes: int) -> int:
    """The exit code that outranks the others: 5 before 4 before 1, 2, 3 and 0."""
    return max(codes, key=_RANK.__getitem__, default=DONE)
