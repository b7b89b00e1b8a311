"""The same reading of an Outlook store twice, in one process each: by libpff-python and by our engine."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypff

from forensics.formats.mapi import Item
from forensics.formats.pst.folders import ORPHANS
from forensics.formats.pst.messaging.store import open_store
from forensics.formats.pst.recovery.recover import Recoverer

_CHUNK = 1 << 20
_ATTACHED = 0x3701
"""PidTagAttachDataBinary, which is read in pieces."""


def main(side: str, path: Path) -> int:
    began, used = time.perf_counter(), time.process_time()
    counts = Counter[str]()
    for kind, count in (_libpff if side == "libpff" else _engine)(path):
        counts[kind] += count
    seconds, processor = time.perf_counter() - began, time.process_time() - used
    print(json.dumps({"seconds": seconds, "processor": processor, "counts": counts}))
    return 0


def _engine(path: Path) -> Iterator[tuple[str, int]]:
    """Live items, orphans, what can be recovered, and the account of every byte."""
    with path.open("rb") as handle, open_store(handle) as store:
        for nid in (*(folder.nid for folder in store.folders()), ORPHANS):
            for found in store.items(nid):
                if found.item is not None:
                    yield from _item(found.item)
        recoverer = Recoverer(store)
        for one in recoverer.items():
            yield "recovered", 1
            if one.found.item is not None:
                yield from _item(one.found.item)
        recoverer.account()


def _item(item: Item) -> Iterator[tuple[str, int]]:
    yield "items", 1
    hasher = hashlib.sha256()
    for bag in (item.properties, *item.recipients):
        for one in bag.everything:
            hasher.update(one.raw)
        yield "properties", len(bag.everything)
    yield "recipients", len(item.recipients)
    for thing in item.attachments:
        yield "attachments", 1
        for one in thing.properties.everything:
            hasher.update(one.raw)
        yield "properties", len(thing.properties.everything)
        if thing.data is not None:
            content = hashlib.sha256()
            for chunk in thing.data.chunks():
                content.update(chunk)
        if thing.embedded is not None:
            yield from _item(thing.embedded)


def _libpff(path: Path) -> Iterator[tuple[str, int]]:
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


def _message(message: Any) -> Iterator[tuple[str, int]]:
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
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
