"""Builds compound files and MSG files for the tests ([MS-CFB] version 3), with room for forging what they say."""

from __future__ import annotations

import struct
from collections.abc import Mapping

Tree = Mapping[str, "bytes | Tree"]

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


class _Layout:
    def __init__(self) -> None:
        self.sectors: list[bytes] = []
        self.fat: list[int] = []

    def add(self, raw: bytes) -> int:
        """Put the bytes into sectors of their own; where they start."""
        if not raw:
            return _END
        first = len(self.sectors)
        pieces = [raw[at : at + 512].ljust(512, b"\0") for at in range(0, len(raw), 512)]
        self.sectors += pieces
        self.fat += [*range(first + 1, first + len(pieces)), _END]
        return first


def compound_file(tree: Tree) -> bytes:
    """A compound file with these storages and streams; siblings form one chain to the right."""
    layout, mini, mini_fat = _Layout(), bytearray(), list[int]()
    entries: list[list[object]] = []

    def stream(raw: bytes) -> int:
        if len(raw) >= 4096:
            return layout.add(raw)
        if not raw:
            return _END
        first = len(mini_fat)
        count = -(-len(raw) // 64)
        mini.extend(raw.ljust(count * 64, b"\0"))
        mini_fat.extend([*range(first + 1, first + count), _END])
        return first

    entries.append(["Root Entry", 5, _FREE, _FREE, _FREE, 0, 0])
    waiting: list[tuple[int, Tree]] = [(0, tree)]
    while waiting:
        parent, children = waiting.pop()
        last = -1
        for name, content in children.items():
            number = len(entries)
            if last < 0:
                entries[parent][4] = number
            else:
                entries[last][3] = number
            last = number
            if isinstance(content, bytes):
                entries.append([name, 2, _FREE, _FREE, _FREE, stream(content), len(content)])
            else:
                entries.append([name, 1, _FREE, _FREE, _FREE, 0, 0])
                waiting.append((number, content))
    entries[0][5], entries[0][6] = layout.add(bytes(mini)), len(mini)
    mini_table = struct.pack(f"<{len(mini_fat)}I", *mini_fat)
    mini_table += b"\xff" * (-len(mini_table) % 512)
    first_mini_fat = layout.add(mini_table)
    first_directory = layout.add(b"".join(map(_entry, entries)))
    return _with_fat(layout, first_directory, first_mini_fat, len(mini_table) // 512)


def _entry(fields: list[object]) -> bytes:
    name, kind, left, right, child, start, size = fields
    raw = str(name).encode("utf-16-le") + b"\0\0"
    return struct.pack("<64sHBBIII16sIQQIQ", raw, len(raw), kind, 1, left, right, child, b"", 0, 0, 0, start, size)


def _with_fat(layout: _Layout, directory: int, mini_fat: int, mini_count: int) -> bytes:
    count = 1
    while count * 128 < len(layout.fat) + count:
        count += 1
    assert count <= 109
    places = [*range(len(layout.fat), len(layout.fat) + count)]
    fat = layout.fat + [_FAT] * count
    fat += [_FREE] * (count * 128 - len(fat))
    head = struct.pack("<8s16sHHHHHHIIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0,
                       count, directory, 0, 4096, mini_fat if mini_count else _END, mini_count, _END, 0)  # fmt: skip
    difat = struct.pack("<109I", *places, *[_FREE] * (109 - count))
    return head + difat + b"".join(layout.sectors) + struct.pack(f"<{len(fat)}I", *fat)


def message(
    texts: Mapping[int, str] | None = None,
    fixed: Mapping[int, bytes] | None = None,
    *,
    header: int = 32,
    more: Tree | None = None,
) -> dict[str, bytes | Tree]:
    """The storage of a message, a recipient (header=8) or an attachment (8): strings by id, fixed values by tag."""
    listed = bytearray(header)
    storage: dict[str, bytes | Tree] = {}
    for number, text in (texts or {}).items():
        raw = text.encode("utf-16-le")
        tag = number << 16 | 0x1F
        listed += struct.pack("<IIII", tag, 6, len(raw) + 2, 0)
        storage[f"__substg1.0_{tag:08X}"] = raw
    for tag, value in (fixed or {}).items():
        listed += struct.pack("<II8s", tag, 6, value)
    storage["__properties_version1.0"] = bytes(listed)
    storage.update(more or {})
    return storage
