"""Cases that several tests read; whoever changes one takes a copy. Each is made once, even for many test processes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.examination.cases import SAMPLES, examined, lay_mail

Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """A folder that the first process to ask for it fills, and that the others wait for."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "done").exists():
                folder.mkdir(exist_ok=True)
                make(folder)
                (folder / "done").touch()
        return folder

    return made


@pytest.fixture(scope="session")
def sample_case(once: Once) -> Path:
    """The committed sample, examined once."""
    return once("examined-sample", lambda folder: examined(folder / "case", SAMPLES, workers=2)) / "case"


@pytest.fixture(scope="session")
def small_case(once: Once) -> Path:
    """A handful of messages of three kinds, examined once."""
    return (
        once("examined-small", lambda folder: examined(folder / "case", lay_mail(folder / "source"), workers=2))
        / "case"
    )
