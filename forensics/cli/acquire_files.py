"""``acquire files``, which ``acquire`` alone means too: files, folders, disk images into the write-once store."""

from __future__ import annotations

from pathlib import Path

import click

from forensics.cli import show
from forensics.cli.identities import identity_option
from forensics.cli.options import Shared, case_option, check_sources, shared, sources_argument
from forensics.errors import DONE, worst


@click.command("files", short_help="Files, folders and disk images: what is meant when none of these is named.")
@sources_argument
@case_option
@identity_option
@shared("acquire", parallel=True)
def command(shared_: Shared, sources: tuple[Path, ...], case: Path) -> int:
    """Copy each SOURCE into the case, write-once, hashed while reading and read back.

    A source is a file, a folder, or a disk image (raw or E01, split or not); the mail stores inside an image become
    evidence items of their own. A source that was acquired before is compared: unchanged, then nothing is copied;
    changed, then it becomes a new evidence item. An acquisition that was interrupted is completed.
    """
    from forensics.examination.examining import acquire_all
    from forensics.examination.opening_images import exit_code_of
    from forensics.examination.overview import overview

    check_sources(sources, case)
    with shared_.opened(case) as examination:
        acquired, failed = acquire_all(examination, sources)
        view = examination.view()
        held, opened = overview(view), exit_code_of(view)
    code = worst(DONE, opened, *(each.exit_code for each in acquired), *(each[3] for each in failed))
    screen = shared_.screen
    show.head(screen, held)
    show.evidence(screen, held, {each.evidence: each.state for each in acquired})
    show.images(screen, held)
    show.refused(screen, acquired)
    show.failed_sources(screen, failed)
    show.ledger(screen, held.lines, held.head_sha256)
    if held.evidence:
        screen.line()
        screen.line(f"Next: forensics parse --case {case}")
    show.end(screen, code)
    screen.object(code, acquired=acquired, failed=failed, head={"lines": held.lines, "sha256": held.head_sha256})
    return code
