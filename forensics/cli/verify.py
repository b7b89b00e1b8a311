"""The verb ``verify``: read everything again and name each difference."""

from __future__ import annotations

import errno
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli import show
from forensics.cli.options import Shared, case_argument, shared
from forensics.cli.screen import fields_of
from forensics.errors import PARTLY_READ, LedgerError

if TYPE_CHECKING:
    from forensics.examination.verifying import VerifySummary

CUT_SHORT = "A step was cut short while it replaced results; the same command again completes it."
_MAY_NOT_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS)


@click.command("verify", short_help="Read everything again and name each difference.")
@case_argument
@click.option("--read-only", is_flag=True, help="Write nothing, not even the line in the ledger that tells of it.")
@shared("verify")
def command(shared_: Shared, case: Path, read_only: bool) -> int:
    """Read the case in DIR again, from the ledger to the reports, and name each difference and its place.

    The result is noted in the ledger. A case that this account cannot write to is verified all the same, and then it is
    not noted. It ends with 0 if everything is as it was stored, with 3 if a step was cut short while it replaced
    results, with 4 if something is not as it was stored, with 5 if the ledger itself is broken.
    """
    summary, head = _verified(shared_, case, read_only)
    screen = shared_.screen
    screen.line(f"Case {case}", bold=True)
    show.verified(screen, summary)
    if not head:
        screen.line("  Nothing was written: this verification is not in the ledger.")
    show.ledger(screen, head.get("lines", summary.lines), head.get("sha256", summary.head_sha256))
    show.end(screen, summary.exit_code, CUT_SHORT if summary.exit_code == PARTLY_READ else "")
    screen.object(summary.exit_code, **fields_of(summary), noted=bool(head), head=head)
    return summary.exit_code


def _verified(shared_: Shared, case: Path, read_only: bool) -> tuple[VerifySummary, dict[str, Any]]:
    """What came of it, and where the ledger stands after it was noted; ``{}`` where it was not."""
    from forensics.examination.conductor import Examination
    from forensics.examination.verifying import verify, verify_and_note

    with ExitStack() as stack:
        station = stack.enter_context(shared_.station())
        if not read_only:
            try:
                examination = stack.enter_context(Examination(case, station))
            except LedgerError:
                return verify(case, station.progress), {}
            except OSError as error:
                if error.errno not in _MAY_NOT_WRITE:
                    raise
            else:
                summary = verify_and_note(case, examination, station.progress)
                return summary, {} if summary.ledger else examination.head
        return verify(case, station.progress), {}
