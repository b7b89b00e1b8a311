"""What a guarded worker does with a disk image: check it, list the mail stores of one volume, copy one store out.

Each function has the signature of a job, ``(args, reads, spool, report) -> dict``. ``args["container"]`` is ``raw`` or
``ewf``; ``reads`` are the segments of the image in order, for :func:`extract` followed by the list of one store.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from forensics import canonical
from forensics.acquisition.ewf import EwfMedium, verify_media
from forensics.acquisition.filesystems import FoundFile, Image, Stream, Unread, Volume
from forensics.acquisition.image_stores import FoundStore, StoreFile, find_stores, full_path
from forensics.errors import FormatError
from forensics.evidence.item import FILE, Entry

Report = Callable[[dict[str, Any]], None]

EXTRACTED = "extracted.jsonl"
_MAX_PROBLEMS = 1000
_STEP = 64 << 20


class RawMedium:
    """A raw image in one piece or split into several, read in the order given."""

    def __init__(self, segments: Sequence[Path]) -> None:
        self._pieces: list[tuple[int, int, int]] = []
        self.size = 0
        for path in segments:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            length = os.lseek(handle, 0, os.SEEK_END)
            self._pieces.append((self.size, length, handle))
            self.size += length

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the medium, fewer only at its end."""
        data = b""
        for start, size, handle in self._pieces:
            while len(data) < length and start <= offset + len(data) < start + size:
                at = offset + len(data) - start
                piece = os.pread(handle, min(length - len(data), size - at), at)
                if not piece:
                    return data
                data += piece
        return data

    def close(self) -> None:
        for _, _, handle in self._pieces:
            os.close(handle)
        self._pieces = []


