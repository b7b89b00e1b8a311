"""Runs inside a guarded worker: reads attachments for their text and their locks, into one table in the spool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from forensics import tables
from forensics.formats import documents
from forensics.formats.identity import search_key
from forensics.schemas import Type
from forensics.workers import Report

COLUMNS: tuple[tuple[str, Type], ...] = (
    ("sha256", "text"),
    ("position", "int32"),
    ("part", "text"),
    ("text", "text"),
    ("key", "text"),
    ("state", "text"),
    ("kind", "text"),
    ("detail", "text"),
    ("problem", "text"),
)
TABLE = "content.parquet"
_LONGEST = 2_000


def texts(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """Each of ``args["files"]`` says the hash and a name of one of ``reads``, in their order."""
    rows: list[tuple[Any, ...]] = []
    for number, (file, path) in enumerate(zip(args["files"], reads, strict=True)):
        report.at(str(number))
        rows += _rows(file["sha256"], documents.read(path.read_bytes(), file["name"]))
    report.at("")
    tables.write_parquet(tables.of_rows(COLUMNS, rows), spool / TABLE)
    return {"rows": len(rows)}


def _rows(sha256: str, found: documents.Document) -> Iterator[tuple[Any, ...]]:
    """Position 0 is of the file itself, its texts follow in order."""
    problem = "; ".join(found.problems)[:_LONGEST]
    yield sha256, 0, None, None, None, found.state.value, found.kind, found.detail or None, problem or None
    for position, part in enumerate(found.parts, start=1):
        yield sha256, position, part.place, part.text, search_key(part.text), None, None, None, None


def _warm() -> None:
    """Loads what most files need in the process that jobs are forked from, so that it is paid once."""
    for sample in (b"%PDF-1.4\n", b"7z\xbc\xaf\x27\x1c", b"  -lh5-", b"PK\x05\x06" + bytes(18)):
        documents.read(sample)


_warm()
