"""File systems and files of a disk image, through The Sleuth Kit: live files and what is left of deleted ones.

With ``partitions`` and ``file_descriptions`` it is what asks TSK; all of them run in a guarded worker only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from forensics.acquisition import partitions, shadow_copies
from forensics.acquisition.file_descriptions import blocks_of, describe
from forensics.acquisition.filesystem_values import FoundFile, FoundFolder, Gone, Medium, Stream, Unread, Volume
from forensics.acquisition.standing import blanked, read_placed
from forensics.acquisition.tsk import Sectors, pytsk3, words
from forensics.errors import FormatError

MAX_DEPTH = 512

Met = FoundFile | FoundFolder | Gone | Unread
"""What a walk meets."""
_Todo = list[tuple[int, tuple[bytes, ...], bool]]


class Image:
    """The volumes of a medium and their files."""

    def __init__(self, medium: Medium) -> None:
        if medium.size < 512:
            raise FormatError("an image of less than one sector holds no file system")
        self._medium = medium
        self._sectors = Sectors(medium)
        self._open: dict[tuple[int, int], Any] = {}
        self._shadows: dict[tuple[int, int], tuple[Medium, Sectors]] = {}

    def volumes(self) -> tuple[Volume, ...]:
        """Every volume, and behind each NTFS one its shadow copies, oldest first."""
        found: list[Volume] = []
        for volume in partitions.volumes(self._medium, self._sectors, self._keep):
            found.append(volume)
            if volume.file_system == "NTFS":
                found += shadow_copies.volumes(self._medium, volume)
        return tuple(replace(volume, number=number) for number, volume in enumerate(found))

    def _keep(self, start: int, system: Any) -> None:
        self._open[start, 0] = system

    def medium(self, volume: Volume) -> Medium:
        """The bytes that the ranges of a volume's files count in: the whole medium, or the shadow copy."""
        return self._of(volume)[0]

    def _of(self, volume: Volume) -> tuple[Medium, Sectors]:
        if not volume.shadow:
            return self._medium, self._sectors
        key = volume.start, volume.shadow
        if key not in self._shadows:
            copy = shadow_copies.ShadowMedium(self._medium, volume)
            self._shadows[key] = copy, Sectors(copy)
        return self._shadows[key]

    def system(self, volume: Volume) -> Any:
        """The file system of a volume as pytsk3 has it."""
        key = volume.start, volume.shadow
        if key not in self._open:
            try:
                self._open[key] = pytsk3.FS_Info(self._of(volume)[1], offset=volume.base)
            except OSError as error:
                raise FormatError(f"no file system at {volume.start}: {words(error)}", offset=volume.start) from error
        return self._open[key]

    def walk(self, volume: Volume) -> Iterator[Met]:
        """Every folder and regular file below the root, each folder entered once whatever links to it.

        Deleted files come with ``allocated`` false, except on NTFS, where the records tell of them (``deleted_files``).
        """
        system = self.system(volume)
        todo: _Todo = [(int(system.info.root_inum), (), True)]
        entered: set[int] = set()
        while todo:
            inode, path, live = todo.pop()
            if inode in entered:
                continue
            entered.add(inode)
            if len(path) > MAX_DEPTH:
                yield Unread(volume=volume.number, path=path, what=f"folders nested deeper than {MAX_DEPTH}")
                continue
            yield from self._folder(volume, inode, path, live, todo)

    def file(self, volume: Volume, inode: int, path: tuple[bytes, ...]) -> FoundFile:
        """The file of that inode, described again as :meth:`walk` did."""
        try:
            return describe(volume, self.system(volume), self.system(volume).open_meta(inode=inode), path)
        except OSError as error:
            raise FormatError(f"inode {inode} cannot be opened: {words(error)}") from error

    def read(self, volume: Volume, inode: int, stream: Stream, offset: int, length: int) -> bytes:
        """Bytes of a stream; fewer only at its end. Zeros stand where a live file has taken a deleted one's place."""
        wanted = min(length, stream.size - offset)
        if wanted <= 0:
            return b""
        if stream.placed:
            return blanked(stream, offset, read_placed(stream, self.medium(volume).read_at, offset, wanted))
        try:
            entry = self.system(volume).open_meta(inode=inode)
            data = bytes(entry.read_random(offset, wanted, stream.type, stream.id))
        except OSError as error:
            raise FormatError(f"inode {inode} cannot be read at {offset}: {words(error)}", offset=offset) from error
        return blanked(stream, offset, data) if stream.overwritten else data

    def content(self, volume: Volume, inode: int, stream: Stream, piece: int = 1 << 20) -> Iterator[bytes]:
        """The whole stream in pieces; a short read is an error, never a short file."""
        at = 0
        while at < stream.size:
            data = self.read(volume, inode, stream, at, piece)
            if not data:
                raise FormatError(f"inode {inode} ends at {at} of {stream.size} bytes", offset=at)
            yield data
            at += len(data)

    def _folder(self, volume: Volume, inode: int, path: tuple[bytes, ...], live: bool, todo: _Todo) -> Iterator[Met]:
        system = self.system(volume)
        try:
            entries = list(system.open_dir(inode=inode))
        except OSError as error:
            if live:
                yield Unread(volume=volume.number, path=path, what=f"this folder cannot be listed: {words(error)}")
            return
        yield FoundFolder(
            volume=volume.number, path=path, inode=inode, allocated=live, blocks=self._folder_blocks(volume, inode)
        )
        for entry in entries:
            name = entry.info.name
            if name is None or bytes(name.name or b"") in (b".", b"..", b""):
                continue
            here = (*path, bytes(name.name))
            if live and int(name.flags) & int(pytsk3.TSK_FS_NAME_FLAG_ALLOC):
                yield from _live(volume, system, entry, here, todo)
            elif volume.file_system != "NTFS":
                yield from _deleted(volume, system, entry, here, todo)

    def _folder_blocks(self, volume: Volume, inode: int) -> tuple[tuple[int, int], ...]:
        try:
            return blocks_of(volume, self.system(volume), self.system(volume).open_meta(inode=inode))
        except OSError:
            return ()  # a folder without places of its own: the virtual one of TSK for what has no parent any more


