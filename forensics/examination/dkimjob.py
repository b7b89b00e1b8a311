"""Runs inside a guarded worker: reads key files, and checks the signatures of messages over their stored bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from forensics.errors import FormatError
from forensics.examination.sealed_spool import open_read
from forensics.findings.dkim_check import Checked, Result, check
from forensics.formats.dkim_keys import Key, read_keys
from forensics.workers import Report

_LARGEST_KEYS = 16 << 20
_LARGEST = 512 << 20


def keys_of(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """The keys of every file in ``reads``; a file that is none is named with what is wrong with it."""
    keys: list[dict[str, Any]] = []
    faults: dict[str, str] = {}
    for index, path in enumerate(reads):
        name = args["names"][index]
        report.at(name)
        with open_read(args, index, path) as handle:
            data = handle.read(_LARGEST_KEYS + 1)
        try:
            if len(data) > _LARGEST_KEYS:
                raise FormatError("the key file is too large")
            keys += [asdict(key) for key in read_keys(data)]
        except FormatError as error:
            faults[name] = error.what
    return {"keys": keys, "faults": faults}


def signatures(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """The signatures of some messages; each of ``args["messages"]`` says which file it is in, and where."""
    keys = [Key(**each) for each in args["given"]]
    found = []
    with ExitStack() as stack:
        handles = [stack.enter_context(open_read(args, index, path)) for index, path in enumerate(reads)]
        for number, message in enumerate(args["messages"]):
            report.at(str(number))
            found.append([asdict(each) for each in _checked(handles[message["file"]], message, keys)])
    return {"found": found}


def _checked(handle: BinaryIO, message: dict[str, Any], keys: list[Key]) -> Iterator[Checked]:
    if message["end"] - message["start"] > _LARGEST:
        yield Checked(field="", nth=0, result=Result.UNREADABLE, detail="the message is too large")
        return
    handle.seek(message["start"])
    raw = handle.read(message["end"] - message["start"])
    if message["mbox"] and raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    if hashlib.sha256(raw).hexdigest() != message["sha256"]:
        yield Checked(field="", nth=0, result=Result.UNREADABLE, detail="these are not the bytes that were parsed")
        return
    yield from check(raw, keys, from_mbox=message["mbox"])
