"""What kind of file these bytes are, told from the bytes; a name only ever breaks a tie.

One rule per kind, each named after what it looks at. ``strength`` says how sure: 100 a signature and the structure
behind it; 90 a signature, or text that can hardly be anything else; 75 good signs; 50 signs that other files also show;
20 the name alone, where the bytes do not speak against it (a store with a destroyed header); 0 nothing. A parser that
claims on these takes its kinds at any strength; the conductor lets nothing below 50 win against a stronger claim.
"""

from __future__ import annotations

from typing import BinaryIO

from forensics.formats import volumes
from forensics.formats.sniff_kinds import (
    BY_NAME,
    CERTAIN,
    HEAD,
    LIKELY,
    STRONG,
    WEAK,
    Kind,
    Look,
    ReadAt,
    Sniffed,
    suffix,
)
from forensics.formats.sniff_outlook import compound, outlook
from forensics.formats.sniff_text import by_name, text

__all__ = ["BY_NAME", "CERTAIN", "HEAD", "LIKELY", "STRONG", "WEAK", "Kind", "Sniffed", "sniff", "sniff_handle"]


def sniff(head: bytes, size: int, read_at: ReadAt | None = None, name: str = "") -> Sniffed:
    """Tell the kind of a file of ``size`` bytes from its first bytes and, where given, reads at other offsets."""
    if size <= 0:
        return Sniffed(kind=Kind.EMPTY, strength=CERTAIN, why="no bytes")
    look = Look(head, size, read_at)
    for rule in (outlook, compound, _signature, _zip, _disk, text):
        found = rule(look, name)
        if found:
            return found
    return by_name(name) or Sniffed(kind=Kind.UNKNOWN, strength=0, why="no sign that this program knows")


def sniff_handle(handle: BinaryIO, size: int, name: str = "") -> Sniffed:
    """What the file behind ``handle`` is; its position is not kept."""

    def read_at(offset: int, length: int) -> bytes:
        handle.seek(offset)
        return handle.read(length)

    return sniff(read_at(0, HEAD), size, read_at, name)


# -- single signatures --------------------------------------------------------------------------------------------

_SIGNATURES: tuple[tuple[bytes, Kind, str], ...] = (
    (b"\x78\x9f\x3e\x22", Kind.TNEF, "TNEF signature 0x223E9F78"),
    (b"\xcf\xad\x12\xfe", Kind.DBX, "Outlook Express signature"),
    (b"*mbx*\r\n", Kind.MBX, "UW IMAP mbx signature"),
    (b"EVF2\r\n\x81\x00", Kind.EX01, "EWF2 signature"),
    (b"LVF\t\r\n\xff\x00", Kind.EWF_LOGICAL, "EWF logical evidence signature"),
    (b"LEF2\r\n\x81\x00", Kind.EWF_LOGICAL, "EWF2 logical evidence signature"),
    (b"\x1f\x8b\x08", Kind.GZIP, "gzip signature"),
    (b"QFI\xfb", Kind.VIRTUAL_DISK, "QCOW signature"),
    (b"KDMV", Kind.VIRTUAL_DISK, "VMDK sparse extent signature"),
    (b"COWD", Kind.VIRTUAL_DISK, "VMDK COW extent signature"),
    (b"# Disk DescriptorFile", Kind.VIRTUAL_DISK, "VMDK descriptor"),
    (b"conectix", Kind.VIRTUAL_DISK, "VHD footer copy"),
    (b"vhdxfile", Kind.VIRTUAL_DISK, "VHDX signature"),
)
_NOT_OURS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"SQLite format 3\0", "SQLite"),
    (b"{\\rtf", "RTF"),
)


def _signature(look: Look, name: str) -> Sniffed | None:
    if look.head[:8] == b"EVF\t\r\n\xff\x00":
        number = int.from_bytes(look.at(9, 2), "little")
        kind = Kind.E01 if number == 1 else Kind.EWF_SEGMENT
        return Sniffed(kind=kind, strength=CERTAIN, why=f"EWF signature, segment {number}")
    for magic, kind, why in _SIGNATURES:
        if look.head.startswith(magic):
            return Sniffed(kind=kind, strength=STRONG, why=why)
    for magic, what in _NOT_OURS:
        if look.head.startswith(magic):
            return Sniffed(kind=Kind.UNKNOWN, strength=STRONG, why=f"{what}, which is no store")
    if look.size >= 512 and look.at(look.size - 512, 4) == b"koly":
        return Sniffed(kind=Kind.VIRTUAL_DISK, strength=STRONG, why="DMG trailer")
    return None


def _zip(look: Look, name: str) -> Sniffed | None:
    if look.head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return None
    tail = look.at(max(0, look.size - HEAD), HEAD)
    if b"com.microsoft.__Messages" in look.head or b"com.microsoft.__Messages" in tail:
        return Sniffed(kind=Kind.OLM, strength=STRONG, why="zip with com.microsoft.__Messages")
    return Sniffed(kind=Kind.ZIP, strength=STRONG, why="zip local file header")


_IMAGE_NAMES = ("dd", "img", "raw", "001")


def _disk(look: Look, name: str) -> Sniffed | None:
    found = volumes.recognise(look.at, look.size)
    if found:
        return Sniffed(kind=Kind.RAW_DISK, strength=found.strength, why=found.what)
    if suffix(name) in _IMAGE_NAMES and volumes.is_emptied(look.at, look.size):
        return Sniffed(kind=Kind.RAW_DISK, strength=BY_NAME, why="named as an image, with an empty first sector")
    return None
