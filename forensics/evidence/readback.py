"""Read a stored file again, from the disk where the system lets us, through a descriptor of its own."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

from forensics.digests import Hashed, Hasher, filler
from forensics.errors import IntegrityError
from forensics.evidence.durable import READ_ONLY, forget_pages


def open_stored(path: Path) -> io.FileIO:
    """A read-only handle of a regular file; a link or anything else in its place is not evidence."""
    descriptor = os.open(path, READ_ONLY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise IntegrityError(f"{path.name} is not a regular file", place=str(path))
    return io.FileIO(descriptor, "rb")


def hash_again(path: Path, hasher: Hasher) -> Hashed:
    """Size and digests of the file as it lies on the disk now."""
    with open_stored(path) as handle:
        forget_pages(handle.fileno())
        return hasher.hash(filler(handle))
