"""One writer at a time: an advisory lock on a file, given back by the system even when the process is killed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from forensics.errors import UsageError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class FileLock:
    """A lock on ``path``; :meth:`take` refuses at once when another process holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def take(self) -> None:
        """Hold the lock, or raise :class:`UsageError`."""
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            if sys.platform == "win32":
                msvcrt.locking(self._fd, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            self._fd = -1
            raise UsageError(
                "another process is working on this case",
                place=str(self._path),
                todo="wait until it has finished, then run the same command again",
            ) from error

    def give_back(self) -> None:
        """Let others have it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
