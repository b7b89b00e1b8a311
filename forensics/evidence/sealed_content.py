"""Extracted bodies and attachments as ciphertext: ``content/ab/abcd...`` under an HMAC of the plaintext's SHA-256.

Callers name a blob by its plaintext SHA-256, as in an ordinary case; what lies on the disk tells it to nobody without
the data key. Order of writing and batches are those of :class:`ContentStore`.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from forensics.digests import SHA256, Digest
from forensics.errors import IntegrityError
from forensics.evidence.content import ContentStore, Readable
from forensics.evidence.durable import full_disk_told, write_all
from forensics.evidence.readback import open_stored
from forensics.evidence.sealing import Pending
from forensics.evidence.vault import CONTENT, Vault, open_sealed
from forensics.evidence.verification import Difference, Told

_PIECE = 1 << 20


class SealedContentStore(ContentStore):
    """Blobs under names that only the vault can give; ``written`` lists what became of each one that was put."""

    def __init__(self, root: Path, vault: Vault) -> None:
        super().__init__(root)
        self._vault = vault
        self.written: dict[str, Digest] = {}
        """The SHA-256 of the container, by the name of the blob on the disk."""
        self._sizes: dict[str, int] = {}

    def begin(self) -> None:
        """Get ready to write, which takes the key."""
        self._vault.ready()
        super().begin()
        self.written = {}
        self._sizes = {}

    def put(self, stream: Readable) -> tuple[Digest, int]:
        """Store what the stream holds as ciphertext, unless it is here already: digest and size of the plaintext."""
        hasher, size = hashlib.sha256(), 0
        with Pending(self._incoming / "open") as held:
            while piece := stream.read(_PIECE):
                hasher.update(piece)
                held.write(piece)
                size += len(piece)
            self._keep(hasher.hexdigest(), held)
        return Digest(algorithm=SHA256, hex=hasher.hexdigest()), size

    def put_bytes(self, data: bytes) -> tuple[Digest, int]:
        """The same for bytes in memory."""
        return self.put(io.BytesIO(data))

    def _keep(self, sha256: str, held: Pending) -> None:
        """The container is made even of a blob that is here, because its hash has to be listed anew."""
        name = self._vault.name(sha256)
        if name in self.written:
            return
        path = self._beside(f"{name}.new")
        with full_disk_told(self.root, 1):
            descriptor = self._open(path)
            try:
                sealed = held.seal(self._vault.key(CONTENT, sha256), lambda data: write_all(descriptor, data))
            except BaseException:
                os.close(descriptor)
                os.unlink(path)
                raise
        self.written[name] = sealed.digests[SHA256]
        self._sizes[name] = sealed.size
        if self._here(name, sealed.size):
            os.close(descriptor)
            os.unlink(path)
        else:
            os.rename(path, self._beside(name))
            self._wait(name, descriptor, sealed.size)

    def listing(self) -> dict[str, dict[str, object]]:
        """What was put since ``begin``, as a manifest names it: name on the disk, SHA-256 and size of the container."""
        return {
            name: {"sha256": digest.hex, "size": self._sizes[name]} for name, digest in sorted(self.written.items())
        }

    def has(self, sha256: str) -> bool:
        """Whether the blob with this plaintext SHA-256 is here."""
        return super().has(self._vault.name(sha256))

    def path(self, sha256: str) -> Path:
        """Where its ciphertext lies."""
        return super().path(self._vault.name(sha256))

    def open(self, sha256: str) -> BinaryIO:
        """A read-only, seekable handle of the plaintext."""
        path = self.path(sha256)
        try:
            handle = open_stored(path)
        except FileNotFoundError as error:
            raise IntegrityError(f"the content {sha256} is missing", place=str(path)) from error
        return open_sealed(handle, self._vault.key(CONTENT, sha256), str(path))


def content_store(root: Path, vault: Vault | None) -> ContentStore:
    """The store of a case, in clear or sealed."""
    return ContentStore(root) if vault is None else SealedContentStore(root, vault)


def verify_listed(root: Path, listed: Mapping[str, Mapping[str, object]], told: Told | None = None) -> list[Difference]:
    """Hold the ciphertext on the disk against what manifests list of it, without any key.

    A blob that no manifest lists is left from a parse that did not finish; nothing says what it should be.
    """
    found = []
    for name, wanted in sorted(listed.items()):
        place = f"content/{name[:2]}/{name}"
        try:
            with open_stored(root / name[:2] / name) as handle:
                sha256 = hashlib.file_digest(handle, SHA256).hexdigest()
                size = handle.tell()
        except (OSError, IntegrityError):
            found.append(Difference(place=place, what="is missing, or not a regular file"))
            continue
        if told is not None:
            told(size, 1)
        if sha256 != wanted["sha256"]:
            found.append(
                Difference(place=place, what=f"changed: its SHA-256 is {sha256}, listed is {wanted['sha256']}")
            )
    return found


def unlisted(root: Path, listed: Mapping[str, Mapping[str, object]]) -> list[str]:
    """The blobs on the disk that no manifest lists."""
    store = ContentStore(root)
    return [name for name in sorted(store._names()) if name.rpartition("/")[2] not in listed]
