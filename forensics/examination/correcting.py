"""What a person adds to the ledger about itself: a correction of an earlier line, and a comparison of the clock.

No line is ever changed: a correction is a line of its own that points back to the one that is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from forensics.casefile.acts import Act
from forensics.errors import UsageError
from forensics.examination.conductor import Examination


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSummary:
    """The line that was written, and the one that it speaks of (0: none)."""

    line: int
    about: int = 0
    clock: dict[str, Any] | None = None
    exit_code: int = 0


def correct(examination: Examination, line: int, why: str, right: str = "") -> NoteSummary:
    """Say that a line is wrong, why, and what is right."""
    lines = examination.view().lines
    if not 1 <= line <= len(lines):
        todo = "'forensics case show DIR' lists them"
        raise UsageError(f"the ledger has no line {line}; it has {len(lines):,}", todo=todo)
    if not why.strip():
        raise UsageError("a correction says why", todo="give --why TEXT")
    change = {"what": right} if right else {}
    made = examination.note(Act.CORRECT, corrects=str(lines[line - 1].value["id"]), why=why, change=change)
    return NoteSummary(line=made.number, about=line)


def check_clock(examination: Examination, offset_ms: int | None, source: str, why: str) -> NoteSummary:
    """Put on the ledger how the clock stands: as a person compared it, or as the system knows it."""
    found = examination.station.clock()
    if offset_ms is not None:
        if not source.strip():
            raise UsageError("an offset says against what it was measured", todo="give --source TEXT")
        found = {"offset_ms": offset_ms, "source": source, "synchronised": bool(found.get("synchronised", False))}
    if not found:
        todo = "compare it by hand, and give --offset-ms N --source TEXT"
        raise UsageError("this system does not say how its clock stands", todo=todo)
    made = examination.note(Act.CLOCK_CHECK, clock=found, why=why)
    return NoteSummary(line=made.number, clock=found)
