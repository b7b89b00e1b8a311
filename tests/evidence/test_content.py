from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from forensics.digests import digest_bytes
from forensics.errors import IntegrityError
from forensics.evidence.content import ContentStore


@pytest.fixture
def content(tmp_path: Path) -> ContentStore:
    store = ContentStore(tmp_path / "content")
    store.begin()
    return store


def test_a_blob_lies_under_its_own_digest(content: ContentStore) -> None:
    digest, size = content.put(io.BytesIO(b"attachment"))
    content.commit()
    assert digest == digest_bytes(b"attachment")
    assert size == 10
    assert (content.root / digest.hex[:2] / digest.hex).read_bytes() == b"attachment"
    assert content.verify() == []


def test_a_blob_can_be_read_before_and_after_it_is_committed(content: ContentStore) -> None:
    digest, _ = content.put_bytes(b"body")
    for _ in range(2):
        assert content.has(digest.hex)
        with content.open(digest.hex) as handle:
            assert handle.read() == b"body"
        content.commit()


def test_the_same_bytes_are_stored_once(content: ContentStore) -> None:
    for _ in range(2):
        content.put_bytes(b"again")
        content.put_bytes(b"again")
        content.commit()
    assert [len(files) for _, _, files in os.walk(content.root) if files] == [1]


def test_a_killed_writer_leaves_no_blob_that_was_not_committed(content: ContentStore) -> None:
    digest, _ = content.put_bytes(b"lost")
    again = ContentStore(content.root)
    again.begin()
    assert not again.has(digest.hex)
    assert again.verify() == []


def test_a_changed_blob_and_a_stranger_are_named(content: ContentStore) -> None:
    digest, _ = content.put_bytes(b"body")
    content.commit()
    place = content.root / digest.hex[:2] / digest.hex
    place.chmod(0o644)
    place.write_bytes(b"b0dy")
    (content.root / "ff").mkdir()
    (content.root / "ff" / digest.hex).write_bytes(b"body")
    (content.root / "readme").touch()
    named = {each.place for each in content.verify()}
    assert named == {f"content/{digest.hex[:2]}/{digest.hex}", f"content/ff/{digest.hex}", "content/readme"}


def test_a_blob_stored_with_another_size_is_not_passed_over(content: ContentStore) -> None:
    digest, _ = content.put_bytes(b"body")
    content.commit()
    place = content.root / digest.hex[:2] / digest.hex
    place.chmod(0o644)
    place.write_bytes(b"bo")
    with pytest.raises(IntegrityError):
        content.put_bytes(b"body")


@pytest.mark.parametrize("name", ["../../etc/passwd", "AB" * 32, "ab", ""])
def test_what_is_no_digest_names_no_content(content: ContentStore, name: str) -> None:
    with pytest.raises(IntegrityError):
        content.open(name)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_blobs_of_every_size_are_stored_whole_and_once(content: ContentStore, size: int) -> None:
    data = bytes(size)
    for _ in range(2):
        digest, stored = content.put(io.BytesIO(data))
        assert (digest, stored) == (digest_bytes(data), size)
    content.commit()
    content.put(io.BytesIO(data))
    content.commit()
    assert content.verify() == []
    assert os.listdir(content.root / "incoming") == []
    with content.open(digest.hex) as handle:
        assert handle.read() == data
