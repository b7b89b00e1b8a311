"""The verb ``doctor``: what this machine can be trusted with."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.cli.options import CASE, Shared, shared

_HEADINGS = {
    "system": "System",
    "library": "Libraries",
    "guard": "Guards around the workers that read evidence, each one tried just now",
    "disk": "Disk",
    "tool": "Tools of others: not needed, good for a second opinion",
}


@click.command("doctor", short_help="Check this machine: libraries, guards, disk.")
@click.option("--case", "case", metavar="DIR", type=CASE, default=None, help="Check the disk of this folder as well.")
@shared("doctor")
def command(shared_: Shared, case: Path | None) -> int:
    """Check this machine: Python, libraries, the guards around the workers, disk space.

    It ends with 1 if something that is needed does not hold. A guard that this system does not have is named; the
    evidence is read all the same, with one protection less.
    """
    from forensics.examination.checkup import check_up

    found = check_up(case)
    for group, heading in _HEADINGS.items():
        rows = [[_said(each.holds), each.name, each.detail] for each in found.checks if each.group == group]
        if rows:
            shared_.screen.line(heading, bold=True)
            shared_.screen.table([], rows)
            shared_.screen.line()
    missing = [each.name for each in found.checks if each.needed and not each.holds]
    verdict = f"Not fit for an examination, because of: {', '.join(missing)}" if missing else "Fit for an examination."
    shared_.screen.line(verdict, bold=True, colour="red" if missing else "green")
    shared_.screen.object(found.exit_code, checks=found.checks)
    return found.exit_code


def _said(holds: bool) -> str:
    return "yes" if holds else "no"
