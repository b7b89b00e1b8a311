"""The files of an image while it is made: written in order, synced piece by piece, read again from the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from forensics.acquisition.imaging.lanes import all_zero
from forensics.acquisition.imaging.medium import Plan
from forensics.acquisition.imaging.reader import Reader
from forensics.errors import ForensicsError
from forensics.evidence import direct
from forensics.evidence.durable import READ_ONLY, full_disk_told, sync_folder, write_all

_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_PAGE = 4096


class Target:
    """The files of one image in a folder of its own, called by their numbers."""

    def __init__(self, folder: Path, plan: Plan, *, sparse: bool) -> None:
        self._folder = folder
        self._plan = plan
        self._sparse = sparse
        self._number = -1
        self._writing: _File | None = None
        self._reading: tuple[int, Reader] | None = None
        self._unsynced: list[_File] = []
        self._whole = True

    def path(self, segment: int) -> Path:
        """Where a file of the image lies."""
        return self._folder / f"{segment + 1:06d}"

    def write(self, offset: int, view: memoryview) -> None:
        """Write a block of the medium; where the medium has holes, zeros take no space here either."""
        segment = self._plan.segment_at(offset)
        begin, end = self._plan.segment_span(segment)
        if segment != self._number or self._writing is None:
            self._number, self._writing = segment, _File(self.path(segment), end - begin)
            self._unsynced.append(self._writing)
        self._whole = False
        with full_disk_told(self._folder, self._plan.size - offset):
            if self._sparse and all_zero(view):
                self._writing.skip(offset - begin, len(view))
            else:
                self._writing.write(offset - begin, view)
        self._whole = True

    def sync(self) -> None:
        """What was written so far survives a power cut when this returns."""
        if not self._whole:
            raise ForensicsError("the image could not be written on", place=str(self._folder))
        with full_disk_told(self._folder, 1):
            for file in self._unsynced:
                file.sync()
                if file is not self._writing:
                    file.close()
        self._unsynced = [] if self._writing is None else [self._writing]
        sync_folder(self._folder)

    def end(self) -> None:
        """The last block was written: files end where they should, also where they end in a hole."""
        with full_disk_told(self._folder, 1):
            for segment in range(self._plan.segments):
                begin, end = self._plan.segment_span(segment)
                descriptor = os.open(self.path(segment), _OPEN, 0o600)
                try:
                    os.ftruncate(descriptor, end - begin)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        self._end_writing()
        sync_folder(self._folder)

    def cut(self, offset: int) -> None:
        """Forget what was written from this place of the medium on: it was never acknowledged."""
        self.close()
        for segment in range(self._plan.segments):
            begin, end = self._plan.segment_span(segment)
            if begin >= offset:
                self.path(segment).unlink(missing_ok=True)
            elif end > offset and self.path(segment).exists():
                os.truncate(self.path(segment), min(offset - begin, self.path(segment).stat().st_size))

    def read(self, offset: int, view: memoryview) -> None:
        """A block as it lies on the disk now, all of it."""
        segment = self._plan.segment_at(offset)
        if self._reading is None or self._reading[0] != segment:
            self._let_go()
            path = self.path(segment)
            self._reading = segment, Reader(lambda: os.open(path, READ_ONLY), _PAGE)
        begin = self._plan.segment_span(segment)[0]
        done = 0
        while done < len(view):
            count = self._reading[1].read(offset - begin + done, view[done:], fresh=True)
            if not count:
                raise OSError(errno.ENODATA, "the copy is shorter than it was written", str(self.path(segment)))
            done += count

    def _let_go(self) -> None:
        if self._reading is not None:
            self._reading[1].close()
        self._reading = None

    def close(self) -> None:
        """Let go of all files; what is synced stays for the next run."""
        self._let_go()
        self._end_writing()

    def _end_writing(self) -> None:
        for file in self._unsynced:
            file.close()
        self._unsynced, self._writing, self._number = [], None, -1


class _File:
    """One file that is written at given places, past the page cache where that goes."""

    def __init__(self, path: Path, size: int) -> None:
        self._descriptor = os.open(path, _OPEN, 0o600)
        self._direct = size >= direct.WORTH_IT and direct.go_direct(self._descriptor)
        self._hole_to = 0

    def write(self, offset: int, view: memoryview) -> None:
        os.lseek(self._descriptor, offset, os.SEEK_SET)
        if self._direct and direct.fits(offset) and direct.fits(len(view)):
            try:
                view = view[os.write(self._descriptor, view) :]
            except OSError as error:
                if not direct.refused(error):
                    raise
            if not view:
                return
        if self._direct:
            direct.go_ordinary(self._descriptor)
            self._direct = False
        write_all(self._descriptor, view)

    def skip(self, offset: int, length: int) -> None:
        """Leave a hole."""
        self._hole_to = offset + length

    def sync(self) -> None:
        if self._hole_to > os.fstat(self._descriptor).st_size:
            os.ftruncate(self._descriptor, self._hole_to)
        os.fsync(self._descriptor)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
