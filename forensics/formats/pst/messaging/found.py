"""An item as the engine hands it on: what it is, where it was found, how, and whether its checks held."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.address import Span
from forensics.formats.mapi import Item, Lost
from forensics.formats.pst.folders import Place
from forensics.formats.pst.ndb.datatree import Trail
from forensics.formats.pst.ndb.subnodes import Node
from forensics.records import Integrity


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundItem:
    """One item. ``item`` is ``None`` where none of it could be read; ``error`` says why.

    ``trail`` names every block that was read for it; it grows while the bytes of attachments are read, and
    ``integrity`` says what it knows so far.
    """

    node: Node
    path: tuple[str, ...]
    position: int
    associated: bool
    place: Place
    item: Item | None
    error: Lost | None
    trail: Trail

    @property
    def nid(self) -> int:
        return self.node.nid

    @property
    def integrity(self) -> Integrity:
        if self.trail.faults:
            return Integrity.FAILED
        return Integrity.VERIFIED if self.trail.blocks else Integrity.NONE

    @property
    def span(self) -> Span | None:
        """The bytes of its first block in the file."""
        first = self.trail.first
        return None if first is None else Span(first.place.at, first.place.at + first.place.stored)

    @property
    def block(self) -> int:
        """The id of its first block."""
        return self.node.data
