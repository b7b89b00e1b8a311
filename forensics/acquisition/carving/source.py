"""Carving from the parent's side, and what it found as one source of evidence: every object a file, and their listing.

The parent reads nothing of the medium. Workers map it, search it, two stretches at a time where there are two of them,
and copy the objects into a spool; what comes back is checked JSON and files, hashed again while they are read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.acquisition.carving.names import AREAS, CARVED, EXTRACTED, JOBS, LISTING, SCANNED
from forensics.acquisition.image_files import ImageFiles
from forensics.acquisition.image_values import image_args, limits_for, why
from forensics.acquisition.receipt import Refusal
from forensics.acquisition.source import Found
from forensics.errors import FormatError
from forensics.evidence.item import FILE, Entry
from forensics.workers.job import Engine, Job, Listener, Outcome

_PACKED = 8
"""A medium may be so many times as large as the files that hold it, or more; the survey reads little of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carving:
    """What a search came to: the map, the counts, the listing of objects, and what could not be searched."""

    image: ImageFiles
    listing: Path
    surveyed: Mapping[str, Any]
    counts: Mapping[str, Any]
    problems: tuple[str, ...]

    def result(self) -> dict[str, Any]:
        """What the ledger says."""
        return {"searched": dict(self.surveyed["areas"]), **self.counts, "problems": list(self.problems)}


def carve(
    engine: Engine, image: ImageFiles, spool: Path, *, damaged: tuple[str, ...] = (), told: Listener | None = None
) -> Carving:
    """Search all of an image that no live file has; ``spool`` stays until the objects are acquired.

    ``damaged`` says in words which parts of the medium its own container gives up.

    A stretch whose worker dies is a problem, and the others are searched all the same.
    """
    surveyed = _answer(_submit(engine, "survey", image, (), spool / "survey", {}, image.size * _PACKED).result())
    areas, shares = spool / "survey" / AREAS, surveyed["shares"]
    running = [
        _submit(engine, "search", image, (areas,), spool / f"share-{number:05d}", _share(share), share[2], told)
        for number, share in enumerate(shares)
    ]
    problems, scanned = [*damaged, *surveyed["problems"]], []
    for number, future in enumerate(running):
        outcome = future.result()
        if outcome.cause or outcome.value is None:
            problems.append(f"{shares[number][2]} bytes could not be searched to the end: {why(outcome)}")
        written = spool / f"share-{number:05d}" / SCANNED
        if written.is_file():
            scanned.append(_whole_lines(written))
    size = sum(share[2] for share in shares)
    counts = _answer(_submit(engine, "settle", image, (areas, *scanned), spool / "settle", {}, size).result())
    listing = spool / "settle" / LISTING
    return Carving(image=image, listing=listing, surveyed=surveyed, counts=counts, problems=tuple(problems))


def _share(share: list[int]) -> dict[str, Any]:
    return {"first": share[0], "last": share[1]}


def _whole_lines(path: Path) -> Path:
    """Without the line in which a worker may have died."""
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        path.write_bytes(data[: data.rfind(b"\n") + 1])
    return path


