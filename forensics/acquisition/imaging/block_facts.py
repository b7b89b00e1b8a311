"""What Linux knows of a block device without reading its content: sysfs, udev, mountinfo and the ioctls of fs.h.

    BLKROGET      0x125E      1 where the system lets nobody write to it
    BLKSSZGET     0x1268      logical sector
    BLKPBSZGET    0x127B      physical sector
    BLKGETSIZE64  0x80081272  size in bytes

The serial number of a SCSI or SATA disk is VPD page 0x80 (SPC-4, 7.8.15): four bytes of header, then ASCII.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

if sys.platform == "linux":
    import fcntl

_BLKROGET, _BLKSSZGET, _BLKPBSZGET, _BLKGETSIZE64 = 0x125E, 0x1268, 0x127B, 0x80081272
_VPD_HEADER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the system tells; another root for tests."""

    sys: Path = Path("/sys")
    udev: Path = Path("/run/udev/data")
    mounts: Path = Path("/proc/self/mountinfo")
    swaps: Path = Path("/proc/swaps")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where a file system of the device is mounted, and whether it may be written to through that."""

    number: str
    where: str
    writable: bool


@dataclass(slots=True)
class Facts:
    """What is known, and for what is not the reason."""

    known: dict[str, str | int | bool] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: str | int | bool | None, why: str) -> None:
        """Keep a value, or the reason why there is none."""
        if value is None or value == "":
            self.unknown[name] = why
        else:
            self.known[name] = value


class BlockDevice:
    """One block device by its number, ``8:16`` for instance; a partition has the facts of its disk and its own."""

    def __init__(self, number: str, places: Places) -> None:
        self._places = places
        self.number = number
        self._own = (places.sys / "dev" / "block" / number).resolve()
        self._is_partition = (self._own / "partition").exists()
        self._disk = self._own.parent if self._is_partition else self._own

    def facts(self) -> Facts:
        """Make, model, serial number and the like."""
        found = Facts()
        silent = "the device does not say, or this system does not pass it on"
        found.put("number", self.number, silent)
        if self._is_partition:
            found.put("partition", _text(self._own / "partition"), silent)
            found.put("partition_of", self._disk.name, silent)
            found.put("begins_at_sector_of_512", _number(self._own / "start"), silent)
        udev = self._udev()
        device = self._disk / "device"
        found.put("make", _text(device / "vendor") or udev.get("ID_VENDOR", ""), silent)
        found.put("model", _text(device / "model") or udev.get("ID_MODEL", ""), silent)
        found.put("serial", self._serial(udev), silent)
        found.put("wwn", _text(device / "wwid") or udev.get("ID_WWN", ""), silent)
        found.put("firmware", _text(device / "rev") or _text(device / "firmware_rev"), silent)
        for name in ("removable", "queue/rotational"):
            value = _number(self._disk / name)
            found.put(name.rpartition("/")[2], None if value is None else bool(value), silent)
        backing = _text(self._disk / "loop" / "backing_file") or _text(self._disk / "dm" / "name")
        if backing:
            found.put("stands_for", backing, silent)
        return found

    def turns(self) -> bool | None:
        """Whether the disk has moving heads; ``None`` where nobody says."""
        found = _number(self._disk / "queue" / "rotational")
        return None if found is None else bool(found)

    def _serial(self, udev: dict[str, str]) -> str:
        own = _text(self._disk / "serial") or _text(self._disk / "device" / "serial")
        return own or _vpd(self._disk / "device" / "vpd_pg80") or udev.get("ID_SERIAL_SHORT", "") or self._bridge()

    def _bridge(self) -> str:
        """The serial number of the USB device behind which the disk is, from the folder above it that has one."""
        for folder in (self._disk / "device").resolve().parents:
            if (folder / "idVendor").exists():
                serial = _text(folder / "serial")
                return f"{serial} (of the USB device)" if serial else ""
        return ""

    def _udev(self) -> dict[str, str]:
        number = _text(self._disk / "dev") or self.number
        lines = _text(self._places.udev / f"b{number}").splitlines()
        pairs = (line[2:].split("=", 1) for line in lines if line.startswith("E:") and "=" in line)
        return {name: value.replace("_", " ").strip() if name != "ID_SERIAL_SHORT" else value for name, value in pairs}

    def numbers(self) -> set[str]:
        """The device, its partitions, and what stands on them (device mapper, RAID)."""
        found: set[str] = {self.number}
        pending = [self._own]
        while pending:
            folder = pending.pop()
            below = [each.parent for each in folder.glob("*/partition")]
            below += [each.resolve() for each in folder.glob("holders/*")]
            for each in below:
                number = _text(each / "dev")
                if number and number not in found:
                    found.add(number)
                    pending.append(each)
        return found

    def holds(self, folder: Path) -> bool:
        """Whether a folder, or the one in which it would be made, lies on the device."""
        there = next((each for each in (folder, *folder.parents) if each.exists()), None)
        return there is not None and number_of(there.stat().st_dev) in self.numbers()

    def mounts(self) -> list[Mount]:
        """Where it, or a part of it, is mounted (proc(5), mountinfo)."""
        numbers = self.numbers()
        names = {f"/dev/{self._name(number)}" for number in numbers}
        found = []
        for line in _text(self._places.mounts).splitlines():
            fields = line.split()
            dash = fields.index("-") if "-" in fields else len(fields)
            source = fields[dash + 2] if len(fields) > dash + 2 else ""
            if fields[2] in numbers or source in names:
                writable = "rw" in fields[5].split(",") or "rw" in fields[-1].split(",")
                found.append(Mount(number=fields[2], where=_unescaped(fields[4]), writable=writable))
        swapped = (line.split()[0] for line in _text(self._places.swaps).splitlines()[1:])
        return found + [Mount(number="", where="swap", writable=True) for name in swapped if name in names]

    def _name(self, number: str) -> str:
        return (self._places.sys / "dev" / "block" / number).resolve().name


def number_of(device: int) -> str:
    """The number of a device as sysfs and mountinfo write it."""
    return f"{os.major(device)}:{os.minor(device)}" if hasattr(os, "major") else str(device)


def asked(descriptor: int) -> Facts:
    """Sector sizes, size and write protection, as the device answers to ioctls."""
    found = Facts()
    why = "no ioctl of this system tells it" if sys.platform != "linux" else "the ioctl failed"
    for name, code in (("logical_sector", _BLKSSZGET), ("physical_sector", _BLKPBSZGET), ("size", _BLKGETSIZE64)):
        found.put(name, _ioctl(descriptor, code), why)
    read_only = _ioctl(descriptor, _BLKROGET)
    found.put("read_only", None if read_only is None else bool(read_only), why)
    return found


def _ioctl(descriptor: int, code: int) -> int | None:
    if sys.platform != "linux":
        return None
    length = 8 if code == _BLKGETSIZE64 else 4
    try:
        return int.from_bytes(fcntl.ioctl(descriptor, code, bytes(length)), sys.byteorder)
    except OSError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "backslashreplace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdecimal() else None


def _vpd(path: Path) -> str:
    try:
        return path.read_bytes()[_VPD_HEADER:].decode("ascii", "backslashreplace").strip(" \0")
    except OSError:
        return ""


def _unescaped(name: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        name = name.replace(code, char)
    return name
