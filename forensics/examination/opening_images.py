"""The step from a disk image in the evidence to the mail stores inside it: items with the image as their parent.

The image is read from its stored copy, by guarded workers. Its whole medium is checked before anything in it is read.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.acquisition.image_files import Looked, container_of, image_of, looked
from forensics.acquisition.images import (
    IMAGE_KINDS,
    ImageFiles,
    ImageReport,
    ImageSource,
    ImageStore,
    Keys,
    examine_image,
    image_at,
)
from forensics.casefile.acts import Act, Phase
from forensics.casefile.view import CaseView
from forensics.errors import DONE, PARTLY_READ, ForensicsError, IntegrityError, InterruptedWork, LedgerError, UsageError
from forensics.evidence.item import Entry
from forensics.evidence.vault import EVIDENCE, fresh_key
from forensics.examination.acquiring import AcquireSummary, acquire_source, summary_of
from forensics.examination.conductor import Examination
from forensics.examination.station import Station
from forensics.formats.sniff import sniff_handle
from forensics.workers import Engine, Limits, LocalEngine

Failed = tuple[str, str, str, int]
"""A source or an image that gave nothing: which, why, what to do, and the exit code that stands for it."""

CONTAINERS = frozenset(kind.value for kind in IMAGE_KINDS)
"""The kinds of file that are opened here instead of being parsed."""

_MODULE = "forensics.acquisition.image_jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One mail store that would be taken out of an image. ``overwritten`` bytes of a deleted one are gone.

    With ``kind`` empty it is a place that cannot be read, or of which only the name is left; ``why`` says which.
    """

    volume: str
    path: str
    kind: str
    allocated: bool
    files: int
    size: int
    overwritten: int
    damaged: int
    why: str


def list_images(at: Examination | Station, path: Path) -> tuple[Listed, ...]:
    """What an acquisition of this image would take, without a case: nothing is kept, and workers do the reading.

    Raises :class:`UsageError` where the file is no disk image, and what :func:`examine_image` raises.
    """
    station = at.station if isinstance(at, Examination) else at
    image = image_at(path) if path.is_file() else None
    if image is None:
        raise UsageError(f"{path} is no disk image that this program knows", todo="acquire it as it is")
    with (
        tempfile.TemporaryDirectory(prefix="forensics-list-") as spool,
        LocalEngine(station.workers, Limits(), preload=(_MODULE,)) as engine,
    ):
        station.progress.begin(f"checking and searching the image {path.name}", size=image.size)
        report = examine_image(engine, image, Path(spool))
        station.progress.end()
        return (*_listed_stores(report), *_listed_losses(report))


def _listed_stores(report: ImageReport) -> Iterator[Listed]:
    for store in report.stores:
        yield Listed(
            volume=_named(store.volume),
            path=store.path.decode("utf-8", "backslashreplace"),
            kind=store.kind,
            allocated=store.allocated,
            files=store.files,
            size=store.size,
            overwritten=store.overwritten,
            damaged=store.damaged,
            why=store.why,
        )


def _listed_losses(report: ImageReport) -> Iterator[Listed]:
    volumes = {each["number"]: _named(each) for each in report.checked["volumes"]}
    for each in report.problems:
        path = each.path.decode("utf-8", "backslashreplace")
        yield _loss("", path, True, f"cannot be read: {each.reason}")
    for gone in report.gone:
        yield _loss(volumes[gone["volume"]], gone["path"], False, f"only its name is left: {gone['why']}")


def _loss(volume: str, path: str, allocated: bool, why: str) -> Listed:
    return Listed(
        volume=volume, path=path, kind="", allocated=allocated, files=0, size=0, overwritten=0, damaged=0, why=why
    )


def _named(volume: dict[str, Any]) -> str:
    return f"{volume['number']}: {volume['file_system']}, {volume['description']}"


