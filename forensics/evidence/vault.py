"""Ciphertext at rest: the seekable container "forensics-vault v1", and the keys and names that one data key gives.

AES-256-GCM (NIST SP 800-38D), HKDF (RFC 5869) and HMAC (RFC 2104) with SHA-256. Layout, big-endian:

    offset  size     field
    0       16       magic         b"forensics-vault\\n"
    16      2        version       1
    18      2        reserved      0
    20      4        chunk_size    65,536
    24      n + 16   chunks        ciphertext of chunk_size bytes (the last one of 0 to chunk_size), then its tag

The nonce of a chunk is its number in 96 bits; its additional data are the header, its number in 64 bits and one byte
that is 1 for the last chunk. Numbers may serve as nonces because no key seals two different texts: the key of a blob is
made from the SHA-256 of its plaintext, so sealing it again gives the same bytes, and any other key is used once.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from forensics.errors import IntegrityError, UsageError

MAGIC = b"forensics-vault\n"
VERSION = 1
CHUNK = 1 << 16
TAG = 16
KEY_SIZE = 32
EVIDENCE, CONTENT, TEXT = "evidence", "content", "text"
"""What a blob is; the same bytes as evidence and as content are two ciphertexts."""

_HEAD = struct.Struct(">16sHHI")
_NUMBER = struct.Struct(">Q")
HEADER = _HEAD.pack(MAGIC, VERSION, 0, CHUNK)
_KEPT_CHUNKS = 32
_BUFFER = 1 << 16

Write = Callable[[bytes], object]


def derive(key: bytes, label: str, salt: bytes = b"") -> bytes:
    """A key for one use, from another key (HKDF-SHA256; the label and what follows it are the info)."""
    info = b"forensics-vault v1\0" + label.encode() + b"\0" + salt
    return HKDF(algorithm=SHA256(), length=KEY_SIZE, salt=None, info=info).derive(key)


def fresh_key() -> bytes:
    """A random key: of a new case, or for scratch that nobody reads after this process."""
    return AESGCM.generate_key(8 * KEY_SIZE)


class Vault:
    """What one data key gives: the key of each blob by purpose and plaintext SHA-256, and the name of each blob."""

    def __init__(self, data_key: bytes) -> None:
        if len(data_key) != KEY_SIZE:
            raise IntegrityError(f"a data key has {KEY_SIZE} bytes, and this one has {len(data_key)}")
        self._data_key = data_key
        self._name_key = derive(data_key, "names")

    def ready(self) -> None:
        """Nothing to say here; a locked vault refuses."""

    def key(self, purpose: str, sha256: str) -> bytes:
        """The key of the blob with this plaintext SHA-256."""
        self.ready()
        return derive(self._data_key, purpose, bytes.fromhex(sha256))

    def name(self, sha256: str) -> str:
        """The name of the blob with this plaintext SHA-256, in lower-case hexadecimal."""
        self.ready()
        return hmac.new(self._name_key, bytes.fromhex(sha256), hashlib.sha256).hexdigest()

    def task_key(self, salt: bytes) -> bytes:
        """The key of one try of one task; with its salt it can be had again when an interrupted run goes on."""
        self.ready()
        return derive(self._data_key, "task", salt)

    def seal(self, purpose: str, data: bytes) -> bytes:
        """The container of a blob in memory."""
        return seal_bytes(self.key(purpose, hashlib.sha256(data).hexdigest()), data)

    def open(self, purpose: str, sha256: str, handle: BinaryIO, place: str = "") -> io.BufferedReader:
        """The plaintext of a stored container, seekable; wrong bytes are refused when they are read."""
        return open_sealed(handle, self.key(purpose, sha256), place)


class Locked(Vault):
    """The vault of a case under two-person control as one person alone has it: no key, so nothing of it opens."""

    def __init__(self) -> None:
        super().__init__(bytes(KEY_SIZE))

    def ready(self) -> None:
        """Refuse, and say what it takes."""
        raise UsageError(
            "this case is under two-person control: its evidence, content and text open to two people together only",
            todo="give the identity files of a requester and an approver with --identity, or see 'forensics review'",
        )


class Sealer:
    """Writes a container from front to back; ``finish`` must be called, or nobody can read it."""

    def __init__(self, key: bytes, write: Write) -> None:
        self._cipher = AESGCM(key)
        self._write = write
        self._waiting = bytearray()
        self._number = 0
        self.size = len(HEADER)
        """The bytes of the container so far."""
        write(HEADER)

    def write(self, data: bytes | memoryview) -> None:
        """Take more plaintext."""
        self._waiting += data
        # The last chunk is marked as the last, so a full one waits until something comes after it.
        if len(self._waiting) > CHUNK:
            self._drain()

    def _drain(self) -> None:
        view = memoryview(self._waiting)
        start = 0
        while len(view) - start > CHUNK:
            self._chunk(view[start : start + CHUNK], last=False)
            start += CHUNK
        view.release()
        del self._waiting[:start]

    def finish(self) -> int:
        """Write the last chunk; returns the size of the container."""
        self._chunk(bytes(self._waiting), last=True)
        self._waiting.clear()
        return self.size

    def _chunk(self, data: bytes | memoryview, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number), data, _about(self._number, last))
        self._write(sealed)
        self._number += 1
        self.size += len(sealed)


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _about(number: int, last: bool) -> bytes:
    return HEADER + _NUMBER.pack(number) + bytes((last,))


def seal_bytes(key: bytes, data: bytes | memoryview) -> bytes:
    """The container of some bytes under a key that seals nothing else."""
    out = io.BytesIO()
    sealer = Sealer(key, out.write)
    sealer.write(data)
    sealer.finish()
    return out.getvalue()


def sealed_size(size: int) -> int:
    """The size of the container of so many bytes."""
    return len(HEADER) + size + TAG * max(1, -(-size // CHUNK))


def plain_size(size: int, place: str = "") -> int:
    """How many bytes a container of this size holds; a size that no container has is refused."""
    body = size - len(HEADER)
    full, rest = divmod(body, CHUNK + TAG)
    if body < TAG or 0 < rest < TAG or (rest == TAG and full):
        raise _broken("it ends in the middle of a chunk", place)
    return full * CHUNK + max(rest - TAG, 0)


def open_sealed(handle: BinaryIO, key: bytes, place: str = "") -> io.BufferedReader:
    """The plaintext of a container as a seekable handle; closing it closes the container."""
    return io.BufferedReader(VaultReader(handle, key, place), _BUFFER)


def unseal_bytes(key: bytes, data: bytes, place: str = "") -> bytes:
    """The plaintext of a container in memory."""
    with open_sealed(io.BytesIO(data), key, place) as handle:
        return handle.read()


class VaultReader(io.RawIOBase):
    """Random access to the plaintext of a container. It has no ``fileno``: behind that there is only ciphertext."""

    def __init__(self, handle: BinaryIO, key: bytes, place: str = "") -> None:
        super().__init__()
        self._handle = handle
        self._place = place
        self._cipher = AESGCM(key)
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._at = 0
        end = handle.seek(0, io.SEEK_END)
        handle.seek(0)
        _check_header(handle.read(len(HEADER)), place)
        self.size = plain_size(end, place)
        self._last = max(0, -(-self.size // CHUNK) - 1)

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def seekable(self) -> bool:
        """From anywhere to anywhere."""
        return True

    def close(self) -> None:
        """Close the container as well."""
        if not self.closed:
            self._kept.clear()
            self._handle.close()
        super().close()

    def tell(self) -> int:
        """Where the next byte of plaintext comes from."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to an offset of the plaintext."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """As much as fits and is there."""
        view = memoryview(buffer).cast("B")
        done = 0
        while done < len(view) and self._at < self.size:
            number, inside = divmod(self._at, CHUNK)
            piece = memoryview(self._chunk(number))[inside : inside + len(view) - done]
            view[done : done + len(piece)] = piece
            done += len(piece)
            self._at += len(piece)
        if not self.size:
            # An empty blob has one chunk too, and its tag is all that says that it is really empty.
            self._chunk(0)
        return done

    def _chunk(self, number: int) -> bytes:
        found = self._kept.get(number)
        if found is None:
            found = self._kept[number] = self._opened(number)
            if len(self._kept) > _KEPT_CHUNKS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(number)
        return found

    def _opened(self, number: int) -> bytes:
        self._handle.seek(len(HEADER) + number * (CHUNK + TAG))
        sealed = self._handle.read(CHUNK + TAG)
        try:
            return self._cipher.decrypt(_nonce(number), sealed, _about(number, number == self._last))
        except InvalidTag as error:
            what = f"chunk {number} is not what was sealed, or the key is not its key"
            raise _broken(what, self._place) from error


def _check_header(head: bytes, place: str) -> None:
    if len(head) == len(HEADER) and head[:16] == MAGIC:
        version = _HEAD.unpack(head)[1]
        if version != VERSION:
            raise _broken(f"it has version {version}, and this program knows version {VERSION}", place)
    if head != HEADER:
        raise _broken("it does not begin as one", place)


def _broken(what: str, place: str) -> IntegrityError:
    return IntegrityError(f"this encrypted file cannot be opened: {what}", place=place, todo="run 'forensics verify'")
