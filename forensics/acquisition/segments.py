"""The files of one split disk image as a single source: first segment given, the others found beside it by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from forensics.acquisition.source import Found, Reading
from forensics.acquisition.tree import TreeSource
from forensics.evidence.item import Entry


class SegmentsSource:
    """Several files of one folder, listed and read as one evidence item."""

    def __init__(self, paths: Sequence[Path], *, leave_out: Sequence[Path] = ()) -> None:
        self._first = TreeSource(paths[0], leave_out=leave_out)
        self._sources = [self._first, *(TreeSource(path, leave_out=leave_out) for path in paths[1:])]
        self._by_path: dict[bytes, TreeSource] = {}

    def describe(self) -> dict[str, Any]:
        """The first segment's description and the number of segments."""
        return {**self._first.describe(), "kind": "split disk image", "segments": len(self._sources)}

    def entries(self) -> Iterator[Found]:
        """The segments in order."""
        for source in self._sources:
            for found in source.entries():
                self._by_path[found.entry.path] = source
                yield found

    def read(self, entry: Entry) -> AbstractContextManager[Reading]:
        """One segment, open for reading."""
        return self._by_path[entry.path].read(entry)
