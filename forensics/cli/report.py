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
@shared("report")
def command(shared_: Shared, names: tuple[str, ...], case: Path, again: bool) -> int:
    """Write the reports with these names, or all of them, into the folder 'reports' of the case.

    'forensics formats' lists the names. A report that was written from just this timeline and these facts is left as it
    is; --again writes it anew.
    """
    from forensics.examination.reporting import report

    with shared_.opened(case) as examination:
        written = report(examination, names, again=again)
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
