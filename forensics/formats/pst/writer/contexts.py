"""Property contexts and table contexts: [MS-PST] 2.3.3 and 2.3.4."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from forensics.formats.pst.writer.blocks import Subnodes
from forensics.formats.pst.writer.heap import SIGNATURE_PC, SIGNATURE_TC, Heap, bth_header, write_bth
from forensics.formats.pst.writer.layout import BLOCK_DATA, HEAP_ITEM, Nid
from forensics.formats.pst.writer.values import Encoded, inline_width

PR_LTP_ROW_ID: Final = 0x67F20003
PR_LTP_ROW_VER: Final = 0x67F30003
_ROW_INDEX_ENTRY: Final = 4


def _kept(heap: Heap, subnodes: Subnodes, raw: bytes) -> int:
    """The HNID of a value: in the heap, or in a subnode if it is too long for that."""
    return heap.put(raw) if len(raw) <= HEAP_ITEM else subnodes.keep(raw)


def write_properties(subnodes: Subnodes, properties: Mapping[int, Encoded]) -> int:
    """Write a property context; returns the id of its data. The caller writes the subnodes afterwards.

    Record of its BTH, 2.3.3.3: wPropId (the key), wPropType, dwValueHnid (values of up to 4 bytes stand in it).
    """
    heap = Heap(SIGNATURE_PC)
    header = heap.put(bytes(8))
    ordered = sorted(properties.items())
    # Outlook puts the records before the values; they are filled in when the values have their places.
    in_front = 0 < len(ordered) * 8 <= HEAP_ITEM
    records = heap.put(bytes(len(ordered) * 8)) if in_front else 0
    rows = []
    for prop_id, (ptype, raw) in ordered:
        width = inline_width(ptype)
        if 0 < width <= 4:
            rows.append(struct.pack("<HH4s", prop_id, ptype, raw))
        else:
            rows.append(struct.pack("<HHI", prop_id, ptype, _kept(heap, subnodes, raw)))
    if in_front:
        heap.replace(records, b"".join(rows))
        heap.replace(header, bth_header(2, 6, 0, records))
    else:
        write_bth(heap, header, 2, 6, rows)
    return subnodes.blocks.tree(heap.blocks(header))


class Column(NamedTuple):
    """TCOLDESC, 2.3.4.2: tag, ibData, cbData, iBit."""

    tag: int
    at: int
    width: int
    bit: int


class Layout:
    """How a table's rows are laid out: row id and version, other 8- and 4-byte cells, 2-byte, 1-byte, the CEB."""

    def __init__(self, tags: Sequence[int]) -> None:
        rest = sorted(set(tags) - {PR_LTP_ROW_ID, PR_LTP_ROW_VER})
        bits = {tag: bit for bit, tag in enumerate((PR_LTP_ROW_ID, PR_LTP_ROW_VER, *rest))}
        widths = {tag: inline_width(tag & 0xFFFF) or 4 for tag in bits}
        at, ends, columns = 0, [], []
        for group in ((8, 4), (2,), (1,)):
            for tag in (tag for tag in bits if widths[tag] in group):
                columns.append(Column(tag, at, widths[tag], bits[tag]))
                at += widths[tag]
            ends.append(at)
        self.ends = (*ends, at + (len(bits) + 7) // 8)
        self.columns = sorted(columns)
        self.by_tag = {column.tag: column for column in columns}
        self.size = self.ends[-1]

    def info(self, row_index: int, rows: int) -> bytes:
        """TCINFO, 2.3.4.1: bType, cCols, rgib (4b, 2b, 1b, bm), hidRowIndex, hnidRows, hidIndex, rgTCOLDESC."""
        head = struct.pack("<BB4HIII", SIGNATURE_TC, len(self.columns), *self.ends, row_index, rows, 0)
        return head + b"".join(struct.pack("<IHBB", *column) for column in self.columns)


class Table:
    """A table context that takes its rows one by one."""

    def __init__(self, subnodes: Subnodes, layout: Layout) -> None:
        self._subnodes = subnodes
        self._layout = layout
        self._heap = Heap(SIGNATURE_TC)
        self._index = self._heap.put(bytes(8))
        self._info = self._heap.put(layout.info(0, 0))
        self._rows = bytearray()
        self._ids: list[int] = []

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, row_id: int, cells: Mapping[int, Encoded]) -> None:
        """Add a row; of the cells those are taken that the table has a column for, by tag."""
        row = bytearray(self._layout.size)
        present = 0
        own = {PR_LTP_ROW_ID: row_id, PR_LTP_ROW_VER: len(self._ids) + 1}
        for tag, at, width, bit in self._layout.columns:
            if tag in own:
                row[at : at + 4] = own[tag].to_bytes(4, "little")
            elif tag in cells:
                raw = cells[tag].raw
                if not inline_width(tag & 0xFFFF):
                    raw = _kept(self._heap, self._subnodes, raw).to_bytes(4, "little")
                row[at : at + width] = raw
            else:
                continue
            present |= 1 << (7 - bit % 8) + 8 * (bit // 8)
        ceb = self._layout.size - self._layout.ends[2]
        row[self._layout.ends[2] :] = present.to_bytes(ceb, "little")
        self._rows += row
        self._ids.append(row_id)

    def write(self) -> int:
        """Write the table; returns the id of its data. The caller writes the subnodes afterwards."""
        order = sorted((row_id, number) for number, row_id in enumerate(self._ids))
        write_bth(self._heap, self._index, 4, _ROW_INDEX_ENTRY, [struct.pack("<II", *pair) for pair in order])
        if len(self._rows) <= HEAP_ITEM:
            rows = self._heap.put(bytes(self._rows))
        else:
            rows = self._subnodes.new(Nid.LTP)
            self._subnodes.add(rows, self._subnodes.blocks.tree(self._row_blocks()))
        self._heap.replace(self._info, self._layout.info(self._index, rows))
        return self._subnodes.blocks.tree(self._heap.blocks(self._info))

    def _row_blocks(self) -> Iterator[bytes]:
        """The row matrix: rows never straddle blocks, and every block but the last is full (2.3.4.4)."""
        step = BLOCK_DATA // self._layout.size * self._layout.size
        for at in range(0, len(self._rows), step):
            part = bytes(self._rows[at : at + step])
            yield part if at + step >= len(self._rows) else part.ljust(BLOCK_DATA, b"\0")
