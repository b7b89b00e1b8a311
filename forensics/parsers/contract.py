"""What a parser is given and what it must offer. A parser is one class in one module of this folder.

``claims`` says how sure the parser is that a stored file is its own; the strongest claim wins and a tie fails.
``ranges`` cuts a large store into parts that can be parsed on their own. ``parse`` yields records and nothing else: it
cannot write, print, see the store or read the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol, runtime_checkable

from forensics.address import Address
from forensics.formats.sniff import Sniffed
from forensics.records import Record

Range = Mapping[str, int | str]
"""One part of a store, in the parser's own terms; ``{}`` is the whole store."""

Keep = Callable[[bytes], str]
"""Stores extracted bytes under their own hash and returns that SHA-256 in hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the case says about reading: the zone and the code page of times and texts that state none."""

    zone: str = "UTC"
    code_page: int = 932
    mappings: tuple[Mapping[str, Any], ...] = ()
    """The mappings that persons put into the case, the newest first: ``pattern``, ``sha256`` and ``mapping``."""
    presets: tuple[Mapping[str, Any], ...] = ()
    """The mappings of this program by which a table may be recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A stored file as a parser may look at it before it claims it: ``path`` as found, with ``/`` between its parts."""

    path: str
    size: int
    sniffed: Sniffed
    neighbours: frozenset[str] = frozenset()
    """The paths of the folders of the same evidence item."""
    head: bytes = b""
    """The first bytes of the file."""
    settings: Settings = field(default_factory=Settings)


@dataclass(slots=True, kw_only=True)
class Unit:
    """The stored file to parse. ``begin`` is called before each item; on ``False`` that item is left out."""

    path: str
    size: int
    sha256: str
    handle: BinaryIO
    metadata: Mapping[str, int | str] = field(default_factory=dict)
    """What the file system said: ``mtime_ns``, ``btime_ns``; and ``first_of_parent`` (1) on the first file that this
    parser has below the folder above the file's own folder."""
    range: Range = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    begin: Callable[[str], bool] = lambda step: True
    depth: int = 0
    """How many messages this one lies inside of."""
    folder: str = ""
    """The folder that the file stands for or lies in: the ``store_path`` of its messages, or the start of it."""
    embedded_in: str = ""
    """The id of the message that carries this unit as an attachment."""
    said: Sequence[Mapping[str, Any]] = ()
    """What another file of the same export says of each message, from the first of ``range`` on; ``parsers.said``."""


@runtime_checkable
class Parser(Protocol):
    """One kind of store, log or message file."""

    name: str
    title: str
    version: str

    def claims(self, candidate: Candidate) -> int:
        """0 for "not mine" to 100 for "nobody else's"."""

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """The parts of this store, in order; ``[{}]`` when it is one part."""

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The records of ``unit.range``; raises nothing but :class:`~forensics.errors.FormatError`."""
