"""Rows of contents tables that outlived their items: beyond the index of a live table, or in a superseded one.

A row holds what a folder's list shows: subject, sender, recipients, times, size ([MS-PST] 2.4.4.5.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats.mapi import Item, Lost, NamedId, PropertyBag, tags
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


def beyond_index(
    blocks: Blocks, table_node: Node, named: dict[int, NamedId], codepage: int | None, seen: set[bytes], trail: Trail
) -> Iterator[OldRow]:
    """Rows that stand in the matrix of a table and that its index does not name, but for those ``seen`` before."""
    table = NodeObject(blocks, table_node, trail).table()
    if not _lists_items(table):
        return
    in_use = {value for row in table.rows() for value in _pointers(table, row)}
    for row in table.beyond():
        if _is_message(table, row) and not _repeats(table, row, seen):
            yield _old_row(table, row, named, codepage, in_use)


def all_rows(
    blocks: Blocks, table_node: Node, named: dict[int, NamedId], codepage: int | None, seen: set[bytes], trail: Trail
) -> Iterator[OldRow]:
    """Every row of a superseded table, those in its own index and those beyond, but for those ``seen`` before.

    A table is written anew with each change, and most of its rows say in each version what they said in the last.
    """
    table = NodeObject(blocks, table_node, trail).table()
    if not _lists_items(table):
        return
    in_use: set[int] = set()
    for row in table.rows():
        in_use.update(_pointers(table, row))
        if _is_message(table, row) and not _repeats(table, row, seen):
            yield _old_row(table, row, named, codepage, None)
    for row in table.beyond():
        if _is_message(table, row) and not _repeats(table, row, seen):
            yield _old_row(table, row, named, codepage, in_use)


def _repeats(table: TableContext, row: Row, seen: set[bytes]) -> bool:
    """Whether a row with the same bytes, and the same values where it points to, was there before."""
    mark = table.mark(row)
    if mark in seen:
        return True
    seen.add(mark)
    return False


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


def _old_row(
    table: TableContext, row: Row, named: dict[int, NamedId], codepage: int | None, in_use: set[int] | None
) -> OldRow:
    """The properties of a row. Of one beyond the index, what lies in the heap may be another row's now, or freed."""
    lost: list[Lost] = []
    places = {column.tag: int.from_bytes(cell[:4], "little") for column, cell in table.cells(row)}
    held = []
    for one in table.properties(row, named, lost):
        place = places[one.tag] if (tags.WIDTHS.get(one.type) or 16) > 8 else 0
        if in_use is None or not place or (one.raw and place not in in_use):
            held.append(one)
        else:
            lost.append(Lost(f"property {one.tag:#010x}", "its value", _REUSED if one.raw else _FREED))
    item = Item(properties=PropertyBag(held, codepage=codepage), problems=tuple(lost))
    return OldRow(row.id, row.number, item, not lost and in_use is None, table.block_of(row))


def readable(rows: Iterator[OldRow], trail: Trail) -> Iterator[OldRow]:
    """The rows up to where the table can no longer be read."""
    try:
        yield from rows
    except FormatError as error:
        trail.fault(error.what)


def agrees(row: PropertyBag, item: PropertyBag) -> bool:
    """Whether every value of a row that its item has as well is the same there."""
    return all(row[id_].raw == held.raw for id_ in row if (held := item.get(id_)) is not None)
