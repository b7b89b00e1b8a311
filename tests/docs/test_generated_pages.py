"""The generated pages of docs/reference say what the code says."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from tests.architecture.source import ROOT

NAMES = ("cli.md", "exit-codes.md", "formats.md", "ledger.md", "records.md", "rules.md")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "tools" / "generate_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate_docs"] = module
    spec.loader.exec_module(module)
    return module


def test_these_pages_are_generated(generator: ModuleType) -> None:
    assert sorted(generator.PAGES) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_what_the_code_gives(generator: ModuleType, name: str) -> None:
    written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert written == generator.PAGES[name](), "run `make docs` and commit what it wrote"


def test_every_act_and_phase_has_a_meaning(generator: ModuleType) -> None:
    page = generator.ledger_page()
    assert "|  |" not in page


def test_every_field_of_a_line_has_a_meaning(generator: ModuleType) -> None:
    from forensics.casefile import acts, ledger

    entry = ledger.Entry(act=acts.Act.VERIFY, phase=acts.Phase.DONE, step="s", ts_ns=1)
    written = {"v", "case", "seq", "id", "prev", "ts_ns", *ledger._fields(entry)}
    assert written == set(generator._LINE)


def test_every_exit_code_stands_in_its_page(generator: ModuleType) -> None:
    from forensics import errors

    assert set(generator._MEANINGS) == set(errors._RANK)
