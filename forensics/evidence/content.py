"""Extracted bodies and attachments under their own SHA-256: ``content/ab/abcd...`` (DESIGN 4).

The order of writing is that of evidence, paid once per batch. A blob gets its name only after its own bytes were
synced, so a name never stands for bytes that a power cut could take; and records that refer to it are acknowledged
only after ``commit`` returned, which syncs the folders. What was put but not committed lies in ``content/incoming``
and is thrown away by the next writer: the same parse job yields it again. There is no read-back here, because
evidence is the original and ``verify`` reads every blob.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol

from forensics.digests import SHA256, Digest, Hasher
from forensics.errors import IntegrityError
from forensics.evidence.durable import full_disk_told, link_new, make_folder, sync_folder, write_all
from forensics.evidence.filesystem_sync import FileSystem
from forensics.evidence.readback import hash_again, open_stored
from forensics.evidence.verification import Difference, Told

_SHA256 = re.compile(r"[0-9a-f]{64}")
_BLOCK = 1 << 20
# One sync of the whole file system costs as much as those of many files; one of each file costs a descriptor each.
_BATCH, _BATCH_EACH = 4096, 256
_BATCH_BYTES = 1 << 28
_FOLDER = 2
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_READ_ONLY = 0o444


class Readable(Protocol):
    """Whatever gives up to so many bytes, and none at its end."""

    def read(self, size: int, /) -> bytes: ...


class ContentStore:
    """Blobs by digest; one writer at a time, any number of readers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"
        self._lies, self._waits = f"{root}{os.sep}", f"{self._incoming}{os.sep}"
        self._waiting: dict[str, int] = {}
        """The blobs that have no name yet, each with its descriptor; -1 where all are synced at once."""
        self._bytes = 0
        self._next = 1
        self._known: set[str] = set()
        """Folders that are there for certain."""
        self._begun = False
        self._files: FileSystem | None = None

    def begin(self) -> None:
        """Get ready to write: leftovers of a killed run go."""
        make_folder(self.root)
        self._incoming.mkdir(exist_ok=True)
        for name in os.listdir(self._incoming):
            os.unlink(self._incoming / name)
        self._known = {name for name in os.listdir(self.root) if len(name) == _FOLDER}
        self._begun = True

    def put(self, stream: Readable) -> tuple[Digest, int]:
        """Store what the stream holds, unless it is here already: digest and size. ``commit`` acknowledges it."""
        first = stream.read(_BLOCK)
        if len(first) < _BLOCK:
            return self.put_bytes(first)
        path = self._incoming / f"{self._next:08d}"
        self._next += 1
        hasher, size, block = hashlib.sha256(), 0, first
        with full_disk_told(self.root, 1):
            descriptor = self._open(path)
        try:
            with full_disk_told(self.root, 1):
                while block:
                    hasher.update(block)
                    write_all(descriptor, block)
                    size += len(block)
                    block = stream.read(_BLOCK)
        except BaseException:
            os.close(descriptor)
            os.unlink(path)
            raise
        name = hasher.hexdigest()
        if self._here(name, size):
            os.close(descriptor)
            os.unlink(path)
        else:
            os.rename(path, self._beside(name))
            self._wait(name, descriptor, size)
        return Digest(algorithm=SHA256, hex=name), size

    def put_bytes(self, data: bytes) -> tuple[Digest, int]:
        """The same for bytes in memory."""
        name = hashlib.sha256(data).hexdigest()
        if not self._here(name, len(data)):
            path = self._beside(name)
            with full_disk_told(self.root, len(data)):
                descriptor = self._open(path)
                try:
                    write_all(descriptor, data)
                except BaseException:
                    os.close(descriptor)
                    os.unlink(path)
                    raise
            self._wait(name, descriptor, len(data))
        return Digest(algorithm=SHA256, hex=name), len(data)

    def commit(self) -> None:
        """Everything put so far survives a power cut once this returns."""
        with full_disk_told(self.root, 1):
            self._sync()
        folders = {name[:2] for name in self._waiting}
        fresh = [folder for folder in folders - self._known if not (self.root / folder).is_dir()]
        for folder in fresh:
            (self.root / folder).mkdir()
        for name in self._waiting:
            waiting, place = self._beside(name), self._place(name)
            try:
                os.link(waiting, place, follow_symlinks=False)
            except OSError:
                # It says what is wrong, or finds a way on file systems without links.
                link_new(Path(waiting), Path(place))
            os.chmod(place, _READ_ONLY)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(waiting)
        self._known |= folders
        self._sync_folders(folders, bool(fresh))
        self._waiting = {}
        self._bytes = 0

    def _open(self, path: str | Path) -> int:
        """A new file; the file system is asked to remember its errors from before the first byte on."""
        if self._files is None:
            self._files = FileSystem(self._incoming)
        return os.open(path, _NEW, 0o600)

    def _wait(self, name: str, descriptor: int, size: int) -> None:
        together = self._files is not None and self._files.syncs
        if together:
            os.close(descriptor)
        self._waiting[name] = -1 if together else descriptor
        self._bytes += size
        if len(self._waiting) >= (_BATCH if together else _BATCH_EACH) or self._bytes >= _BATCH_BYTES:
            self.commit()

    def _sync(self) -> None:
        """The bytes of every blob that waits, at once where the system can do that."""
        if self._files is not None and self._files.syncs:
            if self._waiting:
                self._files.sync()
            return
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(os.fsync, self._waiting.values()))
        for descriptor in self._waiting.values():
            os.close(descriptor)

    def _sync_folders(self, folders: set[str], fresh: bool) -> None:
        """The names of the blobs; then what the next batch writes is watched from here on."""
        if self._files is not None and self._files.syncs:
            if folders:
                self._files.sync()
        else:
            for folder in folders:
                sync_folder(self.root / folder)
            if fresh:
                sync_folder(self.root)
        if self._files is not None:
            self._files.close()
            self._files = None

    def has(self, sha256: str) -> bool:
        return sha256 in self._waiting or os.path.isfile(self._place(sha256))

    def path(self, sha256: str) -> Path:
        """Where a blob lies now, for readers that need a name."""
        return Path(self._beside(sha256) if sha256 in self._waiting else self._place(sha256))

    def open(self, sha256: str) -> BinaryIO:
        """A read-only, seekable handle."""
        try:
            return io.BufferedReader(open_stored(self.path(sha256)), 1 << 16)
        except FileNotFoundError as error:
            raise IntegrityError(f"the content {sha256} is missing", place=self._place(sha256)) from error

    def verify(self, told: Told | None = None) -> list[Difference]:
        """Every blob whose bytes do not have its name, and everything that is no blob."""
        names = sorted(self._names())
        with ThreadPoolExecutor(2, thread_name_prefix="verify") as pool:
            found = pool.map(lambda name: self._check(name, told), names)
            return [
                Difference(place=f"content/{name}", what=what) for name, what in zip(names, found, strict=True) if what
            ]

    def _check(self, name: str, told: Told | None) -> str:
        folder, _, blob = name.rpartition("/")
        if not _SHA256.fullmatch(blob) or folder != blob[:2]:
            return "is not named like content"
        try:
            with Hasher((SHA256,)) as hasher:
                hashed = hash_again(self.root / name, hasher)
        except IntegrityError as error:
            return error.what
        except OSError as error:
            return f"cannot be read: {error.strerror}"
        if told is not None:
            told(hashed.size, 1)
        return "" if hashed.hex(SHA256) == blob else f"changed: its SHA-256 is {hashed.hex(SHA256)}"

    def _names(self) -> list[str]:
        if not self.root.is_dir():
            return []
        folders = [name for name in os.listdir(self.root) if name != self._incoming.name]
        inner = [
            f"{folder}/{name}"
            for folder in folders
            if (self.root / folder).is_dir()
            for name in os.listdir(self.root / folder)
        ]
        return inner + [name for name in folders if not (self.root / name).is_dir()]

    def _here(self, sha256: str, size: int) -> bool:
        if sha256 in self._waiting:
            return True
        if self._begun and sha256[:_FOLDER] not in self._known:
            # One writer at a time: what it has not seen or made itself is not there.
            return False
        place = self._place(sha256)
        try:
            stored = os.stat(place).st_size
        except FileNotFoundError:
            return False
        if stored != size:
            raise IntegrityError(f"the content {sha256} is stored with another size", place=place, todo="run verify")
        return True

    def _beside(self, sha256: str) -> str:
        """Where a blob waits for its name. Texts instead of paths, because there are a dozen for each of many blobs."""
        return f"{self._waits}{sha256}"

    def _place(self, sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise IntegrityError(f"{sha256!r} is not a SHA-256 and names no content")
        return f"{self._lies}{sha256[:_FOLDER]}{os.sep}{sha256}"
