"""A reader of attachments that dies at Word files, for the tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forensics.examination import contentjob
from forensics.workers import Report


def texts(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """As in :mod:`forensics.examination.contentjob`, but for files whose name ends in .docx."""
    for number, file in enumerate(args["files"]):
        report.at(str(number))
        if file["name"].endswith(".docx"):
            os.abort()
    return contentjob.texts(args, reads, spool, report)
