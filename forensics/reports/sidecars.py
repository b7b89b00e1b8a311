"""What stands beside a CSV: the ledger line it was made from, counts, problems, columns, and the cells that differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics import __version__
from forensics.casefile.view import CaseView
from forensics.reports.head import accounts, counts
from forensics.reports.inputs import input_line, receipt_line
from forensics.reports.sink import TableFacts

_RULES = [
    "UTF-8 with BOM, CRLF (RFC 4180)",
    "a cell that a spreadsheet could take for a formula begins with an apostrophe",
    "control, bidirectional and zero-width characters stand as their numbers: ⟦U+202E⟧",
    "a cell of more than 32,767 characters is cut and says so",
    "exact values: 'changed_cells' here (the first ones), all of them in the case's records",
]


def facts_of(case: CaseView, report: str, table: TableFacts, columns: Mapping[str, str]) -> dict[str, Any]:
    """The content of a sidecar. ``columns`` maps each heading to the field of the records that it shows."""
    return {
        "report": report,
        "tool": f"email-forensics {__version__}",
        "case": {"id": case.facts.id, "case_toml_sha256": case.facts_sha256, "time_zone": case.facts.time_zone},
        "ledger": input_line(case),
        "receipt": receipt_line(case),
        "rows": table.rows,
        "counts": counts(case),
        "byte_accounts": accounts(case),
        "problems": case.counts()["problem"],
        "columns": [{"heading": heading, "field": field} for heading, field in columns.items()],
        "form": _RULES,
        "changed_cells": table.changed,
        "changed": table.cells,
    }