class CarvedSource:
    """The objects of a search as files, and ``carving.jsonl``, which lists every one with its ranges."""

    def __init__(self, *, engine: Engine, carving: Carving, spool: Path, parent: str, name: str) -> None:
        self._engine = engine
        self._carving = carving
        self._spool = spool
        self._parent = parent
        self._name = name
        self._copies: dict[bytes, tuple[Path, str | None]] = {}

    def describe(self) -> dict[str, Any]:
        """What ``acquisition.json`` says."""
        given = f"carved from {self._name}"
        return {"kind": CARVED, "given": given, "parent": self._parent, "carving": self._carving.result()}

    def result(self) -> dict[str, Any]:
        """What the line of the ledger says beside the receipt."""
        return {"carving": self._carving.result()}

    def limits(self) -> tuple[str, ...]:
        """What carving cannot tell."""
        return (
            "Objects were found by their content: names, folders and file times are not known.",
            "Of objects in more than two pieces, only Outlook stores were put together again.",
            "The end of text that states none is where text ends; what follows without a break is taken with it.",
            "Compressed and encrypted content was not opened, and live files were not searched.",
        )

    def entries(self) -> Iterable[Found]:
        """Copy the objects out and tell what came; one that stops a worker costs only itself."""
        listing = Entry(path=LISTING.encode(), type=FILE, size=self._carving.listing.stat().st_size)
        self._copies[listing.path] = (self._carving.listing, None)
        yield Found(entry=listing)
        listed = [canonical.decode(line) for line in self._carving.listing.read_bytes().splitlines()]
        done = 0
        while done < len(listed):
            spool = self._spool / f"from-{done + 1:06d}"
            size = sum(int(each["size"]) for each in listed[done:])
            reads, args = (self._carving.listing,), {"first": done + 1}
            outcome = _submit(self._engine, "extract", self._carving.image, reads, spool, args, size).result()
            for entry in _extracted(spool / EXTRACTED, listed[done:]):
                done += 1
                yield self._found(entry, spool)
            if done < len(listed):
                yield _lost(listed[done], outcome)
                done += 1

    @contextmanager
    def read(self, entry: Entry) -> Iterator[_Copy]:
        """The spooled copy of a listed object."""
        path, expected = self._copies[entry.path]
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb", buffering=0) as file:
            yield _Copy(file, entry, expected)

    def _found(self, entry: Entry, spool: Path) -> Found:
        path = spool / f"{entry.number:06d}.bin"
        self._copies[entry.path] = (path, entry.sha256)
        plain = replace(entry, number=None, sha256=None, md5=None)
        return Found(entry=plain, allocated=path.stat().st_blocks * 512)


class _Copy:
    """A spooled file, hashed again while it is read."""

    def __init__(self, file: Any, entry: Entry, expected: str | None) -> None:
        self.entry = entry
        self._file = file
        self._expected = expected
        self._sum = hashlib.sha256()

    def readinto(self, view: memoryview, /) -> int:
        got = int(self._file.readinto(view) or 0)
        self._sum.update(view[:got])
        return got

    def changed(self) -> str:
        """In words, where the spool no longer holds what the worker said it wrote; "" where it does."""
        same = self._expected is None or self._sum.hexdigest() == self._expected
        return "" if same else "its copy in the spool differs from what was read in the image"


def _extracted(path: Path, listed: list[dict[str, Any]]) -> Iterator[Entry]:
    """What a worker wrote, as far as it goes and as far as it is about the objects that were asked for."""
    written = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    for line, wanted in zip(written, listed, strict=False):
        try:
            entry = Entry.from_json(canonical.decode(line))
        except FormatError:
            return
        if entry.path != str(wanted["name"]).encode() or entry.number is None:
            return
        yield entry


def _lost(wanted: dict[str, Any], outcome: Outcome) -> Found:
    path = str(wanted["name"]).encode()
    reason = f"copying it out stopped the worker: {outcome.cause or 'no answer'}"
    entry = Entry(path=path, type=FILE, note=f"not read: {reason}")
    return Found(entry=entry, refusal=Refusal(path=path, reason=reason))


def _submit(
    engine: Engine,
    call: str,
    image: ImageFiles,
    more: tuple[Path, ...],
    spool: Path,
    args: dict[str, Any],
    size: int,
    told: Listener | None = None,
) -> Future[Outcome]:
    if spool.exists():
        shutil.rmtree(spool)
    spool.mkdir(parents=True)
    given = {**image_args(image), "segments": len(image.paths), **args}
    job = Job(call=f"{JOBS}:{call}", args=given, reads=(*image.paths, *more), spool=spool, limits=limits_for(size))
    return engine.submit(job, listener=told)


def _answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.cause or outcome.value is None:
        raise FormatError(
            f"this image could not be carved: {why(outcome)}",
            todo="its files were acquired as they are; search them with another program",
        )
    return outcome.value
