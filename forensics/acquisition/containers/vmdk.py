"""VMDK images through libvmdk: the text of the descriptor names the extents, and for a snapshot the parent.

VMware Virtual Disk Format 5.0. A descriptor stands alone in a text file or inside the first extent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from forensics.acquisition.containers import Layer, Needs, ReadAt, words
from forensics.errors import FormatError

# Sparse extent header: magicNumber 0-4 "KDMV", descriptorOffset 28-36 and descriptorSize 36-44, in sectors of 512.
_TEXT = b"# Disk DescriptorFile"
_MOST_TEXT = 1 << 20
_EXTENT = re.compile(r'^(?:RW|RDONLY|NOACCESS)\s+\d+\s+(\S+)(?:\s+"([^"]*)")?', re.M)
_PARENT = re.compile(r'^parentFileNameHint\s*=\s*"([^"]*)"', re.M)
_PARENT_ID = re.compile(r"^parentCID\s*=\s*([0-9a-fA-F]+)", re.M)
_NO_PARENT = "ffffffff"


def descriptor(read_at: ReadAt, size: int) -> str:
    """The text of the descriptor; "" in an extent that holds none."""
    head = read_at(0, 512)
    if head.startswith(_TEXT):
        text = read_at(0, min(size, _MOST_TEXT))
    elif head[:4] == b"KDMV":
        start, length = (int.from_bytes(head[at : at + 8], "little") * 512 for at in (28, 36))
        text = read_at(start, min(length, _MOST_TEXT)) if start else b""
    else:
        text = b""
    return text.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def needs(read_at: ReadAt, size: int) -> Needs:
    """The extents in their order, and the parent of a snapshot."""
    text = descriptor(read_at, size)
    alone = read_at(0, 4) == b"KDMV"
    named = [_base(name) for kind, name in _EXTENT.findall(text) if name and kind != "ZERO"]
    parent, owner = _PARENT.search(text), _PARENT_ID.search(text)
    differs = owner is not None and owner[1].lower() != _NO_PARENT
    what = _base(parent[1]) if parent else "the disk that this snapshot was made of, which it does not name"
    return Needs(extents=() if alone else tuple(named), parent=what if differs else "")


def open_medium(layers: Sequence[Layer]) -> VmdkMedium:
    """The disk, with what it differs from below it."""
    return VmdkMedium(layers)


class VmdkMedium:
    """The medium of a VMDK image; its extents were found by the names in its descriptor."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        import pyvmdk

        self._handles: list[Any] = []
        try:
            for layer in layers:
                handle = pyvmdk.handle()
                self._handles.append(handle)
                handle.open_file_object(layer.files[0])
                handle.open_extent_data_files_as_file_objects(list(layer.files[1:] or layer.files))
            for upper, lower in zip(self._handles, self._handles[1:], strict=False):
                upper.set_parent(lower)
            self.size = int(self._handles[0].get_media_size())
        except OSError as error:
            self.close()
            raise FormatError(f"libvmdk cannot open this image: {words(error)}", place=layers[0].names[0]) from error

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the medium, fewer only at its end."""
        wanted = max(0, min(length, self.size - offset))
        return bytes(self._handles[0].read_buffer_at_offset(wanted, offset)) if wanted else b""

    def close(self) -> None:
        """Let the library go; the files belong to whoever opened them."""
        self._handles = []


def _base(name: str) -> str:
    return re.split(r"[\\/]", name)[-1]
