"""What a guarded worker does with a disk image: check it, list the mail stores of one volume, copy one store out.

Each function has the signature of a job, ``(args, reads, spool, report) -> dict``. ``args["layers"]`` says which of
``reads`` make up the image and what it builds on; for :func:`extract` the list of one store follows them. In a case
under two-person control ``args["keys"]`` opens the files and seals what is copied out.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.acquisition.containers import Layer, OpenMedium, open_layers
from forensics.acquisition.copy_out import copy_out
from forensics.acquisition.damage import Touched
from forensics.acquisition.deleted_files import record_size
from forensics.acquisition.ewf import EwfMedium, verify_media
from forensics.acquisition.ewf_chunks import Damage, check_chunks
from forensics.acquisition.filesystem_values import Gone, Unread, Volume
from forensics.acquisition.filesystems import Image
from forensics.acquisition.image_stores import FoundStore, StoreFile, find_stores, full_path
from forensics.acquisition.standing import total
from forensics.evidence.vault import open_sealed

Report = Callable[[dict[str, Any]], None]

EXTRACTED = "extracted.jsonl"
_MAX_PROBLEMS = 1000
_STEP = 64 << 20


def measure(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """The size of the medium, on which the limits of the other jobs depend."""
    with open_image(args, reads) as medium:
        return {"size": medium.size}


def check(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Verify the whole medium of an E01 against its stored hashes, and each of its chunks; then look for volumes.

    Where it differs without a chunk that accounts for it, or no hash is stored (a damaged image loses the section that
    holds it without a word from libewf), no volume is looked at unless ``args["despite"]`` is true. Other containers
    store no hash and are looked at as they are.
    """
    with open_image(args, reads) as medium:
        found: dict[str, Any] = {"size": medium.size, "verdict": "not stored", "unread": -1, "damaged": []}
        found |= {"computed": {}, "stored": {}, "volumes": []}
        if isinstance(medium, EwfMedium):
            found |= _verified(medium, report)
        if not isinstance(medium, EwfMedium) or found["verdict"] in ("matches", "damaged") or args["despite"]:
            found["volumes"] = [dataclasses.asdict(volume) for volume in Image(medium).volumes()]
        return found


def _verified(medium: EwfMedium, report: Report) -> dict[str, Any]:
    verified = verify_media(medium, _steps(report, "verified"))
    verdict = verified.verdict.value
    whole = verdict == "matches"
    damage = _damage(medium, compare=not whole, report=report)
    if damage.chunks and damage.confined and not whole and verified.unread < 0:
        verdict = "damaged"
    return {
        "verdict": verdict,
        "unread": verified.unread,
        "computed": dict(verified.computed),
        "stored": dict(verified.stored),
        "header": medium.header(),
        "geometry": medium.geometry(),
        "damaged": [list(each) for each in damage.stretches(medium.size)],
        "damaged_chunks": list(damage.chunks[:_MAX_PROBLEMS]),
        "damaged_chunks_in_all": len(damage.chunks),
        "tables": list(damage.wrong[:_MAX_PROBLEMS]),
    }


def _damage(medium: EwfMedium, *, compare: bool, report: Report) -> Damage:
    """With ``compare``, that the undamaged chunks are what libewf gave for them is proved beside."""

    def as_read(offset: int, length: int) -> bytes:
        try:
            return medium.read_at(offset, length)
        except OSError:
            return b""

    size = medium.geometry()["chunk_size"]
    progress = _steps(report, "chunks")
    return check_chunks(medium.segments, medium.size, size, as_read if compare else None, progress)


