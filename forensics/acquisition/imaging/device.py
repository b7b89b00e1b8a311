"""A block device or a regular file of this machine as a medium: opened read-only, described, read at any place."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from forensics.acquisition import filestat
from forensics.acquisition.imaging.block_facts import BlockDevice, Facts, Mount, Places, asked, number_of
from forensics.acquisition.imaging.reader import Reader
from forensics.errors import ForensicsError, UsageError
from forensics.evidence import item as layout
from forensics.evidence.item import Entry

SECTOR = 512
_PAGE = 4096
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NOATIME: int = getattr(os, "O_NOATIME", 0)


def open_medium(path: Path, case: Path, places: Places | None = None) -> Device:
    """Open what is to be imaged; whatever cannot be is refused with a sentence. Links such as by-id are followed."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        what = f"the source {str(path)!r} cannot be found: {error.strerror}"
        raise UsageError(what, place=str(path), todo="check the path, and whether the device is connected") from error
    if stat.S_ISDIR(mode):
        todo = "give the device or the image file itself; without --image a folder is acquired file by file"
        raise UsageError(f"the source {str(path)!r} is a folder, and only a device or a file has sectors", todo=todo)
    if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
        what = f"the source {str(path)!r} is neither a block device nor a regular file"
        raise UsageError(what, place=str(path), todo="give the block device, such as /dev/sdb")
    try:
        device = Device(path, places or Places())
    except PermissionError as error:
        todo = "run it as an account that may read it; block devices mostly need root"
        raise ForensicsError(f"no permission to read {str(path)!r}", place=str(path), todo=todo) from error
    except OSError as error:
        what = f"the source {str(path)!r} cannot be opened: {error.strerror}"
        raise ForensicsError(what, place=str(path), todo="see whether a medium is in it") from error
    try:
        device.refuse_case(case)
    except UsageError:
        device.close()
        raise
    return device


class Device:
    """A medium of this machine; a regular file has sectors of 512 bytes and keeps its last, shorter one."""

    def __init__(self, path: Path, places: Places) -> None:
        self._given = path
        self._path = Path(os.path.realpath(path))
        self._atime_kept = bool(_NOATIME)
        found = self._path.stat()
        self._block = BlockDevice(number_of(found.st_rdev), places) if stat.S_ISBLK(found.st_mode) else None
        self._reader = Reader(self._open, _PAGE)
        self._asked = asked(self._reader.fileno()) if self._block is not None else Facts()
        sector = self._asked.known.get("logical_sector")
        self.sector = int(sector) if sector else SECTOR
        if self._block is not None:
            self._reader.unit = self.sector
        self._stat = os.fstat(self._reader.fileno())
        self.size = os.lseek(self._reader.fileno(), 0, os.SEEK_END)
        self._mounts: list[Mount] = self._block.mounts() if self._block is not None else []
        self._facts = self._block.facts() if self._block is not None else Facts()

    def _open(self) -> int:
        with suppress(PermissionError):
            return os.open(self._path, _FLAGS | _NOATIME)
        # O_NOATIME is for the owner only; others read without it.
        descriptor = os.open(self._path, _FLAGS)
        self._atime_kept = False
        return descriptor

    @property
    def allocated(self) -> int:
        blocks = getattr(self._stat, "st_blocks", None) if self._block is None else None
        return self.size if blocks is None else min(self.size, blocks * SECTOR)

    @property
    def nimble(self) -> bool:
        """A file lies on a disk that serves others as well; of a device the kernel says whether it has heads."""
        return hasattr(os, "preadv") and (self._block is None or self._block.turns() is False)

    @property
    def entry(self) -> Entry:
        name = os.fsencode(self._path.name)
        if self._block is not None:
            name += b".raw"
            return Entry(path=name, type=layout.FILE, size=self.size, facts={"device": str(self._path)})
        born = filestat.born_of(self._reader.fileno(), b"", self._stat)
        return replace(filestat.entry_of(name, self._stat, born), size=self.size)

    def identity(self) -> dict[str, Any]:
        if self._block is None:
            return {"path": str(self._path), "state": list(filestat.state(self._stat))}
        names = ("make", "model", "serial", "wwn", "partition", "begins_at_sector_of_512")
        known = {name: self._facts.known[name] for name in names if name in self._facts.known}
        # What bears no serial number can be told only by where it is.
        known |= {} if "serial" in known or "wwn" in known else {"path": str(self._path)}
        return {"size": self.size, "sector": self.sector, **known}

    def describe(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "kind": layout.FILE if self._block is None else layout.BLOCK_DEVICE,
            "given": os.fsencode(self._given).decode("utf-8", "backslashreplace"),
            "path": os.fsencode(self._path).decode("utf-8", "backslashreplace"),
            "path_hex": os.fsencode(self._path).hex(),
            "size": self.size,
            "sector": self.sector,
            "opened": "read-only; nothing was written to it, no file system on it was mounted",
        }
        return said | (self._of_file() if self._block is None else self._of_device())

    def _of_file(self) -> dict[str, Any]:
        none = "it is a regular file, not a device"
        why = {"device": none, "write_protection": none} if not self._on_read_only() else {"device": none}
        held = {} if "write_protection" in why else {"write_protection": "the file system is mounted read-only"}
        state = {"dev": self._stat.st_dev, "inode": self._stat.st_ino, "access_times_kept": self._atime_kept}
        return {**state, **held, "not_recorded": why}

    def _on_read_only(self) -> bool:
        return hasattr(os, "statvfs") and bool(os.fstatvfs(self._reader.fileno()).f_flag & os.ST_RDONLY)

    def _of_device(self) -> dict[str, Any]:
        read_only = self._asked.known.get("read_only")
        said: dict[str, Any] = {
            "device": self._facts.known | self._asked.known,
            "mounted": [{"where": each.where, "writable": each.writable} for each in self._mounts],
            "not_recorded": self._facts.unknown | self._asked.unknown,
        }
        if read_only is not None:
            held = "the system refuses every write to it" if read_only else "none that this system knows"
            said["write_protection"] = f"{held} (BLKROGET {int(read_only)})"
        return said

    def warnings(self) -> tuple[str, ...]:
        """A device that somebody may write to while it is read."""
        places = [each.where for each in self._mounts if each.writable]
        if not places:
            return ()
        return (f"the source is mounted so that it can be written to ({', '.join(places)}) while it is imaged",)

    def refuse_case(self, case: Path) -> None:
        """Whatever is written to the case must not land on the medium that is imaged."""
        folder = case.resolve()
        if self._path.is_relative_to(folder):
            what = f"the source {str(self._given)!r} lies inside the case folder {str(case)!r}"
        elif self._block is not None and self._block.holds(folder):
            what = f"the case folder {str(case)!r} lies on the device that is to be imaged"
        else:
            return
        raise UsageError(what, place=str(case), todo="put the case folder on another disk")

    def read(self, offset: int, view: memoryview, *, fresh: bool = False) -> int:
        # A device that grew shows more than was planned; what is asked for lies within the size.
        return self._reader.read(offset, view, fresh=fresh)

    def gone(self) -> str:
        if self._block is None:
            return ""
        size = asked(self._reader.fileno()).known.get("size", self.size)
        if size != self.size or not self._path.exists():
            return "it was taken out" if not size or not self._path.exists() else "its size is another one now"
        return ""

    def changed(self) -> str:
        if self._block is not None:
            return self.gone()
        return filestat.difference(filestat.state(self._stat), filestat.state(os.fstat(self._reader.fileno())))

    def close(self) -> None:
        self._reader.close()
