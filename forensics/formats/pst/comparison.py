"""A second opinion on a store: what libpff reads of it, and every point on which it differs from our own reading.

A disagreement is only what differs in what both could read. What libpff counts and cannot open is named as such. libpff
is native code that may crash on forged bytes, so call ``second_opinion`` in a guarded worker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from forensics.errors import FormatError
from forensics.formats.mapi import AttachedThing, Item, tags
from forensics.formats.pst import libpff
from forensics.formats.pst.disagreement import Disagreement, Unopened
from forensics.formats.pst.folders import FolderNode
from forensics.formats.pst.items import StoredItem
from forensics.formats.pst.messaging import store as own

_TIMES = (
    tags.PR_CLIENT_SUBMIT_TIME,
    tags.PR_MESSAGE_DELIVERY_TIME,
    tags.PR_CREATION_TIME,
    tags.PR_LAST_MODIFICATION_TIME,
)
_TEXTS = (tags.PR_MESSAGE_CLASS, tags.PR_SUBJECT, tags.PR_SENDER_NAME, tags.PR_INTERNET_MESSAGE_ID)


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
    unopened: tuple[Unopened, ...] = ()


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
        self.unopened: list[Unopened] = []
        self._unlisted: dict[int, list[int]] = {}
        for node, _, _ in ours.tree.orphans():
            self._unlisted.setdefault(node.parent, []).append(node.nid)

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
            unopened=tuple(self.unopened),
        )

    def _folder(self, nid: int, mine: FolderNode | None, other: FolderNode | None) -> None:
        where = f"node:{nid}"
        if mine is None or other is None:
            self._differ(where, "folder", _folder(mine), _folder(other))
            return
        left = {found.nid: found.item for found in self.ours.items(nid)}
        theirs = list(self.theirs.items(nid))
        closed = [one for one in theirs if one.nid is None]
        counted = self._without(
            where, other, closed, [each for each in left if each not in {one.nid for one in theirs}]
        )
        self._differ(where, "folder", _folder(mine), _folder(counted))
        right = {one.nid: one for one in theirs if one.nid is not None}
        self.items += len(left)
        # What libpff cannot open has no node there; as many of ours may be just those.
        lacking = left.keys() - right.keys()
        if right.keys() - left.keys() or len(lacking) > len(closed):
            self._differ(where, "its items", _listed(left), _listed(right))
        for each in sorted(left.keys() & right.keys()):
            self._item(f"node:{each}", left[each], right[each])

    def _without(
        self, where: str, other: FolderNode, closed: Sequence[StoredItem], lacking: Sequence[int]
    ) -> FolderNode:
        """The folder as libpff counts it, less what it counts without a listing of ours and cannot open."""
        unlisted = self._unlisted.get(other.nid, [])
        for number, one in enumerate(closed):
            kind = "an associated item" if one.associated else "an item"
            why = one.error.cause if one.error is not None else "libpff gives no reason"
            if number >= len(lacking) and number - len(lacking) < len(unlisted):
                nid = unlisted[number - len(lacking)]
                why = f"the index names node {nid} below the folder, and the folder does not list it: an orphan"
            self.unopened.append(Unopened(where=where, what=f"{kind} that libpff counts and cannot open", why=why))
        beyond = closed[len(lacking) :]
        hidden = sum(one.associated for one in beyond)
        return replace(other, live=other.live - len(beyond) + hidden, associated=other.associated - hidden)

    def _item(self, where: str, mine: Item | None, theirs: StoredItem) -> None:
        other = theirs.item
        if other is None:
            why = theirs.error.cause if theirs.error is not None else "libpff gives no reason"
            self.unopened.append(Unopened(where=where, what="the item", why=why))
            return
        if mine is None:
            self._differ(where, "whether it can be read", "no", "yes")
            return
        refused = {lost.what: lost.cause for lost in other.problems}
        for key in (*_TEXTS, *_TIMES):
            left, right = mine.properties.get(key), other.properties.get(key)
            why = "" if left is None else refused.get(f"property {left.tag:#010x}", "")
            self._compare(where, tags.NAMES[key], left.raw.hex() if left else "", right.raw.hex() if right else "", why)
        for what, ours, found in (
            ("recipients", len(mine.recipients), len(other.recipients)),
            ("attachments", len(mine.attachments), len(other.attachments)),
        ):
            self._compare(where, what, str(ours), str(found), refused.get(what, ""))
        pairs = zip(mine.attachments, other.attachments, strict=False)
        for number, (left_thing, right_thing) in enumerate(pairs, start=1):
            self.attachments += 1
            self._attachment(f"{where}/attachment:{number}", left_thing, right_thing)

    def _attachment(self, where: str, mine: AttachedThing, other: AttachedThing) -> None:
        if mine.embedded is not None and other.embedded is None:
            self.only_ours += 1
            return
        self._differ(where, "name", mine.name, other.name)
        if mine.data is None and other.data is None:
            return
        ours, theirs = _digest(mine), _digest(other)
        if theirs.why:
            # Where neither can read it there is nothing to compare, whatever words each has for it.
            self.unopened.append(Unopened(where=where, what="the content of the attachment", why=theirs.why))
        else:
            self._differ(where, "SHA-256", ours.why or ours.hex, theirs.hex)

    def _compare(self, where: str, what: str, ours: str, theirs: str, refused: str) -> None:
        if refused and ours != theirs:
            self.unopened.append(Unopened(where=where, what=what, why=refused))
        else:
            self._differ(where, what, ours, theirs)

    def _differ(self, where: str, what: str, ours: str, theirs: str) -> None:
        if ours != theirs:
            self.found.append(Disagreement(where=where, what=what, ours=ours, theirs=theirs))


def _folder(node: FolderNode | None) -> str:
    return "" if node is None else f"/{'/'.join(node.path)} ({node.live} items, {node.associated} associated)"


def _listed(nids: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(nids)))


@dataclass(frozen=True, slots=True)
class _Digest:
    """SHA-256 of the content of an attachment, "" where it has none; or why it cannot be read."""

    hex: str = ""
    why: str = ""


def _digest(thing: AttachedThing) -> _Digest:
    if thing.data is None:
        return _Digest(why=thing.lost)
    hasher = hashlib.sha256()
    try:
        for chunk in thing.data.chunks():
            hasher.update(chunk)
    except FormatError as error:
        return _Digest(why=error.what)
    return _Digest(hasher.hexdigest())
