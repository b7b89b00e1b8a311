"""Turns a stream into a container although its key needs the SHA-256 of all of it: held in memory first, or in scratch.

Scratch is a container too, under a random key that only this process knows; plaintext never reaches the disk.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from forensics.digests import SHA256, Digest, Hashed
from forensics.evidence.durable import open_new, write_all
from forensics.evidence.readback import open_stored
from forensics.evidence.vault import Sealer, Write, fresh_key, open_sealed

IN_MEMORY = 1 << 23
_PIECE = 1 << 20


class Pending:
    """Plaintext that waits for its key; a context manager. ``scratch`` must not exist, and is gone afterwards."""

    def __init__(self, scratch: Path) -> None:
        self._path = scratch
        self._memory = bytearray()
        self._descriptor = -1
        self._key = b""
        self._sealer: Sealer | None = None

    def __enter__(self) -> Pending:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, data: bytes | memoryview) -> None:
        """Take more plaintext."""
        if self._sealer is None:
            self._memory += data
            if len(self._memory) > IN_MEMORY:
                self._spill()
        else:
            self._sealer.write(data)

    def _spill(self) -> None:
        self._key = fresh_key()
        self._descriptor = open_new(self._path)
        self._sealer = Sealer(self._key, lambda data: write_all(self._descriptor, data))
        self._sealer.write(memoryview(self._memory))
        self._memory.clear()

    def seal(self, key: bytes, write: Write) -> Hashed:
        """Write the container under the final key; the answer is what the container hashes to."""
        hasher = hashlib.sha256()

        def both(data: bytes) -> None:
            hasher.update(data)
            write(data)

        sealer = Sealer(key, both)
        if self._sealer is None:
            sealer.write(memoryview(self._memory))
        else:
            self._sealer.finish()
            with open_sealed(open_stored(self._path), self._key, str(self._path)) as plain:
                while piece := plain.read(_PIECE):
                    sealer.write(piece)
        size = sealer.finish()
        return Hashed(size=size, digests={SHA256: Digest(algorithm=SHA256, hex=hasher.hexdigest())})

    def close(self) -> None:
        """Forget the plaintext."""
        self._memory.clear()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._path.unlink(missing_ok=True)
