"""The header of a PST, OST or PAB file: which version it is and how its blocks are encoded.

Follows [MS-PST] 2.2.2.6 HEADER; the 4 KiB page variant (wVer 36) of OST files shares the Unicode layout.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from forensics.errors import FormatError
from forensics.formats.pst.ndb.checksums import crc
from forensics.formats.pst.ndb.layout import Width

HEADER_SIZE = 564
MAGIC = b"!BDN"

# offset, bytes, name of the field in [MS-PST] 2.2.2.6                        ANSI      Unicode
#   0   4  dwMagic                "!BDN"                                         same
#   4   4  dwCRCPartial           CRC of the 471 bytes from offset 8             same
#   8   2  wMagicClient           "SM" PST, "SO" OST, "AB" PAB                   same
#  10   2  wVer                   14, 15 ANSI; 23 Unicode; 36 Unicode, 4 KiB     same
#  12   2  wVerClient             19                                             same
#       4  ROOT.dwReserved                                                       164       180
#     4/8  ROOT.ibFileEof         size that the store states for itself          168       184
#     4/8  ROOT.BREFNBT.bid, .ib    root page of the node tree                       184       216
#     4/8  ROOT.BREFBBT.bid, .ib    root page of the block tree                      192       232
#       1  bSentinel              0x80                                           460       512
#       1  bCryptMethod           0 none, 1 permute, 2 cyclic, 0x10 EDP          461       513
#       4  dwCRCFull              CRC of the 516 bytes from offset 8             absent    524
_COMMON = struct.Struct("<4sI2sHH")
_PARTIAL_SPAN = slice(8, 8 + 471)
_FULL_SPAN = slice(8, 8 + 516)


class Ref(NamedTuple):
    """A BREF: the id of a page or block and its offset in the file."""

    bid: int
    at: int


NOWHERE = Ref(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    eof: struct.Struct
    eof_at: int
    roots: struct.Struct
    roots_at: int
    sentinel_at: int
    crypt_at: int
    crc_full_at: int | None


_ANSI = _Layout(
    eof=struct.Struct("<I"),
    eof_at=168,
    roots=struct.Struct("<IIII"),
    roots_at=184,
    sentinel_at=460,
    crypt_at=461,
    crc_full_at=None,
)
_UNICODE = _Layout(
    eof=struct.Struct("<Q"),
    eof_at=184,
    roots=struct.Struct("<QQQQ"),
    roots_at=216,
    sentinel_at=512,
    crypt_at=513,
    crc_full_at=524,
)

_CLIENTS = {b"SM": "PST", b"SO": "OST", b"AB": "PAB"}
_ENCODINGS = {0x00: "none", 0x01: "permute", 0x02: "cyclic", 0x10: "EDP (Windows Information Protection)"}
_WIDTHS = {14: Width.ANSI, 15: Width.ANSI, 21: Width.UNICODE, 23: Width.UNICODE, 36: Width.UNICODE_4K}
_WIDTHS |= {37: Width.UNICODE}  # written under Windows Information Protection


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHeader:
    """What the header says of the store; ``problems`` names every field that contradicts itself."""

    client: str
    version: int
    width: Width
    encoding: str
    stated_size: int
    problems: tuple[str, ...]
    crypt: int = 0
    nodes: Ref = NOWHERE
    blocks: Ref = NOWHERE

    @property
    def kind(self) -> str:
        """One line for a person, such as ``OST, Unicode 4 KiB pages (wVer 36), encoding none``."""
        return f"{self.client}, {self.width} (wVer {self.version}), encoding {self.encoding}"


def read_header(handle: BinaryIO) -> StoreHeader:
    """Parse the header at the start of ``handle``; the position of the handle is put back."""
    before = handle.tell()
    handle.seek(0)
    try:
        data = handle.read(HEADER_SIZE)
    finally:
        handle.seek(before)
    return parse_header(data)


def parse_header(data: bytes) -> StoreHeader:
    """Parse the first bytes of a store, or raise ``FormatError`` where no field can be trusted."""
    if len(data) < HEADER_SIZE:
        raise FormatError(f"A PST header has {HEADER_SIZE} bytes, these are {len(data)}.", offset=0)
    magic, crc_partial, client, version, _ = _COMMON.unpack_from(data)
    if magic != MAGIC:
        raise FormatError("The file does not begin with the PST signature !BDN.", offset=0)
    width = _WIDTHS.get(version)
    if width is None:
        raise FormatError(f"The PST header states version {version}, which no specification names.", offset=10)
    layout = _ANSI if width is Width.ANSI else _UNICODE
    crypt = data[layout.crypt_at]
    node_bid, node_at, block_bid, block_at = layout.roots.unpack_from(data, layout.roots_at)
    return StoreHeader(
        client=_CLIENTS.get(client, f"unknown client {client.hex()}"),
        version=version,
        width=width,
        encoding=_ENCODINGS.get(crypt, f"unknown ({crypt:#04x})"),
        stated_size=int(layout.eof.unpack_from(data, layout.eof_at)[0]),
        problems=tuple(_contradictions(data, layout, crc_partial)),
        crypt=crypt,
        nodes=Ref(node_bid, node_at),
        blocks=Ref(block_bid, block_at),
    )


def _contradictions(data: bytes, layout: _Layout, crc_partial: int) -> list[str]:
    found = []
    if crc(data[_PARTIAL_SPAN]) != crc_partial:
        found.append("dwCRCPartial of the header does not match its bytes")
    if layout.crc_full_at is not None:
        (crc_full,) = struct.unpack_from("<I", data, layout.crc_full_at)
        if crc(data[_FULL_SPAN]) != crc_full:
            found.append("dwCRCFull of the header does not match its bytes")
    if data[layout.sentinel_at] != 0x80:
        found.append(f"bSentinel of the header is {data[layout.sentinel_at]:#04x}, not 0x80")
    return found
