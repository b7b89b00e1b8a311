"""The only place of the reports that opens files: names that stay inside, whole files or none, and the hash of each.

Tables are CSV (RFC 4180). ``exact`` gives every value as it is, for programs; ``excel`` is for people: UTF-8 with BOM,
CRLF, no formula, nothing hidden. Beside a table stands ``<name>.json``, which says what it was made from.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from forensics import canonical
from forensics.errors import UsageError
from forensics.reports.visible import cell

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_NAME = 100
CHANGED_KEPT = 200
"""So many changed cells are named in the sidecar with their exact values; their number is always whole."""
_LONGEST_KEPT = 2000


class Written(NamedTuple):
    """One file that a report made."""

    name: str
    sha256: str
    size: int


@dataclass(slots=True, kw_only=True)
class TableFacts:
    """What came of a table: its rows, and the cells that do not stand in it exactly as they are in the records."""

    rows: int = 0
    changed: int = 0
    cells: list[dict[str, Any]] = field(default_factory=list)

    def note(self, row: int, column: str, value: str) -> None:
        """Count a changed cell, and keep its exact value where there is room."""
        self.changed += 1
        if len(self.cells) < CHANGED_KEPT:
            kept = value[:_LONGEST_KEPT].encode("utf-8", "backslashreplace").decode()
            self.cells.append({"row": row, "column": column, "value": kept, "length": len(value)})


class _File:
    """A file in the making: bytes go to it and through the hash."""

    def __init__(self, path: Path) -> None:
        self.size = 0
        self.hasher = hashlib.sha256()
        path.unlink(missing_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o644)
        self._handle = os.fdopen(self._fd, "wb", buffering=1 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._handle.flush()
            os.fsync(self._fd)
        finally:
            self._handle.close()

    def write(self, data: bytes) -> None:
        self._handle.write(data)
        self.hasher.update(data)
        self.size += len(data)


class Sink:
    """Where a report writes. ``written`` lists every file with its SHA-256 and size."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[str, Written] = {}

    @property
    def written(self) -> tuple[Written, ...]:
        """What was written so far, in order of the names."""
        return tuple(self._written[name] for name in sorted(self._written))

    @contextmanager
    def open(self, name: str) -> Iterator[_File]:
        """A new file to write bytes to; it takes its name when it is whole, and a failure leaves nothing."""
        path = self._path(name)
        beside = path.with_name(path.name + ".new")
        try:
            with _File(beside) as file:
                yield file
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        beside.replace(path)
        self._written[name] = Written(name, file.hasher.hexdigest(), file.size)

    @contextmanager
    def seekable(self, name: str) -> Iterator[BinaryIO]:
        """A new file for a format that is not written from front to back; it takes its name when it is whole."""
        path = self._path(name)
        beside = path.with_name(path.name + ".new")
        beside.unlink(missing_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            with os.fdopen(os.open(beside, flags, 0o644), "w+b") as handle:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
                handle.seek(0)
                found = hashlib.file_digest(handle, "sha256").hexdigest()
                size = handle.tell()
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        beside.replace(path)
        self._written[name] = Written(name, found, size)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise UsageError(f"{name!r} is not a name for a report file", todo="use letters, digits, '.', '-' and '_'")
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name

    def write(self, name: str, data: bytes) -> Written:
        """One whole file."""
        with self.open(name) as file:
            file.write(data)
        return self._written[name]

    def exact(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> TableFacts:
        """A table for programs: UTF-8, CRLF (RFC 4180), every value as it is."""
        return self._table(name, columns, rows, excel=False)

    def excel(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> TableFacts:
        """A table for people: UTF-8 with BOM, CRLF, formula cells defused, hidden characters made visible."""
        return self._table(name, columns, rows, excel=True)

    def _table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, excel: bool) -> TableFacts:
        facts = TableFacts()
        with self.open(name) as file:
            if excel:
                file.write(b"\xef\xbb\xbf")
            buffer = io.StringIO(newline="")
            out = csv.writer(buffer, lineterminator="\r\n")
            out.writerow(columns)
            for row in rows:
                facts.rows += 1
                out.writerow(_safe(row, columns, facts) if excel else row)
                if buffer.tell() > 1 << 20:
                    _drain(buffer, file)
            _drain(buffer, file)
        return facts

    def sidecar(self, name: str, facts: Mapping[str, Any]) -> Written:
        """What a table was made from, in ``<name>.json`` beside it; the table's own hash is added."""
        made = self._written[name]
        return self.write(f"{name}.json", canonical.encode({**facts, "file": made._asdict()}) + b"\n")


def _drain(buffer: io.StringIO, file: _File) -> None:
    file.write(buffer.getvalue().encode("utf-8", "backslashreplace"))
    buffer.seek(0)
    buffer.truncate()


def _safe(row: Sequence[Any], columns: Sequence[str], facts: TableFacts) -> list[Any]:
    safe = list(row)
    for index, value in enumerate(row):
        if value.__class__ is str and value:
            shown = cell(value)
            if shown != value:
                facts.note(facts.rows, columns[index], value)
                safe[index] = shown
    return safe
