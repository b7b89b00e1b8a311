"""The encrypted container: what goes in comes out from anywhere in it, and whatever was done to it is refused."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import IntegrityError, UsageError
from forensics.evidence import vault
from forensics.evidence.vault import CHUNK, HEADER, TAG, Locked, Sealer, Vault, VaultReader

KEY = bytes(range(32))
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5]


def _data(size: int) -> bytes:
    return bytes((i * 7 + i // 251) % 256 for i in range(size))


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_is_read_back(size: int) -> None:
    sealed = vault.seal_bytes(KEY, _data(size))
    assert len(sealed) == vault.sealed_size(size)
    assert vault.plain_size(len(sealed)) == size
    assert vault.unseal_bytes(KEY, sealed) == _data(size)


@pytest.mark.parametrize("size", SIZES)
def test_pieces_of_any_size_give_the_same_container(size: int) -> None:
    out = io.BytesIO()
    sealer = Sealer(KEY, out.write)
    data = _data(size)
    for start in range(0, size, 7001):
        sealer.write(memoryview(data)[start : start + 7001])
    assert sealer.finish() == out.tell() == vault.sealed_size(size)
    assert out.getvalue() == vault.seal_bytes(KEY, data)


def test_nothing_of_the_plaintext_stands_in_the_container() -> None:
    assert b"marker" not in vault.seal_bytes(KEY, b"marker" * 30_000)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3 * CHUNK + 50), st.integers(0, 2 * CHUNK)), max_size=12))
def test_reading_anywhere_gives_the_bytes_of_that_place(places: list[tuple[int, int]]) -> None:
    data = _data(3 * CHUNK + 5)
    with vault.open_sealed(io.BytesIO(vault.seal_bytes(KEY, data)), KEY) as handle:
        for at, count in places:
            handle.seek(at)
            assert handle.read(count) == data[at : at + count]


def test_a_reader_counts_from_start_position_and_end() -> None:
    data = _data(CHUNK + 9)
    reader = VaultReader(io.BytesIO(vault.seal_bytes(KEY, data)), KEY)
    assert reader.seek(-4, io.SEEK_END) == len(data) - 4
    assert reader.read(10) == data[-4:]
    assert reader.seek(-6, io.SEEK_CUR) == len(data) - 6
    with pytest.raises(ValueError, match="negative seek"):
        reader.seek(-1)


def test_a_reader_shows_no_descriptor_because_behind_it_is_ciphertext() -> None:
    with pytest.raises(io.UnsupportedOperation):
        vault.open_sealed(io.BytesIO(vault.seal_bytes(KEY, b"x")), KEY).fileno()


def _refused(sealed: bytes, key: bytes = KEY) -> str:
    with pytest.raises(IntegrityError) as caught:
        vault.unseal_bytes(key, sealed, "content/ab")
    assert caught.value.place == "content/ab"
    return caught.value.what


@pytest.mark.parametrize("size", SIZES)
def test_every_cut_is_refused(size: int) -> None:
    sealed = vault.seal_bytes(KEY, _data(size))
    boundaries = range(len(HEADER), len(sealed), CHUNK + TAG)
    for end in {0, 5, len(HEADER), len(HEADER) + 3, len(sealed) - 1, len(sealed) - TAG, *boundaries}:
        if end < len(sealed):
            assert "cannot be opened" in _refused(sealed[:end])


@pytest.mark.parametrize("size", SIZES)
def test_what_is_added_behind_is_refused(size: int) -> None:
    sealed = vault.seal_bytes(KEY, _data(size))
    for more in (b"x", bytes(TAG), bytes(CHUNK + TAG), sealed[len(HEADER) :]):
        _refused(sealed + more)


def test_chunks_in_another_order_are_refused() -> None:
    sealed = vault.seal_bytes(KEY, _data(3 * CHUNK))
    head, step = sealed[: len(HEADER)], CHUNK + TAG
    chunks = [sealed[at : at + step] for at in range(len(HEADER), len(sealed), step)]
    for order in ([1, 0, 2], [0, 2, 1], [0, 0, 2], [0, 2], [2]):
        _refused(head + b"".join(chunks[number] for number in order))


def test_a_chunk_of_another_container_is_refused() -> None:
    keys = [Vault(KEY).key(vault.CONTENT, hashlib.sha256(bytes([n]) * 3 * CHUNK).hexdigest()) for n in (1, 2)]
    one, two = (vault.seal_bytes(key, bytes([n]) * 3 * CHUNK) for key, n in zip(keys, (1, 2), strict=True))
    at = len(HEADER) + CHUNK + TAG
    _refused(one[:at] + two[at : at + CHUNK + TAG] + one[at + CHUNK + TAG :], keys[0])


@pytest.mark.parametrize("place", [0, 8, 16, 17, 18, 20, 23, 24, 1000, CHUNK + 30, -1])
def test_one_changed_bit_is_refused(place: int) -> None:
    sealed = bytearray(vault.seal_bytes(KEY, _data(CHUNK + 100)))
    sealed[place] ^= 1
    _refused(bytes(sealed))


def test_a_wrong_key_is_refused_even_for_nothing() -> None:
    for size in SIZES:
        assert "not its key" in _refused(vault.seal_bytes(KEY, _data(size)), bytes(32))


def test_a_newer_version_is_named() -> None:
    sealed = bytearray(vault.seal_bytes(KEY, b"x"))
    sealed[17] = 9
    assert "version 9" in _refused(bytes(sealed))


def test_the_same_plaintext_gives_the_same_bytes_and_another_purpose_others() -> None:
    one, again = Vault(KEY), Vault(KEY)
    assert one.seal(vault.CONTENT, b"body") == again.seal(vault.CONTENT, b"body")
    assert one.seal(vault.CONTENT, b"body") != one.seal(vault.EVIDENCE, b"body")
    assert one.seal(vault.CONTENT, b"body") != Vault(bytes(32)).seal(vault.CONTENT, b"body")


def test_a_name_tells_nothing_without_the_key() -> None:
    sha256 = hashlib.sha256(b"body").hexdigest()
    assert Vault(KEY).name(sha256) == Vault(KEY).name(sha256)
    assert Vault(KEY).name(sha256) not in (sha256, Vault(bytes(32)).name(sha256))


def test_the_keys_are_those_of_the_frozen_vectors() -> None:
    """Computed apart with HMAC only (RFC 5869 by hand); a change here makes every stored case unreadable."""
    sha256 = hashlib.sha256(b"body").hexdigest()
    assert Vault(KEY).key(vault.CONTENT, sha256) == _hkdf(KEY, b"content\0" + bytes.fromhex(sha256))
    assert Vault(KEY).task_key(b"salt") == _hkdf(KEY, b"task\0salt")
    name_key = _hkdf(KEY, b"names\0")
    assert Vault(KEY).name(sha256) == hmac_sha256(name_key, bytes.fromhex(sha256)).hex()
    assert hashlib.sha256(Vault(KEY).seal(vault.CONTENT, b"body")).hexdigest() == VECTOR


VECTOR = "74b75bb7114a0a4096263d2c9b25c8f504d56d061148423f34e64d6d3564c80f"


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + data).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).digest()


def _hkdf(key: bytes, info: bytes) -> bytes:
    return hmac_sha256(hmac_sha256(bytes(32), key), b"forensics-vault v1\0" + info + b"\x01")


def test_a_locked_vault_says_that_it_takes_two() -> None:
    for ask in (Locked().ready, lambda: Locked().key("content", "ab" * 32), lambda: Locked().name("ab" * 32)):
        with pytest.raises(UsageError, match="two people together") as caught:
            ask()
        assert caught.value.exit_code == 2


def test_a_data_key_of_another_length_is_refused() -> None:
    with pytest.raises(IntegrityError):
        Vault(b"short")
