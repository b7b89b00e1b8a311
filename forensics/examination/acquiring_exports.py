"""The step behind an acquisition that knows exports: archives are opened, what was stated is held against what came.

The files of an export are acquired as they were found. Each archive in which there is mail becomes an evidence item
with the archive as its parent; each export that is recognised, an item with the comparison (``statement.jsonl``). Both
are made by guarded workers, and neither is made twice.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.acquisition.exports import archives, jobs
from forensics.acquisition.exports.recognised import HEAD, TITLES, Delivered, Export, recognised
from forensics.acquisition.exports.sources import ARCHIVE, STATED, ArchiveSource, StatementSource, limits_for, run
from forensics.errors import (
    PARTLY_READ,
    ForensicsError,
    IntegrityError,
    InterruptedWork,
    LedgerError,
    UsageError,
)
from forensics.evidence.item import Entry
from forensics.examination.acquiring import AcquireSummary, acquire_source
from forensics.examination.conductor import Examination
from forensics.workers import Engine, Limits, LocalEngine

Failed = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Archive:
    """A stored archive: its address, and its path as it was found."""

    item: str
    number: int
    path: str
    size: int
    depth: int

    @property
    def at(self) -> str:
        return f"{self.item}/{self.number:06d}"


def open_exports(
    examination: Examination, items: Sequence[str], failed: list[Failed] | None = None
) -> list[AcquireSummary]:
    """Open the archives of exports among ``items`` and compare each export with its statement; nothing is done twice.

    What fails is added to ``failed``; without that list it raises.
    """
    found = _Work(examination, failed)
    for item in items:
        found.take(item, _top(examination, item), depth=0, archive="")
    if not found.archives and not found.exports():
        return []
    if examination.vault is not None:
        # Members would be copied out of an archive in clear, through a scratch folder.
        closed = UsageError(
            "exports are not opened or compared in a case under two-person control",
            place=items[0],
            todo="unpack the export and acquire its mailboxes",
        )
        found.fail(items[0], closed)
        return []
    modules = (archives.__name__, jobs.__name__)
    with LocalEngine(examination.station.workers, Limits(), preload=modules) as engine:
        found.open_archives(engine)
        found.compare(engine)
    shutil.rmtree(examination.folder / "evidence" / ".exports", ignore_errors=True)
    return found.summaries


class _Work:
    """The files that were found so far, the archives that wait, and what was made."""

    def __init__(self, examination: Examination, failed: list[Failed] | None) -> None:
        self._examination = examination
        self._failed = failed
        self._files: list[Delivered] = []
        self._entries: dict[str, Entry] = {}
        self.archives: list[_Archive] = []
        self.summaries: list[AcquireSummary] = []

    def take(self, item: str, top: str, *, depth: int, archive: str) -> None:
        """Look at the stored files of an item; ``top`` is the path that theirs are below."""
        for entry in self._examination.evidence.entries(item):
            if entry.number is None:
                continue
            path = "/".join(filter(None, (top, entry.path.decode("utf-8", "backslashreplace"))))
            at = f"{item}/{entry.number:06d}"
            self._entries[at] = entry
            self._files.append(Delivered(at=at, path=path, size=entry.size or 0, top=top, archive=archive))
            if depth < archives.DEEPEST and archives.is_archive(self._head(self._files[-1])):
                size = entry.size or 0
                self.archives.append(_Archive(item=item, number=entry.number, path=path, size=size, depth=depth))

    def _head(self, file: Delivered) -> bytes:
        item, _, number = file.at.partition("/")
        with self._examination.evidence.open(item, int(number)) as handle:
            return handle.read(HEAD)

    def exports(self) -> list[Export]:
        """The exports among all files so far."""
        return recognised(self._files, self._head)

    def fail(self, place: str, error: ForensicsError) -> None:
        """Note what failed, or raise it where nobody notes."""
        if self._failed is None:
            raise error
        self._failed.append((place, error.what, error.todo, error.exit_code or PARTLY_READ))

    def open_archives(self, engine: Engine) -> None:
        """Each archive that holds mail, and those in it, becomes an item."""
        while self.archives:
            archive = self.archives.pop(0)
            try:
                summary = self._open(engine, archive)
            except (LedgerError, InterruptedWork, IntegrityError):
                raise
            except ForensicsError as error:
                self.fail(f"{archive.at} {archive.path}", error)
                continue
            if summary is not None:
                self.summaries.append(summary)
                self.take(summary.evidence, archive.path, depth=archive.depth + 1, archive=archive.at)

    def _open(self, engine: Engine, archive: _Archive) -> AcquireSummary | None:
        stored = self._examination.evidence.path(archive.item, archive.number)
        spool = self._spool(archive.at)
        outcome = run(engine, f"{archives.__name__}:look", {}, (stored,), spool, limits_for(archive.size))
        shutil.rmtree(spool, ignore_errors=True)
        if outcome.value is None or not outcome.value["mail"]:
            return None
        name = archive.path
        source = ArchiveSource(
            engine=engine, stored=stored, size=archive.size, at=archive.at, name=name, spool=self._spool(archive.at)
        )
        known = {"parent": archive.at, "kind": ARCHIVE}
        params = {**known, "source": name, "resolved": ""}
        return acquire_source(self._examination, source, params, wanted=known)

    def compare(self, engine: Engine) -> None:
        """Each export that is recognised is held against what its provider states."""
        for export in self.exports():
            try:
                self.summaries.append(self._compare(engine, export))
            except (LedgerError, InterruptedWork, IntegrityError):
                raise
            except ForensicsError as error:
                self.fail(f"{TITLES[export.kind]} in {export.root}", error)

    def _compare(self, engine: Engine, export: Export) -> AcquireSummary:
        items = sorted({file.at.partition("/")[0] for file in export.files})
        files = [self._as_given(file, export, items) for file in export.files]
        folders = tuple(self._examination.folder / "evidence" / item for item in items)
        source = StatementSource(
            engine=engine, export=export, files=files, reads=folders, spool=self._spool(f"{export.kind}-{export.root}")
        )
        known = {"parent": items[0], "kind": STATED, "export": export.kind, "root": export.root, "items": items}
        params = {**known, "source": f"{TITLES[export.kind]} in {export.root or '.'}", "resolved": ""}
        return acquire_source(self._examination, source, params, wanted=known)

    def _as_given(self, file: Delivered, export: Export, items: Sequence[str]) -> dict[str, Any]:
        entry = self._entries[file.at]
        item, _, number = file.at.partition("/")
        path = file.path[len(export.root) :].lstrip("/") if export.root else file.path
        known = {"md5": entry.md5 or "", "sha256": entry.sha256 or "", "archive": file.archive}
        return {
            "at": file.at,
            "path": path,
            "size": file.size,
            "item": items.index(item),
            "number": int(number),
            **known,
        }

    def _spool(self, name: str) -> Path:
        short = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:16]
        return self._examination.folder / "evidence" / ".exports" / short


def _top(examination: Examination, item: str) -> str:
    """The path that the files of an item lie below: its folder, or the folder of its one file."""
    source = examination.evidence.acquisition(item)["source"]
    path = str(source.get("path") or source.get("given") or item)
    return path if source.get("kind") != "file" else os.path.dirname(path)


def comparisons(examination: Examination, item: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items that hold comparisons about the files of ``item``, with the description of each, the newest last."""
    for name in examination.evidence.items():
        source = examination.evidence.acquisition(name)["source"]
        if source.get("kind") == STATED and item in source.get("items", ()):
            yield name, source
