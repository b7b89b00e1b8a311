"""One real bundle for all tests of this folder; whoever changes it takes a copy."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.custody.forger import Forger
from tests.custody.real import Handed, hand_over


@pytest.fixture(scope="session")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Handed:
    """The case, the bundle, and what was told by other ways."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("the personal signature of the real bundle is made by ssh-keygen, which is not here")
    return hand_over(tmp_path_factory.mktemp("handed"))


@pytest.fixture
def forger(handed: Handed, tmp_path: Path) -> Callable[[], Forger]:
    """A new copy of the bundle, for each call."""
    count = itertools.count(1)
    return lambda: Forger(handed.bundle, tmp_path / f"forged-{next(count)}")
