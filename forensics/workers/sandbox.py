"""What is taken away from a job before it starts: each measure is tried, and those that took hold are named.

Linux has all of them; other systems keep the limits they know. Nothing here raises because a measure is missing: what
really holds is measured by ``protections`` and recorded.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import signal
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from forensics.workers import landlock, seccomp
from forensics.workers.job import Limits

if sys.platform != "win32":
    import resource

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522
# Root may read and write past file modes, as it does outside; every other privilege goes.
_KEPT_CAPABILITIES = 1 << 1 | 1 << 2

_SYSTEM_READS = ("/usr", "/lib", "/lib64", "/lib32", "/etc/localtime", "/etc/timezone", "/etc/ld.so.cache", "/dev/null",
                 "/dev/zero", "/dev/urandom", "/dev/random", "/proc/cpuinfo", "/proc/meminfo",
                 "/sys/devices/system/cpu")  # fmt: skip


def readable_by_all() -> tuple[Path, ...]:
    """What Python itself needs to read: the interpreter, its libraries, the installed packages, the time zones."""
    installed = (entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages")))
    places = (*_SYSTEM_READS, sys.prefix, sys.base_prefix, sys.exec_prefix, *installed)
    return tuple(Path(place) for place in dict.fromkeys(map(os.path.realpath, places)))


def package_of(call: str) -> tuple[Path, ...]:
    """The folder (or file) of the top-level package that a call names, found without importing it."""
    spec = importlib.util.find_spec(call.partition(":")[0].partition(".")[0])
    if spec is None:
        return ()
    places = spec.submodule_search_locations or ([spec.origin] if spec.has_location and spec.origin else [])
    return tuple(Path(place) for place in places)


def apply(*, reads: Iterable[Path], spool: Path, limits: Limits, parent: int) -> tuple[str, ...]:
    """Guard this process for good; returns the names of the guards that hold."""
    held = _limit(limits)
    if sys.platform == "linux":
        held += _die_with(parent) + _no_new_privileges() + _drop_capabilities()
        held += _landlock(reads, spool) + _seccomp()
    return tuple(held)


def die_with_parent(parent: int) -> None:
    """End this process when the thread that started it ends, however that happens (Linux)."""
    if sys.platform == "linux":
        _die_with(parent)


def leave_network() -> bool:
    """Move this process and its children into a network of their own, with nothing in it. Only before any thread."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and libc.unshare(_CLONE_NEWNET) == 0:
        return True
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        return False
    # Without these maps files are still read and written as before; only the numbers shown are those of nobody.
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def _limit(limits: Limits) -> list[str]:
    if sys.platform == "win32":
        return []
    wanted = (
        ("core dumps off", resource.RLIMIT_CORE, 0, 0),
        ("limit on open files", resource.RLIMIT_NOFILE, limits.open_files, limits.open_files),
        ("limit on file size", resource.RLIMIT_FSIZE, limits.file_size, limits.file_size),
        # One second between the signal that can be ignored and the one that cannot.
        ("limit on processor time", resource.RLIMIT_CPU, limits.cpu, limits.cpu + 1),
        ("limit on memory", resource.RLIMIT_AS, limits.memory, limits.memory),
    )
    return [name for name, which, soft, hard in wanted if _set_limit(which, soft, hard)]


def _set_limit(which: int, soft: int, hard: int) -> bool:
    ceiling = resource.getrlimit(which)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    try:
        resource.setrlimit(which, (soft, hard))
    except (OSError, ValueError):
        return False
    return True


def _prctl(option: int, value: int) -> bool:
    return bool(ctypes.CDLL(None, use_errno=True).prctl(option, ctypes.c_ulong(value), 0, 0, 0) == 0)


def _die_with(parent: int) -> list[str]:
    if not _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL):
        return []
    if os.getppid() != parent:
        # The parent went before the request took effect.
        os._exit(1)
    return ["dies with its parent"]


def _no_new_privileges() -> list[str]:
    return ["no new privileges"] if _prctl(_PR_SET_NO_NEW_PRIVS, 1) else []


def _drop_capabilities() -> list[str]:
    libc = ctypes.CDLL(None, use_errno=True)
    head = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    now = ctypes.create_string_buffer(24)
    if libc.capget(head, now):
        return []
    words: Sequence[int] = struct.unpack("=6I", now.raw)
    kept = words[1] & _KEPT_CAPABILITIES
    if libc.capset(head, struct.pack("=6I", kept, kept, 0, 0, 0, 0)):
        return []
    return ["capabilities dropped"]


def _landlock(reads: Iterable[Path], spool: Path) -> list[str]:
    version = landlock.abi()
    if not version:
        return []
    try:
        landlock.restrict(version, reads, (spool, Path("/dev/null")))
    except OSError:
        return []
    return [f"Landlock {version}"]


def _seccomp() -> list[str]:
    if not seccomp.supported():
        return []
    try:
        seccomp.restrict()
    except OSError:
        return []
    return ["seccomp"]
