"""Runs inside a guarded worker: both readers over one store, where they differ and what libpff cannot open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from forensics.errors import FormatError
from forensics.examination.sealed_spool import open_read
from forensics.workers import Report

NAMED = 1000
"""So many disagreements, and so many things that libpff cannot open, are named; their numbers are always whole."""


def compare(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """Compare the one store in ``reads``; a store that our own reader cannot open is ``failed``."""
    try:
        from forensics.formats.pst.comparison import second_opinion
    except ImportError as error:
        return {"failed": f"libpff-python is not installed here: {error.name}"}
    report.at(args["address"])
    with open_read(args, 0, reads[0]) as handle:
        try:
            found = second_opinion(handle)
        except FormatError as error:
            return {"failed": f"our own reader cannot open it: {error.what}"}
    named = [asdict(each) for each in found.disagreements[:NAMED]]
    counts = {name: getattr(found, name) for name in ("folders", "items", "attachments", "only_ours", "refused")}
    unopened = [asdict(each) for each in found.unopened[:NAMED]]
    return {
        **counts,
        "differing": len(found.disagreements),
        "disagreements": named,
        "not_opened": len(found.unopened),
        "unopened": unopened,
    }
