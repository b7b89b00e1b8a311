"""A table context: rows of properties in columns, and the index that says which rows count ([MS-PST] 2.3.4)."""

from __future__ import annotations

import contextlib
import hashlib
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from forensics.errors import FormatError
from forensics.formats.mapi import Lost, NamedId, Property, tags
from forensics.formats.pst.ltp import bth
from forensics.formats.pst.ltp.heap import TABLE_CONTEXT, Heap
from forensics.formats.pst.ltp.stored_bag import Stored, StoredBag
from forensics.formats.pst.ltp.values import Values, elements_of
from forensics.formats.pst.ndb.layout import Layout
from forensics.records import Integrity

# offset  bytes  name in [MS-PST] 2.3.4.1 TCINFO
#   0       1    bType        0x7C
#   1       1    cCols
#   2       8    rgib         ends of the 8- and 4-byte, 2-byte, 1-byte values and of the bitmap
#  10       4    hidRowIndex
#  14       4    hnidRows
#  18       4    hidIndex     not used
#  22            rgTCOLDESC   tag 4, ibData 2, cbData 1, iBit 1
_INFO = struct.Struct("<BB4HIII")
_COLUMN = struct.Struct("<IHBB")
_ROW_ID = struct.Struct("<I")
_INDEX = {"<H": struct.Struct("<IH"), "<I": struct.Struct("<II")}
_WIDEST = 8
"""A value of more bytes does not lie in the row itself."""
_FAILED, _VERIFIED = Integrity.FAILED, Integrity.VERIFIED


class Column(NamedTuple):
    """TCOLDESC."""

    tag: int
    at: int
    width: int
    bit: int


_Cell = tuple[Column, int, int, int, int]
"""A column, byte and bit that say whether its cell is filled, where the cell begins and ends in the row."""


class Row(NamedTuple):
    """A row as it stands in the matrix: its id, its number, its bytes."""

    id: int
    number: int
    raw: bytes


