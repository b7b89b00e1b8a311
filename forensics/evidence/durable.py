"""Files that are there, whole, after a power cut: the order of writing, and what to say when the disk is full.

The order is that of DESIGN 4 (after restic's local backend): exclusive create, write, fsync, link, fsync of the folder.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from forensics.errors import ForensicsError, IntegrityError

READ_ONLY = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)
_SPARE = 1 << 20


def open_new(path: Path) -> int:
    """A descriptor of a file that did not exist a moment ago."""
    with full_disk_told(path.parent, 0):
        return os.open(path, _NEW, 0o600)


def write_all(descriptor: int, view: memoryview | bytes) -> None:
    """Write every byte, in as many calls as the system wants."""
    rest = memoryview(view)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def write_new(path: Path, data: bytes) -> None:
    """A whole small file, on the disk when this returns; the folder is synced by the caller."""
    descriptor = open_new(path)
    try:
        with full_disk_told(path.parent, len(data)):
            write_all(descriptor, data)
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut (folders cannot be synced on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, within: Path | None = None, *, mode: int = 0o777) -> None:
    """A folder whose name survives a power cut, and with it the names of those above it that were not there.

    With ``within``, every name up to that folder is synced, because a run that was killed may have made them only.
    """
    fresh = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    if within is not None:
        fresh = [each for each in (folder, *folder.parents) if each != within and each.is_relative_to(within)]
    for each in fresh or [folder]:
        # A folder that may be written to and not be read cannot be synced.
        with suppress(PermissionError):
            sync_folder(each.parent)


def link_new(temporary: Path, final: Path) -> None:
    """Give a finished file its final name as well; a file that already has that name is never replaced."""
    try:
        os.link(temporary, final, follow_symlinks=False)
    except FileExistsError as error:
        raise _would_replace(final) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # exFAT and FAT have no hard links; the case's lock keeps a second writer from getting in between.
        if os.path.lexists(final):
            raise _would_replace(final) from error
        os.rename(temporary, final)


def link_again(stored: Path, final: Path) -> None:
    """A second name for bytes that are stored under another one; a copy of them where no more links can be had."""
    try:
        os.link(stored, final, follow_symlinks=False)
    except FileExistsError as error:
        raise _would_replace(final) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with stored.open("rb") as source, os.fdopen(open_new(final), "wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())


def _would_replace(final: Path) -> IntegrityError:
    return IntegrityError(
        f"{final.name} is stored already and evidence is never replaced", place=str(final), todo="verify the case"
    )


def forget_pages(descriptor: int, offset: int = 0, length: int = 0) -> None:
    """Ask the system to send these pages to the disk and drop them, so that the next read is a read of the disk."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_DONTNEED)


def need_space(folder: Path, wanted: int) -> None:
    """Stop before the first byte when the bytes to come cannot fit."""
    if not hasattr(os, "statvfs"):
        return
    state = os.statvfs(folder)
    missing = wanted + _SPARE - state.f_bavail * state.f_frsize
    if missing > 0:
        raise _full(folder, missing)


@contextmanager
def full_disk_told(folder: Path, still_to_write: int) -> Iterator[None]:
    """Turn "no space left", "quota" and "file too large" into one sentence that says how much is missing."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise ForensicsError(
                f"the file system or a limit of this account does not allow a file of this size in {folder}",
                place=str(folder),
                todo="put the case on another file system or raise the limit, then run the same command again",
            ) from error
        if error.errno in _FULL:
            raise _full(folder, _missing(folder, still_to_write)) from error
        raise


def _missing(folder: Path, wanted: int) -> int:
    if not hasattr(os, "statvfs"):
        return max(wanted, 1)
    state = os.statvfs(folder)
    return max(wanted - state.f_bavail * state.f_frsize, 1)


def _full(folder: Path, missing: int) -> ForensicsError:
    return ForensicsError(
        f"no space left: at least {missing:,} more bytes are needed in {folder}",
        place=str(folder),
        todo="free some space or put the case on a larger disk, then run the same command again: it goes on",
    )
