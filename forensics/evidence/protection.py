"""What keeps a stored file from being changed by accident, and what of it really holds on this file system.

The immutable attribute is that of ioctl_iflags(2), as set by ``chattr +i``. None of this stops an administrator.
"""

from __future__ import annotations

import array
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from forensics.evidence.durable import READ_ONLY

if sys.platform == "linux":
    import fcntl

IMMUTABLE = "immutable"
READONLY = "readonly"
NONE = "none"
_ORDER = (NONE, READONLY, IMMUTABLE)

_FS_IOC_GETFLAGS = 0x80086601
_FS_IOC_SETFLAGS = 0x40086602
_FS_IMMUTABLE_FL = 0x00000010


def make_read_only(path: Path) -> None:
    """Mode 0444: nobody writes to it by mistake."""
    os.chmod(path, 0o444)


def protect(path: Path, wanted: str) -> str:
    """Protect one file as far as asked and possible; the answer is what holds afterwards, as read back."""
    if holds(path) == NONE:
        try:
            make_read_only(path)
        except PermissionError:
            return holds(path)
    if wanted == IMMUTABLE:
        _set_immutable(path, True)
    return holds(path)


def release(path: Path) -> None:
    """Take the immutable attribute away again, so that a case that is no longer needed can be deleted."""
    _set_immutable(path, False)


def holds(path: Path) -> str:
    """The protection that the file system shows for this file now."""
    if _flags(path) & _FS_IMMUTABLE_FL:
        return IMMUTABLE
    writable = stat.S_IMODE(os.lstat(path).st_mode) & 0o222
    return NONE if writable else READONLY


def weakest(found: Iterable[str]) -> str:
    """What can be said of all of them together."""
    return min(found, key=_ORDER.index, default=NONE)


def _flags(path: Path) -> int:
    if sys.platform != "linux":
        return 0
    try:
        descriptor = os.open(path, READ_ONLY)
    except OSError:
        return 0
    try:
        return _read_flags(descriptor)
    except OSError:
        return 0
    finally:
        os.close(descriptor)


def _read_flags(descriptor: int) -> int:
    flags = array.array("L", [0])
    if sys.platform == "linux":
        fcntl.ioctl(descriptor, _FS_IOC_GETFLAGS, flags, True)
    return int(flags[0])


def _set_immutable(path: Path, on: bool) -> None:
    """File systems without the attribute and accounts without the right refuse; ``holds`` tells what came of it."""
    if sys.platform != "linux":
        return
    descriptor = os.open(path, READ_ONLY)
    try:
        flags = _read_flags(descriptor)
        flags = flags | _FS_IMMUTABLE_FL if on else flags & ~_FS_IMMUTABLE_FL
        fcntl.ioctl(descriptor, _FS_IOC_SETFLAGS, array.array("L", [flags]))
    except OSError:
        return
    finally:
        os.close(descriptor)
