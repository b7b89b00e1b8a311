"""ZIP files that no program writes on request, and one that Info-ZIP locked."""

from __future__ import annotations

import struct
import zlib

# `TZ=Asia/Tokyo zip -P secret locked.zip meibo.csv` of Info-ZIP 3.0; the file holds "name,phone\nTanaka,03\n", was
# modified 2026-06-01 10:03:13 and read 2026-06-02 10:03:13 in Tokyo.
LOCKED = bytes.fromhex(
    "504b03040a00090000006750c15cd799687e210000001500000009001c006d6569626f2e637376555409000351da1c6ad12b1e6a75780b0001"
    "040000000004000000009729b5f2bd3c8eb0fcd9673347ffe3376b08cd8a7965f1b14b136600078c969c71504b0708d799687e210000001500"
    "0000504b01021e030a00090000006750c15cd799687e2100000015000000090018000000000001000000a481000000006d6569626f2e637376"
    "555405000351da1c6a75780b000104000000000400000000504b050600000000010001004f000000740000000000"
)
PLAIN = b"name,phone\nTanaka,03\n"


def entry(
    name: bytes, data: bytes = b"", *, flags: int = 0, method: int = 0, extra: bytes = b"", crc: int | None = None
) -> bytes:
    """A ZIP file of one stored member, with whatever is to stand in its headers."""
    sums = zlib.crc32(data) if crc is None else crc
    common = struct.pack("<HHHIIII", 20, flags, method, 0x5CC15067, sums, len(data), len(data))
    local = b"PK\3\4" + common + struct.pack("<HH", len(name), len(extra)) + name + extra + data
    central = b"PK\1\2" + struct.pack("<H", 20) + common
    central += struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, 0) + name + extra
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
