"""Writes what is handed over as a bag of BagIt 1.0 (RFC 8493), which sha256sum(1) and every BagIt tool can check.

    bagit.txt                  the declaration of RFC 8493 2.1.1
    bag-info.txt               label: value (2.2.2), Payload-Oxum among them
    manifest-sha256.txt        "<sha256>  <path>" of every file below data/, in byte order of the paths
    tagmanifest-sha256.txt     the same of every other file but itself

Payload names are ASCII without a per cent sign, which tools decode differently (RFC 8493 2.1.3 has %25). A bag is made
under another name and renamed when it is whole, so a folder with the name that was asked for is a whole bag.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from forensics.digests import SHA256, Hashed, Hasher, digest_bytes, filler
from forensics.errors import IntegrityError, UsageError
from forensics.evidence.durable import full_disk_told, open_new, sync_folder, write_all, write_new
from forensics.evidence.filesystem_sync import FileSystem
from forensics.evidence.readback import hash_again, open_stored
from forensics.evidence.verification import Told

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
INFO, MANIFEST, TAG_MANIFEST = "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"
PAYLOAD = "data"
_NAME = re.compile(r"[A-Za-z0-9._@+=,-]+")
_PARTIAL = ".partial"
_LARGE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """A bag that is on the disk, whole."""

    folder: Path
    files: int
    size: int
    manifest_sha256: str


def manifest_bytes(digests: Mapping[str, str]) -> bytes:
    """The lines of a manifest, in byte order of the paths."""
    return b"".join(f"{digests[name]}  {name}\n".encode("ascii") for name in sorted(digests))


class BagWriter:
    """Makes one bag: ``add`` each payload file, then ``finish`` it with its tag files; a context manager."""

    def __init__(self, target: Path, told: Told = lambda size, items: None) -> None:
        self.target = target
        self._work = target.with_name(target.name + _PARTIAL)
        self._told = told
        self._size = 0
        self.digests: dict[str, str] = {}
        """SHA-256 of each payload file so far, by its path in the bag."""
        if os.path.lexists(target) or os.path.lexists(self._work):
            there = target if os.path.lexists(target) else self._work
            todo = "name a folder that does not exist" if there is target else "remove what an interrupted run left"
            raise UsageError(f"{there} is there already, and a bag is never written over", place=str(there), todo=todo)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._work.mkdir()
        self._folders = {self._work}
        self._system = FileSystem(self._work)
        self._hasher = Hasher((SHA256,))
        self._later: list[tuple[Path, Hashed]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hasher.close()
        self._system.close()

    def add(self, name: str, source: Path, *, sha256: str = "") -> str:
        """Copy a file to ``data/<name>``, hash it on the way, read it back; the answer is its SHA-256.

        ``sha256`` is what the file must have; anything else is an :class:`IntegrityError`.
        """
        path = self._path(f"{PAYLOAD}/{name}")
        with open_stored(source) as handle:
            large = os.fstat(handle.fileno()).st_size >= _LARGE
            read = self._copy(handle, path, at_once=large or not self._system.syncs)
        if sha256 and sha256 != read.hex(SHA256):
            raise IntegrityError(f"{name} is not what the case says it is", place=str(source), todo="verify the case")
        if large:
            self._read_back(path, read)
        else:
            self._later.append((path, read))
        return self._take(name, read.hex(SHA256), read.size)

    def _copy(self, handle: io.FileIO, path: Path, *, at_once: bool) -> Hashed:
        descriptor = open_new(path)
        try:
            with full_disk_told(path.parent, os.fstat(handle.fileno()).st_size):
                read = self._hasher.hash(filler(handle), lambda view: write_all(descriptor, view))
                if at_once:
                    os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return read

    def _read_back(self, path: Path, read: Hashed) -> None:
        if hash_again(path, self._hasher) != read:
            raise IntegrityError(f"{path} does not hold what was written", place=str(path), todo="try another disk")

    def _settle(self) -> None:
        """Small files become durable together, and only then is it worth while to read them again."""
        if self._system.syncs:
            with full_disk_told(self._work, 0):
                self._system.sync()
        for path, read in self._later:
            self._read_back(path, read)
        self._later = []

    def put(self, name: str, data: bytes) -> str:
        """A payload file from bytes in memory."""
        write_new(self._path(f"{PAYLOAD}/{name}"), data)
        return self._take(name, digest_bytes(data).hex, len(data))

    def finish(self, info: Mapping[str, str], tags: Mapping[str, bytes]) -> Bag:
        """Write the tag files, make everything durable, and give the bag its name."""
        self._settle()
        manifest = manifest_bytes(self.digests)
        facts = {**info, "Payload-Oxum": f"{self._size}.{len(self.digests)}"}
        lines = "".join(f"{label}: {' '.join(value.split())}\n" for label, value in facts.items())
        written = {"bagit.txt": DECLARATION, INFO: lines.encode(), MANIFEST: manifest, **tags}
        for name, data in written.items():
            write_new(self._path(name), data)
        listed = manifest_bytes({name: digest_bytes(data).hex for name, data in written.items()})
        write_new(self._work / TAG_MANIFEST, listed)
        for folder in sorted(self._folders, reverse=True):
            sync_folder(folder)
        if os.path.lexists(self.target):
            raise UsageError(f"{self.target} was made by somebody else meanwhile", place=str(self.target))
        self._work.rename(self.target)
        sync_folder(self.target.parent)
        sha256 = digest_bytes(manifest).hex
        return Bag(folder=self.target, files=len(self.digests), size=self._size, manifest_sha256=sha256)

    def _path(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        if not all(_NAME.fullmatch(part) and part.strip(".") for part in parts) or "/".join(parts) != name:
            raise UsageError(f"{name!r} is not a name that every system can keep", place=name)
        path = self._work.joinpath(*parts)
        if path.parent not in self._folders:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._folders.update(folder for folder in path.parents if folder.is_relative_to(self._work))
        return path

    def _take(self, name: str, sha256: str, size: int) -> str:
        self.digests[f"{PAYLOAD}/{name}"] = sha256
        self._size += size
        self._told(size, 1)
        return sha256


def names_below(folder: Path, leave_out: Iterable[str] = ()) -> list[str]:
    """Every file below a folder, as a path inside it, in order; what is not a regular file is an error."""
    left = frozenset(leave_out)
    found = []
    for at, inner, files in os.walk(folder):
        place = Path(at).relative_to(folder)
        inner[:] = sorted(name for name in inner if (place / name).as_posix() not in left)
        for name in (*files, *(each for each in inner if (Path(at) / each).is_symlink())):
            inside = (place / name).as_posix()
            if inside in left:
                continue
            if (Path(at) / name).is_symlink() or not (Path(at) / name).is_file():
                raise IntegrityError(
                    f"{inside} is not a regular file", place=str(Path(at) / name), todo="verify the case"
                )
            found.append(inside)
    return sorted(found)
