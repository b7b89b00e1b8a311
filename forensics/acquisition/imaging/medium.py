"""What is imaged: something of a known size that is read at any place, in sectors. Nothing here may write to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from forensics.errors import ForensicsError
from forensics.evidence.item import Entry

Advance = Callable[[int], object]
"""Progress: so many more bytes are dealt with."""


class Medium(Protocol):
    """One device or file, open for reading."""

    @property
    def size(self) -> int:
        """Bytes in all; this need not be a multiple of the sector."""
        ...

    @property
    def sector(self) -> int:
        """The smallest part that is read or lost as a whole, in bytes: the logical sector."""
        ...

    @property
    def allocated(self) -> int:
        """How many bytes it takes where it lies: fewer than its size when it has holes, and the copy needs no more."""
        ...

    @property
    def nimble(self) -> bool:
        """Whether it may be read at two places at the same time, as what has no moving heads."""
        ...

    @property
    def entry(self) -> Entry:
        """Name and metadata as they were when it was opened."""
        ...

    def identity(self) -> dict[str, Any]:
        """By what it is known again when an interrupted run goes on: a JSON object."""
        ...

    def describe(self) -> dict[str, Any]:
        """What it is, for ``acquisition.json``: a JSON object with at least ``kind`` and ``given``."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """What may change it while it is read, in sentences."""
        ...

    def read(self, offset: int, view: memoryview, *, fresh: bool = False) -> int:
        """Bytes from ``offset``; may be fewer than asked for. ``fresh`` goes past every cache of this system.

        Raises ``OSError`` where it cannot be read; 0 means that it ends here.
        """
        ...

    def gone(self) -> str:
        """Why it does not answer at all any more, in words; "" while it does."""
        ...

    def changed(self) -> str:
        """What is no longer as it was when it was opened, in words; "" when all is as it was."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class MediumGone(ForensicsError):
    """The device was taken out or failed as a whole; what was read is kept and the same command goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How an image is laid out: its size, pieces with digests of their own, and files of at most ``split`` bytes."""

    size: int
    piece: int
    split: int = 0

    @property
    def pieces(self) -> int:
        """How many pieces there are; the last may be shorter."""
        return -(-self.size // self.piece)

    @property
    def segments(self) -> int:
        """How many files the image has: one at least, even of nothing."""
        return max(1, -(-self.size // self.split)) if self.split else 1

    def piece_span(self, number: int) -> tuple[int, int]:
        """Begin and end of a piece; they are counted from 0."""
        return number * self.piece, min(self.size, (number + 1) * self.piece)

    def segment_span(self, number: int) -> tuple[int, int]:
        """Begin and end of a file of the image; they are counted from 0."""
        if not self.split:
            return 0, self.size
        return number * self.split, min(self.size, (number + 1) * self.split)

    def segment_at(self, offset: int) -> int:
        """The file in which an offset of the medium lies."""
        return offset // self.split if self.split else 0

    def blocks(self, begin: int, end: int, block: int) -> list[tuple[int, int]]:
        """Offset and length of the transfers of a span; none reaches over the border of a file."""
        found = []
        while begin < end:
            border = self.segment_span(self.segment_at(begin))[1]
            length = min(block, end - begin, border - begin)
            found.append((begin, length))
            begin += length
        return found
