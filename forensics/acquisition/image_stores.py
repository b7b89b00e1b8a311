"""Mail stores inside an image, found by content and by known places: trees, mailboxes, Outlook stores, loose messages.

Maildir is told by its folders (``cur`` and ``new``, <https://cr.yp.to/proto/maildir.html>); everything else by
:mod:`forensics.formats.sniff` first and by :mod:`forensics.acquisition.known_places` where bytes alone do not tell.
What is deleted never stands in one store with what is not.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from forensics.acquisition.deleted_files import Settled, settle
from forensics.acquisition.filesystem_values import FoundFile, FoundFolder, Gone, Stream, Unread, Volume
from forensics.acquisition.filesystems import Image
from forensics.acquisition.known_places import named_as_mail, place_of
from forensics.errors import FormatError
from forensics.formats.sniff import BY_NAME, LIKELY, WEAK, Kind, sniff

HEAD = 8192
MAILDIR = "maildir"
_SINGLE = {Kind.PST, Kind.OST, Kind.PAB, Kind.MBOX, Kind.MBX, Kind.OLM, Kind.DBX}
_LOOSE = {Kind.EML, Kind.EMLX, Kind.MSG, Kind.TNEF}
_SUFFIXES = (".eml", ".mbox", ".msg", ".emlx")

Path = tuple[bytes, ...]
Told = tuple[str, int, str]
"""What a file was told to be: kind, strength, why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFile:
    """A file of a store: which stream of it, and why it was taken. ``by_place``: the place told, not the content."""

    file: FoundFile
    stream: Stream
    kind: str
    strength: int
    why: str
    by_place: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStore:
    """A store: ``path`` is its file or its folder, ``files`` stand in byte order of their paths."""

    kind: str
    volume: int
    path: Path
    allocated: bool
    files: tuple[StoreFile, ...]


@dataclass(slots=True, kw_only=True)
class VolumeStores:
    """What a volume holds; ``problems`` says what could not be looked at, ``gone`` of which mail only names are left.

    ``same`` counts the files of a shadow copy that are as they stand in the volume: they are not taken twice.
    """

    stores: list[FoundStore] = field(default_factory=list)
    problems: list[Unread] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    files: int = 0
    folders: int = 0
    deleted: int = 0
    same: int = 0


@dataclass(slots=True, kw_only=True)
class _Walked:
    """What one walk met."""

    live: list[FoundFile] = field(default_factory=list)
    folders: list[FoundFolder] = field(default_factory=list)
    deleted: list[FoundFile] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def find_stores(image: Image, volume: Volume, later: Sequence[Volume] = ()) -> VolumeStores:
    """Walk the volume once, look at the first bytes of each file, and group what is mail.

    ``later`` are the states of the same volume after a shadow copy was made; what did not change until then is left to
    them.
    """
    walked = _walk(image, volume)
    # A shadow copy keeps the blocks that files held when it was made; of free space it keeps nothing on purpose.
    settled = Settled() if volume.shadow else settle(image, volume, walked.live, walked.folders, walked.deleted)
    known = _known(image, later)
    fresh = [each for each in (*walked.live, *settled.files) if _sign(each) not in known]
    found = VolumeStores(problems=walked.unread, files=len(walked.live), deleted=len(settled.files))
    found.folders = sum(each.allocated for each in walked.folders)
    found.same = len(walked.live) + len(settled.files) - len(fresh)
    found.gone = [each for each in (*settled.gone, *walked.gone) if named_as_mail(each.path) or place_of(each.path)]
    roots = _maildir_roots({each.path for each in walked.folders})
    standing = _maildir_roots({each.path for each in walked.folders if each.allocated}) if not volume.shadow else set()
    found.stores = sorted(_grouped(image, volume, fresh, (roots, standing), found), key=_store_order)
    return found


def _walk(image: Image, volume: Volume) -> _Walked:
    walked = _Walked()
    for item in image.walk(volume):
        if isinstance(item, Unread):
            walked.unread.append(item)
        elif isinstance(item, Gone):
            walked.gone.append(item)
        elif isinstance(item, FoundFolder):
            walked.folders.append(item)
        else:
            (walked.live if item.allocated else walked.deleted).append(item)
    return walked


def _known(image: Image, later: Sequence[Volume]) -> set[tuple[object, ...]]:
    return {_sign(item) for volume in later for item in image.walk(volume) if isinstance(item, FoundFile)}


