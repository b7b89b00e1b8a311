"""One member of an archive as its directory describes it, with its clocks."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.moments import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in an archive. ``number`` counts from 1 in the order of the directory.

    ``crc32`` is ``None`` where the archive does not keep it; ``locked`` names the encryption, or is ``""``. ``offset``
    is where its header lies in the bytes of the archive, ``clocks`` are claims of the archive, the best one first.
    """

    number: int
    name: str
    raw_name: bytes
    charset: str
    size: int
    packed_size: int
    crc32: int | None
    packing: str
    locked: str
    is_folder: bool
    offset: int
    clocks: tuple[Moment, ...] = ()
