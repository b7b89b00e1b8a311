"""The step from the world into the store: one source, one evidence item; a source that changed is a new item.

A source is found again by its path as given and resolved. What was acquired from it before decides: nothing, then it is
acquired; unfinished, then that item is completed; unchanged, then nothing is copied; changed, then a new item is made.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from forensics.acquisition import compare
from forensics.acquisition.acquire import Acquired, Told, acquire
from forensics.acquisition.images import image_at
from forensics.acquisition.segments import SegmentsSource
from forensics.acquisition.source import Source
from forensics.acquisition.tree import TreeSource
from forensics.casefile.acts import Act, Phase
from forensics.errors import DONE, INTEGRITY_BROKEN, PARTLY_READ, IntegrityError, worst
from forensics.evidence.protection import IMMUTABLE, READONLY
from forensics.evidence.writer import ItemWriter
from forensics.examination.conductor import Examination
from forensics.examination.station import tool

ACQUIRED, RESUMED, UNCHANGED, TAKEN_OVER = "acquired", "resumed", "unchanged", "taken over"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquireSummary:
    """What came of one source. ``refused`` names every file that is there and was not read, with the reason."""

    evidence: str
    source: str
    state: str
    files: int
    size: int
    manifest_sha256: str
    refused: tuple[str, ...] = ()
    parent: str = ""
    changes: tuple[str, ...] = ()
    image_verdict: str = ""

    @property
    def exit_code(self) -> int:
        """3 where the receipt is not complete, 4 where an image differs from its own hash."""
        damaged = INTEGRITY_BROKEN if self.image_verdict == "differs" else DONE
        return worst(PARTLY_READ if self.refused else DONE, damaged)


def acquire_path(examination: Examination, path: Path) -> AcquireSummary:
    """Acquire a file, a folder or a (split) disk image of this machine."""
    source = source_at(path, examination.folder)
    params = {"source": _shown(path), "resolved": _shown(path.resolve()), "parent": ""}
    return acquire_source(examination, source, params, wanted={"resolved": params["resolved"], "parent": ""})


def _shown(path: Path) -> str:
    """The path as the ledger can hold it: bytes that are no UTF-8 become visible escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def source_at(path: Path, case: Path) -> Source:
    """The source behind a path; an image's further segments are found beside the first."""
    plain = TreeSource(path, leave_out=(case,))
    if path.is_file():
        try:
            image = image_at(path)
        except OSError:
            image = None
        if image is not None and len(image.paths) > 1:
            return SegmentsSource(image.paths, leave_out=(case,))
    return plain


def acquire_source(
    examination: Examination, source: Source, params: dict[str, Any], *, wanted: dict[str, Any]
) -> AcquireSummary:
    """Acquire ``source`` unless it was; ``wanted`` are the params by which an earlier acquisition of it is known."""
    return acquire_by(examination, _ByFiles(source), params, wanted=wanted)


class Way(Protocol):
    """How a source becomes an evidence item, and how it is held against one that was made of it."""

    def compare(self, examination: Examination, item: str) -> compare.Comparison:
        """Is the source still what ``item`` was made of?"""
        ...

    def acquire(self, writer: ItemWriter, *, about: dict[str, Any], examination: Examination, told: Told) -> Acquired:
        """Make the item."""
        ...


@dataclass(frozen=True, slots=True)
class _ByFiles:
    source: Source

    def compare(self, examination: Examination, item: str) -> compare.Comparison:
        return compare.compare(examination.evidence, item, self.source)

    def acquire(self, writer: ItemWriter, *, about: dict[str, Any], examination: Examination, told: Told) -> Acquired:
        return acquire(self.source, writer, now=examination.station.now, tool=tool(), about=about, told=told)

    def result(self) -> dict[str, Any]:
        """What the source itself has to say on the line of the ledger."""
        said: Callable[[], dict[str, Any]] = getattr(self.source, "result", dict)
        return said()


def acquire_by(examination: Examination, way: Way, params: dict[str, Any], *, wanted: dict[str, Any]) -> AcquireSummary:
    """The same for a source that is not made of files; what decides is the same too."""
    changes: tuple[str, ...] = ()
    done = _finished(examination, wanted)
    if done and not params["parent"]:
        found = way.compare(examination, done[-1])
        if found.state == compare.UNCHANGED:
            return summary_of(examination, done[-1], state=UNCHANGED)
        changes = found.changes
    elif done:
        return summary_of(examination, done[-1], state=UNCHANGED)
    begun = _begun(examination, wanted, set(done))
    if begun and begun in examination.evidence.items():
        return _take_over(examination, begun, params, changes)
    item = begun or examination.evidence.next_item()
    return _acquire(examination, way, item, params, changes, resumed=item in examination.evidence.unfinished())


