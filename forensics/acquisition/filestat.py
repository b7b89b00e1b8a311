"""The metadata of a file as its file system keeps it, time of birth included: stat(2) and, on Linux, statx(2).

struct statx (uapi/linux/stat.h), the part used here:

    offset  size  field
      0      4    stx_mask
     80      8    stx_btime.tv_sec
     88      4    stx_btime.tv_nsec
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from functools import cache
from typing import Any

from forensics.evidence import item as layout
from forensics.evidence.item import Entry, Times

_AT_SYMLINK_NOFOLLOW = 0x100
_AT_EMPTY_PATH = 0x1000
_STATX_BTIME = 0x800
_STATX_SIZE = 256
_BTIME = struct.Struct("=qI")
_BTIME_OFFSET = 80
_SECOND = 1_000_000_000

State = tuple[int, int, int, int, int]

_TYPES = {
    stat.S_IFREG: layout.FILE,
    stat.S_IFDIR: layout.FOLDER,
    stat.S_IFLNK: layout.SYMLINK,
    stat.S_IFIFO: layout.FIFO,
    stat.S_IFSOCK: layout.SOCKET,
    stat.S_IFBLK: layout.BLOCK_DEVICE,
    stat.S_IFCHR: layout.CHARACTER_DEVICE,
}


def entry_of(path: bytes, found: os.stat_result, born: int | None) -> Entry:
    """What ``files.jsonl`` says about a thing with this metadata."""
    times = Times(accessed=found.st_atime_ns, modified=found.st_mtime_ns, changed=found.st_ctime_ns, born=born)
    return Entry(
        path=path,
        type=_TYPES.get(stat.S_IFMT(found.st_mode), layout.UNKNOWN),
        size=found.st_size,
        mode=found.st_mode,
        uid=found.st_uid,
        gid=found.st_gid,
        inode=found.st_ino,
        dev=found.st_dev,
        nlink=found.st_nlink,
        times=times,
    )


def born_of(folder: int, name: bytes, found: os.stat_result) -> int | None:
    """The time of birth in nanoseconds, or None where the system or the file system has none."""
    if sys.platform != "linux":
        seconds = getattr(found, "st_birthtime", None)
        return None if seconds is None else int(seconds * _SECOND)
    statx = _statx()
    if statx is None:
        return None
    buffer = ctypes.create_string_buffer(_STATX_SIZE)
    flags = _AT_SYMLINK_NOFOLLOW | (0 if name else _AT_EMPTY_PATH)
    if statx(folder, name, flags, _STATX_BTIME, buffer) != 0:
        return None
    if not int.from_bytes(buffer.raw[:4], sys.byteorder) & _STATX_BTIME:
        return None
    whole, part = _BTIME.unpack_from(buffer.raw, _BTIME_OFFSET)
    return int(whole) * _SECOND + int(part)


@cache
def _statx() -> Any:
    return getattr(ctypes.CDLL(None, use_errno=True), "statx", None)


def state(found: os.stat_result) -> State:
    """What must not change while a file is read."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def difference(before: State, after: State) -> str:
    """The names of what changed between two states, in words."""
    names = ("device", "inode", "size", "time of modification", "time of change")
    return ", ".join(name for name, old, new in zip(names, before, after, strict=True) if old != new)
