"""The step from a device, or a file read like one, to its image in the evidence: bit by bit, with its error map.

A regular file that was imaged is known again by its size and times. A device shows no sign of change but its content,
so it is read again and held against the digests of the pieces.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.acquisition.acquire import Acquired, Told
from forensics.acquisition.compare import CHANGED, UNCHANGED, Comparison
from forensics.acquisition.imaging.device import open_medium
from forensics.acquisition.imaging.image import Quiet, Settings, image
from forensics.acquisition.imaging.lanes import BLOCK, Ring
from forensics.acquisition.imaging.medium import Medium
from forensics.acquisition.imaging.papers import PIECES
from forensics.acquisition.imaging.recovery import Recovery
from forensics.evidence.writer import ItemWriter
from forensics.examination.acquiring import AcquireSummary, acquire_by
from forensics.examination.conductor import Examination
from forensics.examination.opening_images import Failed, open_images
from forensics.examination.station import Progress, tool


def settings_for(split: int, retries: int | None) -> Settings:
    """Files of at most ``split`` bytes, 0 for one file; ``retries`` of a sector that failed, or the usual number."""
    return Settings(split=split) if retries is None else Settings(split=split, retries=retries)


def image_path(
    examination: Examination, path: Path, settings: Settings, *, warn: Callable[[str], object] = lambda text: None
) -> AcquireSummary:
    """Image one device or file of this machine. ``warn`` is told, before it begins, what may change the source."""
    medium = open_medium(path, examination.folder)
    try:
        return image_medium(examination, medium, settings, warn=warn)
    finally:
        medium.close()


def image_medium(
    examination: Examination, medium: Medium, settings: Settings, *, warn: Callable[[str], object] = lambda text: None
) -> AcquireSummary:
    """The same for a medium that is open already."""
    for text in medium.warnings():
        warn(text)
    said, identity = medium.describe(), medium.identity()
    # Another disk under the same name is another source; a file with other times is the same one, changed.
    device = {} if "state" in identity else identity
    wanted = {"image_of": said.get("path", said["given"]), "medium": device, "split": settings.split}
    params = {**wanted, "source": said["given"], "resolved": "", "parent": "", "retries": settings.retries}
    return acquire_by(examination, _ByImaging(medium, settings), params, wanted=wanted)


def image_and_open(
    examination: Examination, path: Path, settings: Settings, *, warn: Callable[[str], object] = lambda text: None
) -> tuple[list[AcquireSummary], list[Failed]]:
    """Image it and acquire the mail stores inside; what cannot be opened is in the second list."""
    failed: list[Failed] = []
    found = image_path(examination, path, settings, warn=warn)
    return [found, *open_images(examination, found.evidence, failed)], failed


@dataclass(frozen=True, slots=True)
class _ByImaging:
    medium: Medium
    settings: Settings

    def compare(self, examination: Examination, item: str) -> Comparison:
        before = examination.evidence.acquisition(item)["source"]
        now = self.medium.identity()
        if before["imaging"]["medium"] != now:
            return Comparison(state=CHANGED, changes=("the medium is another, or its size or times are",))
        if "state" in now:
            return Comparison(state=UNCHANGED)
        changes = _reread(examination, item, self.medium, self.settings)
        return Comparison(state=CHANGED if changes else UNCHANGED, changes=tuple(changes))

    def acquire(self, writer: ItemWriter, *, about: dict[str, Any], examination: Examination, told: Told) -> Acquired:
        shown = _Shown(examination.station.progress, f"{writer.item}: imaging {self.medium.describe()['given']}")
        now = examination.station.now
        return image(self.medium, writer, now=now, tool=tool(), about=about, settings=self.settings, shown=shown)


@dataclass(frozen=True, slots=True)
class _Shown(Quiet):
    """Each pass is a piece of work of its own, so that its rate and the time left are right."""

    progress: Progress
    title: str

    def begin(self, title: str, size: int) -> None:
        self.progress.begin(f"{self.title}, {title}", size=size)

    def advance(self, size: int) -> None:
        self.progress.advance(size, 0)


def _reread(examination: Examination, item: str, medium: Medium, settings: Settings) -> list[str]:
    """Every piece of the device as it is now against the digests that the item holds."""
    recovery = Recovery(medium, settings.retries)
    progress = examination.station.progress
    progress.begin(f"{item}: reading {medium.describe()['given']} again", size=medium.size)
    ring = Ring(1)
    changes = []
    for line in _pieces(examination, item):
        running = hashlib.sha256()
        for offset in range(line["offset"], line["offset"] + line["length"], BLOCK):
            view = ring.next()[: min(BLOCK, line["offset"] + line["length"] - offset)]
            recovery.read(offset, view, fresh=True)
            running.update(view)
            progress.advance(len(view), 0)
        if running.hexdigest() != line["sha256"]:
            changes.append(f"piece {line['piece']}, from byte {line['offset']:,}: other content")
    progress.end()
    return changes


def _pieces(examination: Examination, item: str) -> list[dict[str, Any]]:
    for entry in examination.evidence.entries(item):
        if entry.path.endswith(PIECES) and entry.number is not None:
            with examination.evidence.open(item, entry.number) as handle:
                return [canonical.decode(line) for line in handle.read().splitlines()]
    return []
