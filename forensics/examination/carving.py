"""The step that carves the images of an item: what content alone shows becomes items with the image as their parent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from forensics.acquisition.carving.names import CARVED, JOBS
from forensics.acquisition.carving.source import CarvedSource, carve
from forensics.acquisition.image_files import EWF, RAW, ImageFiles
from forensics.acquisition.image_values import image_args, limits_for, run_job, why
from forensics.casefile.acts import Act
from forensics.errors import FormatError, IntegrityError, UsageError
from forensics.examination import opening_images
from forensics.examination.acquiring import UNCHANGED, AcquireSummary, acquire_source, summary_of
from forensics.examination.conductor import Examination
from forensics.workers import Engine, Limits, LocalEngine

_UNPACKED = 8


def carve_image(examination: Examination, item: str) -> list[AcquireSummary]:
    """Search what no live file has in each image of ``item``, and acquire what is found; nothing is done twice.

    Where the item holds no image, each of its files is taken for a medium without a file system. One evidence item for
    each image: the objects, named by kind and offset, and ``carving.jsonl``, their listing.
    """
    if examination.vault is not None:
        raise UsageError(
            "disk images are not carved in a case under two-person control: objects would be copied out in clear",
            place=item,
        )
    images = list(_images(examination, item))
    if not images:
        raise UsageError(f"{item} holds nothing to carve", place=item, todo="name an item that holds an image")
    with LocalEngine(examination.station.workers, Limits(), preload=(JOBS,)) as engine:
        return [_carve(examination, engine, *image) for image in images]


def _images(examination: Examination, item: str) -> Iterator[tuple[str, str, ImageFiles]]:
    """Address, name and stored files of each image; without one, of each file as a bare medium."""
    images = list(opening_images._images(examination, item))
    if images:
        yield from ((address, name, image) for address, name, image, _ in images)
        return
    for entry in examination.evidence.entries(item):
        if entry.number is not None and entry.size:
            path = examination.evidence.path(item, entry.number)
            shown = entry.path.decode("utf-8", "backslashreplace")
            yield f"{item}/{entry.number:06d}", shown, ImageFiles(container=RAW, segments=(path,), names=(shown,))


def _carve(examination: Examination, engine: Engine, address: str, name: str, image: ImageFiles) -> AcquireSummary:
    known = {"parent": address, "kind": CARVED}
    done = examination.view().newest(Act.ACQUIRE, **known)
    if done is not None:
        return _told(examination, summary_of(examination, done.value["params"]["evidence"], state=UNCHANGED))
    if image.problem:
        raise FormatError(f"this image cannot be opened: {image.problem}", place=address)
    spool = examination.folder / "evidence" / ".images" / f"carve-{address.replace('/', '-')}"
    progress = examination.station.progress
    progress.begin(f"{address}: carving {name}", size=image.size)
    damaged = _damaged(examination, engine, address, image, spool) if image.container == EWF else ()
    carving = carve(engine, image, spool, damaged=damaged)
    progress.end()
    source = CarvedSource(engine=engine, carving=carving, spool=spool / "objects", parent=address, name=name)
    params = {**known, "source": f"carved from {name}", "resolved": ""}
    summary = acquire_source(examination, source, params, wanted=known)
    shutil.rmtree(spool)
    return _told(examination, summary)


def _told(examination: Examination, summary: AcquireSummary) -> AcquireSummary:
    """What could not be searched counts as not read."""
    problems = examination.evidence.acquisition(summary.evidence)["source"]["carving"]["problems"]
    return replace(summary, refused=(*summary.refused, *problems))


def _damaged(examination: Examination, engine: Engine, address: str, image: ImageFiles, spool: Path) -> tuple[str, ...]:
    """Which stretches of an E01 its own checksums give up; one whose hash does not hold beyond them is not carved."""
    opened = examination.view().newest(Act.IMAGE_EXAMINE, image=address)
    checked = opened.value["result"]["checked"] if opened is not None else None
    if checked is None:
        args = {**image_args(image), "despite": False}
        # A compressed medium may be far larger than its files.
        limits = limits_for(image.size * _UNPACKED)
        outcome = run_job(engine, "check", args, image.paths, spool / "check", limits)
        if outcome.cause or outcome.value is None:
            raise FormatError(f"this image could not be read: {why(outcome)}", place=address)
        checked = outcome.value
    if checked["verdict"] not in ("matches", "damaged"):
        raise IntegrityError(
            "the medium in this image differs from its stored hash, or none is stored: it was not carved",
            place=address,
            todo="get another copy of the image",
        )
    damaged = checked.get("damaged", ())
    return tuple(f"bytes {start} to {start + length - 1} of the medium are damaged" for start, length in damaged)
