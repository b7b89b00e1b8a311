"""The step from a disk image in the evidence to the mail stores inside it: items with the image as their parent.

The image is read from its stored copy, by guarded workers. Its whole medium is checked before anything in it is read.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from forensics.acquisition.images import (
    EWF,
    RAW,
    ImageFiles,
    ImageReport,
    ImageSource,
    ImageStore,
    examine_image,
    segments_named,
)
from forensics.casefile.acts import Act, Phase
from forensics.casefile.view import CaseView
from forensics.errors import DONE, PARTLY_READ, ForensicsError, IntegrityError, InterruptedWork, LedgerError, UsageError
from forensics.evidence.item import Entry
from forensics.examination.acquiring import AcquireSummary, acquire_source, summary_of
from forensics.examination.conductor import Examination
from forensics.formats.sniff import Kind, sniff_handle
from forensics.workers import Engine, Limits, LocalEngine

Failed = tuple[str, str, str, int]
"""A source or an image that gave nothing: which, why, what to do, and the exit code that stands for it."""

CONTAINERS = frozenset(("e01", "raw-disk", "ewf-segment"))
"""The kinds of file that are opened here instead of being parsed."""

_MODULE = "forensics.acquisition.image_jobs"


def open_images(examination: Examination, item: str, failed: list[Failed] | None = None) -> list[AcquireSummary]:
    """Acquire the mail stores of every disk image among the files of ``item``; nothing is done twice.

    An image that is damaged or cannot be read is added to ``failed`` and does not keep the others out; without that
    list it raises.
    """
    summaries: list[AcquireSummary] = []
    images = list(_images(examination, item))
    if not images:
        return []
    if examination.vault is not None:
        # Stores would be copied out of the image in clear, through a scratch folder.
        closed = UsageError(
            "disk images are not opened in a case under two-person control: acquire the stores that lie in them",
            place=images[0][0],
        )
        if failed is None:
            raise closed
        failed += [(f"{address} {name}", closed.what, "", PARTLY_READ) for address, name, _ in images]
        return []
    with LocalEngine(examination.station.workers, Limits(), preload=(_MODULE,)) as engine:
        for address, name, image in images:
            done = examination.view().newest(Act.IMAGE_EXAMINE, image=address)
            if done is not None:
                held = done.value["result"]["evidence"]
                summaries += [summary_of(examination, each, state="unchanged") for each in held]
                continue
            try:
                summaries += _open_image(examination, engine, address, name, image)
            except (LedgerError, InterruptedWork):
                raise
            except ForensicsError as error:
                if failed is None:
                    raise
                differences = error.differences if isinstance(error, IntegrityError) else ()
                what = "; ".join((error.what, *differences))
                failed.append((f"{address} {name}", what, error.todo, error.exit_code))
    return summaries


def exit_code_of(view: CaseView) -> int:
    """3 where a part of an image that was opened could not be read.

    A partition without a known file system beside one that was read counts only if it seems to be encrypted: nearly
    every disk has one for swap or for its boot loader.
    """
    opened = (line for line in view.lines if line.act == Act.IMAGE_EXAMINE and line.phase == Phase.FINISHED)
    return PARTLY_READ if any(_lost(line.value["result"]) for line in opened) else DONE


def _lost(result: dict[str, Any]) -> bool:
    volumes = result["checked"]["volumes"]
    bare = sum(not each["file_system"] and "encrypt" not in each["problem"].lower() for each in volumes)
    return len(result["unread"]) > (bare if any(each["file_system"] for each in volumes) else 0)


def _images(examination: Examination, item: str) -> Iterator[tuple[str, str, ImageFiles]]:
    """Address, name as found and stored files of each image; further segments belong to their first."""
    stored = [entry for entry in examination.evidence.entries(item) if entry.number is not None]
    by_path = {os.fsdecode(entry.path): entry for entry in stored}
    taken: set[str] = set()
    for entry in stored:
        path = os.fsdecode(entry.path)
        container = "" if path in taken else _container(examination, item, entry)
        if not container:
            continue
        segments = segments_named(path, by_path)
        taken.update(segments)
        paths = tuple(examination.evidence.path(item, by_path[each].number or 0) for each in segments)
        shown = entry.path.decode("utf-8", "backslashreplace")
        yield f"{item}/{entry.number:06d}", shown, ImageFiles(container=container, segments=paths)


def _container(examination: Examination, item: str, entry: Entry) -> str:
    with examination.evidence.open(item, entry.number or 0) as handle:
        kind = sniff_handle(handle, entry.size or 0, entry.name.decode("utf-8", "backslashreplace")).kind
    return {Kind.E01: EWF, Kind.RAW_DISK: RAW}.get(kind, "")


def _open_image(
    examination: Examination, engine: Engine, address: str, name: str, image: ImageFiles
) -> list[AcquireSummary]:
    spool = examination.folder / "evidence" / ".images" / address.replace("/", "-")
    params = {"image": address, "name": name}
    with examination.step(Act.IMAGE_EXAMINE, params=params) as step:
        examination.station.progress.begin(f"{address}: checking and searching the image {name}", size=image.size)
        report = examine_image(engine, image, spool)
        examination.station.progress.end()
        summaries = [
            _acquire_store(examination, engine, report, store, spool / f"acquire-{number:04d}", address)
            for number, store in enumerate(report.stores, start=1)
        ]
        step.result = _result(report, summaries)
    shutil.rmtree(spool.parent)
    return summaries


def _acquire_store(
    examination: Examination, engine: Engine, report: ImageReport, store: ImageStore, spool: Path, parent: str
) -> AcquireSummary:
    path = store.path.decode("utf-8", "backslashreplace")
    known = {"parent": parent, "volume": store.volume["number"], "store": path, "kind": store.kind}
    source = ImageSource(engine=engine, report=report, store=store, spool=spool, parent=parent)
    return acquire_source(examination, source, {**known, "source": path, "resolved": ""}, wanted=known)


def _result(report: ImageReport, summaries: list[AcquireSummary]) -> dict[str, Any]:
    unread = [each.to_json() for each in report.problems]
    return {
        "verdict": report.verdict,
        "checked": report.checked,
        "evidence": [each.evidence for each in summaries],
        "unread": unread,
    }
