"""Landlock, Linux's unprivileged file and network rules, by ctypes (kernel Documentation/userspace-api/landlock.rst).

A right that the running kernel's ABI does not know is left out, so that an old kernel still guards what it can.

    ABI  adds
    1    the thirteen file rights EXECUTE to MAKE_SYM
    2    REFER (rename or link between folders)
    3    TRUNCATE
    4    TCP bind and connect
    5    IOCTL_DEV
    6    scopes: abstract UNIX sockets, signals
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE, MAKE_DIR, MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

_READ = READ_FILE | READ_DIR
# No links, sockets, pipes or devices: what is left in a spool must be safe to open for whoever comes next.
_WRITE = _READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE
_FOR_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_TCP = 0b11
_SCOPES = 0b11


def abi() -> int:
    """The version the kernel speaks; 0 where there is no Landlock."""
    return max(0, _syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG))


def handled(version: int) -> int:
    """Every file right this version knows, as a mask; all that is not granted below a path is denied."""
    bits = 13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16
    return (1 << bits) - 1


def restrict(version: int, reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """From here on this process reads and writes only below these paths; raises OSError if that cannot be had."""
    attributes = struct.pack("=QQQ", handled(version), _TCP, _SCOPES)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _checked(_CREATE_RULESET, attributes, size, 0)
    try:
        for path in reads:
            _allow(ruleset, path, _READ, version)
        for path in writes:
            _allow(ruleset, path, _WRITE, version)
        _checked(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int, version: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISBLK(mode):
            # The size of a medium can only be asked for by ioctl; one that writes needs a handle opened for writing.
            rights |= IOCTL_DEV
        if not stat.S_ISDIR(mode):
            rights &= _FOR_A_FILE
        rule = struct.pack("=Qi", rights & handled(version), fd)
        _checked(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    finally:
        os.close(fd)


def _checked(number: int, *arguments: int | bytes | None) -> int:
    result = _syscall(number, *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result


def _syscall(number: int, *arguments: int | bytes | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_long(word) if isinstance(word, int) else ctypes.c_char_p(word) for word in arguments]
    libc.syscall.restype = ctypes.c_long
    return int(libc.syscall(ctypes.c_long(number), *words))
