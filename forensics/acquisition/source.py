"""What every source offers, be it a folder, an image or a server: list what is there, open it for reading, no more."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from forensics.acquisition.receipt import Refusal
from forensics.evidence.item import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing in the source. With a ``refusal`` it is listed and not read; so is all that is not of type ``file``.

    ``allocated`` is how many bytes it takes on its medium: fewer than its size when it has holes.
    """

    entry: Entry
    refusal: Refusal | None = None
    allocated: int | None = None


class Reading(Protocol):
    """One file of the source, open for reading."""

    @property
    def entry(self) -> Entry:
        """The file as it was when it was opened; this is what ``files.jsonl`` will say."""
        ...

    def readinto(self, view: memoryview, /) -> int:
        """The next bytes; 0 at the end. Raises ``OSError`` where the source cannot be read."""
        ...

    def changed(self) -> str:
        """What is no longer as it was when the file was opened, in words; "" when all is as it was."""
        ...


class Source(Protocol):
    """Anything evidence can be acquired from. Nothing here may write to it.

    A source may also have ``limits() -> tuple[str, ...]``: sentences on what was not acquired and why, asked when all
    was read. Without it those of a file tree are written down. It may have ``taken_over(kept, seen) -> Entry | None``:
    whether what an interrupted run kept is what is seen now, and the entry to go on with; and ``remarks() ->
    tuple[Refusal, ...]``: what else was noticed, asked when all was read, which makes the receipt incomplete.
    """

    def describe(self) -> dict[str, Any]:
        """What the source is, for ``acquisition.json``: a JSON object with at least ``kind`` and ``given``."""
        ...

    def entries(self) -> Iterable[Found]:
        """Everything that is there, each path once, in any order."""
        ...

    def read(self, entry: Entry) -> AbstractContextManager[Reading]:
        """Open one file that was listed. Raises ``OSError`` where it cannot be opened."""
        ...
