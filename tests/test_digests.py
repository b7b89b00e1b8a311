from __future__ import annotations

import hashlib
import io
from collections.abc import Callable

import pytest

from forensics.digests import BOTH, SHA256, Hasher, digest_bytes, digest_file, filler

SIZES = [0, 1, 4095, 65_536, 131_072, 1_000_003, 3 * 1_048_576 + 17]


def plain(data: bytes) -> dict[str, str]:
    return {name: hashlib.new(name, data).hexdigest() for name in BOTH}


def pattern(size: int) -> bytes:
    return bytes(range(251)) * (size // 251 + 1)


@pytest.mark.parametrize("size", SIZES)
def test_side_by_side_gives_what_each_algorithm_gives_alone(size: int) -> None:
    data = pattern(size)[:size]
    copy = io.BytesIO()
    with Hasher(block=1 << 18) as hasher:
        found = hasher.hash(filler(io.BytesIO(data)), copy.write)
    assert {name: digest.hex for name, digest in found.digests.items()} == plain(data)
    assert found.size == size
    assert copy.getvalue() == data


def short_reads(data: bytes) -> Callable[[memoryview], int]:
    """Hands out large and small pieces in turn, so that both ways of hashing meet in one stream."""
    stream, turn = io.BytesIO(data), iter(range(10**9))
    return lambda view: stream.readinto(view[: 200_000 if next(turn) % 2 else 1_000])


def test_large_and_small_pieces_stay_in_order() -> None:
    data = pattern(2_000_000)
    with Hasher() as hasher:
        assert {n: d.hex for n, d in hasher.hash(short_reads(data)).digests.items()} == plain(data)


def test_a_hasher_starts_afresh_with_each_stream_even_after_a_failure() -> None:
    data = pattern(1_500_000)
    with Hasher(block=1 << 18) as hasher:
        with pytest.raises(OSError, match="unreadable"):
            hasher.hash(failing(data))
        assert {n: d.hex for n, d in hasher.hash(filler(io.BytesIO(data))).digests.items()} == plain(data)


def failing(data: bytes) -> Callable[[memoryview], int]:
    stream = io.BytesIO(data)

    def fill(view: memoryview) -> int:
        if stream.tell() > 1_000_000:
            raise OSError("unreadable")
        return stream.readinto(view)

    return fill


def test_a_digest_of_a_file_starts_where_the_handle_stands() -> None:
    handle = io.BytesIO(b"head and body")
    handle.read(9)
    assert digest_file(handle)[SHA256] == digest_bytes(b"body")


def test_a_digest_is_written_with_its_algorithm() -> None:
    assert str(digest_bytes(b"")) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