def _sign(file: FoundFile) -> tuple[object, ...]:
    """What tells a file that did not change since: NTFS sets its change time whatever is done to it."""
    return file.path, file.inode, file.size, file.times.modified, file.times.changed, file.allocated


def _grouped(
    image: Image, volume: Volume, files: list[FoundFile], maildirs: tuple[set[Path], set[Path]], found: VolumeStores
) -> Iterator[FoundStore]:
    roots, standing = maildirs
    taken: list[StoreFile] = []
    # The folders of an empty Maildir are a finding too.
    trees: dict[tuple[Path, bool], list[StoreFile]] = {(root, True): [] for root in standing}
    for file in files:
        root = _root_of(file.path, roots)
        if root is not None:
            trees.setdefault((root, file.allocated), []).extend(_whole(file))
        else:
            taken += _looked_at(image, volume, file, found)
    for (root, allocated), members in trees.items():
        yield FoundStore(kind=MAILDIR, volume=volume.number, path=root, allocated=allocated, files=_ordered(members))
    yield from _singles(volume, taken)
    yield from _folders(volume, taken)


def _store_order(store: FoundStore) -> tuple[Path, str, bool]:
    return store.path, store.kind, not store.allocated


def _maildir_roots(folders: set[Path]) -> set[Path]:
    """The topmost folders that hold ``cur`` and ``new``; Maildir++ folders below one belong to it."""
    maildirs = {path[:-1] for path in folders if path[-1:] == (b"cur",) and (*path[:-1], b"new") in folders}
    return {path for path in maildirs if not any(path[:depth] in maildirs for depth in range(len(path)))}


def _root_of(path: Path, roots: set[Path]) -> Path | None:
    return next((path[:depth] for depth in range(len(path)) if path[:depth] in roots), None) if roots else None


def _whole(file: FoundFile) -> list[StoreFile]:
    why = "stands in a Maildir tree"
    content = [each for each in file.streams if not each.name][:1]
    return [StoreFile(file=file, stream=each, kind=MAILDIR, strength=LIKELY, why=why) for each in content]


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
        named = told.strength == BY_NAME or name.lower().endswith(_SUFFIXES)
        if told.kind in _SINGLE | _LOOSE and (told.strength >= LIKELY or named):
            kept.append(StoreFile(file=file, stream=stream, kind=told.kind.value, strength=told.strength, why=told.why))
        elif not stream.name:
            kept += _by_place(file, stream, told.kind)
    return kept


def _by_place(file: FoundFile, stream: Stream, kind: Kind) -> list[StoreFile]:
    """Taken for where it stands, or, deleted with an overwritten start, for what it is called."""
    place = place_of(file.path)
    if place is not None:
        return [StoreFile(file=file, stream=stream, kind=place.kind, strength=WEAK, why=place.why, by_place=True)]
    if not file.allocated and stream.overwritten and named_as_mail(file.path):
        why = "its name; its start was overwritten after it was deleted"
        kind_ = file.path[-1].rpartition(b".")[2].decode("ascii", "backslashreplace").lower()
        return [StoreFile(file=file, stream=stream, kind=kind_, strength=BY_NAME, why=why)]
    return []


def _singles(volume: Volume, taken: list[StoreFile]) -> Iterator[FoundStore]:
    for one in taken:
        if not one.by_place and one.kind in _SINGLE:
            yield FoundStore(
                kind=one.kind, volume=volume.number, path=full_path(one), allocated=one.file.allocated, files=(one,)
            )


def _folders(volume: Volume, taken: list[StoreFile]) -> Iterator[FoundStore]:
    """Loose messages of one kind in one folder are one store, and so is what stands in one known place."""
    groups: dict[tuple[Path, str, bool], list[StoreFile]] = {}
    for one in taken:
        if one.by_place or one.kind not in _SINGLE:
            groups.setdefault((one.file.path[:-1], one.kind, one.file.allocated), []).append(one)
    for (folder, kind, allocated), files in groups.items():
        yield FoundStore(kind=kind, volume=volume.number, path=folder, allocated=allocated, files=_ordered(files))


def _ordered(files: Iterable[StoreFile]) -> tuple[StoreFile, ...]:
    return tuple(sorted(files, key=lambda one: (full_path(one), one.file.inode)))


def full_path(one: StoreFile) -> Path:
    """The path, with the name of an alternate data stream behind a colon as NTFS writes it."""
    if not one.stream.name:
        return one.file.path
    return (*one.file.path[:-1], one.file.path[-1] + b":" + one.stream.name)
