"""A report prints the newest receipt that was given before its inputs were made, and never a later one."""

from __future__ import annotations

from pathlib import Path

from forensics.casefile.acts import Act, Phase
from forensics.casefile.ledger import Entry, Ledger
from forensics.reports.head import head
from forensics.reports.inputs import receipt_line
from forensics.reports.timeline_html import TimelineHtml
from tests.casebuilder import CASE_ID, CaseBuilder, mail

RECEIPT = "email-forensics/x {} AAAA 2026-06-01T00:00:00Z"


def _receipt(case: CaseBuilder, number: int) -> None:
    with Ledger(case.folder / "ledger", CASE_ID) as ledger:
        result = {"receipt": RECEIPT.format(number)}
        ledger.append(Entry(act=Act.RECEIPT, phase=Phase.DONE, step="s", ts_ns=number, result=result))


def test_the_newest_receipt_before_the_inputs_is_printed(tmp_path: Path) -> None:
    case = CaseBuilder(tmp_path / "case")
    case.evidence()
    case.parsed(mail(1))
    assert receipt_line(case.view()) == ""
    _receipt(case, 1)
    assert receipt_line(case.view()) == ""
    _receipt(case, 2)
    case.parsed(mail(1))
    _receipt(case, 3)
    assert head(case.view())["receipt"] == RECEIPT.format(2)


def test_the_page_has_a_place_for_it() -> None:
    template = Path(str(TimelineHtml.__module__).replace(".", "/")).parent / "templates" / "timeline.html.j2"
    assert "head.receipt" in (Path(__file__).parents[2] / template).read_text(encoding="utf-8")
