"""A B-tree on a heap: fixed-size records in the order of their keys ([MS-PST] 2.3.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from forensics.errors import FormatError
from forensics.formats.pst.ltp.heap import Heap

# offset  bytes  name in [MS-PST] 2.3.2.1 BTHHEADER
#   0       1    bType        0xB5
#   1       1    cbKey        2, 4, 8 or 16
#   2       1    cbEnt        1 to 32
#   3       1    bIdxLevels   levels above the leaves
#   4       4    hidRoot
_HEADER = struct.Struct("<BBBBI")
_TYPE = 0xB5
_DEEPEST = 8
_HID = struct.Struct("<I")


def leaves(heap: Heap, hid: int, key_size: int, entry_size: int) -> Iterator[bytes]:
    """The bytes of every leaf, whole records end to end; the sizes must be those that the caller can read."""
    raw = heap.item(hid)
    if len(raw) < _HEADER.size:
        raise FormatError("The heap holds no B-tree here.")
    kind, key, entry, levels, root = _HEADER.unpack_from(raw)
    if kind != _TYPE or key != key_size or entry != entry_size or levels > _DEEPEST:
        raise FormatError(f"The heap holds no B-tree with keys of {key_size} and entries of {entry_size} bytes here.")
    if root == 0:
        return
    record = key_size + _HID.size
    todo, seen = [(root, levels)], {root}
    while todo:
        here, level = todo.pop()
        data = heap.item(here)
        if level == 0:
            width = key_size + entry_size
            yield data[: len(data) // width * width]
            continue
        below = [_HID.unpack_from(data, at + key_size)[0] for at in range(0, len(data) - record + 1, record)]
        for each in reversed(below):
            if each in seen:
                raise FormatError(f"The B-tree leads to item {each:#x} of its heap twice.")
            seen.add(each)
            todo.append((each, level - 1))
