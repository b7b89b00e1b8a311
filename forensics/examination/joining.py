"""What exports say of messages, handed to the parse of the files that hold them: a message gets its labels and flags.

The comparisons that an acquisition made (``statement.jsonl``) are read again here, checked line by line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics import canonical
from forensics.acquisition.exports.sources import ARCHIVE, STATED
from forensics.acquisition.exports.statement import STATEMENT
from forensics.casefile.view import CaseView, EvidenceItem
from forensics.errors import FormatError
from forensics.evidence.item import OPENED, PAPER
from forensics.examination.conductor import Examination

_KEPT = ("flags", "folder", "uid", "received_ns", "received_raw", "zone_unknown", "orphaned")
SAID = "said"


def said_for(view: CaseView, item: EvidenceItem) -> dict[str, Any]:
    """What the parameters of a parse say of comparisons: the items that hold some about this one, with their hashes.

    Nothing at all where there is none, so that other items are not parsed anew.
    """
    found = [
        {"evidence": each.name, "sha256": each.manifest_sha256}
        for each in view.evidence
        if each.acquisition.get("source", {}).get("kind") == STATED
        and item.name in each.acquisition["source"].get("items", ())
    ]
    return {SAID: found} if found else {}


def join(examination: Examination, params: dict[str, Any], files: dict[str, dict[str, Any]]) -> None:
    """Put what is said into the files of a parse: a list, one object a message, from the first on.

    Files that tell of mail and hold none, and archives whose members are items of their own, get that as their role.
    """
    for number in _opened(examination, params["evidence"]):
        if number in files:
            files[number]["role"] = OPENED
    for each in params.get(SAID, ()):
        for line in _lines(examination, each["evidence"]):
            item, _, number = str(line.get("file") or line.get("paper", "")).partition("/")
            message = line.get("message")
            if item != params["evidence"] or number not in files:
                continue
            if "paper" in line:
                files[number]["role"] = PAPER
            if not isinstance(message, int):
                continue
            said: list[dict[str, Any]] = files[number].setdefault(SAID, [])
            if not 0 < message <= len(said) + 10_000_000:
                continue
            said += [{} for _ in range(message - len(said))]
            said[message - 1] = {name: line[name] for name in _KEPT if name in line}


def _opened(examination: Examination, item: str) -> Iterator[str]:
    """The numbers of the archives of the item that were opened."""
    for name in examination.evidence.items():
        source = examination.evidence.acquisition(name)["source"]
        parent, _, number = str(source.get("parent", "")).partition("/")
        if source.get("kind") == ARCHIVE and parent == item:
            yield number


def _lines(examination: Examination, item: str) -> Iterator[dict[str, Any]]:
    """The lines of the comparison; they were written by a worker, so each is checked."""
    wanted = STATEMENT.encode()
    number = next((e.number for e in examination.evidence.entries(item) if e.path == wanted and e.number), None)
    if number is None:
        return
    with examination.evidence.open(item, number) as handle:
        for raw in handle:
            try:
                line = canonical.decode(raw.rstrip(b"\n"))
            except FormatError:
                continue
            if isinstance(line, dict) and ("file" in line or "paper" in line):
                yield line


def without(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The files as a job that only looks at them needs them."""
    return [{name: value for name, value in file.items() if name != SAID} for file in files]


def part_of(file: dict[str, Any], first: int, after: int | None) -> dict[str, Any]:
    """The file with what is said of messages ``first`` to ``after`` (from 1, exclusive) alone."""
    if SAID not in file:
        return file
    return {**file, SAID: file[SAID][first - 1 : None if after is None else after - 1]}
