"""``acquire files``, which ``acquire`` alone means too: files, folders and disk images into the store of a case."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from forensics.cli import show
from forensics.cli.identities import identity_option
from forensics.cli.options import CASE, PATH, Shared, check_sources, shared
from forensics.cli.screen import complain
from forensics.cli.text import many
from forensics.errors import DONE, PARTLY_READ, ForensicsError, IntegrityError, InterruptedWork, UsageError, worst

if TYPE_CHECKING:
    from forensics.examination.acquiring import AcquireSummary
    from forensics.examination.answering import AnswerSummary
    from forensics.examination.conductor import Examination
    from forensics.examination.opening_images import Failed, Listed

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
@click.option("--case", "case", metavar="DIR", type=CASE, help="The folder of the case.")
@click.option(
    "--image", metavar="PATH", type=PATH, help="Image this block device or file bit by bit, instead of copying files."
)
@click.option("--split", metavar="SIZE", callback=_size, help="With --image: write files of at most SIZE, such as 4G.")
@click.option(
    "--retries",
    metavar="N",
    type=click.IntRange(0, 100),
    help="With --image: how often a sector that fails is tried again. Without it, twice.",
)
@click.option("--list", "listing", is_flag=True, help="Show what would be taken out of disk images; acquire nothing.")
@click.option("--carve", is_flag=True, help="Then search what no file of an image has for mail, by content alone.")
@click.option(
    "--answers",
    metavar="FILE",
    type=PATH,
    help="Take what only a person can know of the acquisition from this file; see 'forensics case answer'.",
)
@identity_option
@shared("acquire", parallel=True)
def command(
    shared_: Shared,
    sources: tuple[Path, ...],
    case: Path | None,
    image: Path | None,
    split: int,
    retries: int | None,
    listing: bool,
    carve: bool,
    answers: Path | None,
) -> int:
    """Copy each SOURCE into the case, write-once, hashed while reading and read back.

    A source is a file, a folder, or a disk image (raw or E01, split or not); the mail stores inside an image become
    evidence items of their own. A source that was acquired before is compared: unchanged, then nothing is copied;
    changed, then it becomes a new evidence item. An acquisition that was interrupted is completed.

    With --image a block device, or a file read like one, is imaged sector by sector and read twice. Sectors that
    cannot be read are filled with zeros and named in an error map beside the image; the exit code is then 3.
    """
    if listing:
        if image is not None or carve or answers is not None:
            raise UsageError("--list shows what disk images hold and acquires nothing", todo="leave the others out")
        return _list(shared_, _given(sources))
    if case is None:
        raise click.UsageError("Missing option '--case'.")
    if image is None:
        check_sources(_given(sources), case)
        if split or retries is not None:
            raise UsageError("--split and --retries are about --image", todo="name the device or file with --image")
    elif sources:
        todo = "run the command once for each of them"
        raise UsageError("with --image one device or file is imaged, and no other source is taken", todo=todo)
    return _acquire(shared_, case, _Wanted(sources, image, split, retries, carve, answers))


class _Wanted(NamedTuple):
    """What is to be acquired, and what is to be done with it at once."""

    sources: tuple[Path, ...]
    image: Path | None
    split: int
    retries: int | None
    carve: bool
    answers: Path | None


def _given(sources: tuple[Path, ...]) -> tuple[Path, ...]:
    if not sources:
        raise click.UsageError("Missing argument 'SOURCE...'.")
    return sources


def _acquire(shared_: Shared, case: Path, wanted: _Wanted) -> int:
    from forensics.examination import answering
    from forensics.examination.opening_images import exit_code_of
    from forensics.examination.overview import overview

    if wanted.answers is not None:
        # A file that is no good is told of before hours of copying, not after.
        answering.read_file(wanted.answers)
    with shared_.opened(case) as examination:
        acquired, failed = _copied(examination, wanted)
        if wanted.carve:
            _carve(examination, acquired, failed)
        answered = answering.answer_from_file(examination, wanted.answers) if wanted.answers is not None else None
        view = examination.view()
        held, opened = overview(view), exit_code_of(view)
    code = worst(DONE, opened, *(each.exit_code for each in acquired), *(each[3] for each in failed))
    screen = shared_.screen
    show.head(screen, held)
    show.evidence(screen, held, {each.evidence: each.state for each in acquired})
    show.images(screen, held)
    show.refused(screen, acquired)
    show.failed_sources(screen, failed)
    if answered is not None:
        _show_answers(shared_, answered)
    show.ledger(screen, held.lines, held.head_sha256)
    if held.evidence:
        screen.line()
        screen.line(f"Next: forensics parse --case {case}")
    show.end(screen, code)
    more = {} if answered is None else {"answered": answered}
    screen.object(
        code, acquired=acquired, failed=failed, head={"lines": held.lines, "sha256": held.head_sha256}, **more
    )
    return code


def _copied(examination: Examination, wanted: _Wanted) -> tuple[list[AcquireSummary], list[Failed]]:
    if wanted.image is None:
        from forensics.examination.examining import acquire_all

        return acquire_all(examination, wanted.sources)
    from forensics.examination.imaging import image_and_open, settings_for

    warn = partial(complain, bold=True, colour="yellow")
    settings = settings_for(wanted.split, wanted.retries)
    return image_and_open(examination, wanted.image, settings, warn=lambda text: warn(f"Warning: {text}."))


def _carve(examination: Examination, acquired: list[AcquireSummary], failed: list[Failed]) -> None:
    """Each item that was made of a source; what was found inside an image is part of that image."""
    from forensics.examination.carving import carve_image

    for item in [each for each in acquired if not each.parent]:
        try:
            acquired += carve_image(examination, item.evidence)
        except (IntegrityError, InterruptedWork):
            raise
        except ForensicsError as error:
            failed.append((f"carving {item.evidence}", error.what, error.todo, error.exit_code))


def _show_answers(shared_: Shared, answered: AnswerSummary) -> None:
    count = sum(len(each) for each in answered.answered.values())
    shared_.screen.heading(f"Answers: {many(count, 'answer')} put on the ledger")
    for item, missing in answered.missing.items():
        if missing:
            shared_.screen.line(f"  {item} is INCOMPLETE: {', '.join(missing)}", colour="yellow")


def _list(shared_: Shared, sources: tuple[Path, ...]) -> int:
    """What would be taken; 3 where an image has a place that cannot be read."""
    from forensics.examination.opening_images import list_images

    with shared_.station() as station:
        found = {str(path): list_images(station, path) for path in sources}
    for path, rows in found.items():
        shared_.screen.heading(f"{path}: {many(sum(1 for each in rows if each.kind), 'mail store')}")
        table = [_row(each) for each in rows]
        shared_.screen.table(["kind", "state", "files", "bytes", "volume", "path", "note"], table)
    lost = any(each.damaged or (each.allocated and not each.kind) for rows in found.values() for each in rows)
    code = PARTLY_READ if lost else DONE
    show.end(shared_.screen, code)
    shared_.screen.object(code, listed=found)
    return code


def _row(each: Listed) -> list[str]:
    state = "live" if each.allocated else "deleted"
    note = [each.why] if not each.kind else []
    note += [f"{each.overwritten:,} bytes overwritten"] if each.overwritten else []
    note += [f"{each.damaged:,} bytes damaged"] if each.damaged else []
    return [each.kind or "-", state, f"{each.files:,}", f"{each.size:,}", each.volume, each.path, "; ".join(note)]
