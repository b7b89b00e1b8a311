"""What is asked of a worker and what comes back: the values on both sides of the one verb ``submit``."""

from __future__ import annotations

import os
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use. Seconds and bytes; ``cpu`` is reproducible, ``wall`` is not."""

    wall: float = 60.0
    cpu: int = 60
    memory: int = 2 * GIB
    open_files: int = 256
    file_size: int = 8 * GIB
    reply: int = 64 << 20

    def times(self, factor: int) -> Limits:
        """The limits for a second try alone: time and memory grow, what may be said and written does not."""
        return replace(self, wall=self.wall * factor, cpu=self.cpu * factor, memory=self.memory * factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``call`` names ``package.module:function``; it is called as ``function(args, reads, spool, report) -> dict``.

    ``reads`` are the files and folders of evidence it may read, ``spool`` the only folder it may write to.
    """

    call: str
    args: dict[str, Any] = field(default_factory=dict)
    reads: tuple[Path, ...] = ()
    spool: Path
    limits: Limits | None = None

    def request(self, limits: Limits) -> dict[str, Any]:
        """The job as JSON can say it; paths as hex, because a path is bytes and JSON is not."""
        return {
            "call": self.call,
            "args": self.args,
            "reads": [_hex(path) for path in self.reads],
            "spool": _hex(self.spool),
            "limits": asdict(limits),
        }


def _hex(path: Path) -> str:
    return os.fsencode(path.absolute()).hex()


def unhex(text: str) -> Path:
    """The path that ``Job.request`` wrote."""
    return Path(os.fsdecode(bytes.fromhex(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a job really used: seconds on the clock, seconds of processor, bytes of memory at the peak."""

    wall: float = 0.0
    cpu: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job ended. ``cause`` is empty when it answered, and only then is there a ``value``.

    Causes: timeout, cpu, memory, signal N, error (it raised), reply (no answer, or not one that can be believed),
    lost (its worker went away). ``at`` is the last position it reported. ``guards`` were in force around it.
    ``detail`` is safe to print; it may differ between runs, so it belongs in the ledger, not in a record.
    """

    value: dict[str, Any] | None = None
    cause: str = ""
    detail: str = ""
    at: str = ""
    usage: Usage = Usage()
    guards: tuple[str, ...] = ()


class Listener(Protocol):
    """Hears what a running job reports, on the thread of its slot; best kept quick."""

    def __call__(self, progress: dict[str, Any], /) -> None: ...


class Engine(Protocol):
    """Where jobs run. The local engine is the first; one for a cluster need only offer this verb."""

    def submit(self, job: Job, *, listener: Listener | None = None) -> Future[Outcome]: ...
