"""Messages and doubtful lines of an mbox as columns of offsets, so that a box of millions of them fits in memory."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, overload


class Why(IntEnum):
    """Why a ``From`` line is in doubt as a separator."""

    NO_DATE = 1
    """It begins a message, though it has no date: a blank line is before it and header fields follow."""
    ODD_DATE = 2
    """It begins a message, though its date is of no known shape."""
    NO_BLANK_LINE = 3
    """It begins a message, though no blank line is before it: it has a date and header fields follow."""
    NO_HEADER = 4
    """It begins a message, though no header field follows it."""
    INSIDE_LENGTH = 5
    """It begins no message: it lies in a body whose Content-Length ends exactly where a message does."""
    PROSE = 6
    """It begins no message: a blank line is before it and a field seems to follow, but it has words, no date."""


class MessageSpan(NamedTuple):
    """Offsets of a From_ line, of the message after it, and of its end (without the blank line before the next)."""

    from_start: int
    start: int
    end: int


class Doubt(NamedTuple):
    """A ``From`` line in doubt: its offsets, whether it was taken for a separator, and why it is in doubt."""

    start: int
    end: int
    taken: bool
    why: Why


class Messages(Sequence[MessageSpan]):
    """Three columns of offsets read as a sequence, 24 bytes a message."""

    __slots__ = ("ends", "from_starts", "starts")

    def __init__(self) -> None:
        self.from_starts, self.starts, self.ends = array("q"), array("q"), array("q")

    def __len__(self) -> int:
        return len(self.from_starts)

    @overload
    def __getitem__(self, at: int) -> MessageSpan: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[MessageSpan]: ...
    def __getitem__(self, at: int | slice) -> MessageSpan | Sequence[MessageSpan]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return MessageSpan(self.from_starts[at], self.starts[at], self.ends[at])


class Doubts(Sequence[Doubt]):
    """The same for doubts, 17 bytes each."""

    __slots__ = ("ends", "reasons", "starts")

    def __init__(self) -> None:
        self.starts, self.ends, self.reasons = array("q"), array("q"), bytearray()

    def add(self, start: int, end: int, why: Why) -> None:
        self.starts.append(start)
        self.ends.append(end)
        self.reasons.append(why)

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, at: int) -> Doubt: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Doubt]: ...
    def __getitem__(self, at: int | slice) -> Doubt | Sequence[Doubt]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        why = Why(self.reasons[at])
        return Doubt(self.starts[at], self.ends[at], why < Why.INSIDE_LENGTH, why)
