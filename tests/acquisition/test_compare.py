from __future__ import annotations

import os
from pathlib import Path

import pytest

from forensics.acquisition.compare import CHANGED, UNCHANGED, UNFINISHED, compare
from forensics.acquisition.tree import TreeSource
from forensics.evidence.store import EvidenceStore
from tests.acquisition.stand_in import MemorySource, acquired


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = tmp_path / "source"
    (place / "cur").mkdir(parents=True)
    (place / "cur/one").write_bytes(b"1")
    (place / "cur/two").symlink_to("one")
    return place


def verdict(source: Path, *, content: bool = False) -> tuple[str, tuple[str, ...]]:
    store = EvidenceStore(source.parent / "case/evidence")
    found = compare(store, "EV-0001", TreeSource(source), content=content)
    return found.state, found.changes


def test_a_source_as_it_was_is_unchanged_though_it_has_been_read(source: Path) -> None:
    acquired(TreeSource(source), source.parent / "case")
    (source / "cur/one").read_bytes()
    assert verdict(source, content=True) == (UNCHANGED, ())


def test_new_gone_and_changed_things_are_named(source: Path) -> None:
    acquired(TreeSource(source), source.parent / "case")
    (source / "cur/one").write_bytes(b"22")
    (source / "cur/two").unlink()
    (source / "cur/three").touch()
    state, changes = verdict(source)
    assert state == CHANGED
    assert changes[0].startswith("cur/one: another size, time of modification")
    assert changes[1:] == ("cur/three: new", "cur/two: gone")


def test_a_file_put_back_with_its_old_time_is_still_noticed(source: Path) -> None:
    acquired(TreeSource(source), source.parent / "case")
    times = (source / "cur/one").stat()
    (source / "cur/one").write_bytes(b"x")
    os.utime(source / "cur/one", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert verdict(source)[0] == CHANGED


def test_content_that_differs_behind_equal_facts_is_found_by_reading_it(tmp_path: Path) -> None:
    store, _ = acquired(MemorySource({b"a": b"one"}), tmp_path)
    assert compare(store, "EV-0001", MemorySource({b"a": b"two"})).state == UNCHANGED
    found = compare(store, "EV-0001", MemorySource({b"a": b"two"}), content=True)
    assert found.changes == ("a: other content under the same times",)


def test_an_interrupted_item_is_unfinished(tmp_path: Path) -> None:
    source = MemorySource({b"a": b"1"}, stop_at=b"a")
    with pytest.raises(KeyboardInterrupt):
        acquired(source, tmp_path)
    assert compare(EvidenceStore(tmp_path / "evidence"), "EV-0001", source).state == UNFINISHED
