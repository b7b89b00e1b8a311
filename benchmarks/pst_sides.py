"""The same reading of an Outlook store by libpff-python, by our engine in one process, and by it in guarded workers.

Every property of every item, every recipient and every attachment is read, its bytes are hashed.
"""

from __future__ import annotations

import gc
import hashlib
import io
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pypff

from forensics.formats.mapi import Item, PropertyBag
from forensics.formats.pst.folders import ORPHANS, Place
from forensics.formats.pst.messaging.store import Store, open_store
from forensics.formats.pst.recovery.recover import Recoverer
from forensics.parsers.contract import Range, Unit
from forensics.parsers.pst import PstParser
from forensics.records import Recovery
from forensics.workers import Job, Limits, LocalEngine, Report

_CHUNK = 1 << 20
_ATTACHED = 0x3701
"""PidTagAttachDataBinary, which is read in pieces."""
_Counts = Iterator[tuple[str, int]]


def main(side: str, path: Path, workers: int) -> int:
    began, used = time.perf_counter(), sum(os.times()[:4])
    counts = {"libpff": _libpff, "engine": _engine}[side](path) if side != "workers" else _workers(path, workers)
    seconds, processor = time.perf_counter() - began, sum(os.times()[:4]) - used
    print(json.dumps({"seconds": seconds, "processor": processor, "counts": counts}))
    return 0


def _engine(path: Path) -> Counter[str]:
    """Live items, orphans, what can be recovered, and the account of every byte."""
    with path.open("rb") as handle:
        return _ranges(handle, _plan(handle, path))


def _workers(path: Path, workers: int) -> Counter[str]:
    """The same, a range to a job, as ``forensics parse`` does it; the last range, of recovery, is begun first."""
    counts = Counter[str]()
    call = "benchmarks.pst_sides:job"
    with (
        LocalEngine(workers, Limits(), preload=("benchmarks.pst_sides",)) as engine,
        path.open("rb") as handle,
        tempfile.TemporaryDirectory() as spool,
    ):
        ranges = _plan(handle, path)
        asked = [Job(call=call, args=dict(each), reads=(path,), spool=Path(spool)) for each in ranges]
        for future in [engine.submit(each) for each in (asked[-1], *asked[:-1])]:
            outcome = future.result()
            if outcome.value is None:
                raise SystemExit(f"a worker failed: {outcome.cause} {outcome.detail}")
            counts.update(outcome.value)
    return counts


def job(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """One range, inside a guarded worker."""
    with reads[0].open("rb") as handle:
        return dict(_ranges(handle, [args]))


def _plan(handle: io.BufferedReader, path: Path) -> Sequence[Range]:
    return PstParser().ranges(Unit(path=path.name, size=path.stat().st_size, sha256="", handle=handle))


def _ranges(handle: io.BufferedReader, ranges: Sequence[Range]) -> Counter[str]:
    counts = Counter[str]()
    # As in the jobs of ``forensics parse``: nothing here makes cycles that would have to be collected.
    gc.disable()
    with open_store(handle) as store:
        for each in ranges:
            for kind, count in _range(store, each):
                counts[kind] += count
    gc.enable()
    return counts


def _range(store: Store, each: Range) -> _Counts:
    if each["part"] == "folders":
        yield "folders", sum(1 for _ in store.folders())
    elif each["part"] == "items":
        place = Place(Recovery(str(each.get("recovery", Recovery.LIVE))), "")
        start, stop = int(each["start"]), int(each["stop"])
        nid = int(each["nid"])
        listed = store.items(nid, start, stop) if nid == ORPHANS else store.contents(nid, (), place, start, stop)
        for found in listed:
            if found.item is not None:
                yield from _item(found.item)
    else:
        recoverer = Recoverer(store)
        for one in recoverer.items():
            yield "recovered", 1
            if one.found.item is not None:
                yield from _item(one.found.item)
        recoverer.account()


def _item(item: Item) -> _Counts:
    yield "items", 1
    yield "properties", _hash(item.properties) + sum(map(_hash, item.recipients))
    yield "recipients", len(item.recipients)
    for thing in item.attachments:
        yield "attachments", 1
        yield "properties", _hash(thing.properties)
        if thing.data is not None:
            content = hashlib.sha256()
            for chunk in thing.data.chunks():
                content.update(chunk)
        if thing.embedded is not None:
            yield from _item(thing.embedded)


def _hash(bag: PropertyBag) -> int:
    hasher, count = hashlib.sha256(), 0
    for _, raw, _, _ in bag.stored_values():
        hasher.update(raw)
        count += 1
    return count


def _libpff(path: Path) -> Counter[str]:
    counts = Counter[str]()
    for kind, count in _libpff_store(path):
        counts[kind] += count
    return counts


def _libpff_store(path: Path) -> _Counts:
    """Live items and orphans; libpff-python opens no message inside another and recovers nothing."""
    file = pypff.file()
    file.open(str(path))
    folders = [file.get_root_folder()]
    while folders:
        folder = folders.pop()
        folders.extend(folder.get_sub_folder(number) for number in range(folder.get_number_of_sub_folders()))
        for number in range(folder.get_number_of_sub_messages()):
            yield from _message(folder.get_sub_message(number))
    for number in range(file.get_number_of_orphan_items()):
        yield from _message(file.get_orphan_item(number))
    file.close()


def _message(message: Any) -> _Counts:
    yield "items", 1
    yield "properties", _records(message)
    recipients = message.recipients
    if recipients is not None:
        yield "recipients", recipients.get_number_of_record_sets()
        yield "properties", _records(recipients)
    for number in range(message.get_number_of_attachments()):
        yield "attachments", 1
        attachment = message.get_attachment(number)
        yield "properties", _records(attachment)
        content = hashlib.sha256()
        left = attachment.get_size() or 0
        while left > 0:
            read = attachment.read_buffer(min(left, _CHUNK))
            content.update(read)
            left -= len(read)


def _records(thing: Any) -> int:
    """Every entry of every record set, its bytes hashed."""
    hasher, count = hashlib.sha256(), 0
    for number in range(thing.get_number_of_record_sets()):
        held = thing.get_record_set(number)
        for index in range(held.get_number_of_entries()):
            entry = held.get_entry(index)
            if entry.get_entry_type() != _ATTACHED:
                hasher.update(entry.get_data() or b"")
            count += 1
    return count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
