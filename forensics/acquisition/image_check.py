"""The check of a disk image and the list of what is in it: workers look, the parent decides whether the work goes on.

Damaged chunks of an E01 cost what stands in them: the work goes on and every file that touches one is marked. An E01
whose hash differs although all of its chunks hold, or that stores no hash to tell, stops the work with
:class:`IntegrityError` (exit 4) unless the caller asks to go on despite it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forensics.acquisition.image_files import EWF, ImageFiles, check_openable
from forensics.acquisition.image_values import ImageReport, ImageStore, Keys, image_args, limits_for, run_job, why
from forensics.acquisition.receipt import Refusal
from forensics.errors import FormatError, IntegrityError
from forensics.workers.job import Engine, Limits, Outcome


def examine_image(
    engine: Engine, image: ImageFiles, spool: Path, *, despite: bool = False, keys: Keys | None = None
) -> ImageReport:
    """Check the whole medium, then list the stores of every volume; ``spool`` stays until the stores are acquired.

    Raises :class:`IntegrityError` where an E01 differs from its stored hash without a damaged chunk that accounts for
    it, or has none, unless ``despite``; :class:`FormatError` where it cannot be opened.
    """
    check_openable(image)
    ask = _Asker(engine, image, spool, keys)
    measured = ask.answer("measure", {}, limits_for(image.size))
    checked = ask.answer("check", {"despite": despite}, limits_for(2 * measured["size"]))
    if image.container == EWF and checked["verdict"] not in ("matches", "damaged") and not despite:
        raise _damaged(image, checked)
    found = _Found()
    found.problems += _chunk_problems(image, checked)
    for volume in checked["volumes"]:
        if volume["file_system"]:
            ask.volume(checked, volume, found)
        else:
            found.problems.append(Refusal(path=_volume_name(volume), reason=volume["problem"]))
    return ImageReport(
        image=image,
        checked=checked,
        stores=tuple(found.stores),
        problems=tuple(found.problems),
        gone=tuple(found.gone),
        walked=tuple(found.walked),
        keys=keys,
    )


@dataclass(slots=True)
class _Found:
    """What the volumes of an image came to so far."""

    stores: list[ImageStore] = field(default_factory=list)
    problems: list[Refusal] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)
    walked: list[dict[str, int]] = field(default_factory=list)


class _Asker:
    """Asks workers about one image."""

    def __init__(self, engine: Engine, image: ImageFiles, spool: Path, keys: Keys | None) -> None:
        self._engine = engine
        self._image = image
        self._spool = spool
        self._keys = keys

    def _run(self, call: str, args: dict[str, Any], spool: Path, limits: Limits) -> Outcome:
        more = {"keys": self._keys.job(b"")} if self._keys else {}
        return run_job(
            self._engine, call, {**image_args(self._image), **args, **more}, self._image.paths, spool, limits
        )

    def answer(self, call: str, args: dict[str, Any], limits: Limits) -> dict[str, Any]:
        """The answer, or a :class:`FormatError` with what stopped it."""
        outcome = self._run(call, args, self._spool / call, limits)
        if outcome.cause or outcome.value is None:
            # The files of the image are in the case already; only what stands in them could not be read.
            raise FormatError(
                f"this image could not be read: {why(outcome)}",
                todo="its files were acquired as they are; look at them with another program",
            )
        return outcome.value

    def volume(self, checked: dict[str, Any], volume: dict[str, Any], found: _Found) -> None:
        """Walk one volume, and add what is in it."""
        folder = self._spool / f"volume-{volume['number']:03d}"
        later = [each for each in checked["volumes"] if _is_later(each, volume)] if volume["shadow"] else []
        args = {"volume": volume, "later": later, "damaged": checked["damaged"]}
        outcome = self._run("list_stores", args, folder, limits_for(volume["length"] * (1 + len(later))))
        if outcome.cause or outcome.value is None:
            reason = f"this volume could not be walked: {why(outcome)}"
            found.problems.append(Refusal(path=_volume_name(volume), reason=reason))
            return
        value = outcome.value
        found.stores += [_store(each, volume, folder) for each in value["stores"]]
        found.problems += [Refusal(path=bytes.fromhex(e["path_hex"]), reason=e["what"]) for e in value["problems"]]
        found.gone += [{**each, "volume": volume["number"]} for each in value["gone"]]
        counts = ("files", "folders", "deleted", "same", "more_gone")
        found.walked.append({"volume": volume["number"], **{key: int(value[key]) for key in counts}})
        if value["more_problems"]:
            reason = f"and {value['more_problems']} more places"
            found.problems.append(Refusal(path=_volume_name(volume), reason=reason))


def _is_later(other: dict[str, Any], volume: dict[str, Any]) -> bool:
    """The next state of the same volume: the following shadow copy, or the volume as it stands."""
    if other["start"] != volume["start"] or not other["file_system"]:
        return False
    return bool(other["shadow"] == volume["shadow"] + 1 or other["shadow"] == 0)


def _chunk_problems(image: ImageFiles, checked: dict[str, Any]) -> list[Refusal]:
    """Each damaged stretch of the medium, by chunk and by byte."""
    if not checked["damaged"]:
        return []
    size, name = checked["geometry"]["chunk_size"], image.layers[0].names[0].encode("utf-8", "surrogateescape")
    held = "; the hash of the whole medium holds all the same" if checked["verdict"] == "matches" else ""
    return [
        Refusal(path=name, offset=start, reason=f"{_chunks(start, length, size)} of the image being damaged{held}")
        for start, length in checked["damaged"]
    ]


def _chunks(start: int, length: int, size: int) -> str:
    first, last = start // size, (start + length - 1) // size
    numbers = f"chunk {first}" if first == last else f"chunks {first} to {last}"
    return f"bytes {start:,} to {start + length - 1:,} of the medium are lost, {numbers}"


def _volume_name(volume: dict[str, Any]) -> bytes:
    return f"volume {volume['number']} at {volume['start']}: {volume['description']}".encode()


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
        allocated=value["allocated"],
        inode=value["inode"],
        overwritten=value["overwritten"],
        damaged=value["damaged"],
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
