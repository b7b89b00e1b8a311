"""The verb ``report``: from the case to papers."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.cli.options import Shared, again_option, case_option, shared
from forensics.errors import DONE, worst


@click.command("report", short_help="Write the reports.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@case_option
@again_option
@click.option(
    "--where", default="", metavar="SQL", help="Choose messages: one condition over the columns of 'message'."
)
@click.option("--message", "messages", metavar="ID", multiple=True, help="Choose this message; can be repeated.")
@click.option("--language", default="", metavar="LANG", help="For papers: ja or en, instead of the case's language.")
@click.option("--wareki", is_flag=True, help="For papers: dates in the Japanese era, 令和8年6月1日.")
@click.option("--exhibit", default="甲", metavar="PREFIX", help="For exhibits: 甲, 乙, 丙 ... before the numbers.")
@click.option("--first", default=1, metavar="N", help="For exhibits: the number of the first one.")
@shared("report")
def command(
    shared_: Shared,
    names: tuple[str, ...],
    case: Path,
    again: bool,
    where: str,
    messages: tuple[str, ...],
    language: str,
    wareki: bool,
    exhibit: str,
    first: int,
) -> int:
    """Write the reports with these names, or the usual ones, into the folder 'reports' of the case.

    'forensics formats' lists the names. A report that was written from just this timeline and these facts is left as it
    is; --again writes it anew.

    These are written only by their names. 'pst': the chosen messages as an Outlook data file, selection.pst. Papers,
    filled from the ledger, as HTML to print and DOCX to finish, with what is missing marked: 'custody-form',
    'acquisition-report', 'exhibit-list' (証拠説明書), 'statement' (陳述書), 'fre-902-13', 'fre-902-14'. About an
    incident: 'investigation-report', 'leak-report', 'ppc-report' (速報), 'ppc-report-final' (確報), 'person-notice',
    'interview-sheets', 'deletion-request', 'prevention-table', 'action-checklist'. 'exhibit-pages': prints of chosen
    messages, 'exhibit-pages-redacted' and 'redaction-key': the same blacked out, and the key. 'case-uco': the custody
    of the case as CASE/UCO JSON-LD.

    For example: forensics report pst --case DIR --where "recovery <> 'live' AND date_utc >= '2026-06-01'"
    """
    from forensics.examination.reporting import PaperOptions, Selection, report

    with shared_.opened(case) as examination:
        selection = Selection(where=where, messages=messages) if where or messages else None
        options = PaperOptions(language=language, era=wareki, exhibit=exhibit, first=first)
        written = report(examination, names, again=again, selection=selection, options=options)
        head = examination.head
    rows = [
        [each.report, str(case / path), "unchanged" if each.unchanged else ""]
        for each in written
        for path in each.files
    ]
    shared_.screen.table(["report", "file", ""], rows, indent=0)
    code = worst(DONE, *(each.exit_code for each in written))
    shared_.screen.object(code, reports=written, head=head)
    return code