def list_stores(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Find the stores of ``args["volume"]``; the files of each are named in ``store-NNNNNN.jsonl`` in the spool."""
    volume = Volume(**args["volume"])
    later = [Volume(**each) for each in args.get("later", ())]
    with open_image(args, reads) as medium:
        image = Image(medium)
        found = find_stores(image, volume, later)
        touched = Touched(image, volume, args.get("damaged", ()), record_size(image, volume))
    stores = [_store(spool, number, touched.marked(store)) for number, store in enumerate(found.stores, start=1)]
    unread = [*touched.problem(), *found.problems]
    return {
        "stores": stores,
        "files": found.files,
        "folders": found.folders,
        "deleted": found.deleted,
        "same": found.same,
        "problems": [_problem(each) for each in unread[:_MAX_PROBLEMS]],
        "more_problems": max(0, len(unread) - _MAX_PROBLEMS),
        "gone": [_gone(each) for each in found.gone[:_MAX_PROBLEMS]],
        "more_gone": max(0, len(found.gone) - _MAX_PROBLEMS),
    }


def extract(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Copy the files of a store, from line ``args["first"]`` of its list on, into ``NNNNNN.bin`` in the spool.

    A line of ``extracted.jsonl`` follows each copy: where a worker dies, the missing line names the file.
    """
    volume = Volume(**args["volume"])
    copied = refused = 0
    with open_image(args, reads[:-1]) as medium, (spool / EXTRACTED).open("ab", buffering=0) as out:
        image = Image(medium)
        for number, wanted in _listed(reads[-1], int(args["first"])):
            entry = copy_out(image, volume, number, wanted, spool, args.get("keys"))
            out.write(canonical.encode(entry.to_json()) + b"\n")
            copied += entry.number is not None
            refused += entry.number is None
            report({"done": number})
    return {"copied": copied, "refused": refused}


@contextmanager
def open_image(args: dict[str, Any], reads: tuple[Path, ...]) -> Iterator[OpenMedium]:
    """The medium, its files open for as long as it is read."""
    keys = args["keys"]["reads"] if args.get("keys") else [""] * len(reads)
    with ExitStack() as stack:
        files = []
        for path, key in zip(reads, keys, strict=False):
            handle = stack.enter_context(path.open("rb"))
            files.append(stack.enter_context(open_sealed(handle, bytes.fromhex(key), path.name)) if key else handle)
        layers, at = [], 0
        for each in args["layers"]:
            end = at + len(each["names"])
            layers.append(Layer(container=each["container"], names=tuple(each["names"]), files=tuple(files[at:end])))
            at = end
        medium = open_layers(layers)
        try:
            yield medium
        finally:
            medium.close()


def _steps(report: Report, word: str) -> Callable[[int], None]:
    said = 0

    def progress(done: int) -> None:
        nonlocal said
        if done - said >= _STEP:
            said = done
            report({word: done})

    return progress


def _store(spool: Path, number: int, store: FoundStore) -> dict[str, Any]:
    name = f"store-{number:06d}.jsonl"
    taken: set[bytes] = set()
    with (spool / name).open("xb") as out:
        for one in store.files:
            out.write(canonical.encode(_reference(one, taken)) + b"\n")
    path = b"/".join(store.path)
    return {
        "kind": store.kind,
        "path": path.decode("utf-8", "backslashreplace"),
        "path_hex": path.hex(),
        "allocated": store.allocated,
        "inode": store.files[0].file.inode if store.files and not store.allocated else 0,
        "list": name,
        "files": len(store.files),
        "bytes": sum(one.stream.size for one in store.files),
        "overwritten": sum(total(one.stream.overwritten) for one in store.files),
        "damaged": sum(bool(one.stream.damaged or one.file.damage) for one in store.files),
        "strength": min((one.strength for one in store.files), default=100),
        "why": store.files[0].why if store.files else "the folders of a Maildir",
    }


def _reference(one: StoreFile, taken: set[bytes]) -> dict[str, Any]:
    path = b"/".join(full_path(one))
    if path in taken:  # deleted twice under one name
        path += f" (inode {one.file.inode})".encode()
    taken.add(path)
    stream = one.stream
    return {
        "path_hex": path.hex(),
        "names": [name.hex() for name in one.file.path],
        "inode": one.file.inode,
        "type": stream.type,
        "id": stream.id,
        "size": stream.size,
        "kind": one.kind,
        "strength": one.strength,
        "why": one.why,
        "allocated": one.file.allocated,
        "placed": stream.placed,
        "assumed": stream.assumed,
        "ranges": [each.to_json() for each in stream.ranges] if stream.placed else [],
        "overwritten": [each.to_json() for each in stream.overwritten],
        "contested": [each.to_json() for each in stream.contested],
        "damaged": [each.to_json() for each in stream.damaged],
        "damage": one.file.damage,
    }


def _problem(unread: Unread) -> dict[str, Any]:
    path = b"/".join(unread.path)
    return {"path": path.decode("utf-8", "backslashreplace"), "path_hex": path.hex(), "what": unread.what}


def _gone(gone: Gone) -> dict[str, Any]:
    path = b"/".join(gone.path)
    shown = path.decode("utf-8", "backslashreplace")
    return {"path": shown, "path_hex": path.hex(), "inode": gone.inode, "why": gone.why}


def _listed(path: Path, first: int) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if number >= first:
                yield number, json.loads(line)


_medium = open_image
