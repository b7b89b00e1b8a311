"""Holds records, timeline and reports against what the newest finished step of each kind lists in the ledger.

A step replaces its results one file at a time before its ``finished`` line lists them. So after a crash in between, the
results of a step that did not finish are half old and half new: they are told apart as ``unsettled``, and the same
command makes them again. Anything else that differs was not done by this program.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from forensics import canonical
from forensics.casefile import seal
from forensics.casefile.acts import Act, Phase
from forensics.casefile.ledger import Line
from forensics.casefile.view import CaseView
from forensics.errors import FormatError, IntegrityError
from forensics.evidence.content import ContentStore
from forensics.evidence.readback import open_stored
from forensics.evidence.verification import Difference, Told

_FOLDERS = ("ledger", "evidence", "content", "records", "timeline", "reports", "findings", "seals", "tables")
_OF_THE_LEDGER = frozenset(("events.jsonl", "head", "head.new", "lock", "torn", "checkpoints", "attached"))
_LINK = "is a link and not the folder that was made"
_UNFINISHED = ".work"
_KEPT_FOLDERS = ("records", "timeline", "reports", "findings", "seals", "tables")
_MAKERS = (Act.PARSE, Act.TIMELINE, Act.REPORT, Act.SEAL, Act.FIND, Act.MAP, Act.TABLE)
_Key = tuple[str, str]
"""The act, and the evidence item, the report or the rule that it made something of."""


def check_results(
    view: CaseView, lines: tuple[Line, ...], told: Told
) -> tuple[list[Difference], list[tuple[Difference, int]]]:
    """What differs, and what a step was replacing that did not finish, with the number of the line that began it."""
    differences: list[Difference] = []
    unsettled: list[tuple[Difference, int]] = []
    cut_short = _cut_short(lines)
    for each in _results(view, lines, told):
        line = next((number for key, number in cut_short.items() if _makes(key, each.place)), 0)
        if line:
            unsettled.append((each, line))
        else:
            differences.append(each)
    return differences, unsettled


def _key(line: Line) -> _Key:
    params = line.value.get("params", {})
    if line.act == Act.SEAL:
        # A seal is never replaced: other records of the same item have a seal of their own.
        return line.act, seal.folder_of(str(params.get("evidence", "")), str(params.get("records_sha256", "")))
    if line.act == Act.MAP:
        # A mapping is kept under its own hash, whatever replaces it for the same files.
        return line.act, str(params.get("mapping_sha256", ""))
    if line.act == Act.TABLE:
        # Every version of a table stays.
        return line.act, str(params.get("path", ""))
    return line.act, str(params.get("evidence") or params.get("report") or params.get("rule") or "")


def _cut_short(lines: tuple[Line, ...]) -> dict[_Key, int]:
    """The steps that were begun last and not finished, with the number of their line."""
    last = {_key(line): line for line in lines if line.act in _MAKERS}
    return {key: line.number for key, line in last.items() if line.phase != Phase.FINISHED}


def _makes(key: _Key, place: str) -> bool:
    """Whether a step of this kind writes to this place."""
    act, name = key
    path = PurePosixPath(place)
    if act == Act.SEAL:
        return str(path.parent) == name
    if act == Act.MAP:
        return place.startswith(f"tables/mappings/{name}.yaml")
    if act == Act.TABLE:
        return place.startswith(name)
    if act == Act.PARSE:
        return path.parts[0] == "records" and (path.name.startswith((f"{name}-", f"{name}.json")))
    if act == Act.FIND:
        return path.parts[0] == "findings" and path.stem == name
    return path.parts[0] == ("timeline" if act == Act.TIMELINE else "reports")


def _results(view: CaseView, lines: tuple[Line, ...], told: Told) -> Iterator[Difference]:
    """Every file that the newest finished steps list, and every file that none of them lists."""
    listed: dict[str, dict[str, Any]] = {}
    for outputs in _newest_outputs(lines).values():
        listed.update({str(each["path"]): each for each in outputs})
    for path in [path for path in listed if path.startswith("records/")]:
        yield from _parts_of(view, listed, path)
    paths = sorted(listed)
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda path: _file(view.folder, listed[path], told), paths)
        yield from (each for each in found if each is not None)
    yield from _unlisted(view.folder, set(listed))


def _newest_outputs(lines: tuple[Line, ...]) -> dict[_Key, list[dict[str, Any]]]:
    finished = (line for line in lines if line.act in _MAKERS and line.phase == Phase.FINISHED)
    return {_key(line): line.value.get("out", []) for line in finished}


def _parts_of(view: CaseView, listed: dict[str, dict[str, Any]], path: str) -> Iterator[Difference]:
    try:
        manifest = canonical.decode(view.read_output(listed[path]))
    except (IntegrityError, FormatError):
        return
    listed.update({str(part["path"]): part for part in manifest["parts"]})
    if "stored" in manifest:
        # Ciphertext has names that only its keys give; it is held against that list.
        return
    content = ContentStore(view.folder / "content")
    for sha256 in manifest["content"]:
        if not content.has(sha256):
            yield Difference(place=f"content/{sha256[:2]}/{sha256}", what="is missing")


def _file(folder: Path, output: dict[str, Any], told: Told) -> Difference | None:
    place = str(output["path"])
    inside = PurePosixPath(place).parts
    if inside[:1] not in [(name,) for name in _KEPT_FOLDERS] or ".." in inside:
        # A forged ledger could name any file of the machine that verifies, or a device that never ends.
        return Difference(place=place, what="is not a place inside this case")
    try:
        with open_stored(folder / place) as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
            told(handle.tell(), 1)
    except (FileNotFoundError, NotADirectoryError, ValueError, IntegrityError):
        return Difference(place=place, what="is missing, or not a regular file of this case")
    except OSError as error:
        return Difference(place=place, what=f"cannot be read: {error.strerror}")
    if found != output["sha256"]:
        return Difference(place=place, what=f"changed: its SHA-256 is {found}, listed is {output['sha256']}")
    return None


def _unlisted(folder: Path, listed: set[str]) -> Iterator[Difference]:
    for name in _KEPT_FOLDERS:
        for path in sorted((folder / name).rglob("*")):
            inside = path.relative_to(folder)
            if (path.is_symlink() or not path.is_dir()) and not _kept(inside, listed):
                yield Difference(place=_place(inside), what="is listed by no finished step")


def _kept(inside: PurePath, listed: set[str]) -> bool:
    """Whether a step lists the file, or a step that was cut short left it where the next one takes it up."""
    return inside.parts[1] == _UNFINISHED or inside.as_posix() in listed


def misplaced(folder: Path) -> Iterator[Difference]:
    """Links in the place of folders, behind which somebody else's files would be read, and strangers to the ledger."""
    for top in _FOLDERS:
        if (folder / top).is_symlink():
            yield Difference(place=top, what=_LINK)
            continue
        for at, inner, _ in os.walk(folder / top):
            for path in (Path(at) / name for name in inner):
                if path.is_symlink() and top not in _KEPT_FOLDERS:
                    yield Difference(place=_place(path.relative_to(folder)), what=_LINK)
    ledger = folder / "ledger"
    for path in sorted(ledger.iterdir()) if ledger.is_dir() else ():
        if path.name not in _OF_THE_LEDGER:
            yield Difference(place=_place(path.relative_to(folder)), what="does not belong here")


def _place(inside: PurePath) -> str:
    return os.fsencode(inside).decode("utf-8", "backslashreplace")
