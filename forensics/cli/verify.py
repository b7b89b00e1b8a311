"""The verb ``verify``: read everything again and name each difference."""

from __future__ import annotations

import errno
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli import show
from forensics.cli.identities import identity_option, session_for
from forensics.cli.keyring import keyring_for
from forensics.cli.options import Shared, case_argument, placed, shared
from forensics.cli.screen import fields_of
from forensics.errors import DONE, PARTLY_READ, LedgerError, worst

if TYPE_CHECKING:
    from forensics.examination.second_opinion import OpinionSummary
    from forensics.examination.verifying import VerifySummary

CUT_SHORT = "A step was cut short while it replaced results; the same command again completes it."
DISAGREE = "Two readers disagree on a store; look at the places that are named before you rely on them."
_MAY_NOT_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS)


@click.command("verify", short_help="Read everything again and name each difference.")
@case_argument
@click.option("--read-only", is_flag=True, help="Write nothing, not even the line in the ledger that tells of it.")
@click.option("--second-opinion", is_flag=True, help="Have libpff read every PST and OST too.")
@identity_option
@shared("verify")
def command(shared_: Shared, case: Path, read_only: bool, second_opinion: bool) -> int:
    """Read the case in DIR again, from the ledger to the reports, and name each difference and its place.

    The result is noted in the ledger. A case that this account cannot write to is verified all the same, and then it is
    not noted. It ends with 0 if everything is as it was stored, with 3 if a step was cut short while it replaced
    results, with 4 if something is not as it was stored, with 5 if the ledger itself is broken.

    With --second-opinion, libpff reads every PST and OST of the evidence as well, and folders, counts, subjects, times
    and the hashes of attachments are compared with our own reading. Where the two disagree it ends with 3. Embedded
    messages, which libpff cannot open, and stores that it refuses whole are named and are no disagreement.
    """
    with placed(case):
        summary, opinion, head = _verified(shared_, case, read_only, second_opinion)
    code = summary.exit_code if opinion is None else worst(summary.exit_code, opinion.exit_code)
    screen = shared_.screen
    screen.line(f"Case {case}", bold=True)
    show.verified(screen, summary)
    if opinion is not None:
        show.opinion(screen, opinion)
    if not head:
        screen.line("  Nothing was written: this verification is not in the ledger.")
    show.ledger(screen, head.get("lines", summary.lines), head.get("sha256", summary.head_sha256))
    show.end(screen, code, CUT_SHORT if summary.exit_code == PARTLY_READ else DISAGREE if code == PARTLY_READ else "")
    screen.object(code, **fields_of(summary), second_opinion=opinion, noted=bool(head), head=head)
    return code


def _verified(
    shared_: Shared, case: Path, read_only: bool, asked: bool
) -> tuple[VerifySummary, OpinionSummary | None, dict[str, Any]]:
    """What came of it, the second opinion where it was asked for and the case holds, and where the ledger stands.

    The last is ``{}`` where nothing was noted.
    """
    from forensics.examination.conductor import Examination
    from forensics.examination.sealing import salt_keys
    from forensics.examination.second_opinion import opinions, opinions_and_note
    from forensics.examination.verifying import verify, verify_and_note

    with ExitStack() as stack:
        station, session = stack.enter_context(shared_.station()), session_for(case)
        # With the keys at hand the seals are built again; without them, held against the ledger as they are.
        salts = salt_keys(case, keyring_for(case), session)
        if not read_only:
            try:
                examination = stack.enter_context(Examination(case, station, session=session))
            except LedgerError:
                return verify(case, station.progress, salts, session), None, {}
            except OSError as error:
                if error.errno not in _MAY_NOT_WRITE:
                    raise
            else:
                summary = verify_and_note(case, examination, station.progress, salts)
                found = opinions_and_note(examination) if asked and _holds(summary) else None
                return summary, found, {} if summary.ledger else examination.head
        summary = verify(case, station.progress, salts, session)
        return summary, opinions(case, station, session) if asked and _holds(summary) else None, {}


def _holds(summary: VerifySummary) -> bool:
    """Whether the evidence is as it was stored, so that an opinion on it is worth something."""
    return summary.exit_code in (DONE, PARTLY_READ)
