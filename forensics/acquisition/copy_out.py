"""Copy one file of an image into the spool, with what its file system says of it, damage and overwriting included."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from forensics.acquisition.filesystem_values import FoundFile, Stream, Volume, ranges_of
from forensics.acquisition.filesystems import Image
from forensics.acquisition.standing import total
from forensics.errors import FormatError
from forensics.evidence.item import FILE, Entry
from forensics.evidence.vault import Sealer, derive

SPOOLED = "copied"


def copy_out(
    image: Image, volume: Volume, number: int, wanted: dict[str, Any], spool: Path, keys: dict[str, Any] | None
) -> Entry:
    """The file of one line of a store's list; what stops it stands in the note of the entry, which has no number."""
    path = bytes.fromhex(wanted["path_hex"])
    names = tuple(bytes.fromhex(name) for name in wanted["names"])
    try:
        file = image.file(volume, wanted["inode"], names)
        stream = _stream(file, wanted)
        entry = _entry(path, volume, file, stream, wanted)
    except FormatError as error:
        return Entry(path=path, type=FILE, inode=wanted["inode"], note=f"not read: {error.what}")
    target = spool / f"{number:06d}.bin"
    try:
        pieces = image.content(volume, file.inode, stream)
        sha256, md5 = _sealed(target, pieces, spool_key(keys, number)) if keys else _written(target, pieces)
    except FormatError as error:
        target.unlink()
        return entry.noted(f"not read: {error.what}")
    return dataclasses.replace(entry, number=number, sha256=sha256, md5=md5)


def spool_key(keys: dict[str, Any], number: int) -> bytes:
    """The key of one copy in the spool of a case under two-person control."""
    return derive(bytes.fromhex(keys["spool"]), SPOOLED, number.to_bytes(8, "big"))


def _stream(file: FoundFile, wanted: dict[str, Any]) -> Stream:
    """The stream that was listed, with what the walk found out about it."""
    overwritten, damaged = ranges_of(wanted["overwritten"]), ranges_of(wanted["damaged"])
    contested = ranges_of(wanted["contested"])
    stream = next((s for s in file.streams if (s.type, s.id) == (wanted["type"], wanted["id"])), None)
    if wanted["placed"]:
        stream = Stream(
            name=b"", type=1, id=0, size=wanted["size"], resident=False, compressed=False, placed=True,
            assumed=wanted["assumed"], ranges=ranges_of(wanted["ranges"]),
        )  # fmt: skip
    if stream is None or stream.size != wanted["size"]:
        raise FormatError("its content is no longer where it was listed")
    return dataclasses.replace(stream, overwritten=overwritten, contested=contested, damaged=damaged)


def _written(target: Path, pieces: Iterator[bytes]) -> tuple[str, str]:
    with target.open("wb") as out:
        return _passed(out.write, pieces)


def _sealed(target: Path, pieces: Iterator[bytes], key: bytes) -> tuple[str, str]:
    with target.open("wb") as out:
        sealer = Sealer(key, out.write)
        digests = _passed(sealer.write, pieces)
        sealer.finish()
    return digests


def _passed(write: Callable[[bytes], object], pieces: Iterator[bytes]) -> tuple[str, str]:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    for piece in pieces:
        write(piece)
        sha256.update(piece)
        md5.update(piece)
    return sha256.hexdigest(), md5.hexdigest()


def _entry(path: bytes, volume: Volume, file: FoundFile, stream: Stream, wanted: dict[str, Any]) -> Entry:
    facts: dict[str, Any] = {
        "volume": volume.number,
        "volume_start": volume.start,
        "file_system": volume.file_system,
        "clock": file.clock.value,
        "allocated": file.allocated,
        "stream": stream.id,
        "resident": stream.resident,
        "compressed": stream.compressed,
        "ranges": [each.to_json() for each in stream.ranges],
        "told_as": wanted["kind"],
        "strength": wanted["strength"],
        "why": wanted["why"],
    }
    if volume.shadow:
        facts |= {"shadow_copy": volume.shadow, "ranges_in": "the shadow copy, not the image"}
    facts |= {key: wanted[key] for key in ("overwritten", "contested", "damaged", "damage") if wanted[key]}
    if not file.allocated:
        facts["placement"] = "assumed: its first cluster and its size" if stream.assumed else "recorded"
    note = "; ".join(_remarks(file, stream, wanted["damage"]))
    return Entry(
        path=path,
        type=FILE,
        size=stream.size,
        mode=file.mode,
        uid=file.uid,
        gid=file.gid,
        inode=file.inode,
        times=file.times,
        note=note,
        facts=facts,
    )


def _remarks(file: FoundFile, stream: Stream, damage: str) -> Iterator[str]:
    if not file.allocated:
        yield "deleted"
    if stream.overwritten:
        lost = total(stream.overwritten)
        yield f"partly overwritten: {lost:,} of {stream.size:,} bytes are gone, and zeros stand for them"
    if stream.contested:
        yield f"{total(stream.contested):,} bytes are claimed by another deleted file too"
    if stream.damaged:
        yield f"{total(stream.damaged):,} bytes stand in damaged chunks of the image, zeros stand for them"
    if damage:
        yield damage
