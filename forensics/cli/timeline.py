"""The verb ``timeline``: from records to one ordered account."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.cli.options import Shared, again_option, case_option, shared
from forensics.cli.text import many


@click.command("timeline", short_help="Lay every event of every source on one timeline.")
@case_option
@again_option
@shared("timeline")
def command(shared_: Shared, case: Path, again: bool) -> int:
    """Lay every event of every source on one timeline.

    Each clock reading of each message is an event: what it means, who says so, and in which zone it was written. The
    same message in several places is one logical message with all its copies.
    """
    from forensics.examination.timelining import timeline

    with shared_.opened(case) as examination:
        built = timeline(examination, again=again)
        head = examination.head
    state = " It was built from the newest records already." if built.unchanged else ""
    different = many(built.logical, "different message")
    shared_.screen.line(f"The timeline has {many(built.events, 'event')} of {different}.{state}")
    shared_.screen.line(f"Next: forensics report --case {case}")
    shared_.screen.object(
        built.exit_code, events=built.events, logical=built.logical, unchanged=built.unchanged, head=head
    )
    return built.exit_code
