"""What makes two items the same: every byte of their properties, recipients and attachments."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from operator import itemgetter

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, Lost, PropertyBag, tags

_LINKS = frozenset(
    {tags.ATTACH_BY_REFERENCE, tags.ATTACH_BY_REFERENCE_RESOLVE, tags.ATTACH_BY_REFERENCE_ONLY}
    | {tags.ATTACH_BY_WEB_REFERENCE}
)
_FIRST = itemgetter(0)
_HEAD = struct.Struct("<IQ")
_WHOLE = frozenset({"its place in the order", "its separate values"})
"""What may be lost of an item every byte of which stands."""


def fingerprint(item: Item) -> bytes:
    """SHA-256 over everything that an item holds, and over that of the messages inside it."""
    return _digest(item)[0]


def sameness(item: Item) -> bytes | None:
    """The fingerprint of an item of which everything stands; ``None`` where a part of it is gone, or all.

    Of what is gone nobody can say that it was the same: two items of which nothing stands are not alike.
    """
    parts = list(_inside(item))
    if not any(_stands(bag) for one in parts for bag in (one.properties, *one.recipients)):
        return None
    if any(_gone(lost) for one in parts for lost in one.problems):
        return None
    if any(thing.lost and thing.method not in _LINKS for one in parts for thing in one.attachments):
        return None
    mark, whole = _digest(item)
    return mark if whole else None


def _digest(item: Item) -> tuple[bytes, bool]:
    """The digest, and whether the bytes of every attachment could be read for it."""
    hasher = hashlib.sha256()
    whole = True
    for one in _inside(item):
        _feed(hasher, one.properties)
        for bag in one.recipients:
            _feed(hasher, bag)
        for thing in one.attachments:
            _feed(hasher, thing.properties)
            content = _content(thing)
            whole = whole and content is not None
            hasher.update(content or b"\x04")
        hasher.update(b"\x01")
    return hasher.digest(), whole


def _inside(item: Item) -> Iterator[Item]:
    """An item and every message inside it."""
    todo = [item]
    while todo:
        one = todo.pop()
        yield one
        todo.extend(thing.embedded for thing in one.attachments if thing.embedded is not None)


def _stands(bag: PropertyBag) -> bool:
    return any(raw for _, raw, *_ in bag.stored_values())


def _gone(lost: Lost) -> bool:
    return lost.lost not in _WHOLE


def _feed(hasher: hashlib._Hash, bag: PropertyBag) -> None:
    hasher.update(b"\x02")
    for tag, raw in sorted([(one[0], one[1]) for one in bag.stored_values()], key=_FIRST):
        hasher.update(_HEAD.pack(tag, len(raw)))
        hasher.update(raw)


def _content(thing: AttachedThing) -> bytes | None:
    """A digest of the bytes of an attachment; ``None`` where they cannot be read."""
    if thing.data is None:
        return b"\x00" + thing.lost.encode("utf-8", "backslashreplace")
    hasher = hashlib.sha256()
    try:
        for chunk in thing.data.chunks():
            hasher.update(chunk)
    except FormatError:
        return None
    return hasher.digest()
