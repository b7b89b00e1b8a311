"""Reads a file or device at any place, past the page cache where that is asked for and can be had (O_DIRECT, open(2)).

A block device fails through the page cache in whole pages, so that one bad sector would take seven good ones with it;
read directly it fails by the sector.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable

from forensics.evidence import direct
from forensics.evidence.durable import forget_pages


class Reader:
    """One handle for the ordinary way and one for the direct way, each opened by ``opened``."""

    def __init__(self, opened: Callable[[], int], unit: int) -> None:
        self._ordinary = io.FileIO(opened(), "rb")
        self.unit = unit
        descriptor = opened()
        self._direct: io.FileIO | None = io.FileIO(descriptor, "rb")
        if not direct.go_direct(descriptor):
            self._direct.close()
            self._direct = None

    def fileno(self) -> int:
        """The descriptor of the ordinary way."""
        return self._ordinary.fileno()

    def read(self, offset: int, view: memoryview, *, fresh: bool) -> int:
        """Bytes from ``offset``, perhaps fewer than asked for; 0 at the end."""
        if not fresh:
            return _read_at(self._ordinary, offset, view)
        if self._direct is not None and offset % self.unit == 0 and len(view) % self.unit == 0:
            try:
                return _read_at(self._direct, offset, view)
            except OSError as error:
                if not direct.refused(error):
                    raise
        forget_pages(self.fileno(), offset, len(view))
        return _read_at(self._ordinary, offset, view)

    def close(self) -> None:
        """Close both."""
        self._ordinary.close()
        if self._direct is not None:
            self._direct.close()


def _read_at(handle: io.FileIO, offset: int, view: memoryview) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(handle.fileno(), [view], offset)
    handle.seek(offset)
    return handle.readinto(view) or 0
