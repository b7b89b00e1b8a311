"""What is said about a file that was looked at, and how it is looked at: what all rules of ``sniff`` share."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

HEAD = 65536
"""How many bytes of a file's start a caller should offer; with less, ``read_at`` is asked where it matters."""

CERTAIN, STRONG, LIKELY, WEAK, BY_NAME = 100, 90, 75, 50, 20

ReadAt = Callable[[int, int], bytes]


class Kind(enum.StrEnum):
    """The kinds of file that the toolkit tells apart."""

    PST = "pst"
    OST = "ost"
    PAB = "pab"
    MSG = "msg"
    OLE_OTHER = "ole-other"
    MBOX = "mbox"
    MBX = "mbx"
    EML = "eml"
    EMLX = "emlx"
    TNEF = "tnef"
    OLM = "olm"
    DBX = "dbx"
    E01 = "e01"
    EX01 = "ex01"
    EWF_SEGMENT = "ewf-segment"
    EWF_LOGICAL = "ewf-logical"
    RAW_DISK = "raw-disk"
    VMDK = "vmdk"
    VHD = "vhd"
    QCOW = "qcow"
    AFF = "aff"
    VIRTUAL_DISK = "virtual-disk"
    ZIP = "zip"
    GZIP = "gzip"
    LOG = "log"
    TEXT = "text"
    EMPTY = "empty"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sniffed:
    """The kind, how sure (0 to 100), and the sign that decided."""

    kind: Kind
    strength: int
    why: str


class Look:
    """The head first, the reader beyond it, nothing where neither reaches."""

    def __init__(self, head: bytes, size: int, read_at: ReadAt | None) -> None:
        self.head = head
        self.size = size
        self._read_at = read_at

    def at(self, offset: int, length: int) -> bytes:
        if offset + length <= len(self.head) or self._read_at is None or offset >= self.size:
            return self.head[offset : offset + length]
        return self._read_at(offset, min(length, self.size - offset))


def suffix(name: str) -> str:
    """What follows the last full stop of a name, in small letters."""
    return name.rpartition(".")[2].lower() if "." in name else ""
