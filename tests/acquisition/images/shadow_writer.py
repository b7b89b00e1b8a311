"""Writes a volume shadow copy into an NTFS image: the blocks as they were, kept in free space at its end.

Volume Shadow Snapshot format as libvshadow documents it. Each structure is a block of 16 KiB that begins with the
identifier, version 1, its record type, and its own place; the catalog has two entries for each copy.
"""

from __future__ import annotations

import struct

BLOCK = 0x4000
IDENTIFIER = bytes.fromhex("6b87083876c1484eb7ae04046e6cc752")
STORE = bytes(range(16))
HEADER_PLACE = 0x1E00
SPACE = 2 << 20


def with_shadow(before: bytes, after: bytes, made: int) -> bytes:
    """The image ``after`` with a copy that shows it as ``before``; ``made`` is the FILETIME of the copy."""
    volume = bytearray(after)
    changed = [at for at in range(0, len(after), BLOCK) if before[at : at + BLOCK] != after[at : at + BLOCK]]
    space = (len(volume) - SPACE) // BLOCK * BLOCK
    assert not any(after[space:-512])
    catalog, header, listing, ranges, bitmap, data = (space + BLOCK * index for index in range(6))
    assert data + BLOCK * len(changed) < len(volume)
    first = struct.pack("<QQ16sQQQ", 2, len(volume), STORE, 1, 0x40, made).ljust(128, b"\0")
    second = struct.pack("<QQ16sQQQQQQ", 3, listing, STORE, header, ranges, bitmap, 1 << 48 | 30, SPACE, 0)
    put(volume, catalog, block(2, catalog, catalog, first + second.ljust(128, b"\0")))
    about = struct.pack("<16s16s16sIIIIHH", STORE, STORE, STORE, 9, 1, 0x420009, 0, 0, 0)
    put(volume, header, block(4, 0, header, about))
    entries = b"".join(
        struct.pack("<QQQII", at, BLOCK * index, data + BLOCK * index, 0, 0) for index, at in enumerate(changed)
    )
    put(volume, listing, block(3, 0, listing, entries))
    put(volume, ranges, block(5, 0, ranges, struct.pack("<QQQ", data, 0, BLOCK * len(changed))))
    put(volume, bitmap, block(6, 0, bitmap, b""))
    for index, at in enumerate(changed):
        put(volume, data + BLOCK * index, before[at : at + BLOCK])
    fields = (IDENTIFIER, 1, 1, HEADER_PLACE, 0, 0, catalog, SPACE, STORE, STORE)
    put(volume, HEADER_PLACE, struct.pack("<16sIIQQQQQ16s16s", *fields).ljust(512, b"\0"))
    return bytes(volume)


def block(kind: int, relative: int, place: int, content: bytes) -> bytes:
    """One structure: header of 128 bytes, then what it holds."""
    head = struct.pack("<16sIIQQQ", IDENTIFIER, 1, kind, relative, place, 0).ljust(128, b"\0")
    return (head + content).ljust(BLOCK, b"\0")


def put(volume: bytearray, at: int, data: bytes) -> None:
    volume[at : at + len(data)] = data
