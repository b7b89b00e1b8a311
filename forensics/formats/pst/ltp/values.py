"""Where the bytes of a value lie: in the heap, in a sub-node, or nowhere ([MS-PST] 2.3.3.2, HNID)."""

from __future__ import annotations

from forensics.errors import FormatError
from forensics.formats.mapi import tags
from forensics.formats.pst import names
from forensics.formats.pst.ltp.heap import Heap
from forensics.formats.pst.ndb.blocks import Blocks
from forensics.formats.pst.ndb.datatree import DataTree, Trail
from forensics.formats.pst.ndb.subnodes import Node
from forensics.records import Integrity

LARGEST_VALUE = 1 << 27
"""A value larger than this is read in pieces or not at all; only attachments are, and those in pieces."""


class Values:
    """Gives the bytes of the values of one object."""

    __slots__ = ("_blocks", "_item", "_subs", "_trail", "faults", "referred")

    def __init__(self, heap: Heap, blocks: Blocks, subs: dict[int, Node], trail: Trail) -> None:
        self._item = heap.item
        self._blocks = blocks
        self._subs = subs
        self._trail = trail
        self.faults = trail.faults
        """What was wrong with the blocks that were read; it grows while values are read."""
        self.referred: set[int] = set()
        """The sub-nodes that values point to."""

    @property
    def integrity(self) -> Integrity:
        """Of what was read of this object so far."""
        return Integrity.FAILED if self._trail.faults else Integrity.VERIFIED

    def at(self, hnid: int) -> bytes:
        """The bytes of a heap id, or of a sub-node."""
        if hnid & 0x1F == 0:
            return self._item(hnid)
        return self.tree(hnid).read(LARGEST_VALUE)

    def tree(self, nid: int) -> DataTree:
        """The data of a sub-node."""
        self.referred.add(nid)
        node = self._subs.get(nid)
        if node is None:
            raise FormatError(f"Sub-node {nid:#x} is not there.")
        return DataTree(self._blocks, node.data, self._trail)


def elements_of(type_: int, raw: bytes) -> tuple[tuple[bytes, ...], str]:
    """The separate values of a list of values of variable size, and what is wrong with it."""
    if not type_ & tags.MULTIVALUED or type_ & ~tags.MULTIVALUED in tags.WIDTHS:
        return (), ""
    values = names.split_values(raw)
    return values or (), "" if values is not None else "the offsets of its values do not hold"
