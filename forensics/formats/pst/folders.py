"""A folder of a PST or OST as its reader hands it on, and whether its contents count as deleted ([MS-PST] 2.4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from forensics.formats.folder_names import holds_deleted
from forensics.formats.identity import search_key
from forensics.formats.mapi import Lost, PropertyBag, tags
from forensics.records import Recovery

# The low five bits of a node identifier: [MS-PST] 2.2.2.1, NID types.
NID_TYPE_MASK = 0x1F
NID_TYPE_NORMAL_FOLDER = 0x02
NID_TYPE_SEARCH_FOLDER = 0x03
NID_TYPE_NORMAL_MESSAGE = 0x04
NID_TYPE_ASSOC_MESSAGE = 0x08
LISTED_TYPES = frozenset({NID_TYPE_NORMAL_FOLDER, NID_TYPE_SEARCH_FOLDER, NID_TYPE_NORMAL_MESSAGE})

ORPHANS = 0
"""In place of a folder's node identifier: the items that no folder holds. No node has the identifier 0."""

_RECOVERABLE_NAMES = frozenset({"recoverable items", "回復可能なアイテム"})
_ENTRYID_SIZE = 24


class Place(NamedTuple):
    """Whether the contents of a folder are live, soft deleted or recoverable, and what says so."""

    recovery: Recovery
    basis: str


LIVE = Place(Recovery.LIVE, "")
ORPHANED = Place(Recovery.ORPHANED, "the index names no parent")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderNode:
    """One folder. ``live`` and ``associated`` count what can be reached; the ``stated_`` counts are the store's own."""

    path: tuple[str, ...]
    nid: int
    parent_nid: int
    properties: PropertyBag
    live: int
    associated: int
    place: Place = LIVE
    problems: tuple[Lost, ...] = ()

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else ""

    @property
    def is_search(self) -> bool:
        """A search folder shows items that lie in other folders; they are read there, once."""
        return self.nid & NID_TYPE_MASK == NID_TYPE_SEARCH_FOLDER

    @property
    def container_class(self) -> str:
        return self.properties.text(tags.PR_CONTAINER_CLASS) or ""

    @property
    def stated_count(self) -> int | None:
        return self.properties.integer(tags.PR_CONTENT_COUNT)

    @property
    def stated_unread(self) -> int | None:
        return self.properties.integer(tags.PR_CONTENT_UNREAD)

    @property
    def stated_associated(self) -> int | None:
        return self.properties.integer(tags.PR_ASSOCIATED_CONTENT_COUNT)

    @property
    def created(self) -> int | None:
        """FILETIME ticks."""
        return self.properties.filetime(tags.PR_CREATION_TIME)

    @property
    def modified(self) -> int | None:
        """FILETIME ticks."""
        return self.properties.filetime(tags.PR_LAST_MODIFICATION_TIME)


class Range(NamedTuple):
    """What can be read of one folder: ``items`` of them, the live ones first, then the associated ones."""

    path: tuple[str, ...]
    nid: int
    items: int


def entry_nid(entry_id: bytes | None) -> int | None:
    """The node that a folder's entry id names: [MS-PST] 2.4.3.2, rgbFlags 4, uid 16, nid 4."""
    if entry_id is None or len(entry_id) != _ENTRYID_SIZE:
        return None
    return int.from_bytes(entry_id[20:24], "little")


def place_of(nid: int, path: Sequence[str], wastebasket: int | None, parent: Place) -> Place:
    """What it means to lie in this folder: a deleted folder keeps its contents, so the parent's place is inherited."""
    if nid == wastebasket:
        return Place(Recovery.SOFT_DELETED, "PR_IPM_WASTEBASKET_ENTRYID of the store")
    name = path[-1].replace("/", " ") if path else ""
    if search_key(name) in _RECOVERABLE_NAMES:
        return Place(Recovery.RECOVERABLE_ITEMS, "the name of the folder")
    if holds_deleted(name) and parent is LIVE:
        return Place(Recovery.SOFT_DELETED, "the name of the folder")
    return parent
