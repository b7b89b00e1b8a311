"""``acquire files``, which ``acquire`` alone means too: files, folders and disk images into the store of a case."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli import show
from forensics.cli.identities import identity_option
from forensics.cli.options import PATH, Shared, case_option, check_sources, shared
from forensics.cli.screen import complain
from forensics.errors import DONE, UsageError, worst

if TYPE_CHECKING:
    from forensics.examination.acquiring import AcquireSummary
    from forensics.examination.conductor import Examination
    from forensics.examination.opening_images import Failed

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_MEBIBYTE = 1 << 20


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> int:
    """A number of bytes such as ``2000M`` or ``4G``, in powers of 1,024; a whole number of mebibytes."""
    if value is None:
        return 0
    found = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(?:i?B)?", value.strip(), re.IGNORECASE)
    size = int(found[1]) * _UNITS[found[2].upper()] if found else 0
    if not size or size % _MEBIBYTE:
        raise click.BadParameter(f"{value!r} is not a size in whole mebibytes; write it like 2000M or 4G", ctx, param)
    return size


@click.command("files", short_help="Files, folders and disk images: what is meant when none of these is named.")
@click.argument("sources", metavar="SOURCE...", type=PATH, nargs=-1)
@case_option
@click.option(
    "--image", metavar="PATH", type=PATH, help="Image this block device or file bit by bit, instead of copying files."
)
@click.option("--split", metavar="SIZE", callback=_size, help="With --image: write files of at most SIZE, such as 4G.")
@click.option(
    "--retries",
    metavar="N",
    type=click.IntRange(0, 100),
    default=None,
    help="With --image: how often a sector that fails is tried again. Without it, twice.",
)
@identity_option
@shared("acquire", parallel=True)
def command(
    shared_: Shared, sources: tuple[Path, ...], case: Path, image: Path | None, split: int, retries: int | None
) -> int:
    """Copy each SOURCE into the case, write-once, hashed while reading and read back.

    A source is a file, a folder, or a disk image (raw or E01, split or not); the mail stores inside an image become
    evidence items of their own. A source that was acquired before is compared: unchanged, then nothing is copied;
    changed, then it becomes a new evidence item. An acquisition that was interrupted is completed.

    With --image a block device, or a file read like one, is imaged sector by sector and read twice. Sectors that
    cannot be read are filled with zeros and named in an error map beside the image; the exit code is then 3.
    """
    from forensics.examination.opening_images import exit_code_of
    from forensics.examination.overview import overview

    _check(sources, case, image, split, retries)
    with shared_.opened(case) as examination:
        if image is not None:
            acquired, failed = _image(examination, image, split, retries)
        else:
            acquired, failed = _copy(examination, sources)
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


def _check(sources: tuple[Path, ...], case: Path, image: Path | None, split: int, retries: int | None) -> None:
    """What can be told to be wrong before anything is opened."""
    if image is None:
        if not sources:
            raise click.UsageError("Missing argument 'SOURCE...'.")
        if split or retries is not None:
            raise UsageError("--split and --retries are about --image", todo="name the device or file with --image")
        check_sources(sources, case)
    elif sources:
        todo = "run the command once for each of them"
        raise UsageError("with --image one device or file is imaged, and no other source is taken", todo=todo)


def _copy(examination: Examination, sources: tuple[Path, ...]) -> tuple[list[AcquireSummary], list[Failed]]:
    from forensics.examination.examining import acquire_all

    return acquire_all(examination, sources)


def _image(
    examination: Examination, path: Path, split: int, retries: int | None
) -> tuple[list[AcquireSummary], list[Failed]]:
    from forensics.examination.imaging import image_and_open, settings_for

    warn = partial(complain, bold=True, colour="yellow")
    return image_and_open(examination, path, settings_for(split, retries), warn=lambda text: warn(f"Warning: {text}."))
