"""Runs inside a guarded worker: compiles YARA rules, and holds them against attachments and stored messages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forensics.errors import FormatError
from forensics.findings import yara_scan
from forensics.workers import Report

RULES = "rules.bin"
_LARGEST = 256 << 20


def compile_rules(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """Compile ``args["text"]`` into the spool, or say what is wrong with it."""
    try:
        (spool / RULES).write_bytes(yara_scan.compiled(args["text"]))
    except FormatError as error:
        return {"fault": error.what}
    return {"fault": ""}


def scan(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """The first of ``reads`` are the compiled rules; each of ``args["items"]`` is a range of one of the others."""
    scanner = yara_scan.Scanner(reads[0].read_bytes(), args["seconds"])
    found: list[dict[str, Any]] = []
    for number, item in enumerate(args["items"]):
        report.at(str(number))
        found.append(_scanned(scanner, reads[1 + item["file"]], item))
    return {"found": found}


def _scanned(scanner: yara_scan.Scanner, path: Path, item: dict[str, Any]) -> dict[str, Any]:
    size = item["end"] - item["start"]
    if size > _LARGEST:
        return {"hits": [], "problem": "it is too large to scan"}
    with path.open("rb") as handle:
        handle.seek(item["start"])
        data = handle.read(size)
    try:
        return {"hits": list(scanner.scan(data)), "problem": ""}
    except FormatError as error:
        return {"hits": [], "problem": error.what}
