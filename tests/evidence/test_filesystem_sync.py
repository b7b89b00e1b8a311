from __future__ import annotations

import errno
from pathlib import Path

import pytest

from forensics.evidence import content, filesystem_sync
from forensics.evidence.content import ContentStore
from forensics.evidence.filesystem_sync import FileSystem


class _Silent(FileSystem):
    """A system that cannot sync everything at once."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.close()
        self.syncs = False


class _Broken(FileSystem):
    """A disk that says it could not write."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.syncs = True

    def sync(self) -> None:
        raise OSError(errno.EIO, "Input/output error")


def test_a_file_system_can_be_synced_where_the_system_says_so(tmp_path: Path) -> None:
    files = FileSystem(tmp_path)
    assert files.syncs == filesystem_sync._can_sync()
    if files.syncs:
        files.sync()
    files.close()
    files.close()


@pytest.mark.skipif(not filesystem_sync._can_sync(), reason="this system has no syncfs that tells of errors")
def test_what_the_disk_could_not_do_is_an_error(tmp_path: Path) -> None:
    files = FileSystem(tmp_path)
    files.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        files.sync()


def test_without_a_sync_of_everything_each_blob_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "FileSystem", _Silent)
    synced: list[int] = []
    monkeypatch.setattr("os.fsync", synced.append)
    store = ContentStore(tmp_path / "content")
    store.begin()
    names = [store.put_bytes(bytes([number]))[0].hex for number in range(5)]
    store.commit()
    assert len(synced) >= 5
    assert all(store.has(name) for name in names)
    assert store.verify() == []


def test_a_blob_gets_no_name_where_the_disk_could_not_write_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "FileSystem", _Broken)
    store = ContentStore(tmp_path / "content")
    store.begin()
    digest, _ = store.put_bytes(b"lost")
    with pytest.raises(OSError, match="Input/output error"):
        store.commit()
    again = ContentStore(store.root)
    assert not again.has(digest.hex)
