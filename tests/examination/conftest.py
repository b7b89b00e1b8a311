"""Cases that several tests read; whoever changes one takes a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examination.cases import SAMPLES, examined, lay_mail


@pytest.fixture(scope="session")
def sample_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed sample, examined once."""
    case = tmp_path_factory.mktemp("sample") / "case"
    examined(case, SAMPLES)
    return case


@pytest.fixture(scope="session")
def small_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A handful of messages of three kinds, examined once."""
    folder = tmp_path_factory.mktemp("small")
    examined(folder / "case", lay_mail(folder / "source"))
    return folder / "case"
