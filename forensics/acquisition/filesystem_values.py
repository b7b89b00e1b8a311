"""What a file system inside an image is described with: volumes, files, their streams, and where the bytes stand."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from forensics.evidence.item import Times


class Medium(Protocol):
    """The sectors of an image, whatever container they come in."""

    @property
    def size(self) -> int:
        """Bytes of the medium."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the medium, fewer only at its end."""
        ...


class Clock(enum.StrEnum):
    """What the times of a file system are counted in."""

    UTC = "utc"
    LOCAL = "local"  # FAT and exFAT here: the wall clock of the machine that wrote it, counted as if it were UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One stretch of the medium, with the file system found on it; ``""`` and ``problem`` say that there is none.

    ``shadow`` is the number of a volume shadow copy of that stretch, from 1 on; 0 is the volume as it stands. The times
    of a shadow copy are in ``description``.
    """

    number: int
    start: int
    length: int
    table: str
    description: str
    file_system: str
    problem: str
    shadow: int = 0

    @property
    def base(self) -> int:
        """What is added to an offset inside the volume: nothing in a shadow copy, whose bytes stand all over it."""
        return 0 if self.shadow else self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """``length`` bytes from ``file_offset`` stand at ``image_offset``; -1 there means sparse: no sector holds them."""

    file_offset: int
    image_offset: int
    length: int

    def to_json(self) -> list[int]:
        """Three numbers, as ``files.jsonl`` has them."""
        return [self.file_offset, self.image_offset, self.length]


def ranges_of(value: Iterable[Any]) -> tuple[Range, ...]:
    """Read back what :meth:`Range.to_json` wrote."""
    return tuple(Range(file_offset=int(a), image_offset=int(b), length=int(c)) for a, b, c in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A data stream: the content (``name`` empty) or an NTFS alternate data stream. ``id`` is TSK's attribute id.

    ``ranges`` is empty where the bytes have no place of their own: inside the inode or MFT record, or compressed.
    ``placed`` says that it is read by its ranges alone, as all deleted files are that have some. ``overwritten`` are
    the parts whose place a live file has taken since, ``contested`` those that another deleted file claims too,
    ``damaged`` those that an image's own checksums give up. ``assumed``: no chain of clusters says where the file went
    on, only its first cluster and its size.
    """

    name: bytes
    type: int
    id: int
    size: int
    resident: bool
    compressed: bool
    ranges: tuple[Range, ...]
    placed: bool = False
    assumed: bool = False
    overwritten: tuple[Range, ...] = ()
    contested: tuple[Range, ...] = ()
    damaged: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A regular file as its file system describes it; names are the bytes that TSK gives (UTF-8 on FAT and NTFS).

    ``blocks`` are all places that it takes, whatever for: content, alternate streams, lists of blocks.
    ``damage`` says in words that something about it other than its content stands in a damaged part of the image.
    """

    volume: int
    path: tuple[bytes, ...]
    inode: int
    size: int
    times: Times
    clock: Clock
    mode: int
    uid: int
    gid: int
    allocated: bool
    streams: tuple[Stream, ...]
    blocks: tuple[tuple[int, int], ...] = ()
    damage: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFolder:
    """A directory that was entered: told because Maildir is a matter of folders, empty ones too."""

    volume: int
    path: tuple[bytes, ...]
    inode: int
    allocated: bool = True
    blocks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A deleted file of which only the name is left, and why."""

    volume: int
    path: tuple[bytes, ...]
    inode: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A place that could not be read: what was lost, in words."""

    volume: int
    path: tuple[bytes, ...]
    what: str
