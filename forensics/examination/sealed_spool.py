"""What a worker reads and spools in a case under two-person control: its evidence opens, and its spool stays sealed.

The parent gives each try of a task the keys of the files it reads and one key for its spool, over the pipe. From that
one follow those of each blob and of the texts, so no key seals two different things, and a worker that is taken over
holds the keys of its own files and nothing else. Nothing here touches the disk with plaintext.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from forensics import tables
from forensics.evidence import vault as sealing
from forensics.evidence.content import ContentStore
from forensics.evidence.durable import open_new, write_all
from forensics.evidence.sealed_content import SealedContentStore
from forensics.evidence.vault import EVIDENCE, Sealer, Vault, derive, open_sealed, seal_bytes, unseal_bytes
from forensics.examination.part_writer import Blob, PartWriter

MODULES = ("forensics.examination.sealed_spool",)
"""What the process that workers are forked from loads beside the parsers."""
KEYS = "keys"
"""The argument of a job that holds the keys; an ordinary case has none."""
TEXT = "text"
"""The kind of records that is content; all others are metadata."""
_BLOB, _PART = "blob", "part"
_SALT = 16
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SpoolKey:
    """The key of one try's spool; with the salt, which is no secret, the vault gives it again."""

    salt: str
    key: bytes

    @classmethod
    def fresh(cls, vault: Vault) -> SpoolKey:
        """For one try: a second one could spool something else."""
        return cls.again(vault, secrets.token_hex(_SALT))

    @classmethod
    def again(cls, vault: Vault, salt: str) -> SpoolKey:
        """For what an interrupted run left."""
        return cls(salt=salt, key=vault.task_key(bytes.fromhex(salt)))

    def blob(self, sha256: str) -> bytes:
        """The key of a blob, by the SHA-256 of what it holds."""
        return derive(self.key, _BLOB, bytes.fromhex(sha256))

    def part(self, kind: str) -> bytes:
        """The key of a table; there is one of each kind in a spool."""
        return derive(self.key, _PART, kind.encode())


def job_keys(vault: Vault, files: Sequence[dict[str, Any]], spool: SpoolKey | None = None) -> dict[str, Any]:
    """The keys that a job needs, as its arguments hold them."""
    reads = [vault.key(EVIDENCE, file["sha256"]).hex() for file in files]
    return {"reads": reads, "spool": spool.key.hex() if spool is not None else ""}


# -- inside the worker ---------------------------------------------------------------------------------------------


def open_read(args: dict[str, Any], index: int, path: Path) -> BinaryIO:
    """The file of this index as its parser sees it."""
    keys = args.get(KEYS)
    handle = path.open("rb")
    return open_sealed(handle, bytes.fromhex(keys["reads"][index]), path.name) if keys else handle


def part_writer(args: dict[str, Any], spool: Path) -> PartWriter:
    """The writer of a job, with the key of its spool if it has one."""
    keys = args.get(KEYS)
    return SealedPartWriter(spool, SpoolKey(salt="", key=bytes.fromhex(keys["spool"]))) if keys else PartWriter(spool)


class SealedPartWriter(PartWriter):
    """Keeps blobs and texts as containers; the other tables are metadata and stay in clear."""

    def __init__(self, spool: Path, key: SpoolKey) -> None:
        super().__init__(spool)
        self._key = key

    def keep(self, data: bytes) -> str:
        """Store extracted bytes under their own SHA-256, once."""
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._kept:
            sealed = seal_bytes(self._key.blob(sha256), data)
            self._content.write(sealed)
            self._kept[sha256] = (self._end, len(sealed))
            self._end += len(sealed)
        return sha256

    def kept(self, sha256: str) -> bytes | None:
        """Bytes that this job has kept, or ``None``."""
        sealed = super().kept(sha256)
        return None if sealed is None else unseal_bytes(self._key.blob(sha256), sealed, "the spool")

    def _write(self, kind: str, table: Any, path: Path) -> None:
        if kind != TEXT:
            super()._write(kind, table, path)
            return
        plain = io.BytesIO()
        tables.write_parquet(table, plain)
        path.write_bytes(seal_bytes(self._key.part(kind), plain.getbuffer()))


# -- in the parent -------------------------------------------------------------------------------------------------


class Window(io.RawIOBase):
    """A stretch of a file as a seekable file of its own; closing it leaves the file open."""

    def __init__(self, handle: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        if start < 0 or size < 0:
            raise ValueError("a stretch of a file has a place and a size")
        self._handle = handle
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def seekable(self) -> bool:
        """From anywhere to anywhere in the stretch."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to an offset of the stretch."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Never past the end of the stretch."""
        self._handle.seek(self._start + self._at)
        data = self._handle.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def open_blob(content: BinaryIO, start: int, size: int, sha256: str, key: SpoolKey) -> io.BufferedReader:
    """The plaintext of a blob in a spool's ``content``."""
    return open_sealed(io.BufferedReader(Window(content, start, size)), key.blob(sha256), "the spool")


def spooled(
    vault: Vault | None, answer: dict[str, Any], content: BinaryIO, place: tuple[int, int, str]
) -> io.RawIOBase | io.BufferedReader:
    """A blob of a spool as it was extracted, sealed or not."""
    start, size, sha256 = place
    if vault is None:
        return Blob(content, start, size)
    return open_blob(content, start, size, sha256, SpoolKey.again(vault, answer["salt"]))


def stored_of(store: ContentStore) -> dict[str, Any]:
    """What a manifest says of the ciphertext of contents, by its name on the disk; nothing in an ordinary case."""
    return {"stored": store.listing()} if isinstance(store, SealedContentStore) else {}


def open_part(path: Path, kind: str, key: SpoolKey) -> io.BufferedReader:
    """The plaintext of a sealed table in a spool."""
    return open_sealed(path.open("rb"), key.part(kind), path.name)


def seal_part(vault: Vault, source: Path, target: Path, part: dict[str, Any], key: SpoolKey) -> dict[str, Any]:
    """Put a sealed table into the case under the key that its own hash gives; what the manifest says of it.

    ``sha256`` and ``size`` are those of the ciphertext, as of every listed file; ``plain_sha256`` opens it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".new")
    beside.unlink(missing_ok=True)
    descriptor, hasher = open_new(beside), hashlib.sha256()

    def write(data: bytes) -> None:
        hasher.update(data)
        write_all(descriptor, data)

    try:
        sealer = Sealer(vault.key(sealing.TEXT, part["sha256"]), write)
        with open_part(source, part["kind"], key) as plain:
            while piece := plain.read(_PIECE):
                sealer.write(piece)
        size = sealer.finish()
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.chmod(beside, 0o644)
    beside.replace(target)
    return {"sha256": hasher.hexdigest(), "size": size, "plain_sha256": part["sha256"]}
