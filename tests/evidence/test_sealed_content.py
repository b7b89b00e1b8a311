"""Content under two-person control: ciphertext under names that tell nothing, checked against the manifest's list."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest

from forensics.errors import IntegrityError, UsageError
from forensics.evidence import sealing
from forensics.evidence.sealed_content import SealedContentStore, unlisted, verify_listed
from forensics.evidence.vault import Locked, Vault

KEY = bytes(range(32))
BLOBS = (b"", b"a body", b"MARKER" * 50_000)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _filled(root: Path, key: bytes = KEY) -> SealedContentStore:
    store = SealedContentStore(root, Vault(key))
    store.begin()
    for data in BLOBS:
        assert store.put(io.BytesIO(data)) == store.put_bytes(data)
    store.commit()
    return store


def _files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_what_was_put_is_read_by_its_own_hash(tmp_path: Path) -> None:
    store = _filled(tmp_path)
    again = SealedContentStore(tmp_path, Vault(KEY))
    for data in BLOBS:
        assert again.has(_sha256(data))
        with store.open(_sha256(data)) as one, again.open(_sha256(data)) as two:
            assert one.read() == two.read() == data
    assert not again.has("0" * 64)
    with pytest.raises(IntegrityError, match="missing"):
        again.open("0" * 64)


def test_neither_bytes_nor_names_tell_what_is_stored(tmp_path: Path) -> None:
    _filled(tmp_path)
    files = _files(tmp_path)
    assert len(files) == len(BLOBS)
    for name, data in files.items():
        assert b"MARKER" not in data
        assert not any(_sha256(blob) in name for blob in BLOBS)


def test_another_writing_gives_the_same_files_and_the_same_list(tmp_path: Path) -> None:
    one, two = _filled(tmp_path / "one"), _filled(tmp_path / "two")
    assert _files(tmp_path / "one") == _files(tmp_path / "two")
    before = one.listing()
    assert before == two.listing()
    assert _filled(tmp_path / "one").listing() == before
    assert len(_files(tmp_path / "one")) == len(BLOBS)
    assert set(_files(_filled(tmp_path / "three", bytes(32)).root)).isdisjoint(_files(tmp_path / "one"))


def test_the_list_is_checked_without_a_key(tmp_path: Path) -> None:
    listed = _filled(tmp_path).listing()
    assert verify_listed(tmp_path, listed) == []
    assert unlisted(tmp_path, listed) == []
    name = sorted(listed)[0]
    path = tmp_path / name[:2] / name
    os.chmod(path, 0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (tmp_path / sorted(listed)[1][:2] / sorted(listed)[1]).unlink()
    what = [each.what for each in verify_listed(tmp_path, listed)]
    assert what[0].startswith("changed: its SHA-256 is")
    assert what[1].startswith("is missing")
    assert unlisted(tmp_path, dict(list(listed.items())[:-1])) != []


def test_a_changed_blob_is_refused_when_it_is_read(tmp_path: Path) -> None:
    store = _filled(tmp_path)
    path = store.path(_sha256(b"a body"))
    os.chmod(path, 0o600)
    path.write_bytes(store.path(_sha256(BLOBS[2])).read_bytes())
    with store.open(_sha256(b"a body")) as handle, pytest.raises(IntegrityError, match="not its key"):
        handle.read()


def test_without_the_key_nothing_is_opened_put_or_asked_for(tmp_path: Path) -> None:
    _filled(tmp_path)
    locked = SealedContentStore(tmp_path, Locked())
    for ask in (locked.begin, lambda: locked.open(_sha256(b"")), lambda: locked.has(_sha256(b""))):
        with pytest.raises(UsageError, match="two-person"):
            ask()


def test_large_blobs_wait_as_ciphertext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "IN_MEMORY", 1000)
    store = SealedContentStore(tmp_path, Vault(KEY))
    store.begin()

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert all(b"MARKER" not in data for data in _files(tmp_path).values())
            return super().read(5000)

    store.put(Watched(BLOBS[2]))
    store.commit()
    assert os.listdir(tmp_path / "incoming") == []
    with store.open(_sha256(BLOBS[2])) as handle:
        assert handle.read() == BLOBS[2]
