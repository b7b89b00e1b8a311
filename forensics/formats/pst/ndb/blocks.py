"""One block: found by its id, checked, inflated and decoded ([MS-PST] 2.2.2.8)."""

from __future__ import annotations

import zlib
from typing import NamedTuple, Protocol

from forensics.errors import FormatError
from forensics.formats.pst.ndb import encryption
from forensics.formats.pst.ndb.checksums import crc, signature
from forensics.formats.pst.ndb.layout import Layout
from forensics.formats.pst.ndb.pages import BID_MASK
from forensics.formats.pst.ndb.source import Source

INTERNAL = 0x02
"""Set in the id of a block that holds the ids of others, never text; such a block is not encoded."""


class Place(NamedTuple):
    """Where a block lies: offset, bytes stored there, bytes that they inflate to (0 where they are not deflated)."""

    at: int
    stored: int
    inflated: int = 0


class Block(NamedTuple):
    """The plain bytes of a block; ``fault`` is empty where every check held."""

    bid: int
    place: Place
    data: bytes
    fault: str


class Blocks(Protocol):
    """Whatever can give a block by its id: the live index, or a view that knows superseded blocks too."""

    layout: Layout

    def read(self, bid: int) -> Block:
        """The block, or ``FormatError`` where it cannot be found or its place holds something else."""


class BlockTrailer(NamedTuple):
    """BLOCKTRAILER."""

    stored: int
    sign: int
    bid: int
    crc: int
    inflated: int


def block_trailer(layout: Layout, raw: bytes, at: int) -> BlockTrailer:
    """The trailer at an offset of ``raw``."""
    fields = layout.block_trailer.unpack_from(raw, at)
    bid, stated = (fields[2], fields[3]) if layout.bid_first else (fields[3], fields[2])
    return BlockTrailer(fields[0], fields[1], bid, stated, fields[5] if len(fields) > 5 else 0)


def read_block(source: Source, layout: Layout, crypt: int, bid: int, place: Place) -> Block:
    """Read and check one block; a wrong id means that other content has taken its place."""
    at, count, _ = place
    if not 0 < count <= layout.largest:
        raise FormatError(f"Block {bid:#x} is stated to have {count} bytes.", offset=at)
    taken = layout.stored_size(count)
    raw = source.read(at, taken)
    if len(raw) < taken:
        raise FormatError(f"Block {bid:#x} lies beyond the end of the file.", offset=at)
    found = block_trailer(layout, raw, taken - layout.block_trailer_size)
    stored = raw[:count]
    fault = ""
    if crc(stored) != found.crc:
        fault = "its CRC does not hold"
        if found.bid & BID_MASK != bid & BID_MASK and found.stored != place.stored:
            raise FormatError(f"The place of block {bid:#x} holds something else.", offset=place.at)
    if found.bid & BID_MASK != bid & BID_MASK:
        if not fault:
            raise FormatError(f"The place of block {bid:#x} holds block {found.bid:#x}.", offset=place.at)
        fault += ", nor its id"
    elif found.stored != place.stored:
        fault = fault or "its size is not the one that the index states"
    elif not fault and found.sign != signature(place.at, found.bid):
        fault = "its signature is not that of its place"
    try:
        data = plain(layout, crypt, bid, stored, place.inflated)
    except FormatError:
        if not fault:
            raise
        data, fault = b"", f"{fault}, and it cannot be inflated"
    return Block(bid, place, data, fault)


def plain(layout: Layout, crypt: int, bid: int, stored: bytes, inflated: int) -> bytes:
    """The bytes of a block after inflating and decoding."""
    if layout.inflated_first and inflated and inflated != len(stored):
        stored = _inflate(stored, inflated, bid)
    return stored if bid & INTERNAL else encryption.decode(stored, crypt, bid)


def _inflate(stored: bytes, size: int, bid: int) -> bytes:
    machine = zlib.decompressobj()
    try:
        data = machine.decompress(stored, size)
    except zlib.error as error:
        raise FormatError(f"Block {bid:#x} cannot be inflated: {error}") from error
    if len(data) != size:
        raise FormatError(f"Block {bid:#x} inflates to {len(data)} bytes and not to {size}.")
    return data
