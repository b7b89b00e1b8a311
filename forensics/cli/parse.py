"""The verb ``parse``: from stored bytes to records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli import show
from forensics.cli.identities import identity_option
from forensics.cli.options import Shared, again_option, case_option, shared
from forensics.cli.text import many
from forensics.errors import DONE, UsageError, worst

if TYPE_CHECKING:
    from forensics.examination.parsing import ParseSummary


@click.command("parse", short_help="Turn stored mail into records.")
@case_option
@again_option
@identity_option
@shared("parse", parallel=True)
def command(shared_: Shared, case: Path, again: bool) -> int:
    """Turn the stored mail of every evidence item into records.

    Every file is read by guarded workers: a file that crashes its reader costs that item alone and becomes a problem
    with its place. Evidence that this very program has parsed already is left as it is; --again parses it anew and says
    whether the result is the same to the last byte.
    """
    from forensics.examination.overview import overview
    from forensics.examination.parsing import parse

    with shared_.opened(case) as examination:
        if not examination.view().evidence_names():
            raise UsageError(
                "there is no evidence yet",
                place=str(case),
                todo=f"run 'forensics acquire SOURCE... --case {case}' first",
            )
        parsed = parse(examination, again=again)
        held = overview(examination.view())
    code = worst(DONE, *(each.exit_code for each in parsed))
    screen = shared_.screen
    show.head(screen, held)
    screen.heading("Parsed")
    screen.table(["item", "files", "messages", "problems", ""], [_row(each) for each in parsed])
    show.counts(screen, held)
    show.problems(screen, held)
    show.not_mail(screen, held)
    show.ledger(screen, held.lines, held.head_sha256)
    show.end(screen, code)
    screen.object(
        code,
        parsed=parsed,
        counts=held.counts,
        recovered=held.recovered,
        accounts=held.accounts,
        problems=held.problems,
        not_mail=held.not_mail,
        head={"lines": held.lines, "sha256": held.head_sha256},
    )
    return code


def _row(each: ParseSummary) -> list[str]:
    said = {True: "the same as before, to the last byte", False: "not the same as before", None: "new"}
    state = "unchanged" if each.unchanged else said[each.identical]
    counts = [f"{each.counts.get(kind, 0):,}" for kind in ("message", "problem")]
    return [each.evidence, many(each.files, "file"), *counts, state]
