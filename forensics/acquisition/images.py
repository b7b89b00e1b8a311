"""Disk images from the parent's side: the files of an image, is it whole, the stores in it, each store a Source.

The parent opens no image. Workers check it, list it and copy stores into a spool; what comes back is checked JSON and
files, which are hashed again here while they are read into the case. An E01 that is damaged, or that stores no hash to
tell, stops the work with :class:`IntegrityError` (exit 4) unless the caller asks to go on despite it; every item then
says so in its description.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from forensics import canonical
from forensics.acquisition.receipt import Refusal
from forensics.acquisition.source import Found
from forensics.errors import FormatError, IntegrityError
from forensics.evidence.item import FILE, Entry
from forensics.formats.sniff import HEAD, Kind, sniff
from forensics.workers.job import Engine, Job, Limits, Outcome

_JOBS = "forensics.acquisition.image_jobs"
_EXTRACTED = "extracted.jsonl"
RAW, EWF = "raw", "ewf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFiles:
    """The files that make up one image, in order, and how they are to be read."""

    container: str
    segments: tuple[Path, ...]

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStore:
    """One mail store inside an image, as a worker found it; ``listing`` names its files for the worker that copies."""

    kind: str
    volume: dict[str, Any]
    path: bytes
    files: int
    size: int
    strength: int
    why: str
    listing: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReport:
    """What the check of an image said, the stores found in it, and what could not be looked at."""

    image: ImageFiles
    checked: dict[str, Any]
    stores: tuple[ImageStore, ...]
    problems: tuple[Refusal, ...]

    @property
    def verdict(self) -> str:
        """``matches``, ``differs`` or ``not stored``."""
        return str(self.checked["verdict"])


def image_at(path: Path) -> ImageFiles | None:
    """The image that starts in this file, told by its content; None where the file is no image this program reads."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        found = sniff(_at(file, 0, HEAD), size, lambda offset, length: _at(file, offset, length), path.name)
    if found.kind is Kind.E01:
        return ImageFiles(container=EWF, segments=segments_beside(path))
    if found.kind is Kind.RAW_DISK:
        return ImageFiles(container=RAW, segments=segments_beside(path))
    return None


def segments_beside(first: Path) -> tuple[Path, ...]:
    """The files in the folder of ``first`` that go on where it ends."""
    names = [path.name for path in first.parent.iterdir() if path.is_file()]
    return tuple(first.parent / name for name in segments_named(first.name, names))


