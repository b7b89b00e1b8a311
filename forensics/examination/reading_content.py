"""The part of ``find`` that reads every attachment of the case once for its text and its locks, in guarded workers.

It goes to ``findings/content.parquet``, which queries know as ``file_content`` and the rules as the views
``file_state`` and ``file_text``. Attachments of a case under two-person control are not read.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from forensics import tables
from forensics.casefile.acts import Act
from forensics.casefile.view import CONTENT, CaseView
from forensics.evidence.content import ContentStore
from forensics.examination.conductor import Examination
from forensics.examination.contentjob import COLUMNS, TABLE
from forensics.examination.files import adopt, still_there
from forensics.examination.station import tool
from forensics.findings.reading import FOLDER
from forensics.workers import Job, Limits, LocalEngine, Outcome

_MODULE = "forensics.examination.contentjob"
_LIMITS = Limits(wall=300.0, cpu=240)
_BATCH, _BATCH_BYTES = 64, 1 << 25
_LIBRARIES = ("pypdf", "xlrd", "py7zr", "lhafile", "olefile")

# What a message carries is read; one that is a message is one of the case, and its own files are listed there.
_WANTED = """
SELECT sha256, min(name) AS name, max(size) AS size FROM attachment WHERE sha256 IS NOT NULL GROUP BY sha256
ORDER BY sha256
"""


@dataclass(slots=True, kw_only=True)
class _Work:
    """One reading in progress: the parts that are written, by the number of their batch, and what went wrong."""

    engine: LocalEngine
    spool: Path
    content: ContentStore
    parts: list[Path] = field(default_factory=list)
    files: int = 0
    lost: int = 0
    spools: int = 0


def read_content(examination: Examination, view: CaseView, inputs: Sequence[str], *, again: bool = False) -> str:
    """Read the attachments, or take up what was read; the SHA-256 of the table, "" where they may not be read."""
    if view.vault is not None:
        return ""
    params = {"rule": CONTENT, "inputs": list(inputs), "libraries": libraries(), "tool_sha256": tool()["sha256"]}
    line = view.newest(Act.FIND, rule=CONTENT)
    same = line is not None and all(line.value["params"].get(key) == value for key, value in params.items())
    if line is not None and same and not again and still_there(view, line):
        return str(line.value["out"][0]["sha256"])
    work = examination.folder / FOLDER / ".work"
    with examination.step(Act.FIND, params=params) as step:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        step.result = _written(examination, view, work / f"{CONTENT}.parquet")
        step.outputs.append(adopt(work / f"{CONTENT}.parquet", examination.folder, f"{FOLDER}/{CONTENT}.parquet"))
    shutil.rmtree(work)
    return str(step.outputs[0]["sha256"])


def libraries() -> dict[str, str]:
    """The version of each library that reads files; "" where one is not installed."""
    return {name: _version(name) for name in _LIBRARIES}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _written(examination: Examination, view: CaseView, path: Path) -> dict[str, Any]:
    store = ContentStore(view.folder / "content")
    wanted = [row for row in view.rows(_WANTED) if store.has(str(row["sha256"]))]
    station = examination.station
    station.progress.begin("reading attachments", items=len(wanted))
    with tempfile.TemporaryDirectory() as spool, LocalEngine(station.workers, _LIMITS, preload=(_MODULE,)) as engine:
        work = _Work(engine=engine, spool=Path(spool), content=store)
        waiting = [(lot, *_submitted(work, lot)) for lot in _lots(wanted)]
        for lot, place, future in waiting:
            _taken(work, lot, place, future.result())
            station.progress.advance(0, len(lot))
        empty = tables.of_rows(COLUMNS, [])
        tables.write_slices(_each(work) if work.parts else [empty], path)
    station.progress.end()
    return {"files": len(wanted), "not_read": work.lost}


def _each(work: _Work) -> Iterator[Any]:
    for part in work.parts:
        yield tables.read_parquet(part)
        part.unlink()


def _lots(wanted: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    lot: list[dict[str, Any]] = []
    size = 0
    for row in wanted:
        lot.append(row)
        size += int(row["size"] or 0)
        if len(lot) >= _BATCH or size >= _BATCH_BYTES:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot


def _submitted(work: _Work, lot: Sequence[dict[str, Any]]) -> tuple[Path, Future[Outcome]]:
    work.spools += 1
    place = work.spool / f"{work.spools:06d}"
    place.mkdir()
    files = [{"sha256": row["sha256"], "name": row["name"] or ""} for row in lot]
    reads = tuple(work.content.path(str(row["sha256"])) for row in lot)
    return place, work.engine.submit(Job(call=f"{_MODULE}:texts", args={"files": files}, reads=reads, spool=place))


def _taken(work: _Work, lot: Sequence[dict[str, Any]], place: Path, outcome: Outcome) -> None:
    """The table of a batch. A file that killed its worker costs itself: the others are read again without it."""
    if outcome.value is not None:
        work.parts.append(place / TABLE)
        return
    shutil.rmtree(place)
    at = int(outcome.at) if outcome.at.isdigit() and int(outcome.at) < len(lot) else 0
    for rest in (lot[:at], None, lot[at + 1 :]):
        if rest is None:
            work.lost += 1
            work.parts.append(_lost(work, lot[at], outcome.cause))
        elif rest:
            again, future = _submitted(work, rest)
            _taken(work, rest, again, future.result())


def _lost(work: _Work, row: dict[str, Any], cause: str) -> Path:
    work.spools += 1
    place = work.spool / f"{work.spools:06d}.parquet"
    said = f"reading it ended: {cause}"
    rows = [(row["sha256"], 0, None, None, None, "unknown", None, None, said)]
    tables.write_parquet(tables.of_rows(COLUMNS, rows), place)
    return place
