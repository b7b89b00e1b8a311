"""Which files make up one disk image, told from their content and from the names that they give one another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from forensics.acquisition.containers import Container, container, opener
from forensics.errors import FormatError
from forensics.formats.sniff import Kind, sniff_handle

RAW, EWF = "raw", "ewf"
_CONTAINERS = {
    Kind.RAW_DISK: RAW,
    Kind.E01: EWF,
    Kind.EX01: EWF,
    Kind.VMDK: "vmdk",
    Kind.VHD: "vhd",
    Kind.QCOW: "qcow",
    Kind.AFF: "aff",
    Kind.VIRTUAL_DISK: "other",
    Kind.EWF_LOGICAL: "other",
}
IMAGE_KINDS = frozenset((*_CONTAINERS, Kind.EWF_SEGMENT))
"""The kinds of file that are opened here instead of being parsed."""
_DEEPEST = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLayer:
    """One image of a chain: its files in order, and their names as found."""

    container: str
    names: tuple[str, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFiles:
    """The files that make up one image, in order, and how they are to be read.

    ``names`` are those as found, where the files are stored under others. ``below`` are the images that it builds on,
    nearest first. ``problem`` says why it cannot be opened: a file of it is missing, or nothing here reads its kind.
    """

    container: str
    segments: tuple[Path, ...]
    names: tuple[str, ...] = ()
    below: tuple[ImageLayer, ...] = ()
    problem: str = ""

    @property
    def layers(self) -> tuple[ImageLayer, ...]:
        """The image itself and those that it builds on."""
        names = self.names or tuple(path.name for path in self.segments)
        return (ImageLayer(container=self.container, names=names, paths=self.segments), *self.below)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file, in the order of the layers."""
        return tuple(path for layer in self.layers for path in layer.paths)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self.paths)


Look = Callable[[Path], "Looked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a file is: a container or "", and which other files it names."""

    container: str
    extents: tuple[str, ...] = ()
    parent: str = ""


def look(path: Path) -> Looked:
    """Look at a file on the disk."""
    with path.open("rb") as file:
        size = path.stat().st_size
        name = _CONTAINERS.get(sniff_handle(file, size, path.name).kind, "")
        return looked(name, lambda offset, length: _at(file, offset, length), size)


def looked(name: str, read_at: Callable[[int, int], bytes], size: int) -> Looked:
    """What a file of that container names."""
    if not name or name in (RAW, EWF) or container(name).unread:
        return Looked(container=name)
    needs = opener(name).needs(read_at, size)
    return Looked(container=name, extents=needs.extents, parent=needs.parent)


def container_of(kind: Kind) -> str:
    """The container that a kind of file is, or ""."""
    return _CONTAINERS.get(kind, "")


def image_at(path: Path) -> ImageFiles | None:
    """The image that starts in this file, told by its content; None where the file is no image this program knows."""
    beside = {each.name: each for each in path.parent.iterdir() if each.is_file()}
    return image_of(path.name, beside, lambda name: look(beside[name]))


def image_of(name: str, beside: Mapping[str, Path], look_at: Callable[[str], Looked]) -> ImageFiles | None:
    """The image that starts in a file of a folder, by the names as found in that folder."""
    seen = look_at(name)
    if not seen.container:
        return None
    missing: list[str] = []
    names = _files(name, seen, beside, missing)
    below: list[ImageLayer] = []
    parent, met = seen.parent, {name}
    while parent and len(below) < _DEEPEST:
        found = _found(parent, beside)
        if found is None or found in met:
            missing.append(f"the image that it builds on, {parent}")
            break
        met.add(found)
        lower = look_at(found)
        if not lower.container:
            missing.append(f"the image that it builds on: {parent} is beside it and is no disk image")
            break
        lower_names = _files(found, lower, beside, missing)
        paths = tuple(beside[each] for each in lower_names)
        below.append(ImageLayer(container=lower.container, names=lower_names, paths=paths))
        parent = lower.parent
    return ImageFiles(
        container=seen.container,
        segments=tuple(beside[each] for each in names),
        names=names,
        below=tuple(below),
        problem=_problem(container(seen.container), missing),
    )


def _files(name: str, seen: Looked, beside: Mapping[str, Path], missing: list[str]) -> tuple[str, ...]:
    if seen.container in (RAW, EWF):
        return segments_named(name, beside)
    found = [_found(each, beside) for each in seen.extents]
    missing += [f"its extent {each}" for each, there in zip(seen.extents, found, strict=True) if there is None]
    return (name, *(each for each in found if each is not None))


def _found(name: str, beside: Mapping[str, Path]) -> str | None:
    if name in beside:
        return name
    return next((each for each in beside if each.lower() == name.lower()), None)


def _problem(kind: Container, missing: list[str]) -> str:
    if kind.unavailable:
        return kind.unavailable
    if missing:
        return f"it lacks {' and '.join(missing)}: put every file of it into one folder and acquire that folder"
    return ""


def check_openable(image: ImageFiles) -> None:
    """Raise where it is known beforehand that the image cannot be opened."""
    if image.problem:
        raise FormatError(f"this image cannot be opened: {image.problem}", place=image.layers[0].names[0])


def segments_beside(first: Path) -> tuple[Path, ...]:
    """The files in the folder of ``first`` that go on where it ends."""
    names = [path.name for path in first.parent.iterdir() if path.is_file()]
    return tuple(first.parent / name for name in segments_named(first.name, names))


def segments_named(first: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that go on where ``first`` ends: .E01, .E02 ... .E99, .EAA ...; .Ex01 on; .001 or .000 on."""
    stem, dot, suffix = first.rpartition(".")
    ewf, split = re.fullmatch(r"([A-Za-z]x?)01", suffix), re.fullmatch(r"0*[01]", suffix)
    if not dot or not (ewf or split):
        return (first,)
    by_name = {name.lower(): name for name in names}
    found: list[str] = []
    for number in range(1, 14971):
        if ewf:
            wanted = segment_suffix(number, ewf[1])
        else:
            wanted = "." + str(int(suffix) + number - 1).zfill(len(suffix))
        name = by_name.get(f"{stem}{wanted}".lower())
        if name is None:
            break
        found.append(name)
    return tuple(found)


def segment_suffix(number: int, letter: str = "E") -> str:
    """The extension of segment ``number`` of an EWF image: .E01 to .E99, .EAA to .EZZ, .FAA and on; .Ex01 likewise."""
    if number < 100:
        return f".{letter}{number:02d}"
    lead, rest = divmod(number - 100, 676)
    first = chr(ord(letter[0].upper()) + lead) + letter[1:]
    return "." + first + chr(65 + rest // 26) + chr(65 + rest % 26)


def _at(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