def _live(volume: Volume, system: Any, entry: Any, path: tuple[bytes, ...], todo: _Todo) -> Iterator[Met]:
    meta = entry.info.meta
    if meta is None:
        yield Unread(volume=volume.number, path=path, what="its inode cannot be read")
    elif int(meta.type) == int(pytsk3.TSK_FS_META_TYPE_DIR):
        todo.append((int(meta.addr), path, True))
    elif int(meta.type) == int(pytsk3.TSK_FS_META_TYPE_VIRT_DIR):
        todo.append((int(meta.addr), path, False))
    elif int(meta.type) == int(pytsk3.TSK_FS_META_TYPE_REG):
        try:
            yield describe(volume, system, entry, path)
        except OSError as error:
            yield Unread(volume=volume.number, path=path, what=f"its attributes cannot be read: {words(error)}")


def _deleted(volume: Volume, system: Any, entry: Any, path: tuple[bytes, ...], todo: _Todo) -> Iterator[Met]:
    meta, inode = entry.info.meta, int(entry.info.name.meta_addr)
    why = ""
    if meta is None or not inode:
        why = "its entry no longer names an inode"
    elif int(meta.flags) & int(pytsk3.TSK_FS_META_FLAG_ALLOC):
        why = "its inode is in use: the file was moved or renamed, or another has the inode now"
    elif int(meta.type) in (int(pytsk3.TSK_FS_META_TYPE_DIR), int(pytsk3.TSK_FS_META_TYPE_VIRT_DIR)):
        todo.append((inode, path, False))
        return
    elif int(meta.type) != int(pytsk3.TSK_FS_META_TYPE_REG):
        return
    if not why:
        try:
            yield describe(volume, system, entry, path)
            return
        except OSError as error:
            why = f"its attributes cannot be read: {words(error)}"
    yield Gone(volume=volume.number, path=path, inode=inode, why=why)