def measure(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """The size of the medium, on which the limits of the other jobs depend."""
    with closing(_open(args, reads)) as medium:
        return {"size": medium.size}


def check(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Verify the whole medium of an E01 against its stored hashes; then, and only then, look for volumes.

    Where it differs, or no hash is stored (a damaged image loses the section that holds it without a word from libewf),
    no volume is looked at unless ``args["despite"]`` is true. A raw image stores no hash and is looked at as it is.
    """
    with closing(_open(args, reads)) as medium:
        found: dict[str, Any] = {"size": medium.size, "verdict": "not stored", "unread": -1}
        found |= {"computed": {}, "stored": {}, "volumes": []}
        if isinstance(medium, EwfMedium):
            verified = verify_media(medium, _steps(report))
            found |= {"verdict": verified.verdict.value, "unread": verified.unread}
            found |= {"computed": dict(verified.computed), "stored": dict(verified.stored)}
            found |= {"header": medium.header(), "geometry": medium.geometry()}
        if args["container"] == "raw" or found["verdict"] == "matches" or args["despite"]:
            found["volumes"] = [dataclasses.asdict(volume) for volume in Image(medium).volumes()]
        return found


def list_stores(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Find the stores of ``args["volume"]``; the files of each are named in ``store-NNNNNN.jsonl`` in the spool."""
    volume = Volume(**args["volume"])
    with closing(_open(args, reads)) as medium:
        found = find_stores(Image(medium), volume)
    stores = [_store(spool, number, store) for number, store in enumerate(found.stores, start=1)]
    problems = [_problem(each) for each in found.problems[:_MAX_PROBLEMS]]
    return {
        "stores": stores,
        "files": found.files,
        "folders": found.folders,
        "problems": problems,
        "more_problems": len(found.problems) - len(problems),
    }


def extract(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Copy the files of a store, from line ``args["first"]`` of its list on, into ``NNNNNN.bin`` in the spool.

    A line of ``extracted.jsonl`` follows each copy: where a worker dies, the missing line names the file.
    """
    volume = Volume(**args["volume"])
    copied = refused = 0
    with closing(_open(args, reads[:-1])) as medium, (spool / EXTRACTED).open("ab", buffering=0) as out:
        image = Image(medium)
        for number, wanted in _listed(reads[-1], int(args["first"])):
            entry = _copy(image, volume, number, wanted, spool)
            out.write(canonical.encode(entry.to_json()) + b"\n")
            copied += entry.number is not None
            refused += entry.number is None
            report({"done": number})
    return {"copied": copied, "refused": refused}


def _open(args: dict[str, Any], segments: Sequence[Path]) -> EwfMedium | RawMedium:
    return EwfMedium(segments) if args["container"] == "ewf" else RawMedium(segments)


def _steps(report: Report) -> Callable[[int], None]:
    said = 0

    def progress(done: int) -> None:
        nonlocal said
        if done - said >= _STEP:
            said = done
            report({"verified": done})

    return progress


def _store(spool: Path, number: int, store: FoundStore) -> dict[str, Any]:
    name = f"store-{number:06d}.jsonl"
    with (spool / name).open("xb") as out:
        for one in store.files:
            out.write(canonical.encode(_reference(one)) + b"\n")
    path = b"/".join(store.path)
    return {
        "kind": store.kind,
        "path": path.decode("utf-8", "backslashreplace"),
        "path_hex": path.hex(),
        "list": name,
        "files": len(store.files),
        "bytes": sum(one.stream.size for one in store.files),
        "strength": min((one.strength for one in store.files), default=100),
        "why": store.files[0].why if store.files else "the folders of a Maildir",
    }


def _reference(one: StoreFile) -> dict[str, Any]:
    path = b"/".join(full_path(one)).hex()
    return {
        "path_hex": path,
        "names": [name.hex() for name in one.file.path],
        "inode": one.file.inode,
        "type": one.stream.type,
        "id": one.stream.id,
        "kind": one.kind,
        "strength": one.strength,
    }


def _problem(unread: Unread) -> dict[str, Any]:
    path = b"/".join(unread.path)
    return {"path": path.decode("utf-8", "backslashreplace"), "path_hex": path.hex(), "what": unread.what}


def _listed(path: Path, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if number >= first:
                yield number, json.loads(line)


def _copy(image: Image, volume: Volume, number: int, wanted: dict[str, Any], spool: Path) -> Entry:
    path = bytes.fromhex(wanted["path_hex"])
    names = tuple(bytes.fromhex(name) for name in wanted["names"])
    try:
        file = image.file(volume, wanted["inode"], names)
        stream = next((s for s in file.streams if (s.type, s.id) == (wanted["type"], wanted["id"])), None)
        if stream is None:
            raise FormatError("its content is no longer where it was listed")
        entry = _entry(path, volume, file, stream, wanted)
    except FormatError as error:
        return Entry(path=path, type=FILE, inode=wanted["inode"], note=f"not read: {error.what}")
    target = spool / f"{number:06d}.bin"
    try:
        with target.open("wb") as out:
            sha256, md5 = _write(out, image.content(volume, file.inode, stream))
    except FormatError as error:
        target.unlink()
        return entry.noted(f"not read: {error.what}")
    return dataclasses.replace(entry, number=number, sha256=sha256, md5=md5)


def _write(out: BinaryIO, pieces: Iterator[bytes]) -> tuple[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        out.write(piece)
        sha256.update(piece)
        md5.update(piece)
    return sha256.hexdigest(), md5.hexdigest()


def _entry(path: bytes, volume: Volume, file: FoundFile, stream: Stream, wanted: dict[str, Any]) -> Entry:
    facts = {
        "volume": volume.number,
        "volume_start": volume.start,
        "file_system": volume.file_system,
        "clock": file.clock.value,
        "allocated": file.allocated,
        "stream": stream.id,
        "resident": stream.resident,
        "compressed": stream.compressed,
        "ranges": [[r.file_offset, r.image_offset, r.length] for r in stream.ranges],
        "told_as": wanted["kind"],
        "strength": wanted["strength"],
    }
    return Entry(
        path=path,
        type=FILE,
        size=stream.size,
        mode=file.mode,
        uid=file.uid,
        gid=file.gid,
        inode=file.inode,
        times=file.times,
        facts=facts,
    )
