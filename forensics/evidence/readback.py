"""Read a stored file again, from the disk where the system lets us, through a descriptor of its own."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path

from forensics.digests import Hashed, Hasher
from forensics.errors import IntegrityError
from forensics.evidence import direct
from forensics.evidence.durable import READ_ONLY, forget_pages


def open_stored(path: Path) -> io.FileIO:
    """A read-only handle of a regular file; a link or anything else in its place is not what was stored."""
    try:
        descriptor = os.open(path, READ_ONLY)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK) or path.is_symlink():
            raise IntegrityError(f"{path.name} is a link and not a regular file", place=str(path)) from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IntegrityError(f"{path.name} is not a regular file", place=str(path))
    return io.FileIO(descriptor, "rb")


def read_stored(path: Path) -> bytes:
    """The whole of a small regular file of the case."""
    with open_stored(path) as handle:
        return handle.readall()


def hash_again(path: Path, hasher: Hasher) -> Hashed:
    """Size and digests of the file as it lies on the disk now."""
    with open_stored(path) as handle:
        forget_pages(handle.fileno())
        return hasher.hash(_Fill(handle))


class _Fill:
    """Reads a large file past the page cache, and whatever cannot be read that way the ordinary way."""

    def __init__(self, handle: io.FileIO) -> None:
        self._handle = handle
        size = os.fstat(handle.fileno()).st_size
        self._direct = size >= direct.WORTH_IT and direct.go_direct(handle.fileno())

    def __call__(self, view: memoryview) -> int:
        try:
            count = self._handle.readinto(view)
        except OSError as error:
            if not (self._direct and direct.refused(error)):
                raise
            self._ordinary()
            count = self._handle.readinto(view)
        if self._direct and not direct.fits(count or 0):
            self._ordinary()
        return count or 0

    def _ordinary(self) -> None:
        direct.go_ordinary(self._handle.fileno())
        self._direct = False