def open_images(examination: Examination, item: str, failed: list[Failed] | None = None) -> list[AcquireSummary]:
    """Acquire the mail stores of every disk image among the files of ``item``; nothing is done twice.

    An image that is damaged or cannot be read is added to ``failed`` and does not keep the others out; without that
    list it raises.
    """
    summaries: list[AcquireSummary] = []
    images = list(_images(examination, item))
    if not images:
        return []
    with LocalEngine(examination.station.workers, Limits(), preload=(_MODULE,)) as engine:
        for found in images:
            address, name = found[:2]
            done = examination.view().newest(Act.IMAGE_EXAMINE, image=address)
            if done is not None:
                held = done.value["result"]["evidence"]
                summaries += [summary_of(examination, each, state="unchanged") for each in held]
                continue
            try:
                summaries += _open_image(examination, engine, found)
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
    bare = sum(each["problem"].startswith("no file system") and not _secret(each["problem"]) for each in volumes)
    return len(result["unread"]) > (bare if any(each["file_system"] for each in volumes) else 0)


def _secret(problem: str) -> bool:
    return "encrypt" in problem.lower()


def _images(examination: Examination, item: str) -> Iterator[tuple[str, str, ImageFiles, tuple[Entry, ...]]]:
    """Address, name as found and stored files of each image; further files of an image belong to their first."""
    stored = [entry for entry in examination.evidence.entries(item) if entry.number is not None]
    folders: dict[str, dict[str, Entry]] = {}
    for entry in stored:
        folder, name = os.path.split(os.fsdecode(entry.path))
        folders.setdefault(folder, {})[name] = entry
    heads: list[tuple[Entry, ImageFiles, dict[str, Entry]]] = []
    further: set[int] = set()
    for beside in folders.values():
        for name, entry in beside.items():
            image = _image(examination, item, beside, name) if entry.number not in further else None
            if image is not None:
                heads.append((entry, image, beside))
                further.update(beside[each].number or 0 for each in image.layers[0].names[1:])
    for entry, image, beside in sorted(heads, key=lambda head: head[0].number or 0):
        if entry.number not in further:
            shown = entry.path.decode("utf-8", "backslashreplace")
            files = tuple(beside[name] for layer in image.layers for name in layer.names)
            yield f"{item}/{entry.number:06d}", shown, image, files


def _image(examination: Examination, item: str, beside: dict[str, Entry], name: str) -> ImageFiles | None:
    paths = {each: examination.evidence.path(item, entry.number or 0) for each, entry in beside.items()}

    def look_at(wanted: str) -> Looked:
        entry = beside[wanted]
        with examination.evidence.open(item, entry.number or 0) as handle:
            kind = sniff_handle(handle, entry.size or 0, wanted).kind

            def read_at(offset: int, length: int) -> bytes:
                handle.seek(offset)
                return handle.read(length)

            return looked(container_of(kind), read_at, entry.size or 0)

    return image_of(name, paths, look_at)


def _keys(examination: Examination, files: tuple[Entry, ...]) -> Keys | None:
    """In a case under two-person control: workers open the files with these, and seal what they copy out of them."""
    if examination.vault is None:
        return None
    reads = tuple(examination.vault.key(EVIDENCE, entry.sha256 or "") for entry in files)
    return Keys(reads=reads, fresh=fresh_key)


def _open_image(
    examination: Examination,
    engine: Engine,
    found: tuple[str, str, ImageFiles, tuple[Entry, ...]],
) -> list[AcquireSummary]:
    address, name, image, files = found
    spool = examination.folder / "evidence" / ".images" / address.replace("/", "-")
    with examination.step(Act.IMAGE_EXAMINE, params={"image": address, "name": name}) as step:
        examination.station.progress.begin(f"{address}: checking and searching the image {name}", size=image.size)
        report = examine_image(engine, image, spool, keys=_keys(examination, files))
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
    kind = store.kind if store.allocated else f"{store.kind}, deleted"
    known = {"parent": parent, "volume": store.volume["number"], "store": path, "kind": kind, "inode": store.inode}
    source = ImageSource(engine=engine, report=report, store=store, spool=spool, parent=parent)
    return acquire_source(examination, source, {**known, "source": path, "resolved": ""}, wanted=known)


def _result(report: ImageReport, summaries: list[AcquireSummary]) -> dict[str, Any]:
    unread = [each.to_json() for each in report.problems]
    return {
        "verdict": report.verdict,
        "checked": report.checked,
        "evidence": [each.evidence for each in summaries],
        "unread": unread,
        "walked": list(report.walked),
        "only_names_left": list(report.gone),
    }
