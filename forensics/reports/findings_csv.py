"""``findings.csv``: every finding for a spreadsheet, and a row for each rule that says where it looked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.casefile.view import CaseView
from forensics.findings import reading
from forensics.reports import words
from forensics.reports.findings_words import CONFIDENCES, LOOKED
from forensics.reports.sidecars import facts_of
from forensics.reports.sink import Sink

FILE_NAME = "findings.csv"
COLUMNS = (
    ("number", "番号", "No."),
    ("rule", "ルール", "Rule"),
    ("title", "項目", "What it looks for"),
    ("confidence", "確度", "Confidence"),
    ("set_aside", "除外した人と理由", "Set aside by, and why"),
    ("claim", "認められた事項", "Finding"),
    ("because", "根拠", "Because"),
    ("addresses", "位置", "Addresses"),
    ("also_possible", "ほかに考えられる説明", "Also possible"),
    ("does_not_show", "示さないこと", "Does not show"),
    ("subject", "対象の記録ID", "Records"),
    ("considered", "検討数", "Considered"),
    ("found", "件数", "Found"),
    ("could_not_read", "検討できなかった数", "Could not be considered"),
    ("version", "版", "Version"),
    ("line", "台帳の行", "Ledger line"),
)


class FindingsCsv:
    """Every finding as a table for spreadsheets, with where each rule looked."""

    name = "findings-csv"
    title = "Findings as CSV"
    version = "1"
    from_ledger = True
    from_findings = True

    def write(self, case: CaseView, out: Sink) -> None:
        """Write ``findings.csv`` and what stands beside it."""
        language = words.index(case.facts.language)
        headings = {row[1 + language]: row[0] for row in COLUMNS}
        table = out.excel(FILE_NAME, list(headings), _rows(case, language))
        out.sidecar(FILE_NAME, facts_of(case, f"{self.name} {self.version}", table, headings))


def _rows(case: CaseView, language: int) -> Iterator[list[Any]]:
    number = 0
    for told in reading.told(case):
        title = (told.title_ja, told.title_en)[language]
        for finding in told.findings:
            number += 1
            yield [
                number,
                told.rule,
                title,
                words.word(CONFIDENCES, finding["confidence"], language),
                _aside(finding),
                finding[("claim_ja", "claim_en")[language]],
                "\n".join(each[("ja", "en")[language]] for each in finding["because"]),
                "\n".join(each["address"] for each in finding["because"]),
                "\n".join(pair[language] for pair in finding["also_possible"]),
                "\n".join(pair[language] for pair in finding["does_not_show"]),
                " ".join(finding["subject"]),
                "",
                "",
                "",
                told.version,
                told.line,
            ]
        number += 1
        looked = told.looked
        why = "\n".join(pair[language] for pair in looked["why_not"])
        counts = [looked["considered"], looked["found"], looked["could_not_read"]]
        yield [number, told.rule, title, LOOKED[language], "", why, *[""] * 5, *counts, told.version, told.line]


def _aside(finding: dict[str, Any]) -> str:
    said = finding.get("set_aside")
    return f"{said['who']}: {said['why']}" if said else ""
