"""One object of a store by its node: its properties, its tables, its sub-nodes ([MS-PST] 2.3, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.formats.mapi import Lost, NamedId, PropertyBag
from forensics.formats.pst.ltp.heap import Heap
from forensics.formats.pst.ltp.property_context import PropertyContext
from forensics.formats.pst.ltp.table_context import TableContext
from forensics.formats.pst.ltp.values import Values
from forensics.formats.pst.ndb.blocks import Blocks
from forensics.formats.pst.ndb.datatree import DataTree, Trail
from forensics.formats.pst.ndb.subnodes import Node, subnodes

NID_MESSAGE_STORE = 0x21
NID_NAME_TO_ID_MAP = 0x61
NID_ROOT_FOLDER = 0x122
NID_ATTACHMENT_TABLE = 0x671
NID_RECIPIENT_TABLE = 0x692

# The low five bits of a node identifier: [MS-PST] 2.2.2.1.
TYPE_MASK = 0x1F
TYPE_ATTACHMENT = 0x05
TYPE_HIERARCHY = 0x0D
TYPE_CONTENTS = 0x0E
TYPE_ASSOCIATED = 0x0F
TYPE_SEARCH_CONTENTS = 0x10
TYPE_ATTACHMENT_TABLE = 0x11
TYPE_RECIPIENT_TABLE = 0x12


class NodeObject:
    """A node opened: its heap and its sub-nodes."""

    __slots__ = ("blocks", "heap", "subs", "trail", "values")

    def __init__(self, blocks: Blocks, node: Node, trail: Trail, subs: dict[int, Node] | None = None) -> None:
        self.blocks = blocks
        self.trail = trail
        layout = blocks.layout
        self.heap = Heap(DataTree(blocks, node.data, trail), layout.heap_index_bits)
        self.subs = subnodes(blocks, node.sub, trail) if subs is None else subs
        self.values = Values(self.heap, blocks, self.subs, trail)

    def context(self) -> PropertyContext:
        """Its properties."""
        return PropertyContext(self.heap, self.values)

    def table(self) -> TableContext:
        """Its rows."""
        return TableContext(self.heap, self.values, self.blocks.layout)


def bag_of(
    found: NodeObject, named: dict[int, NamedId], codepage: int | None, lost: list[Lost]
) -> tuple[PropertyBag, PropertyContext]:
    """All properties of an object as a bag, and its context for what is not read as a value."""
    context = found.context()
    return context.bag(named, codepage, lost), context


def rows_of(
    table: TableContext, named: dict[int, NamedId], codepage: int | None, lost: list[Lost]
) -> Iterator[PropertyBag]:
    """Every row of a table as a bag."""
    for row in table.rows():
        yield table.bag(row, named, codepage, lost)
