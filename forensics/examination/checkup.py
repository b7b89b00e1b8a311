"""What this machine can be trusted with: Python, libraries, the guards of the workers, disk space, the case's disk."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from forensics.acquisition.containers import CONTAINERS
from forensics.errors import DONE, FAILED
from forensics.evidence.durable import sync_folder
from forensics.evidence.protection import IMMUTABLE, protect, release
from forensics.examination.station import DISTRIBUTION
from forensics.workers.protections import protections

OLDEST, NEWEST = (3, 11), (3, 13)
TOOLS = {
    "sha256sum": "checks an evidence item's manifest without this program",
    "ewfverify": "a second opinion on E01 images",
    "readpst": "a second opinion on Outlook data files",
}
_ESSENTIAL = frozenset(("a crash costs one job only", "limit on time", "guards"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at. ``needed`` says whether an examination is refused a clean bill without it."""

    group: str
    name: str
    holds: bool
    detail: str
    needed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """All of them."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """1 where something that is needed does not hold."""
        return FAILED if any(each.needed and not each.holds for each in self.checks) else DONE


def check_up(folder: Path | None = None) -> Checkup:
    """Look at this machine, and at the disk of ``folder`` where one is given."""
    place = folder or Path.cwd()
    checks = [*_python(), *_libraries(), *_images(), *_guards(), _space(place)]
    if folder is not None:
        checks += _features(_existing(folder))
    return Checkup(checks=(*checks, *_tools()))


def _python() -> list[Check]:
    known = OLDEST <= sys.version_info[:2] <= NEWEST
    detail = f"{platform.python_implementation()} {platform.python_version()}"
    if not known:
        detail += f"; tested with {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    needed = sys.version_info[:2] < OLDEST
    return [
        Check(group="system", name="Python", holds=known, detail=detail, needed=needed),
        Check(group="system", name="platform", holds=True, detail=platform.platform(), needed=False),
        Check(group="system", name="processors", holds=True, detail=str(os.cpu_count() or 1), needed=False),
    ]


def _libraries() -> list[Check]:
    wanted = [line for line in metadata.requires(DISTRIBUTION) or [] if "extra ==" not in line]
    names = sorted({_name_of(line) for line in wanted})
    return [_library(name) for name in names]


def _images() -> list[Check]:
    """The libraries behind containers of disk images; each is missed only where such an image turns up."""
    return [
        Check(
            group="image",
            name=each.name,
            holds=not each.unavailable,
            detail=each.unavailable or f"{each.distribution} {metadata.version(each.distribution)}",
            needed=False,
        )
        for each in CONTAINERS
        if each.library
    ]


def _name_of(requirement: str) -> str:
    end = next((at for at, c in enumerate(requirement) if not (c.isalnum() or c in "-_.")), len(requirement))
    return requirement[:end]


def _library(name: str) -> Check:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Check(group="library", name=name, holds=False, detail="is not installed", needed=True)
    return Check(group="library", name=name, holds=True, detail=found, needed=True)


def _guards() -> list[Check]:
    return [
        Check(group="guard", name=each.name, holds=each.holds, detail=each.detail, needed=each.name in _ESSENTIAL)
        for each in protections()
    ]


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(_existing(folder)).free
    detail = f"{free / 10**9:.1f} GB free at {folder}"
    return Check(group="disk", name="space", holds=free > 10**9, detail=detail, needed=False)


def _existing(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    whole = folder.absolute()
    return next(each for each in (whole, *whole.parents) if each.is_dir())


def _features(folder: Path) -> list[Check]:
    """What write-once storage needs of a file system, tried in a folder of its own that is removed again."""
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".doctor-") as name:
            return _tried(Path(name))
    except OSError as error:
        detail = f"{folder}: {error.strerror}"
        return [Check(group="disk", name="the case can be written", holds=False, detail=detail, needed=True)]


def _tried(folder: Path) -> list[Check]:
    first, second = folder / "first", folder / "second"
    first.write_bytes(b"evidence")
    links = _link(first, second)
    sync_folder(folder)
    held = protect(first, IMMUTABLE)
    release(first)
    os.chmod(first, 0o600)
    return [
        Check(group="disk", name="the case can be written", holds=True, detail=str(folder.parent), needed=True),
        Check(group="disk", name="hard links", holds=not links, detail=links or "a link never replaces", needed=False),
        Check(
            group="disk", name="immutable flag", holds=held == IMMUTABLE, detail=f"what holds is: {held}", needed=False
        ),
    ]


def _link(first: Path, second: Path) -> str:
    try:
        os.link(first, second)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _tools() -> list[Check]:
    return [
        Check(group="tool", name=name, holds=(path := shutil.which(name)) is not None, detail=path or use, needed=False)
        for name, use in TOOLS.items()
    ]
