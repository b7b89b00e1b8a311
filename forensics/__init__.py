"""Mail as evidence: acquire, parse, recover, lay on one timeline, and keep a case that anyone can verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forensics.examination.notebook import NotebookCase

__version__ = "0.1.0"


def open_case(folder: str | Path) -> NotebookCase:
    """The case in ``folder`` for a notebook, read only: ``open_case("case").timeline()`` is a pandas frame."""
    # Only who opens a case pays for pandas.
    from forensics.examination.notebook import NotebookCase

    return NotebookCase(Path(folder))
