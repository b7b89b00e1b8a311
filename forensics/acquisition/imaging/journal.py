"""What an imaging that was killed leaves for the next run: a head that says of what, one line per piece, and the end.

    {"medium":{...},"plan":{...}}            what is imaged, and how
    {"piece":0,"sha256":...,"md5":...,"bad":[[offset,length,errno,tries],...]}
    {"done":{...}}                           everything was read twice; only the item is left to be made

A line is written after its piece was synced; a torn last line is cut off.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.acquisition.imaging.error_map import Bad
from forensics.acquisition.imaging.sums import Digests
from forensics.errors import FormatError
from forensics.evidence.durable import full_disk_told, sync_folder, write_all

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One piece of the image that is safely on the disk."""

    number: int
    digests: Digests
    bad: tuple[Bad, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a line of the journal."""
        return {"piece": self.number, **self.digests.to_json(), "bad": [each.to_list() for each in self.bad]}

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Piece:
        """Read a line back."""
        bad = tuple(Bad.from_list(each) for each in line["bad"])
        return cls(number=line["piece"], digests=Digests(sha256=line["sha256"], md5=line["md5"]), bad=bad)


class Journal:
    """The file ``journal.jsonl`` in the folder where the image is made."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "journal.jsonl"
        self.head: dict[str, Any] | None = None
        self.pieces: list[Piece] = []
        self.done: dict[str, Any] | None = None
        self._load()

    def _load(self) -> None:
        data = self._path.read_bytes() if self._path.exists() else b""
        good = 0
        while (end := data.find(b"\n", good)) >= 0:
            try:
                self._take(canonical.decode(data[good:end]))
            except (FormatError, KeyError, TypeError, ValueError):
                break
            good = end + 1
        if good < len(data):
            os.truncate(self._path, good)

    def _take(self, line: dict[str, Any]) -> None:
        if self.head is None:
            self.head = {"medium": line["medium"], "plan": line["plan"]}
        elif "done" in line:
            self.done = line["done"]
        else:
            piece = Piece.from_json(line)
            if piece.number != len(self.pieces):
                raise ValueError("a piece out of order")
            self.pieces.append(piece)

    def begin(self, head: dict[str, Any]) -> None:
        """The first line."""
        self._append(head)
        sync_folder(self._path.parent)
        self.head = head

    def add(self, piece: Piece) -> None:
        """A piece is on the disk."""
        self._append(piece.to_json())
        self.pieces.append(piece)

    def finish(self, done: dict[str, Any]) -> None:
        """Everything was read, and read again."""
        self._append({"done": done})
        self.done = done

    def cut(self, number: int) -> None:
        """Forget this piece and all after it, and that all was read."""
        assert self.head is not None
        self.done = None
        self.pieces = self.pieces[:number]
        lines = [self.head, *(piece.to_json() for piece in self.pieces)]
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, _APPEND | os.O_TRUNC, 0o600)
        try:
            write_all(descriptor, b"".join(canonical.encode(line) + b"\n" for line in lines))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(fresh, self._path)
        sync_folder(self._path.parent)

    def _append(self, line: dict[str, Any]) -> None:
        data = canonical.encode(line) + b"\n"
        descriptor = os.open(self._path, _APPEND, 0o600)
        try:
            with full_disk_told(self._path.parent, len(data)):
                write_all(descriptor, data)
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
