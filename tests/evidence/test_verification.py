from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from forensics.evidence.item import payload_name
from forensics.evidence.store import EvidenceStore
from tests.acquisition.stand_in import MemorySource, acquired

FILES = {b"a.eml": b"From: a\r\n\r\nbody", b"b.eml": b"", b"c/\xff.eml": b"third" * 100}
NAMES = [payload_name(1), payload_name(3), "files.jsonl", "acquisition.json", "manifest-sha256.txt"]


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return acquired(MemorySource(FILES), tmp_path)[0]


def places(store: EvidenceStore, manifest: str | None = None) -> set[str]:
    return {each.place.partition("/")[2] for each in store.verify("EV-0001", manifest_sha256=manifest)}


def test_an_untouched_item_has_no_differences(store: EvidenceStore) -> None:
    assert store.verify("EV-0001", manifest_sha256=store.manifest_sha256("EV-0001")) == []


def flip(path: Path, at: int, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_bit_anywhere_is_found_and_its_file_named(store: EvidenceStore, name: str) -> None:
    pinned = store.manifest_sha256("EV-0001")
    path = store.root / "EV-0001" / name
    whole = path.read_bytes()
    for at in {*range(0, len(whole), 1 + len(whole) // 150), len(whole) - 1}:
        flip(path, at, at % 8)
        assert name in places(store, pinned), f"byte {at} of {name}"
        path.write_bytes(whole)


def test_a_changed_bit_of_the_manifest_is_found_without_the_ledger_too(store: EvidenceStore) -> None:
    path = store.root / "EV-0001/manifest-sha256.txt"
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        flip(path, at, 0)
        assert store.verify("EV-0001"), f"byte {at}"
        path.write_bytes(whole)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(store: EvidenceStore, name: str) -> None:
    (store.root / "EV-0001" / name).unlink()
    assert name in places(store)


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_file_is_named(store: EvidenceStore, name: str) -> None:
    path = store.root / "EV-0001" / name
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size - 1)
    assert name in places(store, "0" * 64)


@pytest.mark.parametrize("name", ["data/000004.bin", "data/deep/er", "note.txt", "data/\udcff"])
def test_a_file_that_nobody_stored_is_named(store: EvidenceStore, name: str) -> None:
    path = store.root / "EV-0001" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    assert os.fsencode(name).decode("utf-8", "backslashreplace") in places(store)


def test_a_link_in_the_place_of_a_file_is_not_followed(store: EvidenceStore, tmp_path: Path) -> None:
    path = store.path("EV-0001", 1)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert "data/000001.bin" in places(store)


def test_two_swapped_files_are_both_named(store: EvidenceStore) -> None:
    one, three = store.path("EV-0001", 1), store.path("EV-0001", 3)
    one.rename(one.with_suffix(".tmp"))
    three.rename(one)
    one.with_suffix(".tmp").rename(three)
    assert places(store) == {"data/000001.bin", "data/000003.bin"}


def test_a_missing_item_is_named(store: EvidenceStore) -> None:
    shutil.rmtree(store.root / "EV-0001")
    assert [str(each) for each in store.verify("EV-0001")] == ["EV-0001: the item is missing"]


def test_a_rewritten_item_is_found_by_what_the_ledger_pinned(store: EvidenceStore, tmp_path: Path) -> None:
    pinned = store.manifest_sha256("EV-0001")
    shutil.rmtree(store.root / "EV-0001")
    forged, _ = acquired(MemorySource(FILES | {b"a.eml": b"forged"}), tmp_path)
    assert forged.verify("EV-0001") == []
    assert places(forged, pinned) == {"manifest-sha256.txt"}
