"""A property context: every property of one object, its bytes as stored ([MS-PST] 2.3.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from forensics.errors import FormatError
from forensics.formats.mapi import Lost, NamedId, Property, tags
from forensics.formats.pst.ltp import bth
from forensics.formats.pst.ltp.heap import PROPERTY_CONTEXT, Heap
from forensics.formats.pst.ltp.stored_bag import Stored, StoredBag
from forensics.formats.pst.ltp.values import Values, elements_of
from forensics.records import Integrity

# offset  bytes  name in [MS-PST] 2.3.3.3, the record of the B-tree
#   0       2    wPropId       the key
#   2       2    wPropType
#   4       4    dwValueHnid   the value itself, where it has at most four bytes
_RECORD = struct.Struct("<HHI")
_INLINE = {type_: width for type_, width in tags.WIDTHS.items() if width <= 4}
_NONE = frozenset((tags.PTYP_UNSPECIFIED, tags.PTYP_NULL))
_FAILED, _VERIFIED = Integrity.FAILED, Integrity.VERIFIED


class PropertyContext:
    """The records of a property context; values are read when they are asked for."""

    __slots__ = ("_heap", "_values", "records")

    def __init__(self, heap: Heap, values: Values) -> None:
        if heap.client != PROPERTY_CONTEXT:
            raise FormatError(f"The heap is of kind {heap.client:#x} and no property context.")
        self._heap = heap
        self._values = values
        self.records: list[tuple[int, int, int]] = []
        for leaf in bth.leaves(heap, heap.root, 2, 6):
            self.records.extend(_RECORD.iter_unpack(leaf))

    def properties(
        self, named: dict[int, NamedId], lost: list[Lost], left: frozenset[int] = frozenset()
    ) -> Iterator[Property]:
        """Every property; those in ``left`` without their value, which is read in pieces or never."""
        for tag, raw, values, integrity in self.stored(lost, left):
            yield Property(tag=tag, raw=raw, named=named.get(tag >> 16), values=values, integrity=integrity)

    def bag(
        self, named: dict[int, NamedId], codepage: int | None, lost: list[Lost], left: frozenset[int] = frozenset()
    ) -> StoredBag:
        """The same as a bag."""
        return StoredBag(self.stored(lost, left), named, codepage=codepage)

    def stored(self, lost: list[Lost], left: frozenset[int] = frozenset()) -> Iterator[Stored]:
        """The same before properties are made of it. This loop runs for every property of a store."""
        at, faults, width_of = self._values.at, self._values.faults, _INLINE.get
        data, offsets = self._heap.first()
        count, size = len(offsets), len(data)
        integrity = _FAILED if faults else _VERIFIED
        for id_, type_, value in self.records:
            tag = id_ << 16 | type_
            width = width_of(type_)
            if width is not None:
                yield tag, value.to_bytes(4, "little")[:width], (), integrity
            elif id_ in left or type_ in _NONE:
                yield tag, b"", (), integrity
            else:
                index = value >> 5
                if index < count and index and not value & 0x1F and offsets[index - 1] <= offsets[index] <= size:
                    # Most values lie in the first block of the heap; this is what ``at`` does with them.
                    raw = data[offsets[index - 1] : offsets[index]]
                    if not type_ & tags.MULTIVALUED:
                        yield tag, raw, (), integrity
                        continue
                try:
                    raw = at(value)
                except FormatError as error:
                    lost.append(Lost(f"property {tag:#010x}", "its value", error.what))
                    yield tag, b"", (), _FAILED
                    continue
                integrity = _FAILED if faults else _VERIFIED
                values: tuple[bytes, ...] = ()
                if type_ & tags.MULTIVALUED:
                    values, why = elements_of(type_, raw)
                    if why:
                        lost.append(Lost(f"property {tag:#010x}", "its separate values", why))
                yield tag, raw, values, integrity

    def reference(self, id_: int) -> tuple[int, int] | None:
        """Type and HNID of a property that is not read as a value."""
        return next(((type_, value) for each, type_, value in self.records if each == id_), None)
