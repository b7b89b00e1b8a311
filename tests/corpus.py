"""Where the corpus of real stores is, for the tests that use it; users do not have it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "corpus"
_GIVEN = Path(os.environ.get("FORENSICS_CORPUS", str(_BESIDE)))

CORPUS: Path | None = _GIVEN if _GIVEN.is_dir() else None

needs_corpus = pytest.mark.skipif(
    CORPUS is None, reason="the corpus of real stores is not here: set FORENSICS_CORPUS to its folder to run this test"
)


def corpus() -> Path:
    """The corpus folder; only call it in tests marked ``needs_corpus``."""
    assert CORPUS is not None
    return CORPUS
