"""Volume shadow copies of an NTFS volume, through libvshadow: each is read as a volume of its own.

The library is optional; without it an NTFS volume that has shadow copies says so instead of hiding them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from forensics.acquisition.filesystem_values import Medium, Volume
from forensics.errors import FormatError

# Volume header of the shadow copies at 0x1e00 of the volume: identifier 3808876b-c176-4e48-b7ae-04046e6cc752
_PLACE, _IDENTIFIER = 0x1E00, bytes.fromhex("6b87083876c1484eb7ae04046e6cc752")
_NEEDS = (
    "this volume has shadow copies, and the library that reads them is missing: install libvshadow-python, then "
    "acquire the image again"
)


def volumes(medium: Medium, volume: Volume) -> Iterator[Volume]:
    """The shadow copies of a volume, oldest first; one entry with the reason where they cannot be read."""
    if medium.read_at(volume.start + _PLACE, 16) != _IDENTIFIER:
        return
    try:
        store = _opened(medium, volume)
        times = [str(each.get_creation_time().isoformat(" ", "seconds")) for each in store.stores]
    except FormatError as error:
        yield replace(volume, file_system="", problem=error.what, description="shadow copies", shadow=1)
        return
    for number, made in enumerate(times, start=1):
        words = f"shadow copy {number} of {len(times)} of {volume.description}, made {made} UTC"
        yield replace(volume, description=words, shadow=number)


class ShadowMedium:
    """One shadow copy as a medium: the volume as it was when the copy was made."""

    def __init__(self, medium: Medium, volume: Volume) -> None:
        self._volume = _opened(medium, volume)  # kept: the copy reads through it
        try:
            self._store = self._volume.get_store(volume.shadow - 1)
            self.size = int(self._store.volume_size)
        except OSError as error:
            raise FormatError(f"shadow copy {volume.shadow} cannot be opened: {_words(error)}") from error

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the volume as it was, fewer only at its end."""
        wanted = max(0, min(length, self.size - offset))
        return bytes(self._store.read_buffer_at_offset(wanted, offset)) if wanted else b""


class _Window(io.RawIOBase):
    """A stretch of a medium as a file, for libvshadow."""

    def __init__(self, medium: Medium, start: int, size: int) -> None:
        super().__init__()
        self._medium = medium
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = max(0, {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def get_size(self) -> int:
        return self._size

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._size - self._at if size < 0 else min(size, self._size - self._at)
        data = self._medium.read_at(self._start + self._at, max(0, wanted))
        self._at += len(data)
        return data


def _opened(medium: Medium, volume: Volume) -> Any:
    try:
        import pyvshadow
    except ImportError as error:
        raise FormatError(_NEEDS) from error
    found = pyvshadow.volume()
    try:
        found.open_file_object(_Window(medium, volume.start, min(volume.length, medium.size - volume.start)))
    except OSError as error:
        raise FormatError(f"the shadow copies of this volume cannot be opened: {_words(error)}") from error
    return found


def _words(error: OSError) -> str:
    return str(error).partition(". ")[0]
