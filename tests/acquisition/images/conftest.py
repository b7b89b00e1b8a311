"""One worker for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forensics.workers import LocalEngine
from forensics.workers.job import Limits


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    """Workers that load their libraries once."""
    with LocalEngine(1, Limits(), preload=("forensics.acquisition.image_jobs",)) as running:
        yield running
