"""QCOW images of versions 2 and 3, read by ourselves; version 1 through libqcow. An overlay names its backing file.

QEMU: docs/interop/qcow2.rst. libqcow gives wrong bytes for compressed clusters and no error (measured with 20260703: 6
of 128 clusters of an image made by ``qemu-img convert -c``), so what it gives cannot be evidence.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, BinaryIO

from forensics.acquisition.containers import Layer, Needs, OpenMedium, ReadAt, words
from forensics.acquisition.containers.raw import RawMedium
from forensics.errors import FormatError

# Header, big-endian: magic 0-4 "QFI\xfb", version 4-8, backing_file_offset 8-16, backing_file_size 16-20, cluster_bits
# 20-24, size 24-32, crypt_method 32-36, l1_size 36-40, l1_table_offset 40-48; version 3: incompatible_features 72-80
# (bit 2 external data file, 3 compression type, 4 extended L2), header_length 100-104, compression_type 104.
# L1 and L2 entry: offset bits 9-55; L2 also: compressed bit 62, all zeros bit 0 (version 3).
# Compressed: with x = 62 - (cluster_bits - 8), offset bits 0 to x - 1, additional sectors bits x to 61.
_MOST_NAME = 1023
_OFFSET, _COMPRESSED, _ZEROS = 0x00FFFFFFFFFFFE00, 1 << 62, 1
_EXTERNAL_DATA, _EXTENDED = 1 << 2, 1 << 4
_KEPT = 64
_MOST_L1 = 1 << 22


def needs(read_at: ReadAt, size: int) -> Needs:
    """The backing file."""
    head = read_at(0, 104)
    if len(head) < 32:
        return Needs()
    offset, length = int.from_bytes(head[8:16], "big"), int.from_bytes(head[16:20], "big")
    name = read_at(offset, min(length, _MOST_NAME)).decode("utf-8", "backslashreplace") if offset and length else ""
    return Needs(parent=re.split(r"[\\/]", name)[-1])


def open_medium(layers: Sequence[Layer]) -> OpenMedium:
    """The disk, with its backing files below it."""
    layers[0].files[0].seek(0)
    if layers[0].files[0].read(8)[4:] == b"\0\0\0\x01":
        return OldQcowMedium(layers)
    below: OpenMedium | None = None
    for layer in reversed(layers):
        below = RawMedium(layer.files) if layer.container == "raw" else QcowMedium(layer, below)
    assert below is not None
    return below


class QcowMedium:
    """The medium of a QCOW image of version 2 or 3; what it does not hold itself comes from the image below it."""

    def __init__(self, layer: Layer, below: OpenMedium | None) -> None:
        self._file, self._below = layer.files[0], below
        head = _at(self._file, 0, 112)
        if len(head) < 72 or head[:4] != b"QFI\xfb" or head[4:8] not in (b"\0\0\0\x02", b"\0\0\0\x03"):
            raise FormatError("this is no QCOW image of version 2 or 3", place=layer.names[0])
        _refuse_foreign(head, layer.names[0])
        self._bits, self.size = struct.unpack_from(">IQ", head, 20)
        count, start = struct.unpack_from(">IQ", head, 36)
        if not 9 <= self._bits <= 21 or count > _MOST_L1:
            raise FormatError("the header of this QCOW image holds sizes that cannot be", place=layer.names[0])
        self._cluster = 1 << self._bits
        self._l1 = _numbers(_at(self._file, start, 8 * count))
        self._l2: OrderedDict[int, tuple[int, ...]] = OrderedDict()
        self._unpacked: OrderedDict[int, bytes] = OrderedDict()

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the medium, fewer only at its end."""
        out, end = bytearray(), min(self.size, offset + length)
        while offset < end:
            within = offset % self._cluster
            wanted = min(self._cluster - within, end - offset)
            out += self._piece(offset, within, wanted)
            offset += wanted
        return bytes(out)

    def _piece(self, offset: int, within: int, wanted: int) -> bytes:
        entry = self._entry(offset >> self._bits)
        if entry & _COMPRESSED:
            return self._decompressed(entry)[within : within + wanted]
        place = entry & _OFFSET
        if entry & _ZEROS:
            return bytes(wanted)
        if place:
            found = _at(self._file, place + within, wanted)
            if len(found) < wanted and place + within + len(found) < self._file.seek(0, 2):
                raise FormatError("a cluster of this QCOW image cannot be read", offset=offset)
            return found.ljust(wanted, b"\0")  # the last cluster of the file may be cut short where zeros follow
        below = self._below.read_at(offset, wanted) if self._below is not None else b""
        return below.ljust(wanted, b"\0")

    def _entry(self, cluster: int) -> int:
        index, within = divmod(cluster, self._cluster // 8)
        place = self._l1[index] & _OFFSET if index < len(self._l1) else 0
        if not place:
            return 0
        if place not in self._l2:
            self._l2[place] = _numbers(_at(self._file, place, self._cluster))
            if len(self._l2) > _KEPT:
                self._l2.popitem(last=False)
        table = self._l2[place]
        if within >= len(table):
            raise FormatError("a table of this QCOW image stands behind its end", offset=place)
        return int(table[within])

    def _decompressed(self, entry: int) -> bytes:
        """One cluster of raw deflate; its length is known to the sector only."""
        if entry not in self._unpacked:
            split = 62 - (self._bits - 8)
            place, sectors = entry & ((1 << split) - 1), (entry & (_COMPRESSED - 1)) >> split
            packed = _at(self._file, place, (sectors + 1) * 512 - place % 512)
            try:
                data = zlib.decompressobj(-15).decompress(packed, self._cluster)
            except zlib.error as error:
                raise FormatError(
                    f"a compressed cluster of this QCOW image is damaged: {error}", offset=place
                ) from error
            if len(data) < self._cluster:
                raise FormatError("a compressed cluster of this QCOW image is cut short", offset=place)
            self._unpacked[entry] = data
            if len(self._unpacked) > _KEPT:
                self._unpacked.popitem(last=False)
        return self._unpacked[entry]

    def close(self) -> None:
        """The files belong to whoever opened them."""


class OldQcowMedium:
    """The medium of a QCOW image of version 1."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        try:
            import pyqcow
        except ImportError as error:
            what = "version 1 of QCOW needs the library pyqcow, which is not installed"
            raise FormatError(what, place=layers[0].names[0], todo="install libqcow-python") from error
        self._handles: list[Any] = []
        try:
            for layer in layers:
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


def _refuse_foreign(head: bytes, name: str) -> None:
    """Refuse what would be read as noise."""
    features = int.from_bytes(head[72:80], "big") if head[7] >= 3 else 0
    longer = head[7] >= 3 and int.from_bytes(head[100:104], "big") > 104
    wrong = ""
    if int.from_bytes(head[32:36], "big"):
        wrong = "it is encrypted"
    elif features & _EXTERNAL_DATA:
        wrong = "its data stand in another file"
    elif features & _EXTENDED:
        wrong = "it has extended L2 entries"
    elif longer and head[104]:
        wrong = "its clusters are compressed with something else than zlib"
    if wrong:
        todo = "convert a copy to raw (qemu-img convert) and acquire that"
        raise FormatError(f"this QCOW image cannot be read here: {wrong}", place=name, todo=todo)


def _numbers(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(raw) // 8}Q", raw[: len(raw) // 8 * 8])


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