def _finished(examination: Examination, wanted: dict[str, Any]) -> list[str]:
    """The items that were made of this source, oldest first."""
    return [params["evidence"] for params in _lines(examination, wanted, Phase.FINISHED)]


def _begun(examination: Examination, wanted: dict[str, Any], finished: set[str]) -> str:
    """The item that was begun last for this source, if its step never finished."""
    begun = [params["evidence"] for params in _lines(examination, wanted, Phase.BEGUN)]
    open_items = {*examination.evidence.items(), *examination.evidence.unfinished()}
    return next((item for item in reversed(begun) if item not in finished and item in open_items), "")


def _lines(examination: Examination, wanted: dict[str, Any], phase: Phase) -> list[dict[str, Any]]:
    found = []
    for line in examination.view().lines:
        if line.act == Act.ACQUIRE and line.phase == phase:
            params = line.value["params"]
            if all(params.get(key) == value for key, value in wanted.items()):
                found.append(params)
    return found


def _acquire(
    examination: Examination,
    way: Way,
    item: str,
    params: dict[str, Any],
    changes: tuple[str, ...],
    *,
    resumed: bool,
) -> AcquireSummary:
    with examination.step(Act.ACQUIRE, params={**params, "evidence": item}) as step:
        examination.station.progress.begin(f"{item}: acquiring {params['source']}")
        about = {"case": examination.facts.id, "missing": list(examination.facts.missing()), "parent": params["parent"]}
        shown = [0, 0]

        def told(size: int, items: int, total_size: int, total_items: int) -> None:
            examination.station.progress.expect(total_size, total_items)
            examination.station.progress.advance(size - shown[0], items - shown[1])
            shown[:] = [size, items]

        done = way.acquire(examination.evidence.begin(item), about=about, examination=examination, told=told)
        examination.station.progress.end()
        holds = examination.evidence.protect(item, IMMUTABLE if examination.facts.immutable_flag else READONLY)
        step.outputs.append({"id": item, "sha256": done.sealed.manifest_sha256, "size": done.sealed.size})
        said = way.result() if isinstance(way, _ByFiles) else {}
        step.result = {**_numbers(done), "protection": holds, "changes": list(changes), **said}
    return summary_of(examination, item, state=RESUMED if resumed else ACQUIRED, changes=changes)


def _take_over(examination: Examination, item: str, params: dict[str, Any], changes: tuple[str, ...]) -> AcquireSummary:
    """The item was complete on the disk when the run was killed, and only its line in the ledger is missing."""
    with examination.step(Act.ACQUIRE, params={**params, "evidence": item}) as step:
        differences = examination.evidence.verify(item)
        if differences:
            named = tuple(str(each) for each in differences)
            raise IntegrityError(f"{item} was complete, but is not what it was", place=item, differences=named)
        manifest = examination.evidence.manifest_sha256(item)
        size = sum(entry.size or 0 for entry in examination.evidence.entries(item) if entry.number is not None)
        step.outputs.append({"id": item, "sha256": manifest, "size": size})
        receipt = examination.evidence.acquisition(item)["receipt"]
        step.result = {
            "receipt": receipt,
            "changes": list(changes),
            "note": "completed by an earlier run, verified now",
        }
    return summary_of(examination, item, state=TAKEN_OVER, changes=changes)


def _numbers(done: Acquired) -> dict[str, Any]:
    return {"receipt": done.receipt.to_json(), "resumed": done.resumed}


def summary_of(examination: Examination, item: str, *, state: str, changes: tuple[str, ...] = ()) -> AcquireSummary:
    """The summary of an item that is on the disk, from its own papers."""
    papers = examination.evidence.acquisition(item)
    receipt, source = papers["receipt"], papers["source"]
    named = [
        f"{each['path']}: {each['reason']}" for list_ in ("refused", "missing", "flagged") for each in receipt[list_]
    ]
    return AcquireSummary(
        evidence=item,
        source=source["given"],
        state=state,
        files=receipt["received"],
        size=receipt["received_bytes"],
        manifest_sha256=examination.evidence.manifest_sha256(item),
        refused=tuple(named),
        parent=str(source.get("parent", "")),
        changes=changes,
        image_verdict=str(source.get("image", {}).get("verdict", "")),
    )
