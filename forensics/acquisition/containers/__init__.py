"""The containers that hold a disk's bytes: each behind one module, its library loaded only when one is opened.

A container whose library is missing stays in :data:`CONTAINERS`, with what it needs; nothing vanishes.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol

from forensics.errors import FormatError

ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Other files that an image cannot be read without: ``extents`` hold its bytes, ``parent`` what it differs from."""

    extents: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One image of a chain: the names of its files as found and the open files themselves, the first one first."""

    container: str
    names: tuple[str, ...]
    files: tuple[BinaryIO, ...] = field(repr=False)


class OpenMedium(Protocol):
    """The sectors inside a container."""

    @property
    def size(self) -> int:
        """Bytes of the medium."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the medium, fewer only at its end."""
        ...

    def close(self) -> None:
        """Give the library's handle back; the files belong to whoever opened them."""
        ...


class Opener(Protocol):
    """A module of this folder."""

    def needs(self, read_at: ReadAt, size: int) -> Needs:
        """Which other files the image names."""
        ...

    def open_medium(self, layers: Sequence[Layer]) -> OpenMedium:
        """Open the first layer; the others are what it differs from, nearest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One kind of container: the module that opens it, the library it needs and how that one is called to install."""

    name: str
    title: str
    module: str
    library: str = ""
    distribution: str = ""
    unread: str = ""

    @property
    def unavailable(self) -> str:
        """Why it cannot be opened on this machine, and what to do; "" where it can."""
        if self.unread:
            return self.unread
        if self.library and importlib.util.find_spec(self.library) is None:
            return f"needs the library {self.library}, which is not installed: install {self.distribution}"
        return ""


_HERE = "forensics.acquisition.containers"
_AFF4 = (
    "AFF images are not read: no library for them is kept up (docs/decisions/0010). Convert a copy to raw or E01 with "
    "the program that made it, compare its hash, and acquire that"
)
_OTHER = (
    "images of VirtualBox, Parallels and Apple (DMG) and logical evidence files are not read: convert a copy to raw "
    "(qemu-img convert, hdiutil convert) or mount it read-only, and acquire that"
)
CONTAINERS: tuple[Container, ...] = (
    Container(name="raw", title="raw disk image, in one piece or split", module=f"{_HERE}.raw"),
    Container(
        name="ewf", title="E01 and Ex01 (Expert Witness Format)", module="forensics.acquisition.ewf", library="pyewf",
        distribution="libewf-python",
    ),
    Container(
        name="vmdk", title="VMDK (VMware), split and with snapshots", module=f"{_HERE}.vmdk", library="pyvmdk",
        distribution="libvmdk-python",
    ),
    Container(
        name="vhd", title="VHD and VHDX (Hyper-V), differencing disks too", module=f"{_HERE}.vhd", library="pyvhdi",
        distribution="libvhdi-python",
    ),
    Container(name="qcow", title="QCOW 2 and 3 (QEMU), with backing files", module=f"{_HERE}.qcow"),
    Container(
        name="qcow 1", title="QCOW of version 1", module=f"{_HERE}.qcow", library="pyqcow",
        distribution="libqcow-python",
    ),
    Container(
        name="shadow copies", title="volume shadow copies of NTFS", module="forensics.acquisition.shadow_copies",
        library="pyvshadow", distribution="libvshadow-python",
    ),
    Container(name="aff", title="AFF and AFF4", module=_HERE, unread=_AFF4),
    Container(name="other", title="VDI, Parallels, DMG, and EWF logical evidence", module=_HERE, unread=_OTHER),
)  # fmt: skip
_BELOW = {"qcow": ("raw",)}
"""What a kind of image may build on beside its own."""
_BY_NAME = {each.name: each for each in CONTAINERS}


def container(name: str) -> Container:
    """The container of that name."""
    return _BY_NAME[name]


def opener(name: str) -> Opener:
    """Its module."""
    module: Any = importlib.import_module(_BY_NAME[name].module)
    return module  # type: ignore[no-any-return]  # a module with the functions of Opener


def open_layers(layers: Sequence[Layer]) -> OpenMedium:
    """The medium of a chain of images."""
    missing = container(layers[0].container).unavailable
    if missing:
        raise FormatError(f"this image cannot be opened: {missing}")
    for each in layers[1:]:
        if each.container not in (layers[0].container, *_BELOW.get(layers[0].container, ())):
            raise FormatError(
                f"{each.names[0]}, on which this image builds, is of another kind: {each.container}",
                todo="join them on a copy (qemu-img convert) and acquire the result beside these files",
            )
    return opener(layers[0].container).open_medium(layers)


def words(error: OSError) -> str:
    """What a library of the libyal family says, without the chain of its functions."""
    return str(error).partition(". ")[0]
