"""Discovery: what a package offers is found without a list, and what cannot work stays visible with its reason."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics import discovery


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty package ``offered`` that can be imported."""
    folder = tmp_path / "offered"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    discovery.offers.cache_clear()
    yield folder
    discovery.offers.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "offered"]:
        del sys.modules[name]


_CLASS = 'class {name}:\n    name = "{word}"\n    title = "A {word}"\n    version = "3"\n'


def test_each_class_with_name_title_and_version_is_an_offer_with_the_hash_of_its_source(package: Path) -> None:
    source = _CLASS.format(name="Second", word="b") + _CLASS.format(name="First", word="a")
    source += _CLASS.format(name="_Hidden", word="c") + "class Other:\n    name = 'd'\n"
    (package / "one.py").write_text(source)
    (package / "_private.py").write_text(_CLASS.format(name="Not", word="n"))
    found = discovery.offers("offered")
    assert [(each.name, each.title, str(each)) for each in found] == [("a", "A a", "a 3"), ("b", "A b", "b 3")]
    assert {each.sha256 for each in found} == {hashlib.sha256(source.encode()).hexdigest()}
    assert found[0].maker.__name__ == "First"
    assert (found[0].source, found[0].module) == ("built in", "offered.one")


def test_a_class_that_was_only_imported_is_not_offered_twice(package: Path) -> None:
    (package / "one.py").write_text(_CLASS.format(name="One", word="one"))
    (package / "two.py").write_text("from offered.one import One\n" + _CLASS.format(name="Two", word="two"))
    assert [each.name for each in discovery.offers("offered")] == ["one", "two"]


def test_what_lacks_a_library_stays_listed_with_what_it_needs(package: Path) -> None:
    (package / "rare.py").write_text("import a_library_that_nobody_has\n" + _CLASS.format(name="Rare", word="rare"))
    (offer,) = discovery.offers("offered")
    assert (offer.name, offer.maker) == ("rare", None)
    assert "a_library_that_nobody_has" in offer.unavailable


def test_the_hash_of_a_package_covers_all_its_files(package: Path) -> None:
    inner = package / "many"
    inner.mkdir()
    (inner / "__init__.py").write_text("from offered.many.deep import Deep\n")
    (inner / "deep.py").write_text(_CLASS.format(name="Deep", word="deep"))
    (offer,) = discovery.offers("offered")
    whole = (inner / "__init__.py").read_bytes() + (inner / "deep.py").read_bytes()
    assert (offer.name, offer.sha256) == ("deep", hashlib.sha256(whole).hexdigest())
