"""A file, a folder or a Maildir tree as a source: listed without following anything, opened read-only, never changed.

Every name is opened from the descriptor of its folder with O_NOFOLLOW, so that a link put in the way while we work
leads nowhere, and with O_NOATIME where the account may, so that reading leaves no trace (reference: open(2), promise
P1).
"""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from forensics.acquisition import filestat
from forensics.acquisition.receipt import Refusal
from forensics.acquisition.source import Found
from forensics.errors import UsageError
from forensics.evidence import item as layout
from forensics.evidence.item import Entry

_NOATIME: int = getattr(os, "O_NOATIME", 0)
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0)
_HERE = b"."


class TreeSource:
    """What lies under one path of this machine. Folders to ``leave_out`` are listed, not entered."""

    def __init__(self, path: Path, *, leave_out: Sequence[Path] = ()) -> None:
        self.given = os.fsencode(path)
        self._path = os.path.realpath(self.given)
        self._is_folder = _kind_of_source(self._path, path)
        self._left_out = {_identity(each) for each in leave_out if each.exists()}
        _refuse_inside(self._path, path, leave_out)
        self._folders = _Folders(self._path if self._is_folder else os.path.dirname(self._path))
        self._atime_may_change = False

    def describe(self) -> dict[str, Any]:
        found = os.stat(self._path)
        return {
            "kind": layout.FOLDER if self._is_folder else layout.FILE,
            "given": self.given.decode("utf-8", "backslashreplace"),
            "path": self._path.decode("utf-8", "backslashreplace"),
            "path_hex": self._path.hex(),
            "dev": found.st_dev,
            "inode": found.st_ino,
            "opened": "read-only, no link followed",
            "access_times_kept": not self._atime_may_change and bool(_NOATIME),
        }

    def entries(self) -> Iterator[Found]:
        """Everything under the path, folders before what is in them."""
        if not self._is_folder:
            yield self._look(self._folders.open(()), os.path.basename(self._path), os.path.basename(self._path))
            return
        top = os.stat(self._path)
        pending = [Found(entry=filestat.entry_of(_HERE, top, filestat.born_of(self._folders.open(()), b"", top)))]
        while pending:
            found = pending.pop()
            if found.entry.type == layout.FOLDER and not found.entry.note:
                try:
                    pending += reversed(self._list(found.entry.path))
                except OSError as error:
                    found = _refused(found.entry, error)
            yield found

    @contextmanager
    def read(self, entry: Entry) -> Iterator[TreeReading]:
        *folders, name = entry.path.split(b"/")
        descriptor, kept = _open(name, self._folders.open(tuple(folders)), 0)
        self._atime_may_change |= not kept
        with io.FileIO(descriptor, "rb") as handle:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.ESTALE, "it is no longer a regular file")
            fresh = filestat.entry_of(entry.path, found, filestat.born_of(descriptor, b"", found))
            yield TreeReading(handle, fresh)

    def _list(self, folder: bytes) -> list[Found]:
        """The things in one folder, in byte order of their names."""
        above = b"" if folder == _HERE else folder + b"/"
        descriptor = self._folders.open(tuple(above.split(b"/")[:-1]))
        names = sorted(os.fsencode(name) for name in os.listdir(descriptor))
        return [self._look(descriptor, name, above + name) for name in names]

    def _look(self, folder: int, name: bytes, path: bytes) -> Found:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            entry = filestat.entry_of(path, found, filestat.born_of(folder, name, found))
            if entry.type == layout.SYMLINK:
                entry = replace(entry, target=os.readlink(name, dir_fd=folder))
        except OSError as error:
            return _refused(Entry(path=path, type=layout.UNKNOWN), error)
        if entry.type == layout.FOLDER and (entry.dev, entry.inode) in self._left_out:
            entry = entry.noted("the case folder itself: left out")
        blocks = getattr(found, "st_blocks", None)
        return Found(entry=entry, allocated=None if blocks is None else blocks * 512)


class TreeReading:
    """One regular file, open; remembers what it was when it was opened."""

    def __init__(self, handle: io.FileIO, entry: Entry) -> None:
        self._handle = handle
        self._before = filestat.state(os.fstat(handle.fileno()))
        self.entry = entry
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(handle.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)

    def readinto(self, view: memoryview, /) -> int:
        count: int | None = self._handle.readinto(view)
        if count is None:
            raise OSError(errno.EAGAIN, "it is locked by another program")
        return count

    def changed(self) -> str:
        return filestat.difference(self._before, filestat.state(os.fstat(self._handle.fileno())))


class _Folders:
    """Descriptors of the folders along one path, each opened from its parent; neighbours share them."""

    def __init__(self, top: bytes) -> None:
        self._stack = [_open(top, None, _FOLDER)[0]]
        self._parts: tuple[bytes, ...] = ()

    def open(self, parts: tuple[bytes, ...]) -> int:
        """The descriptor of a folder; it stays open until another path is asked for."""
        shared = _shared(self._parts, parts)
        self._cut(shared)
        for part in parts[shared:]:
            self._stack.append(_open(part, self._stack[-1], _FOLDER)[0])
            self._parts += (part,)
        return self._stack[-1]

    def _cut(self, depth: int) -> None:
        while len(self._parts) > depth:
            os.close(self._stack.pop())
            self._parts = self._parts[:-1]

    def __del__(self) -> None:
        for descriptor in getattr(self, "_stack", ()):
            os.close(descriptor)


def _shared(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> int:
    """How many leading parts two paths have in common."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count


def _open(name: bytes, folder: int | None, extra: int) -> tuple[int, bool]:
    """A read-only descriptor, and whether reading through it leaves the time of access alone."""
    try:
        return os.open(name, _FLAGS | _NOATIME | extra, dir_fd=folder), bool(_NOATIME)
    except PermissionError as error:
        # O_NOATIME is for the owner only; others read without it.
        if not _NOATIME or error.errno != errno.EPERM:
            raise
        return os.open(name, _FLAGS | extra, dir_fd=folder), False


def _refused(entry: Entry, error: OSError) -> Found:
    """It is there and stays in the list, with the reason why it, or what is in it, was not read."""
    refusal = Refusal.of(entry.path, error)
    return Found(entry=entry.noted(refusal.sentence()), refusal=refusal)


def _kind_of_source(path: bytes, given: Path) -> bool:
    """True for a folder, False for a file; one clear sentence for everything else."""
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise UsageError(
            f"the source {str(given)!r} cannot be found: {error.strerror}", place=str(given), todo="check the path"
        ) from error
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise UsageError(
            f"the source {str(given)!r} is neither a file nor a folder",
            place=str(given),
            todo="give a file, a folder or an image",
        )
    return stat.S_ISDIR(mode)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _refuse_inside(path: bytes, given: Path, cases: Sequence[Path]) -> None:
    """A source inside the case would make evidence of the case's own files."""
    for case in cases:
        inside = os.path.realpath(os.fsencode(case))
        if path == inside or path.startswith(inside.rstrip(b"/") + b"/"):
            raise UsageError(
                f"the source {str(given)!r} lies inside the case folder {str(case)!r}",
                place=str(given),
                todo="put the case folder somewhere else, outside all sources",
            )
