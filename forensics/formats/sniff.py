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
    (b"QFI\xfb", Kind.QCOW, "QCOW signature"),
    (b"KDMV", Kind.VMDK, "VMDK sparse extent signature"),
    (b"COWD", Kind.VMDK, "VMDK COW extent signature"),
    (b"# Disk DescriptorFile", Kind.VMDK, "VMDK descriptor"),
    (b"conectix", Kind.VHD, "VHD footer copy"),
    (b"vhdxfile", Kind.VHD, "VHDX signature"),
    (b"AFF10\r\n\x00", Kind.AFF, "AFF 1 to 3 signature"),
    (b"<<< Oracle VM VirtualBox Disk Image >>>", Kind.VIRTUAL_DISK, "VirtualBox disk (VDI)"),
    (b"WithoutFreeSpace", Kind.VIRTUAL_DISK, "Parallels disk"),
    (b"WithouFreSpacExt", Kind.VIRTUAL_DISK, "Parallels disk"),
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
        return Sniffed(kind=Kind.VIRTUAL_DISK, strength=STRONG, why="Apple disk image (DMG) trailer")
    if look.size >= 1024 and look.at(look.size - 512, 8) == b"conectix":
        return Sniffed(kind=Kind.VHD, strength=STRONG, why="VHD footer of a fixed disk")
    return None


def _zip(look: Look, name: str) -> Sniffed | None:
    if look.head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return None
    tail = look.at(max(0, look.size - HEAD), HEAD)
    if b"com.microsoft.__Messages" in look.head or b"com.microsoft.__Messages" in tail:
        return Sniffed(kind=Kind.OLM, strength=STRONG, why="zip with com.microsoft.__Messages")
    # AFF4 Standard 1.0, 4.1: the volume is a zip whose members describe it; the first one is container.description.
    if look.head[30:51] == b"container.description" or (b"information.turtle" in tail and b"version.txt" in tail):
        return Sniffed(kind=Kind.AFF, strength=STRONG, why="zip with the members of an AFF4 volume")
    return Sniffed(kind=Kind.ZIP, strength=STRONG, why="zip local file header")


_IMAGE_NAMES = ("dd", "img", "raw", "001")


def _disk(look: Look, name: str) -> Sniffed | None:
    found = volumes.recognise(look.at, look.size)
    if found:
        return Sniffed(kind=Kind.RAW_DISK, strength=found.strength, why=found.what)
    if suffix(name) in _IMAGE_NAMES and volumes.is_emptied(look.at, look.size):
        return Sniffed(kind=Kind.RAW_DISK, strength=BY_NAME, why="named as an image, with an empty first sector")
    return None
