"""The step that carves the images of an item: what content alone shows becomes items with the image as their parent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from forensics.acquisition import images as image_files
from forensics.acquisition.carving.names import CARVED, JOBS
from forensics.acquisition.carving.source import CarvedSource, Carving, carve
from forensics.acquisition.images import EWF, RAW, ImageFiles, limits_for
from forensics.casefile.acts import Act
from forensics.errors import FormatError, IntegrityError, UsageError
from forensics.evidence.item import Entry
from forensics.examination.acquiring import UNCHANGED, AcquireSummary, acquire_source, summary_of
from forensics.examination.conductor import Examination
from forensics.formats.sniff import Kind, sniff_handle
from forensics.workers import Engine, Job, Limits, LocalEngine

_NO_MEDIUM = frozenset((Kind.EWF_SEGMENT, Kind.EX01, Kind.EWF_LOGICAL, Kind.VIRTUAL_DISK, Kind.EMPTY))


def carve_image(examination: Examination, item: str) -> list[AcquireSummary]:
    """Search what no live file has in each image of ``item``, and acquire what is found; nothing is done twice.

    Where the item holds no image, each of its files is taken for a medium without a file system. One evidence item for
    each image: the objects, named by kind and offset, and ``carving.jsonl``, their listing.
    """
    images = list(_images(examination, item))
    if examination.vault is not None:
        raise UsageError(
            "disk images are not carved in a case under two-person control: objects would be copied out in clear",
            place=item,
        )
    if not images:
        raise UsageError(f"{item} holds no disk image to carve", place=item, todo="name an item that holds an image")
    modules = (JOBS,)
    with LocalEngine(examination.station.workers, Limits(), preload=modules) as engine:
        return [_carve(examination, engine, *image) for image in images]


def _carve(examination: Examination, engine: Engine, address: str, name: str, image: ImageFiles) -> AcquireSummary:
    known = {"parent": address, "kind": CARVED}
    done = examination.view().newest(Act.ACQUIRE, **known)
    if done is not None:
        return _told(examination, summary_of(examination, done.value["params"]["evidence"], state=UNCHANGED))
    spool = examination.folder / "evidence" / ".images" / f"carve-{address.replace('/', '-')}"
    _verify(examination, engine, address, image, spool)
    carving = _search(examination, engine, address, name, image, spool)
    source = CarvedSource(engine=engine, carving=carving, spool=spool / "objects", parent=address, name=name)
    summary = acquire_source(
        examination, source, {**known, "source": f"carved from {name}", "resolved": ""}, wanted=known
    )
    shutil.rmtree(spool)
    return _told(examination, summary)


def _told(examination: Examination, summary: AcquireSummary) -> AcquireSummary:
    """What could not be searched counts as not read."""
    problems = examination.evidence.acquisition(summary.evidence)["source"]["carving"]["problems"]
    return replace(summary, refused=(*summary.refused, *problems))


def _search(
    examination: Examination, engine: Engine, address: str, name: str, image: ImageFiles, spool: Path
) -> Carving:
    progress = examination.station.progress
    progress.begin(f"{address}: carving {name}", size=image.size)
    try:
        return carve(engine, image, spool)
    finally:
        progress.end()


def _verify(examination: Examination, engine: Engine, address: str, image: ImageFiles, spool: Path) -> None:
    """An image that holds a hash of its medium must agree with it; one that does not is not carved."""
    if image.container == RAW:
        return
    opened = examination.view().newest(Act.IMAGE_EXAMINE, image=address)
    verdict = str(opened.value["result"].get("verdict", "")) if opened is not None else ""
    if not verdict:
        verdict = _check(engine, image, spool / "check")
    if verdict != "matches":
        raise IntegrityError(
            "the medium in this image differs from its stored hash, or none is stored: it was not carved",
            place=address,
            todo="get another copy of the image",
        )


def _check(engine: Engine, image: ImageFiles, spool: Path) -> str:
    spool.mkdir(parents=True, exist_ok=True)
    args: dict[str, Any] = {"container": image.container, "despite": False}
    call = f"{image_files.__name__.replace('images', 'image_jobs')}:check"
    # A compressed medium may be far larger than its files.
    job = Job(call=call, args=args, reads=image.segments, spool=spool, limits=limits_for(image.size * 8))
    outcome = engine.submit(job).result()
    if outcome.cause or outcome.value is None:
        raise FormatError(f"this image could not be read: {outcome.detail.partition(chr(10))[0] or outcome.cause}")
    return str(outcome.value["verdict"])


def _images(examination: Examination, item: str) -> Iterator[tuple[str, str, ImageFiles]]:
    """Address, name and stored files of each image; without one, of each file that may be a bare medium."""
    stored = [entry for entry in examination.evidence.entries(item) if entry.number is not None]
    kinds = {entry.path: _kind(examination, item, entry) for entry in stored}
    known = {Kind.E01: EWF, Kind.RAW_DISK: RAW}
    images = any(kind in known for kind in kinds.values())
    by_path = {os.fsdecode(entry.path): entry for entry in stored}
    taken: set[str] = set()
    for entry in stored:
        path, kind = os.fsdecode(entry.path), kinds[entry.path]
        container = known.get(kind, "" if images or kind in _NO_MEDIUM else RAW)
        if path in taken or not container:
            continue
        segments = image_files.segments_named(path, by_path)
        taken.update(segments)
        paths = tuple(examination.evidence.path(item, by_path[each].number or 0) for each in segments)
        shown = entry.path.decode("utf-8", "backslashreplace")
        yield f"{item}/{entry.number:06d}", shown, ImageFiles(container=container, segments=paths)


def _kind(examination: Examination, item: str, entry: Entry) -> Kind:
    with examination.evidence.open(item, entry.number or 0) as handle:
        return sniff_handle(handle, entry.size or 0, entry.name.decode("utf-8", "backslashreplace")).kind
