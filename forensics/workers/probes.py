"""What a hostile parser would try, tried from inside a guarded child: the jobs of ``protections``."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from forensics.workers.child import Report

_REFUSALS = (errno.EPERM, errno.EACCES, errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EROFS)
_PR_GET_PDEATHSIG = 2


def attempt(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Try everything that is forbidden and tell, name by name, what the system said; "" where it let it happen."""
    evidence, elsewhere = reads[0], Path(args["elsewhere"])
    tries: dict[str, Callable[[], object]] = {
        "no network": _call_out,
        "no other programs": lambda: os.execv("/no/such/program", ["program"]),  # noqa: S606 - to be refused
        "no further processes": _fork,
        "no signals to other processes": lambda: os.kill(os.getppid(), 0),
        "evidence cannot be written": lambda: evidence.open("ab").close(),
        "evidence cannot be renamed": lambda: evidence.rename(evidence.with_name("renamed")),
        "evidence keeps its times": lambda: os.utime(evidence, (0, 0)),
        "evidence keeps its mode": lambda: evidence.chmod(0o600),
        "evidence cannot be deleted": evidence.unlink,
        "nothing written outside the spool": lambda: evidence.with_name("new").write_bytes(b""),
        "nothing read but the evidence": elsewhere.read_bytes,
        "no links left in the spool": lambda: (spool / "link").symlink_to(elsewhere),
        "limit on memory": lambda: mmap.mmap(-1, args["memory"]).close(),
        "limit on processor time": lambda: _cpu_limited(args["cpu"]),
        "ends with its parent": _ends_with_parent,
    }
    return {name: _said(trial) for name, trial in tries.items()}


def crash(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Read from address 0."""
    return {"read": ctypes.string_at(0).hex()}


def wait(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Outstay the limit."""
    time.sleep(args["seconds"])
    return {}


class _Held(Exception):
    """A guard was found in force by asking, not by running into it."""


def _said(trial: Callable[[], object]) -> str:
    try:
        trial()
    except _Held as held:
        return str(held)
    except OSError as error:
        refused = error.errno in _REFUSALS or error.errno == errno.ENOMEM
        return (error.strerror or type(error).__name__) if refused else ""
    except (AttributeError, MemoryError) as error:
        return "" if isinstance(error, AttributeError) else "out of memory"
    return ""


def _call_out() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as out:
        out.settimeout(1)
        out.connect(("127.0.0.1", 9))


def _fork() -> None:
    made = os.fork()
    if made == 0:
        os._exit(0)
    os.waitpid(made, 0)


def _cpu_limited(seconds: int) -> None:
    if sys.platform != "win32":
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_CPU)
        if 0 <= soft <= seconds:
            raise _Held(f"{soft} seconds")


def _ends_with_parent() -> None:
    if sys.platform == "linux":
        number = ctypes.c_int(0)
        asked = ctypes.CDLL(None).prctl(_PR_GET_PDEATHSIG, ctypes.byref(number), 0, 0, 0)
        if asked == 0 and number.value == signal.SIGKILL:
            raise _Held("SIGKILL")
