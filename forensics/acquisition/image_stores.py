"""Mail stores inside an image, found by content: Maildir trees, mailboxes, Outlook stores, loose messages.

Maildir is told by its folders (``cur`` and ``new``, <https://cr.yp.to/proto/maildir.html>); everything else by
:mod:`forensics.formats.sniff`. Known places of mail programs come with a later issue.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field

from forensics.acquisition.filesystems import FoundFile, FoundFolder, Image, Stream, Unread, Volume
from forensics.errors import FormatError
from forensics.formats.sniff import BY_NAME, LIKELY, Kind, sniff

HEAD = 8192
MAILDIR = "maildir"
_SINGLE = {Kind.PST, Kind.OST, Kind.PAB, Kind.MBOX, Kind.MBX, Kind.OLM, Kind.DBX}
_LOOSE = {Kind.EML, Kind.EMLX, Kind.MSG, Kind.TNEF}

Path = tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFile:
    """A file of a store: which stream of it, and why it was taken."""

    file: FoundFile
    stream: Stream
    kind: str
    strength: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStore:
    """A store: ``path`` is its file or its folder, ``files`` stand in byte order of their paths."""

    kind: str
    volume: int
    path: Path
    files: tuple[StoreFile, ...]


@dataclass(slots=True, kw_only=True)
class VolumeStores:
    """What a volume holds; ``problems`` says what could not be looked at."""

    stores: list[FoundStore] = field(default_factory=list)
    problems: list[Unread] = field(default_factory=list)
    files: int = 0
    folders: int = 0


def find_stores(image: Image, volume: Volume) -> VolumeStores:
    """Walk the volume once, look at the first bytes of each file, and group what is mail."""
    found = VolumeStores()
    folders: set[Path] = set()
    files: list[FoundFile] = []
    for item in image.walk(volume):
        if isinstance(item, Unread):
            found.problems.append(item)
        elif isinstance(item, FoundFolder):
            folders.add(item.path)
        else:
            files.append(item)
    found.files, found.folders = len(files), len(folders)
    found.stores = sorted(_grouped(image, volume, files, _maildir_roots(folders), found), key=_store_order)
    return found


def _grouped(
    image: Image, volume: Volume, files: list[FoundFile], roots: set[Path], found: VolumeStores
) -> Iterable[FoundStore]:
    taken: list[StoreFile] = []
    trees: dict[Path, list[StoreFile]] = {root: [] for root in roots}
    for file in files:
        root = _root_of(file.path, roots)
        if root is not None:
            trees[root] += _whole(file)
        else:
            taken += _looked_at(image, volume, file, found)
    return [*_trees(volume, trees), *_singles(volume, taken), *_folders(volume, taken)]


def _store_order(store: FoundStore) -> tuple[Path, str]:
    return store.path, store.kind


def _maildir_roots(folders: set[Path]) -> set[Path]:
    """The topmost folders that hold ``cur`` and ``new``; Maildir++ folders below one belong to it."""
    maildirs = {path[:-1] for path in folders if path[-1:] == (b"cur",) and (*path[:-1], b"new") in folders}
    return {path for path in maildirs if not any(path[:depth] in maildirs for depth in range(len(path)))}


def _root_of(path: Path, roots: set[Path]) -> Path | None:
    return next((path[:depth] for depth in range(len(path)) if path[:depth] in roots), None) if roots else None


def _whole(file: FoundFile) -> list[StoreFile]:
    why = "stands in a Maildir tree"
    return [StoreFile(file=file, stream=s, kind=MAILDIR, strength=LIKELY, why=why) for s in file.streams if not s.name][
        :1
    ]


def _looked_at(image: Image, volume: Volume, file: FoundFile, found: VolumeStores) -> list[StoreFile]:
    kept = []
    for stream in file.streams:
        if stream.size <= 0:
            continue
        try:
            read_at = functools.partial(image.read, volume, file.inode, stream)
            name = (stream.name or file.path[-1]).decode("utf-8", "backslashreplace")
            told = sniff(read_at(0, HEAD), stream.size, read_at, name)
        except FormatError as error:
            found.problems.append(Unread(volume=volume.number, path=file.path, what=error.what))
            continue
        # A weak sign counts only with the name that belongs to it; a store with a destroyed start has only its name.
        named = told.strength == BY_NAME or name.lower().endswith((".eml", ".mbox", ".msg", ".emlx"))
        if told.kind in _SINGLE | _LOOSE and (told.strength >= LIKELY or named):
            kept.append(StoreFile(file=file, stream=stream, kind=told.kind.value, strength=told.strength, why=told.why))
    return kept


def _trees(volume: Volume, trees: dict[Path, list[StoreFile]]) -> Iterable[FoundStore]:
    for root, files in trees.items():
        yield FoundStore(kind=MAILDIR, volume=volume.number, path=root, files=_ordered(files))


def _singles(volume: Volume, taken: list[StoreFile]) -> Iterable[FoundStore]:
    for one in taken:
        if one.kind in _SINGLE:
            yield FoundStore(kind=one.kind, volume=volume.number, path=full_path(one), files=(one,))


def _folders(volume: Volume, taken: list[StoreFile]) -> Iterable[FoundStore]:
    """Loose messages of one kind in one folder are one store."""
    groups: dict[tuple[Path, str], list[StoreFile]] = {}
    for one in taken:
        if one.kind in _LOOSE:
            groups.setdefault((one.file.path[:-1], one.kind), []).append(one)
    for (folder, kind), files in groups.items():
        yield FoundStore(kind=kind, volume=volume.number, path=folder, files=_ordered(files))


def _ordered(files: list[StoreFile]) -> tuple[StoreFile, ...]:
    return tuple(sorted(files, key=full_path))


def full_path(one: StoreFile) -> Path:
    """The path, with the name of an alternate data stream behind a colon as NTFS writes it."""
    if not one.stream.name:
        return one.file.path
    return (*one.file.path[:-1], one.file.path[-1] + b":" + one.stream.name)
