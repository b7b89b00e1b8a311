"""The Sleuth Kit: the only module that imports pytsk3, which runs in a guarded worker only."""

from __future__ import annotations

import re

import pytsk3

from forensics.acquisition.filesystem_values import Medium

__all__ = ["Sectors", "pytsk3", "words"]


class Sectors(pytsk3.Img_Info):  # type: ignore[misc]  # pytsk3 has no types
    """Feeds TSK from our own medium, so that one reader serves every container."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def read(self, offset: int, length: int) -> bytes:
        """What TSK asks for."""
        return self._medium.read_at(offset, length)

    def get_size(self) -> int:
        """Bytes of the medium."""
        return self._medium.size

    def close(self) -> None:
        """The medium belongs to whoever opened it."""


def words(error: OSError) -> str:
    """TSK's message without the name and line of its source file, and without what is said around it anyway."""
    return _PREAMBLE.sub("", str(error)) or "no reason given"


_PREAMBLE = re.compile(r"^\w+: \([\w.]+:\d+\) (?:Error opening Volume_Info: |Unable to open .{1,80} with error: )?")
