"""All that was written to one file system, made durable at once: syncfs(2), where it tells of every error.

Before Linux 5.8 syncfs kept silent about blocks that could not be written; such systems, and those that do not have
it, sync each file by itself.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from functools import cache
from pathlib import Path

_TELLS_ERRORS = (5, 8)


class FileSystem:
    """The file system that a folder lies on. Errors since this was made are told by ``sync``; close it after that."""

    def __init__(self, folder: Path) -> None:
        self.syncs = _can_sync()
        self._descriptor = os.open(folder, os.O_RDONLY) if self.syncs else -1

    def sync(self) -> None:
        """Return once everything written before is on the disk; ``OSError`` where it could not be written."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syncfs(self._descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@cache
def _can_sync() -> bool:
    if sys.platform != "linux":
        return False
    found = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if found is None or (int(found[1]), int(found[2])) < _TELLS_ERRORS:
        return False
    return hasattr(ctypes.CDLL(None), "syncfs")
