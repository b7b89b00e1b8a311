"""Runs inside a guarded worker: reads one Sigma rule with the library of others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forensics.errors import FormatError
from forensics.findings import sigma_rules
from forensics.workers import Report


def read_rule(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """The tree of ``args["rule"]``, or what is wrong with it."""
    try:
        return {**sigma_rules.read(args["rule"]), "fault": ""}
    except FormatError as error:
        return {"fault": error.what}
