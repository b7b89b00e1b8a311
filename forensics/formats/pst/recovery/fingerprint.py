"""What makes two items the same: every byte of their properties, recipients and attachments."""

from __future__ import annotations

import hashlib

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, PropertyBag

_LARGEST_HASHED = 1 << 26


def fingerprint(item: Item) -> bytes:
    """SHA-256 over everything that an item holds, and over that of the messages inside it."""
    hasher = hashlib.sha256()
    todo: list[Item] = [item]
    while todo:
        one = todo.pop()
        _feed(hasher, one.properties)
        for bag in one.recipients:
            _feed(hasher, bag)
        for thing in one.attachments:
            _feed(hasher, thing.properties)
            hasher.update(_content(thing))
            if thing.embedded is not None:
                todo.append(thing.embedded)
        hasher.update(b"\x01")
    return hasher.digest()


def _feed(hasher: hashlib._Hash, bag: PropertyBag) -> None:
    hasher.update(b"\x02")
    for one in sorted(bag.everything, key=lambda each: each.tag):
        hasher.update(one.tag.to_bytes(4, "little") + len(one.raw).to_bytes(8, "little") + one.raw)


def _content(thing: AttachedThing) -> bytes:
    if thing.data is None:
        return b"\x00" + thing.lost.encode("utf-8", "backslashreplace")
    if thing.data.size > _LARGEST_HASHED:
        return b"\x03" + thing.data.size.to_bytes(8, "little")
    hasher = hashlib.sha256()
    try:
        for chunk in thing.data.chunks():
            hasher.update(chunk)
    except FormatError as error:
        return b"\x04" + error.what.encode("utf-8", "backslashreplace")
    return hasher.digest()
