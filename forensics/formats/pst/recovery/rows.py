"""Rows of contents tables that outlived their items: beyond the index of a live table, or in a superseded one.

A row holds what a folder's list shows: subject, sender, recipients, times, size ([MS-PST] 2.4.4.5.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats.mapi import Item, Lost, NamedId, PropertyBag, tags
from forensics.formats.pst.ltp.stored_bag import Stored, StoredBag
from forensics.formats.pst.ltp.table_context import Row, TableContext
from forensics.formats.pst.messaging.objects import TYPE_MASK, NodeObject
from forensics.formats.pst.ndb.blocks import Blocks
from forensics.formats.pst.ndb.datatree import Trail
from forensics.formats.pst.ndb.subnodes import Node

_ITEMS = frozenset((0x04, 0x08))
_CLASS_COLUMNS = frozenset((0x001A001F, 0x001A001E))
"""PidTagMessageClass, which the tables of items have and those of folders, recipients and attachments have not."""
_ROW_COLUMNS = (0x67F20003, 0x67F30003)
"""PidTagLtpRowId and PidTagLtpRowVer, of which every row has both."""
_MARK = 16
_KEPT = 8192
_FREED = "its place in the heap of the table was freed"
_REUSED = "its place in the table is used by another row now"


class OldRow(NamedTuple):
    """A row of a message: its node, its number in the table, its properties, and whether all of them can be trusted."""

    nid: int
    number: int
    item: Item
    sure: bool
    block: int
    """The block that the row lies in; 0 where the table keeps its rows in its heap."""
    mark: bytes
    """A digest of the bytes of the row and of the values that it points to: where it is the same, so is the row."""


class Reading:
    """Reads the rows of old tables; what one version of a table repeats of the last is not made anew."""

    def __init__(self, named: dict[int, NamedId], codepage: int | None) -> None:
        self._named = named
        self._codepage = codepage
        self._made: dict[bytes, OldRow] = {}

    def beyond_index(self, blocks: Blocks, table_node: Node, trail: Trail) -> Iterator[OldRow]:
        """Rows that stand in the matrix of a table and that its index does not name."""
        table = NodeObject(blocks, table_node, trail).table()
        if not _lists_items(table):
            return
        in_use = {value for row in table.rows() for value in _pointers(table, row)}
        for row in table.beyond():
            if _is_message(table, row):
                yield self._old_row(table, row, in_use)

    def all_rows(self, blocks: Blocks, table_node: Node, trail: Trail) -> Iterator[OldRow]:
        """Every row of a superseded table, those in its own index and those beyond."""
        table = NodeObject(blocks, table_node, trail).table()
        if not _lists_items(table):
            return
        in_use: set[int] = set()
        for row in table.rows():
            in_use.update(_pointers(table, row))
            if _is_message(table, row):
                yield self._old_row(table, row, None)
        for row in table.beyond():
            if _is_message(table, row):
                yield self._old_row(table, row, in_use)

    def _old_row(self, table: TableContext, row: Row, in_use: set[int] | None) -> OldRow:
        """The row, and its properties. Of one beyond the index, what its heap holds may be another's."""
        indexed = b"\x01" if in_use is None else b"\x00"
        mark = indexed + table.mark(row)[:_MARK]
        held = self._made.get(mark)
        if held is None or in_use is not None:
            item, sure = _item_of(table, row, self._named, self._codepage, in_use)
            held = OldRow(row.id, row.number, item, sure, 0, mark)
            if len(self._made) >= _KEPT:
                self._made.clear()
            self._made[mark] = held
        return held._replace(number=row.number, block=table.block_of(row))


def _lists_items(table: TableContext) -> bool:
    return any(column.tag in _CLASS_COLUMNS for column in table.columns)


def _is_message(table: TableContext, row: Row) -> bool:
    if row.id & TYPE_MASK not in _ITEMS or row.id >> 5 == 0:
        return False
    # A row that was written has its own id among its cells.
    cells = {column.tag: cell for column, cell in table.cells(row)}
    return all(tag in cells for tag in _ROW_COLUMNS)


def _pointers(table: TableContext, row: Row) -> Iterator[int]:
    for column, cell in table.cells(row):
        width = tags.WIDTHS.get(column.tag & 0xFFFF)
        if width is None or width > 8:
            yield int.from_bytes(cell[:4], "little")


def _item_of(
    table: TableContext, row: Row, named: dict[int, NamedId], codepage: int | None, in_use: set[int] | None
) -> tuple[Item, bool]:
    lost: list[Lost] = []
    held = list(table.stored(row, lost))
    if in_use is not None:
        places = {column.tag: int.from_bytes(cell[:4], "little") for column, cell in table.cells(row)}
        why = {one[0]: _why_not(one, places[one[0]], in_use) for one in held}
        lost += [Lost(f"property {tag:#010x}", "its value", said) for tag, said in why.items() if said]
        held = [one for one in held if not why[one[0]]]
    item = Item(properties=StoredBag(held, named, codepage=codepage), problems=tuple(lost))
    return item, not lost and in_use is None


def _why_not(one: Stored, place: int, in_use: set[int]) -> str:
    """Why the value of a cell cannot be that of its row, or "" where it can."""
    if (tags.WIDTHS.get(one[0] & 0xFFFF) or 16) <= 8 or not place:
        return ""
    if not one[1]:
        return _FREED
    return _REUSED if place in in_use else ""


def readable(rows: Iterator[OldRow], trail: Trail) -> Iterator[OldRow]:
    """The rows up to where the table can no longer be read."""
    try:
        yield from rows
    except FormatError as error:
        trail.fault(error.what)


def agrees(row: PropertyBag, item: PropertyBag) -> bool:
    """Whether a row says what its item says: what both have is the same, and it is more than empty values."""
    shared = [(row[id_].raw, held.raw) for id_ in row if (held := item.get(id_)) is not None]
    return all(one == held for one, held in shared) and any(one.strip(b"\0") for one, _ in shared)
