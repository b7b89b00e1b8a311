"""A failing disk with the interface of a real medium: it reads a file, and fails where it is told to, as a kernel does.

A read that meets a bad sector gives the bytes before it, or, where there are none, the error. A sector can come good
after some tries, the content can be another the second time, and the whole device can go away.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forensics.acquisition.acquire import Acquired
from forensics.acquisition.imaging.device import Device
from forensics.acquisition.imaging.image import Settings, image
from forensics.evidence.item import FILE, Entry, Times
from forensics.evidence.store import EvidenceStore
from tests.acquisition.stand_in import TOOL, clock

MIB = 1 << 20
SMALL = Settings(piece=MIB, retries=1)
_LATER = 1 << 62


@dataclass
class FailingDisk:
    """``bad``: sector numbers that fail. ``heals``: sector to the number of tries after which it is read all the same.

    ``second``: offset to the byte that is there when the disk is read past the caches. ``page``: a read that may come
    from a cache fails for whole pages of this many bytes, as Linux's does.
    """

    data: bytes
    bad: frozenset[int] = frozenset()
    sector: int = 512
    number: int = errno.EIO
    heals: dict[int, int] = field(default_factory=dict)
    second: dict[int, int] = field(default_factory=dict)
    page: int = 4096
    gone_at: int = _LATER
    stop_at: int = _LATER
    serial: str = "S-1"
    holes: bool = False
    tried: Counter[int] = field(default_factory=Counter)
    at_most: int = _LATER
    reads: int = 0
    mounted: tuple[str, ...] = ()
    nimble: bool = False

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def allocated(self) -> int:
        return self.size - self.data.count(0) if self.holes else self.size

    @property
    def entry(self) -> Entry:
        return Entry(path=b"disk.raw", type=FILE, size=self.size, times=Times(modified=1), facts={"device": "stand-in"})

    def identity(self) -> dict[str, Any]:
        return {"serial": self.serial, "size": self.size}

    def describe(self) -> dict[str, Any]:
        return {"kind": "block device", "given": "stand-in", "path": "/dev/stand-in"}

    def warnings(self) -> tuple[str, ...]:
        return self.mounted

    def read(self, offset: int, view: memoryview, *, fresh: bool = False) -> int:
        self.reads += 1
        if offset >= self.stop_at:
            raise KeyboardInterrupt
        end = min(self.size, offset + len(view), offset + self.at_most)
        for sector in range(offset // self.sector, -(-end // self.sector)):
            if self._fails(sector, fresh, offset) or sector * self.sector >= self.gone_at:
                if sector * self.sector <= offset:
                    raise OSError(self.number, "it cannot be read")
                end = sector * self.sector
                break
        piece = bytearray(self.data[offset:end])
        for place, byte in self.second.items():
            if fresh and offset <= place < end:
                piece[place - offset] = byte
        view[: len(piece)] = piece
        return len(piece)

    def _fails(self, sector: int, fresh: bool, offset: int) -> bool:
        near = range(sector, sector + 1)
        if not fresh and self.page > self.sector:
            per = self.page // self.sector
            near = range(sector - sector % per, sector - sector % per + per)
        for each in near:
            if each in self.bad:
                if fresh and each * self.sector == offset:
                    self.tried[each] += 1
                if self.tried[each] <= self.heals.get(each, _LATER):
                    return True
        return False

    def gone(self) -> str:
        return "it was taken out" if self.gone_at < self.size else ""

    def changed(self) -> str:
        return ""

    def close(self) -> None:
        pass


class FailingFile(FailingDisk):
    """The same faults over a regular file of this machine, which is read and described by the real code."""

    def __init__(self, device: Device, bad: Iterable[int]) -> None:
        view = memoryview(bytearray(device.size))
        done = 0
        while done < device.size:
            done += device.read(done, view[done:])
        super().__init__(data=bytes(view), bad=frozenset(bad), sector=device.sector)
        self._device = device

    @property
    def entry(self) -> Entry:
        return self._device.entry

    def identity(self) -> dict[str, Any]:
        return self._device.identity()

    def describe(self) -> dict[str, Any]:
        return self._device.describe()

    def read(self, offset: int, view: memoryview, *, fresh: bool = False) -> int:
        """The faults of the stand-in; the bytes of the real file."""
        count = super().read(offset, view, fresh=fresh)
        return self._device.read(offset, view[:count], fresh=fresh)

    def changed(self) -> str:
        return self._device.changed()

    def close(self) -> None:
        self._device.close()


def imaged(
    medium: Any, case: Path, settings: Settings = SMALL, item: str = "EV-0001"
) -> tuple[EvidenceStore, Acquired]:
    """The whole of one imaging into a case folder."""
    store = EvidenceStore(case / "evidence")
    return store, image(medium, store.begin(item), now=clock(), tool=TOOL, about={"case": "K-1"}, settings=settings)


def stored(store: EvidenceStore, ending: bytes = b"", item: str = "EV-0001") -> bytes:
    """The bytes of the file of the item whose name ends so; of its image without an ending."""
    for entry in store.entries(item):
        wanted = entry.path.endswith(ending) if ending else not entry.path.endswith(b".jsonl")
        if wanted and entry.number is not None:
            with store.open(item, entry.number) as handle:
                return handle.read()
    raise AssertionError(ending)


def filled(data: bytes, bad: Iterable[int], sector: int = 512) -> bytes:
    """What the image must be: the bad sectors zeros, and nothing else."""
    wanted = bytearray(data)
    for number in bad:
        begin, end = number * sector, min(len(data), (number + 1) * sector)
        wanted[begin:end] = bytes(end - begin)
    return bytes(wanted)


def sectors_of(parts: Sequence[dict[str, Any]], sector: int = 512) -> set[int]:
    """The sectors that the map calls filled."""
    return {
        number
        for part in parts
        if part["state"] == "filled"
        for number in range(part["offset"] // sector, -(-(part["offset"] + part["length"]) // sector))
    }
