"""Who works here, on what machine and with what tool: the facts that stand in every ledger line of this session."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import forensics
from forensics.examination.dependencies import lock_sha256
from forensics.workers import same_code

DISTRIBUTION = "email-forensics"
DEPENDENCIES = ("pyarrow", "duckdb", "libpff-python", "pytsk3", "libewf-python", "olefile")


class Progress(Protocol):
    """What the command line shows while long work runs; every call is cheap."""

    def begin(self, title: str, size: int = 0, items: int = 0) -> None:
        """A piece of work starts; ``size`` in bytes and ``items`` are 0 where not known."""

    def expect(self, size: int, items: int) -> None:
        """The piece of work turns out to be so large in all."""

    def advance(self, size: int, items: int) -> None:
        """So many more bytes and items are done."""

    def end(self) -> None:
        """The piece of work is over."""


class Silent:
    """Progress that nobody watches."""

    def begin(self, title: str, size: int = 0, items: int = 0) -> None:
        """Nothing is shown."""

    def expect(self, size: int, items: int) -> None:
        """Nothing is shown."""

    def advance(self, size: int, items: int) -> None:
        """Nothing is shown."""

    def end(self) -> None:
        """Nothing is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """The clock and what the system knows of it, the command as given, the number of workers, and who watches."""

    now: Callable[[], int] = time.time_ns
    clock: Callable[[], dict[str, Any]] = dict
    argv: tuple[str, ...] = ()
    workers: int = 2
    progress: Progress = field(default_factory=Silent)

    def host(self) -> dict[str, str]:
        """The machine: name, system, and the id of this boot where the system has one."""
        boot = Path("/proc/sys/kernel/random/boot_id")
        return {
            "name": platform.node(),
            "os": platform.platform(),
            "boot": boot.read_text().strip() if boot.exists() else "",
        }


def workers_by_default() -> int:
    """One for each processor, 16 at the most."""
    return max(1, min(os.cpu_count() or 1, 16))


@cache
def tool() -> dict[str, str]:
    """This program: version, SHA-256 over its source files and over what it needs, Python, libraries that read."""
    lock = lock_sha256(DISTRIBUTION)
    return {
        "name": DISTRIBUTION,
        "version": forensics.__version__,
        "sha256": same_code.digest(),
        **({"lock_sha256": lock} if lock else {}),
        "python": sys.version.split()[0],
        "libraries": " ".join(f"{name}={_version(name)}" for name in DEPENDENCIES),
    }


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "absent"
