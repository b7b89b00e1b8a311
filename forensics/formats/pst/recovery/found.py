"""What recovery hands on: an item, the tier that it comes from, how sure that is, and what of it is gone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forensics.formats.pst.messaging.found import FoundItem


class Tier(StrEnum):
    """Where recovered items come from, the surest first."""

    DELETED_FOLDER = "deleted_folder"
    """It lies in Deleted Items or Recoverable Items."""
    ORPHAN = "orphan"
    """The node tree names it and no folder lists it."""
    DELETED_NODE = "deleted_node"
    """A superseded page of the node tree names it, the tree no longer does."""
    OLDER_VERSION = "older_version"
    """A superseded page names other blocks for an item that still lives."""
    REMNANT = "remnant"
    """Free blocks with a valid trailer that no page names."""
    TABLE_ROW = "table_row"
    """A row of a folder's contents table that outlived its item."""


class Confidence(StrEnum):
    """How sure it is that the parts belong together as shown."""

    CERTAIN = "certain"
    """A page names its blocks, and each carries its own id and check value."""
    PROBABLE = "probable"
    """Its parts were put together by what they say of each other."""
    POSSIBLE = "possible"
    """Some of its values may have been overwritten by others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A recovered item. ``step`` is its address in the store; ``page`` the offset of the page that led to it.

    ``same_as`` is the step of the item that it equals byte for byte, or "". ``overwritten`` names what of it is gone.
    """

    found: FoundItem
    tier: Tier
    confidence: Confidence
    step: str
    page: int | None = None
    same_as: str = ""
    overwritten: tuple[str, ...] = ()
