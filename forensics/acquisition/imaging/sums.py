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

    def end(self) -> Callable[[], Digests]:
        """End the stream: what is answered gives its digests as soon as they are there."""
        found = {name: self._lanes.hand(self._lane(name), each.hexdigest) for name, each in self._sums.items()}
        self.restart()
        return lambda: Digests(sha256=found[SHA256].result(), md5=found[MD5].result())

    def _lane(self, algorithm: str) -> str:
        return f"{self._name}-{algorithm}"


class Sums:
    """Digests of the whole, of the piece and of the file that are being read; of files only in a split image."""

    def __init__(self, lanes: Lanes, *, split: bool) -> None:
        self._whole = Sum(lanes, "whole")
        self._piece = Sum(lanes, "piece")
        self._segment = Sum(lanes, "segment") if split else None
        self.segments: list[Callable[[], Digests]] = []

    def feed(self, view: memoryview) -> list[Future[Any]]:
        """Hash the next block of the medium."""
        found = [*self._whole.feed(view), *self._piece.feed(view)]
        return found + (self._segment.feed(view) if self._segment is not None else [])

    def end_piece(self) -> Callable[[], Digests]:
        """The piece is complete."""
        return self._piece.end()

    def end_segment(self) -> None:
        """The file is complete."""
        if self._segment is not None:
            self.segments.append(self._segment.end())

    def end(self) -> Callable[[], Digests]:
        """All of it is complete."""
        whole = self._whole.end()
        if self._segment is None:
            self.segments.append(whole)
        return whole
