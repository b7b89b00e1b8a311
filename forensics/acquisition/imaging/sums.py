"""The digests of an image, all in one pass: of the whole, of every piece, and of every file where it is split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from forensics.acquisition.imaging.lanes import Lanes
from forensics.digests import MD5, SHA256


class _Sum(Protocol):
    def update(self, data: memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """SHA-256 and MD5 of the same bytes."""

    sha256: str
    md5: str

    def to_json(self) -> dict[str, str]:
        """As papers and the journal hold them."""
        return {"sha256": self.sha256, "md5": self.md5}


class Sum:
    """Digests of one stream, each algorithm in a lane of its own."""

    def __init__(self, lanes: Lanes, name: str) -> None:
        self._lanes = lanes
        self._name = name
        self._sums: dict[str, _Sum] = {}
        self.restart()

    def restart(self) -> None:
        """Begin a new stream; what was handed over for the one before is still finished."""
        self._sums = {name: hashlib.new(name, usedforsecurity=False) for name in (SHA256, MD5)}

    def feed(self, view: memoryview) -> list[Future[None]]:
        """Hash a block; it must stay as it is until the answers are there."""
        return [self._lanes.hand(self._lane(name), each.update, view) for name, each in self._sums.items()]

    def so_far(self) -> Callable[[], Digests]:
        """The digests of what was handed over up to now, while the stream goes on."""
        found = {name: self._lanes.hand(self._lane(name), each.hexdigest) for name, each in self._sums.items()}
        return lambda: Digests(sha256=found[SHA256].result(), md5=found[MD5].result())

    def _lane(self, algorithm: str) -> str:
        return f"{self._name}-{algorithm}"


class Sums:
    """Digests of the whole, of the piece and of the file that are being read; of files only in a split image."""

    def __init__(self, lanes: Lanes, *, split: bool) -> None:
        self._whole = Sum(lanes, "whole")
        # The first piece and the first file begin where the whole begins, so its digests up to there are theirs.
        self._piece = self._segment = self._whole
        self._lanes = lanes
        self._split = split
        self.segments: list[Callable[[], Digests]] = []

    def feed(self, view: memoryview) -> list[Future[Any]]:
        """Hash the next block of the medium."""
        apart = (each for each in (self._piece, self._segment) if each is not self._whole)
        return [*self._whole.feed(view), *(future for each in apart for future in each.feed(view))]

    def end_piece(self) -> Callable[[], Digests]:
        """The piece is complete."""
        found = self._piece.so_far()
        self._piece = self._next(self._piece, "piece")
        return found

    def end_segment(self) -> None:
        """The file is complete."""
        if self._split:
            self.segments.append(self._segment.so_far())
            self._segment = self._next(self._segment, "segment")

    def _next(self, ended: Sum, name: str) -> Sum:
        if ended is self._whole:
            return Sum(self._lanes, name)
        ended.restart()
        return ended

    def end(self) -> Callable[[], Digests]:
        """All of it is complete."""
        whole = self._whole.so_far()
        if not self._split:
            self.segments.append(whole)
        return whole
