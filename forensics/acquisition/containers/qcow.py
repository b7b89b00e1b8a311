"""QCOW images of versions 1 to 3 through libqcow; an overlay names its backing file in its header.

QEMU: docs/interop/qcow2.rst.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from forensics.acquisition.containers import Layer, Needs, ReadAt, words
from forensics.errors import FormatError

# Header, big-endian: magic 0-4 "QFI\xfb", version 4-8, backing_file_offset 8-16, backing_file_size 16-20; in versions
# 2 and 3 crypt_method 32-36, in version 3 incompatible_features 72-80 (bit 2: external data file).
_MOST_NAME = 1023
_EXTERNAL_DATA = 4


def needs(read_at: ReadAt, size: int) -> Needs:
    """The backing file."""
    head = read_at(0, 104)
    if len(head) < 32:
        return Needs()
    offset, length = int.from_bytes(head[8:16], "big"), int.from_bytes(head[16:20], "big")
    name = read_at(offset, min(length, _MOST_NAME)).decode("utf-8", "backslashreplace") if offset and length else ""
    return Needs(parent=re.split(r"[\\/]", name)[-1])


def open_medium(layers: Sequence[Layer]) -> QcowMedium:
    """The disk, with its backing files below it."""
    return QcowMedium(layers)


class QcowMedium:
    """The medium of a QCOW image."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        import pyqcow

        self._handles: list[Any] = []
        try:
            for layer in layers:
                _check(layer)
                handle = pyqcow.file()
                self._handles.append(handle)
                handle.open_file_object(layer.files[0])
            for upper, lower in zip(self._handles, self._handles[1:], strict=False):
                upper.set_parent(lower)
            self.size = int(self._handles[0].get_media_size())
        except OSError as error:
            self.close()
            raise FormatError(f"libqcow cannot open this image: {words(error)}", place=layers[0].names[0]) from error

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the medium, fewer only at its end."""
        wanted = max(0, min(length, self.size - offset))
        return bytes(self._handles[0].read_buffer_at_offset(wanted, offset)) if wanted else b""

    def close(self) -> None:
        """Let the library go; the files belong to whoever opened them."""
        self._handles = []


def _check(layer: Layer) -> None:
    """Refuse what would be read as noise."""
    layer.files[0].seek(0)
    head = layer.files[0].read(104)
    version = int.from_bytes(head[4:8], "big")
    if version >= 2 and int.from_bytes(head[32:36], "big"):
        raise FormatError("this QCOW image is encrypted", place=layer.names[0], todo="convert a copy with its password")
    if version >= 3 and int.from_bytes(head[72:80], "big") & _EXTERNAL_DATA:
        raise FormatError(
            "the data of this QCOW image stand in another file, which this program does not join to it",
            place=layer.names[0],
            todo="convert a copy to raw (qemu-img convert) and acquire that",
        )