def segments_named(first: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that go on where ``first`` ends: .E01, .E02 ... .E99, .EAA ...; .001, .002 ... or .000 on."""
    stem, dot, suffix = first.rpartition(".")
    ewf, split = re.fullmatch(r"([A-Za-z])01", suffix), re.fullmatch(r"0*[01]", suffix)
    if not dot or not (ewf or split):
        return (first,)
    by_name = {name.lower(): name for name in names}
    found: list[str] = []
    for number in range(1, 14971):
        if ewf:
            wanted = segment_suffix(number, ewf[1])
        else:
            wanted = "." + str(int(suffix) + number - 1).zfill(len(suffix))
        name = by_name.get(f"{stem}{wanted}".lower())
        if name is None:
            break
        found.append(name)
    return tuple(found)


def segment_suffix(number: int, letter: str = "E") -> str:
    """The extension of segment ``number`` of an EWF image: .E01 to .E99, .EAA to .EZZ, .FAA and on."""
    if number < 100:
        return f".{letter}{number:02d}"
    lead, rest = divmod(number - 100, 676)
    return "." + chr(ord(letter.upper()) + lead) + chr(65 + rest // 26) + chr(65 + rest % 26)


def limits_for(size: int) -> Limits:
    """Limits for a job that reads ``size`` bytes: a minute and then 4 MB/s, files as large as what is read."""
    seconds = 60 + size // 4_000_000
    return replace(Limits(), wall=float(seconds), cpu=seconds, file_size=max(Limits().file_size, size + (1 << 20)))


def examine_image(engine: Engine, image: ImageFiles, spool: Path, *, despite: bool = False) -> ImageReport:
    """Check the whole medium, then list the stores of every volume; ``spool`` stays until the stores are acquired.

    Raises :class:`IntegrityError` where an E01 differs from its stored hash or has none, unless ``despite``.
    """
    args = {"container": image.container, "despite": despite}
    measured = _answer(_run(engine, "measure", args, image.segments, spool / "measure", limits_for(image.size)))
    limits = limits_for(measured["size"])
    checked = _answer(_run(engine, "check", args, image.segments, spool / "check", limits))
    if image.container == EWF and checked["verdict"] != "matches" and not despite:
        raise _damaged(image, checked)
    stores: list[ImageStore] = []
    problems: list[Refusal] = []
    for volume in checked["volumes"]:
        if volume["file_system"]:
            found, missed = _volume(engine, image, volume, spool)
            stores += found
            problems += missed
        else:
            problems.append(Refusal(path=_volume_name(volume), reason=volume["problem"]))
    return ImageReport(image=image, checked=checked, stores=tuple(stores), problems=tuple(problems))


class ImageSource:
    """One store of an image as a source of evidence: its files come from a spool that a worker filled."""

    def __init__(self, *, engine: Engine, report: ImageReport, store: ImageStore, spool: Path, parent: str) -> None:
        self._engine = engine
        self._report = report
        self._store = store
        self._spool = spool
        self._parent = parent
        self._copies: dict[bytes, tuple[Path, Entry]] = {}

    def describe(self) -> dict[str, Any]:
        """What ``acquisition.json`` says: the store, where it stood, the image item it came from, and its soundness."""
        return {
            "kind": f"{self._store.kind} in a disk image",
            "given": self._store.path.decode("utf-8", "backslashreplace"),
            "parent": self._parent,
            "volume": dict(self._store.volume),
            "told_by": self._store.why,
            "strength": self._store.strength,
            "image": {key: self._report.checked[key] for key in ("size", "verdict", "computed", "stored", "unread")},
        }

    def entries(self) -> Iterable[Found]:
        """Copy the store out of the image and tell what came; a file that stops a worker costs only itself."""
        listed = _lines(self._store.listing)
        done = 0
        while done < len(listed):
            spool, outcome = self._extract(done + 1)
            for entry in _extracted(spool / _EXTRACTED, listed[done:]):
                done += 1
                yield self._found(entry, spool)
            if done < len(listed):
                yield _lost(listed[done], outcome)
                done += 1

    def _extract(self, first: int) -> tuple[Path, Outcome]:
        args = {"container": self._report.image.container, "volume": self._store.volume, "first": first}
        reads = (*self._report.image.segments, self._store.listing)
        spool = self._spool / f"from-{first:06d}"
        return spool, _run(self._engine, "extract", args, reads, spool, limits_for(self._store.size))

    @contextmanager
    def read(self, entry: Entry) -> Iterator[_Copy]:
        """The spooled copy of a listed file."""
        path, extracted = self._copies[entry.path]
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb", buffering=0) as file:
            yield _Copy(file, entry, extracted.sha256)

    def _found(self, entry: Entry, spool: Path) -> Found:
        plain = replace(entry, number=None, sha256=None, md5=None)
        if entry.number is None:
            return Found(entry=plain, refusal=Refusal(path=entry.path, reason=entry.note or "not read"))
        self._copies[entry.path] = (spool / f"{entry.number:06d}.bin", entry)
        return Found(entry=plain)


class _Copy:
    """A spooled file, hashed again while it is read; ``entry`` is the file as it was listed in the image."""

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
        same = self._sum.hexdigest() == self._expected
        return "" if same else "its copy in the spool differs from what was read in the image"


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _lines(listing: Path) -> list[dict[str, Any]]:
    return [canonical.decode(line) for line in listing.read_bytes().splitlines()]


def _extracted(path: Path, listed: list[dict[str, Any]]) -> Iterator[Entry]:
    """What a worker wrote, as far as it goes and as far as it is about the files that were asked for."""
    written = path.read_bytes().split(b"\n")[:-1] if path.is_file() else []
    for line, wanted in zip(written, listed, strict=False):
        try:
            entry = Entry.from_json(canonical.decode(line))
        except FormatError:
            return
        if entry.path.hex() != wanted["path_hex"]:
            return
        yield entry


def _lost(wanted: dict[str, Any], outcome: Outcome) -> Found:
    path = bytes.fromhex(wanted["path_hex"])
    reason = f"reading it stopped the worker: {outcome.cause or 'no answer'}"
    entry = Entry(path=path, type=FILE, inode=wanted["inode"], note=f"not read: {reason}")
    return Found(entry=entry, refusal=Refusal(path=path, reason=reason))


def _volume_name(volume: dict[str, Any]) -> bytes:
    return f"volume {volume['number']} at {volume['start']}: {volume['description']}".encode()


def _run(
    engine: Engine, call: str, args: dict[str, Any], reads: tuple[Path, ...], spool: Path, limits: Limits
) -> Outcome:
    if spool.exists():
        shutil.rmtree(spool)
    spool.mkdir(parents=True)
    job = Job(call=f"{_JOBS}:{call}", args=args, reads=reads, spool=spool, limits=limits)
    return engine.submit(job).result()


def _why(outcome: Outcome) -> str:
    """What stopped a job, in its own first line; the places in our code that follow are for the ledger."""
    first = outcome.detail.partition("\n")[0]
    return re.sub(r"^(?:[A-Za-z_]+\.)*[A-Za-z_]+Error: ", "", first) or outcome.cause


def _answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.cause or outcome.value is None:
        # The files of the image are in the case already; only what stands in them could not be read.
        raise FormatError(
            f"this image could not be read: {_why(outcome)}",
            todo="its files were acquired as they are; look at them with another program",
        )
    return outcome.value


def _volume(
    engine: Engine, image: ImageFiles, volume: dict[str, Any], spool: Path
) -> tuple[list[ImageStore], list[Refusal]]:
    folder = spool / f"volume-{volume['number']:03d}"
    args = {"container": image.container, "volume": volume}
    outcome = _run(engine, "list_stores", args, image.segments, folder, limits_for(volume["length"]))
    if outcome.cause or outcome.value is None:
        reason = f"this volume could not be walked: {_why(outcome)}"
        return [], [Refusal(path=_volume_name(volume), reason=reason)]
    value = outcome.value
    stores = [_store(each, volume, folder) for each in value["stores"]]
    problems = [Refusal(path=bytes.fromhex(each["path_hex"]), reason=each["what"]) for each in value["problems"]]
    if value["more_problems"]:
        problems.append(Refusal(path=_volume_name(volume), reason=f"and {value['more_problems']} more places"))
    return stores, problems


def _store(value: dict[str, Any], volume: dict[str, Any], folder: Path) -> ImageStore:
    if not re.fullmatch(r"store-\d{6,}\.jsonl", value["list"]):
        raise FormatError("a worker named a list that is not one")
    return ImageStore(
        kind=value["kind"],
        volume=volume,
        path=bytes.fromhex(value["path_hex"]),
        files=value["files"],
        size=value["bytes"],
        strength=value["strength"],
        why=value["why"],
        listing=folder / value["list"],
    )


def _damaged(image: ImageFiles, checked: dict[str, Any]) -> IntegrityError:
    differences = tuple(
        f"{name}: {checked['computed'].get(name, 'not computed')} as read, {value} as stored"
        for name, value in sorted(checked["stored"].items())
        if checked["computed"].get(name) != value
    )
    unread = checked.get("unread", -1)
    if unread >= 0:
        differences = (*differences, f"the medium cannot be read from byte {unread} on")
    what = "differs from the hash stored when it was acquired"
    if checked["verdict"] == "not stored":
        what = "cannot be verified: no hash is stored, or the part that holds it is damaged"
    return IntegrityError(
        f"the medium in this image {what}",
        place=str(image.segments[0]),
        todo="get another copy of the image, or ask to go on despite the damage",
        differences=differences,
    )
