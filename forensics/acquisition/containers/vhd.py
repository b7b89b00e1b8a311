"""VHD and VHDX images through libvhdi; a differencing disk names its parent.

Microsoft: Virtual Hard Disk Image Format Specification 1.0, [MS-VHDX] 8.0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from forensics.acquisition.containers import Layer, Needs, ReadAt, words
from forensics.errors import FormatError

# VHD footer: cookie 0-8 "conectix", data offset 16-24, disk type 60-64 (4 = differencing), big-endian.
# Dynamic header at the data offset: cookie 0-8 "cxsparse", parent name 64-576 (UTF-16BE).
# VHDX region table at 192 KiB: signature "regi", count 8-12, entries of 32 from 16: GUID 0-16, offset 16-24.
# Metadata region: signature "metadata", count 10-12, entries of 32 from 32: item 0-16, offset 16-20, length 20-24.
# Parent locator item: type 0-16, count 18-20, entries of 12 from 20: key offset, value offset, key and value length.
_METADATA = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
_LOCATOR = bytes.fromhex("2d5fd3a80bb34d45abf7d3d84834ab0c")
_KEYS = ("relative_path", "absolute_win32_path", "volume_path")
_DIFFERENCING = 4


def needs(read_at: ReadAt, size: int) -> Needs:
    """The parent of a differencing disk; it has no extents."""
    found = _vhdx_parent(read_at) if read_at(0, 8) == b"vhdxfile" else _vhd_parent(read_at, size)
    return Needs(parent=re.split(r"[\\/]", found)[-1])


def _vhd_parent(read_at: ReadAt, size: int) -> str:
    footer = read_at(max(0, size - 512), 512)
    if int.from_bytes(footer[60:64], "big") != _DIFFERENCING:
        return ""
    header = read_at(int.from_bytes(footer[16:24], "big"), 1024)
    return header[64:576].decode("utf-16-be", "backslashreplace").partition("\0")[0] or "a disk that it does not name"


def _vhdx_parent(read_at: ReadAt) -> str:
    table = read_at(192 << 10, 64 << 10)
    for at in _entries(table, int.from_bytes(table[8:12], "little"), 16, _METADATA):
        start = int.from_bytes(table[at + 16 : at + 24], "little")
        items = read_at(start, 64 << 10)
        for item in _entries(items, int.from_bytes(items[10:12], "little"), 32, _LOCATOR):
            offset, length = (int.from_bytes(items[item + n : item + n + 4], "little") for n in (16, 20))
            return _located(read_at(start + offset, min(length, 1 << 16)))
    return ""


def _entries(table: bytes, count: int, first: int, wanted: bytes) -> list[int]:
    places = range(first, min(first + 32 * count, len(table) - 31), 32)
    return [at for at in places if table[at : at + 16] == wanted]


def _located(item: bytes) -> str:
    found: dict[str, str] = {}
    for at in range(20, min(20 + 12 * int.from_bytes(item[18:20], "little"), len(item) - 11), 12):
        key, value = (int.from_bytes(item[at + n : at + n + 4], "little") for n in (0, 4))
        key_size, value_size = (int.from_bytes(item[at + n : at + n + 2], "little") for n in (8, 10))
        name = item[key : key + key_size].decode("utf-16-le", "backslashreplace")
        found[name] = item[value : value + value_size].decode("utf-16-le", "backslashreplace")
    return next((found[key] for key in _KEYS if found.get(key)), "a disk that it does not name")


def open_medium(layers: Sequence[Layer]) -> VhdMedium:
    """The disk, with what it differs from below it."""
    return VhdMedium(layers)


class VhdMedium:
    """The medium of a VHD or VHDX image."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        import pyvhdi

        self._handles: list[Any] = []
        try:
            for layer in layers:
                handle = pyvhdi.file()
                self._handles.append(handle)
                handle.open_file_object(layer.files[0])
            for upper, lower in zip(self._handles, self._handles[1:], strict=False):
                if upper.get_parent_identifier() != lower.get_identifier():
                    raise FormatError(
                        "the file that bears the name of this disk's parent is another disk: their identifiers differ",
                        place=layers[1].names[0],
                    )
                upper.set_parent(lower)
            self.size = int(self._handles[0].get_media_size())
        except OSError as error:
            self.close()
            raise FormatError(f"libvhdi cannot open this image: {words(error)}", place=layers[0].names[0]) from error

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the medium, fewer only at its end."""
        wanted = max(0, min(length, self.size - offset))
        return bytes(self._handles[0].read_buffer_at_offset(wanted, offset)) if wanted else b""

    def close(self) -> None:
        """Let the library go; the files belong to whoever opened them."""
        self._handles = []
