"""What a power cut could take: every byte and every name is synced before anything that relies on it is done.

The calls that write are recorded. A file is safe when it was synced after it was last written, a name when its folder
was synced after the name was made.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics.evidence.store import EvidenceStore
from tests.acquisition.stand_in import MemorySource, acquired

FILES = {b"%02d" % n: bytes([n]) * 5_000 for n in range(5)} | {b"box": b"!BDN" * 1_500_000}


class Disk:
    """Knows what would be lost now: files by inode, names by path."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.unsynced_files: set[int] = set()
        self.unsynced_names: set[str] = set()
        self.at_rename: tuple[set[int], set[str]] | None = None
        self.at_journal: list[tuple[set[int], set[str]]] = []

    def written(self, descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if not path.startswith(self.root):
            return
        if path.endswith("journal.jsonl"):
            self.at_journal.append((set(self.unsynced_files), {n for n in self.unsynced_names if "/copies/" in n}))
        self.unsynced_files.add(os.fstat(descriptor).st_ino)

    def synced(self, descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        self.unsynced_files.discard(os.fstat(descriptor).st_ino)
        if os.path.isdir(path):
            self.unsynced_names = {name for name in self.unsynced_names if os.path.dirname(name) != path}

    def named(self, path: object) -> None:
        self.unsynced_names.add(os.fsdecode(path))  # type: ignore[arg-type]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Disk:
    disk = Disk(tmp_path)

    def watch(name: str, after: Callable[..., None], before: Callable[..., None] | None = None) -> None:
        real = getattr(os, name)

        def call(*args: Any, **options: Any) -> Any:
            if before is not None:
                before(*args)
            result = real(*args, **options)
            after(result, *args)
            return result

        monkeypatch.setattr(os, name, call)

    watch("open", lambda result, path, flags, *rest: disk.named(path) if flags & os.O_CREAT else None)
    watch("write", lambda result, *args: None, lambda descriptor, *rest: disk.written(descriptor))
    watch("fsync", lambda result, descriptor: disk.synced(descriptor))
    watch("link", lambda result, old, new: disk.named(new))
    watch("rename", lambda result, old, new: None, lambda old, new: seen(disk, str(old)))
    return disk


def seen(disk: Disk, part: str) -> None:
    disk.at_rename = (set(disk.unsynced_files), {name for name in disk.unsynced_names if name.startswith(part)})


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="without /proc the paths of descriptors are not known")
def test_an_item_gets_its_name_only_when_everything_in_it_is_safe(disk: Disk, tmp_path: Path) -> None:
    store, _ = acquired(MemorySource(FILES), tmp_path)
    assert disk.at_rename == (set(), set())
    assert store.verify("EV-0001") == []


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="without /proc the paths of descriptors are not known")
def test_a_copy_is_journaled_only_when_its_bytes_and_its_name_are_safe(disk: Disk, tmp_path: Path) -> None:
    acquired(MemorySource(FILES), tmp_path)
    assert disk.at_journal
    assert all(lost == (set(), set()) for lost in disk.at_journal)


def test_the_name_of_a_finished_item_is_synced_too(disk: Disk, tmp_path: Path) -> None:
    synced: list[str] = []
    disk.synced = lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))  # type: ignore[method-assign]
    store: EvidenceStore = acquired(MemorySource(FILES), tmp_path)[0]
    assert synced[-1] == str(store.root)
