"""Puts files that a step made beside the case into their place, and tells what is known of those that are there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from forensics.acquisition.carving.names import CARVED
from forensics.casefile.ledger import Line
from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError
from forensics.evidence.durable import make_folder, sync_folder
from forensics.evidence.store import EvidenceStore
from forensics.records import Recovery


def adopt(made: Path, case: Path, path: str) -> dict[str, Any]:
    """Move a file to its place in the case, durably, and describe it for the ledger."""
    with made.open("rb") as handle:
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        size = handle.tell()
        os.fsync(handle.fileno())
    target = case / path
    make_folder(target.parent, case)
    made.replace(target)
    sync_folder(target.parent)
    return {"path": path, "sha256": sha256, "size": size}


def still_there(view: CaseView, line: Line) -> bool:
    """Whether every file that a finished line lists is there and unchanged."""
    try:
        for output in line.value["out"]:
            view.checked_path(output)
    except IntegrityError:
        return False
    return True


def found_by(evidence: EvidenceStore, item: str) -> dict[str, str]:
    """What all records of an item say of where they were found, where its acquisition knows it."""
    source = evidence.acquisition(item)["source"]
    if source.get("kind") == CARVED:
        return {"recovery": Recovery.CARVED.value}
    return {} if source.get("allocated", True) else {"recovery": Recovery.DELETED_FILE.value}