class TableContext:
    """A table over a heap. Rows are cut out of the matrix a block at a time."""

    __slots__ = (
        "_bitmap",
        "_cells",
        "_description",
        "_layout",
        "_leaf",
        "_own",
        "_pages",
        "_pointing",
        "_rows_a_block",
        "_values",
        "columns",
        "index",
        "row_size",
    )

    def __init__(self, heap: Heap, values: Values, layout: Layout) -> None:
        raw = heap.item(heap.root)
        if heap.client != TABLE_CONTEXT or len(raw) < _INFO.size:
            raise FormatError(f"The heap is of kind {heap.client:#x} and no table context.")
        kind, count, _, _, bitmap, row_size, index, rows, _ = _INFO.unpack_from(raw)
        self._bitmap: int = bitmap
        self.row_size: int = row_size
        if kind != TABLE_CONTEXT or self.row_size < 4 or _INFO.size + count * _COLUMN.size > len(raw):
            raise FormatError("The heap holds no description of a table.")
        self._layout = layout
        self._values = values
        self._own = {heap.root, index, rows} - {0}
        end = _INFO.size + count * _COLUMN.size
        self._description = raw[_INFO.size : end]
        self.columns, self._pointing, self._cells = _described(self._description)
        self.index = self._read_index(heap, index)
        self._pages = values.tree(rows) if rows & 0x1F else None
        self._rows_a_block = 0
        self._leaf: tuple[int, bytes] = (-1, b"")
        if self._pages is None and rows:
            self._leaf = (0, heap.item(rows))

    def _read_index(self, heap: Heap, hid: int) -> list[tuple[int, int]]:
        """Row ids and numbers, in the order of the ids."""
        form = _INDEX[self._layout.row_number.format]
        found: list[tuple[int, int]] = []
        if hid:
            for leaf in bth.leaves(heap, hid, _ROW_ID.size, self._layout.row_number.size):
                found.extend(form.iter_unpack(leaf))
        return found

    def rows(self) -> Iterator[Row]:
        """The rows that count, in the order of their numbers; ``FormatError`` where the matrix is gone."""
        for id_, number in sorted(self.index, key=lambda each: each[1]):
            yield Row(id_, number, self._raw(number))

    def beyond(self) -> Iterator[Row]:
        """The rows that still stand in the matrix and that no index names."""
        counted = {number for _, number in self.index}
        for number in range(self._capacity()):
            if number not in counted:
                raw = self._raw(number)
                if raw.strip(b"\0"):
                    yield Row(_ROW_ID.unpack_from(raw)[0], number, raw)

    def block_of(self, row: Row) -> int:
        """The block that a row lies in; 0 where the rows lie in the heap itself."""
        return 0 if self._pages is None else self._pages.bids[row.number // self._per_block()]

    def _per_block(self) -> int:
        """Every block but the last is full, and no row lies over two ([MS-PST] 2.3.4.4.1)."""
        if self._rows_a_block == 0:
            full = self._layout.largest
            if self._pages is not None and len(self._pages) > 1:
                with contextlib.suppress(FormatError):
                    full = len(self._pages.leaf(0))
            self._rows_a_block = max(1, full // self.row_size) if self._pages is not None else 1 << 32
        return self._rows_a_block

    def _capacity(self) -> int:
        if self._pages is None:
            return len(self._leaf[1]) // self.row_size
        if not len(self._pages):
            return 0
        last = len(self._page(len(self._pages) - 1)) // self.row_size
        return (len(self._pages) - 1) * self._per_block() + last

    def _raw(self, number: int) -> bytes:
        per_block = self._per_block()
        at = number % per_block * self.row_size
        raw = self._page(number // per_block)[at : at + self.row_size]
        if len(raw) != self.row_size:
            raise FormatError(f"Row {number} lies outside of the table.")
        return raw

    def _page(self, index: int) -> bytes:
        if self._leaf[0] != index:
            if self._pages is None:
                raise FormatError(f"The table has no block {index}.")
            self._leaf = (index, self._pages.leaf(index))
        return self._leaf[1]

    def _value(self, hnid: int) -> bytes:
        if hnid in self._own:
            # Seen in rows that were being written when their table was superseded.
            raise FormatError(f"The cell points to item {hnid:#x} of the heap, which describes the table itself.")
        return self._values.at(hnid)

    def mark(self, row: Row) -> bytes:
        """A digest of a row and of the values in the heap that it points to."""
        hasher = hashlib.sha256(row.raw)
        for column in self._pointing:
            hnid = int.from_bytes(row.raw[column.at : column.at + 4], "little")
            if hnid & 0x1F == 0:
                with contextlib.suppress(FormatError):
                    hasher.update(b"\x01" + self._value(hnid))
        return hasher.digest()

    def cells(self, row: Row) -> Iterator[tuple[Column, bytes]]:
        """The cells of a row that are filled, each with its bytes in the row."""
        raw = row.raw
        bitmap = raw[self._bitmap :]
        for column, byte, bit, at, end in self._cells:
            if byte < len(bitmap) and bitmap[byte] & bit:
                yield column, raw[at:end]

    def properties(self, row: Row, named: dict[int, NamedId], lost: list[Lost]) -> Iterator[Property]:
        """The properties of a row."""
        for tag, raw, values, integrity in self.stored(row, lost):
            yield Property(tag=tag, raw=raw, named=named.get(tag >> 16), values=values, integrity=integrity)

    def bag(self, row: Row, named: dict[int, NamedId], codepage: int | None, lost: list[Lost]) -> StoredBag:
        """The same as a bag."""
        return StoredBag(self.stored(row, lost), named, codepage=codepage)

    def stored(self, row: Row, lost: list[Lost]) -> Iterator[Stored]:
        """The same before properties are made of it."""
        faults, whole = self._values.faults, row.raw
        integrity = _FAILED if faults else _VERIFIED
        for tag, width, at, end in _filled(self._description, whole[self._bitmap :]):
            raw = whole[at:end]
            if width:
                # A boolean has one byte in a row and two in a property context.
                raw = raw if len(raw) == width else raw.ljust(width, b"\0")[:width]
                yield tag, raw, (), integrity
                continue
            try:
                raw = self._value(int.from_bytes(raw, "little"))
            except FormatError as error:
                lost.append(Lost(f"property {tag:#010x} of row {row.number + 1}", "its value", error.what))
                continue
            values, why = elements_of(tag & 0xFFFF, raw) if tag & tags.MULTIVALUED else ((), "")
            if why:
                lost.append(Lost(f"property {tag:#010x}", "its separate values", why))
            yield tag, raw, values, _FAILED if faults else _VERIFIED


@lru_cache(maxsize=64)
def _described(raw: bytes) -> tuple[tuple[Column, ...], tuple[Column, ...], tuple[_Cell, ...]]:
    """The columns of a table, those whose cells point to their values, and where the cells lie; most tables of a kind
    are described alike."""
    columns = tuple(Column._make(each) for each in _COLUMN.iter_unpack(raw))
    pointing = tuple(each for each in columns if (tags.WIDTHS.get(each.tag & 0xFFFF) or 16) > 8)
    cells = tuple((each, each.bit >> 3, 0x80 >> (each.bit & 7), each.at, each.at + each.width) for each in columns)
    return columns, pointing, cells


@lru_cache(maxsize=256)
def _filled(description: bytes, bitmap: bytes) -> tuple[tuple[int, int, int, int], ...]:
    """The cells that a bitmap says are filled: tag, bytes of the value (0 where the cell only points to it), place."""
    found = []
    for column, byte, bit, at, end in _described(description)[2]:
        if byte < len(bitmap) and bitmap[byte] & bit:
            width = tags.WIDTHS.get(column.tag & 0xFFFF) or 0
            fixed = 0 < width <= _WIDEST
            found.append((column.tag, width if fixed else 0, at, end if fixed else min(end, at + _ROW_ID.size)))
    return tuple(found)
