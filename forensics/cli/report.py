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
@click.option("--where", default="", metavar="SQL", help="For 'pst': one condition over the columns of 'message'.")
@click.option("--message", "messages", metavar="ID", multiple=True, help="For 'pst': this message; can be repeated.")
@shared("report")
def command(
    shared_: Shared, names: tuple[str, ...], case: Path, again: bool, where: str, messages: tuple[str, ...]
) -> int:
    """Write the reports with these names, or the usual ones, into the folder 'reports' of the case.

    'forensics formats' lists the names. A report that was written from just this timeline and these facts is left as it
    is; --again writes it anew.

    The report 'pst' is written only by its name: the chosen messages as an Outlook data file, selection.pst. For
    example: forensics report pst --case DIR --where "recovery <> 'live' AND date_utc >= '2026-06-01'"
    """
    from forensics.examination.reporting import Selection, report

    with shared_.opened(case) as examination:
        selection = Selection(where=where, messages=messages) if where or messages else None
        written = report(examination, names, again=again, selection=selection)
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
