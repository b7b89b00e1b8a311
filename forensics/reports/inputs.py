"""What the reports of a case are made from: the ledger line that last changed it, and the rows of its timeline.

A report shows this line instead of the present time, so the same inputs give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.casefile.view import CaseView
from forensics.errors import UsageError

_CHANGES = ("parse", "timeline")


def input_line(case: CaseView) -> dict[str, Any]:
    """Number, hash, act and tool of the newest finished parse or timeline."""
    for line in reversed(case.lines):
        if line.act in _CHANGES and line.phase == "finished":
            tool = line.value.get("tool", {})
            return {"number": line.number, "sha256": line.sha256, "act": line.act, "tool": tool}
    raise UsageError("nothing of this case has been parsed yet", todo="run 'forensics parse' first")


def receipt_line(case: CaseView) -> str:
    """The newest receipt that somebody outside was given before the inputs were made; empty where there was none.

    A later one would make the same inputs give other bytes.
    """
    limit = input_line(case)["number"]
    given = (line for line in reversed(case.lines[:limit]) if line.act == "receipt")
    return str(next((line.value.get("result", {}).get("receipt", "") for line in given), ""))


def need_timeline(case: CaseView) -> None:
    """Raise :class:`UsageError` where the case has no finished timeline."""
    if not any(line.act == "timeline" and line.phase == "finished" for line in case.lines):
        raise UsageError("this case has no timeline yet", todo="run 'forensics timeline' first")


def rows(case: CaseView, sql: str) -> Iterator[tuple[Any, ...]]:
    """The rows of an answer as tuples, a batch in memory at a time."""
    for batch in case.batches(sql, 20_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def utc_text(utc: str, nanoseconds: str = "NULL::BIGINT") -> str:
    """SQL for ``2026-06-01T01:03:12.1234567Z``: as many digits after the point as the instant has.

    Instants after 2262 have no nanoseconds in 64 bits; theirs are the microseconds of ``utc``.
    """
    rest = f"coalesce({nanoseconds} % 1000000000, epoch_us({utc}) % 1000000 * 1000)"
    digits = f"rtrim(format('.{{:09d}}', ({rest} + 1000000000) % 1000000000), '0')"
    fraction = f"CASE WHEN {rest} <> 0 THEN {digits} ELSE '' END"
    return f"strftime({utc} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S') || {fraction} || 'Z'"


def local_text(utc: str, zone: str) -> str:
    """SQL for ``2026-06-01 10:03:12`` in the case's zone."""
    quoted = zone.replace("'", "''")
    return f"strftime({utc} AT TIME ZONE '{quoted}', '%Y-%m-%d %H:%M:%S')"
