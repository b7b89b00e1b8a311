"""Inside a worker: gathers records kind by kind, keeps extracted bytes, and writes both into the job's spool.

``parts/<kind>.parquet`` is one table for each kind that occurred. ``content`` holds every extracted blob once, one
behind the other, because a file for each would cost as many syncs. The parent hashes all of it again before it goes
into the case.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any, BinaryIO

from forensics import tables
from forensics.records import Record

CONTENT = "content"
_BUFFER = 1 << 20


class PartWriter:
    """Collects the records of one job. ``spool`` is the only folder that the job may write to."""

    def __init__(self, spool: Path) -> None:
        self._parts = spool / "parts"
        self._parts.mkdir(exist_ok=True)
        self._content = (spool / CONTENT).open("wb", buffering=_BUFFER)
        self._columns: dict[str, tables.Columns] = {}
        self._kept: dict[str, tuple[int, int]] = {}
        self._end = 0

    def add(self, record: Record, parser: str, file_sha256: str) -> None:
        """Take one record."""
        columns = self._columns.get(record.KIND)
        if columns is None:
            columns = self._columns[record.KIND] = tables.Columns(record.KIND)
        columns.append(record, parser, file_sha256)

    def keep(self, data: bytes) -> str:
        """Store extracted bytes under their own SHA-256, once."""
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._kept:
            self._content.write(data)
            self._kept[sha256] = (self._end, len(data))
            self._end += len(data)
        return sha256

    def kept(self, sha256: str) -> bytes | None:
        """Bytes that this job has kept, or ``None``."""
        if sha256 not in self._kept:
            return None
        start, size = self._kept[sha256]
        # A handle of its own: the other one writes on and on, and would lose its buffer each time it is moved.
        self._content.flush()
        with open(self._content.name, "rb") as handle:
            handle.seek(start)
            return handle.read(size)

    def finish(self) -> dict[str, Any]:
        """Write the tables and say what the spool holds: the answer of the job."""
        self._content.close()
        parts = []
        for kind in sorted(self._columns):
            # The records of a kind are let go as soon as they are a table: memory is what limits the size of a range.
            table = self._columns.pop(kind).table()
            self._write(kind, table, self._parts / f"{kind}.parquet")
            parts.append({"kind": kind, "rows": table.num_rows, "digest": tables.digest(table)})
        return {"parts": parts, "content": {name: list(place) for name, place in sorted(self._kept.items())}}

    def _write(self, kind: str, table: Any, path: Path) -> None:
        """One table; a sealed spool writes some kinds otherwise."""
        tables.write_parquet(table, path)


class Blob(io.RawIOBase):
    """One blob of a spool's ``content``, to be read as if it were a file of its own; ``left`` says how much is unread.

    Nothing else may move the handle meanwhile.
    """

    def __init__(self, content: BinaryIO, start: int, size: int) -> None:
        self._content = content
        self.left = size
        content.seek(start)

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Never past the end of the blob."""
        data = self._content.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data

    def readinto(self, buffer: Any, /) -> int:
        """Never past the end of the blob."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
