"""Inside a worker: gathers records kind by kind, keeps extracted bytes, and writes both into the job's spool.

``parts/<kind>.parquet`` is one table for each kind that occurred, ``content/<sha256>`` one file for each extracted
blob. The parent hashes every file again before it moves it into the case.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

from forensics import tables
from forensics.records import Record


class PartWriter:
    """Collects the records of one job. ``spool`` is the only folder that the job may write to."""

    def __init__(self, spool: Path) -> None:
        self._parts = spool / "parts"
        self._content = spool / "content"
        self._parts.mkdir(exist_ok=True)
        self._content.mkdir(exist_ok=True)
        self._columns: dict[str, tables.Columns] = {}
        self._kept: dict[str, int] = {}
        self.counts: Counter[str] = Counter()

    def add(self, record: Record, parser: str, file_sha256: str) -> None:
        """Take one record."""
        columns = self._columns.get(record.KIND)
        if columns is None:
            columns = self._columns[record.KIND] = tables.Columns(record.KIND)
        columns.append(record, parser, file_sha256)
        self.counts[record.KIND] += 1

    def keep(self, data: bytes) -> str:
        """Store extracted bytes under their own SHA-256, once."""
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._kept:
            (self._content / sha256).write_bytes(data)
            self._kept[sha256] = len(data)
        return sha256

    def kept(self, sha256: str) -> bytes | None:
        """Bytes that this job has kept, or ``None``."""
        return (self._content / sha256).read_bytes() if sha256 in self._kept else None

    def finish(self) -> dict[str, Any]:
        """Write the tables and say what the spool holds: the answer of the job."""
        parts = []
        for kind, columns in sorted(self._columns.items()):
            table = columns.table()
            path = self._parts / f"{kind}.parquet"
            tables.write_parquet(table, path)
            parts.append({"kind": kind, "rows": table.num_rows, "digest": tables.digest(table)})
        return {"parts": parts, "content": dict(sorted(self._kept.items()))}
