"""What the parent knows of a disk image: its check, the stores in it, and how a worker is asked about it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forensics.acquisition.image_files import ImageFiles
from forensics.acquisition.receipt import Refusal
from forensics.workers.job import Engine, Job, Limits, Outcome

_JOBS = "forensics.acquisition.image_jobs"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Keys:
    """In a case under two-person control: the keys of the image's stored files, and where those of spools come from."""

    reads: tuple[bytes, ...]
    fresh: Callable[[], bytes]

    def job(self, spool: bytes) -> dict[str, Any]:
        """What a job is given of them."""
        return {"reads": [key.hex() for key in self.reads], "spool": spool.hex()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStore:
    """One mail store inside an image, as a worker found it; ``listing`` names its files for the worker that copies."""

    kind: str
    volume: dict[str, Any]
    path: bytes
    files: int
    size: int
    strength: int
    why: str
    listing: Path
    allocated: bool = True
    inode: int = 0
    overwritten: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReport:
    """What the check of an image said, the stores found in it, and what could not be looked at."""

    image: ImageFiles
    checked: dict[str, Any]
    stores: tuple[ImageStore, ...]
    problems: tuple[Refusal, ...]
    gone: tuple[dict[str, Any], ...] = ()
    walked: tuple[dict[str, int], ...] = ()
    keys: Keys | None = None

    @property
    def verdict(self) -> str:
        """``matches``, ``damaged`` (in the chunks that are named), ``differs`` or ``not stored``."""
        return str(self.checked["verdict"])


def limits_for(size: int) -> Limits:
    """Limits for a job that reads ``size`` bytes: a minute and then 4 MB/s, files as large as what is read."""
    seconds = 60 + size // 4_000_000
    return replace(Limits(), wall=float(seconds), cpu=seconds, file_size=max(Limits().file_size, size + (1 << 20)))


def run_job(
    engine: Engine, call: str, args: dict[str, Any], reads: tuple[Path, ...], spool: Path, limits: Limits
) -> Outcome:
    """Ask a worker about an image, in an empty spool."""
    if spool.exists():
        shutil.rmtree(spool)
    spool.mkdir(parents=True)
    job = Job(call=f"{_JOBS}:{call}", args=args, reads=reads, spool=spool, limits=limits)
    return engine.submit(job).result()


def why(outcome: Outcome) -> str:
    """What stopped a job, in its own first line; the places in our code that follow are for the ledger."""
    first = outcome.detail.partition("\n")[0]
    return re.sub(r"^(?:[A-Za-z_]+\.)*[A-Za-z_]+Error: ", "", first) or outcome.cause


def image_args(image: ImageFiles) -> dict[str, Any]:
    """What a job is told of the files that it reads."""
    return {"layers": [{"container": each.container, "names": list(each.names)} for each in image.layers]}
