"""Large files past the page cache (O_DIRECT, open(2)): no copy in between, and the read-back really reads the disk.

Direct transfers must begin and end on a block of the device, in memory that is aligned alike, such as the buffers of
:class:`forensics.digests.Hasher`. What does not fit, a tail or a file system without O_DIRECT, goes the ordinary way.
"""

from __future__ import annotations

import errno
import os
import sys

if sys.platform != "win32":
    import fcntl

_DIRECT: int = getattr(os, "O_DIRECT", 0)
_UNIT = 4096
WORTH_IT = 1 << 22


def fits(count: int) -> bool:
    """Whether a transfer of so many bytes keeps the next one on a block boundary."""
    return count % _UNIT == 0


def go_direct(descriptor: int) -> bool:
    """Switch an open file to direct transfers; false where that cannot be had."""
    return bool(_DIRECT) and _switch(descriptor, True)


def go_ordinary(descriptor: int) -> None:
    """Switch back, for a tail or for a file system that changed its mind."""
    _switch(descriptor, False)


def refused(error: OSError) -> bool:
    """Whether a transfer failed only because it was direct."""
    return error.errno == errno.EINVAL


def _switch(descriptor: int, on: bool) -> bool:
    if sys.platform == "win32":
        return False
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | _DIRECT if on else flags & ~_DIRECT)
    except OSError:
        return False
    return True
