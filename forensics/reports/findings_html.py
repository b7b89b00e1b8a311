"""``findings.html``: what the rules found, why, what else could explain it, and where nothing could be looked for.

A page without any script of evidence and without the network, to be read in a browser and to be printed.
"""

from __future__ import annotations

from typing import Any

from forensics.casefile.view import CaseView
from forensics.findings import reading
from forensics.reports.findings_words import CONFIDENCE_MEANS, CONFIDENCES
from forensics.reports.head import head
from forensics.reports.page import render
from forensics.reports.sink import Sink

FILE_NAME = "findings.html"
SHOWN = 300
"""So many findings of each rule stand on the page; ``findings.csv`` and the case hold all."""
REASONS_SHOWN = 12
_ORDER = tuple(CONFIDENCES)


class FindingsHtml:
    """What the rules found as a page for a browser and for paper."""

    name = "findings-html"
    title = "Findings as a web page"
    version = "1"
    from_ledger = True
    from_findings = True

    def write(self, case: CaseView, out: Sink) -> None:
        """Write ``findings.html``."""
        rules = [_rule(told) for told in reading.told(case)]
        out.write(FILE_NAME, render("findings.html.j2", "findings.css", "findings.js", self._values(case, rules)))

    def _values(self, case: CaseView, rules: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "head": head(case),
            "report": f"{self.name} {self.version}",
            "rules": rules,
            "confidences": CONFIDENCES,
            "means": CONFIDENCE_MEANS,
            "limits": {"findings": SHOWN, "reasons": REASONS_SHOWN},
        }


def _rule(told: reading.Told) -> dict[str, Any]:
    ranked = sorted(told.findings, key=lambda each: _ORDER.index(each["confidence"]))
    return {
        "name": told.rule,
        "title": (told.title_ja, told.title_en),
        "version": told.version,
        "line": told.line,
        "path": told.path,
        "sha256": told.sha256,
        "looked": told.looked,
        "found": len(ranked),
        "findings": ranked[:SHOWN],
        "counts": {name: sum(each["confidence"] == name for each in ranked) for name in _ORDER},
    }
