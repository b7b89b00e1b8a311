"""A second opinion on a store: what libpff reads of it, and every point on which it differs from our own reading.

libpff is native code that may crash on forged bytes, so call ``second_opinion`` in a guarded worker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, tags
from forensics.formats.pst import libpff
from forensics.formats.pst.folders import FolderNode
from forensics.formats.pst.messaging import store as own

_TIMES = (
    tags.PR_CLIENT_SUBMIT_TIME,
    tags.PR_MESSAGE_DELIVERY_TIME,
    tags.PR_CREATION_TIME,
    tags.PR_LAST_MODIFICATION_TIME,
)
_TEXTS = (tags.PR_MESSAGE_CLASS, tags.PR_SUBJECT, tags.PR_SENDER_NAME, tags.PR_INTERNET_MESSAGE_ID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One point: where, on what, what our engine read and what libpff read."""

    where: str
    what: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondOpinion:
    """What was compared. ``refused`` says why libpff could not open the store, or "" where it could."""

    folders: int = 0
    items: int = 0
    attachments: int = 0
    only_ours: int = 0
    """Embedded messages that libpff cannot open; they are no disagreement."""
    refused: str = ""
    disagreements: tuple[Disagreement, ...] = ()


def second_opinion(handle: BinaryIO) -> SecondOpinion:
    """Read the store twice and compare folders, counts, subjects, times and the hashes of attachments."""
    with own.open_store(handle) as ours:
        try:
            theirs = libpff.open_store(handle)
        except FormatError as error:
            return SecondOpinion(refused=error.what)
        with theirs:
            return _Comparison(ours, theirs).result()


class _Comparison:
    def __init__(self, ours: own.Store, theirs: libpff.Store) -> None:
        self.ours = ours
        self.theirs = theirs
        self.items = self.attachments = self.only_ours = 0
        self.found: list[Disagreement] = []

    def result(self) -> SecondOpinion:
        mine = {node.nid: node for node in self.ours.folders()}
        other = {node.nid: node for node in self.theirs.folders()}
        for nid in sorted(mine.keys() | other.keys()):
            self._folder(nid, mine.get(nid), other.get(nid))
        return SecondOpinion(
            folders=len(mine),
            items=self.items,
            attachments=self.attachments,
            only_ours=self.only_ours,
            disagreements=tuple(self.found),
        )

    def _folder(self, nid: int, mine: FolderNode | None, other: FolderNode | None) -> None:
        where = f"node:{nid}"
        self._differ(where, "folder", _folder(mine), _folder(other))
        if mine is None or other is None:
            return
        left = {found.nid: found.item for found in self.ours.items(nid)}
        right = {found.nid: found.item for found in self.theirs.items(nid)}
        self.items += len(left)
        self._differ(where, "its items", ", ".join(map(str, sorted(left))), ", ".join(map(str, _sorted(right))))
        for each in sorted(left.keys() & right.keys() - {None}):
            self._item(f"node:{each}", left[each], right[each])

    def _item(self, where: str, mine: Item | None, other: Item | None) -> None:
        if mine is None or other is None:
            self._differ(where, "whether it can be read", str(mine is not None), str(other is not None))
            return
        for key in (*_TEXTS, *_TIMES):
            left, right = mine.properties.get(key), other.properties.get(key)
            self._differ(where, tags.NAMES[key], left.raw.hex() if left else "", right.raw.hex() if right else "")
        self._differ(where, "recipients", str(len(mine.recipients)), str(len(other.recipients)))
        self._differ(where, "attachments", str(len(mine.attachments)), str(len(other.attachments)))
        pairs = zip(mine.attachments, other.attachments, strict=False)
        for number, (left_thing, right_thing) in enumerate(pairs, start=1):
            self.attachments += 1
            if left_thing.embedded is not None and right_thing.embedded is None:
                self.only_ours += 1
                continue
            self._differ(f"{where}/attachment:{number}", "name", left_thing.name, right_thing.name)
            self._differ(f"{where}/attachment:{number}", "SHA-256", _digest(left_thing), _digest(right_thing))

    def _differ(self, where: str, what: str, ours: str, theirs: str) -> None:
        if ours != theirs:
            self.found.append(Disagreement(where=where, what=what, ours=ours, theirs=theirs))


def _folder(node: FolderNode | None) -> str:
    return "" if node is None else f"/{'/'.join(node.path)} ({node.live} items, {node.associated} associated)"


def _sorted(items: dict[int | None, Item | None]) -> Iterator[int | str]:
    known = sorted(nid for nid in items if nid is not None)
    yield from known
    if None in items:
        yield "one without a node"


def _digest(thing: AttachedThing) -> str:
    if thing.data is None:
        return ""
    hasher = hashlib.sha256()
    try:
        for chunk in thing.data.chunks():
            hasher.update(chunk)
    except FormatError as error:
        return error.what
    return hasher.hexdigest()
