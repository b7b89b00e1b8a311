"""What kind of file these bytes are, told from the bytes; a name only ever breaks a tie.

One rule per kind, each named after what it looks at. ``strength`` says how sure: 100 a signature and the structure
behind it; 90 a signature, or text that can hardly be anything else; 75 good signs; 50 signs that other files also show;
20 the name alone, where the bytes do not speak against it (a store with a destroyed header); 0 nothing. A parser that
claims on these takes its kinds at any strength; the conductor lets nothing below 50 win against a stronger claim.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from forensics.formats import volumes

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


def sniff(head: bytes, size: int, read_at: ReadAt | None = None, name: str = "") -> Sniffed:
    """Tell the kind of a file of ``size`` bytes from its first bytes and, where given, reads at other offsets."""
    if size <= 0:
        return Sniffed(kind=Kind.EMPTY, strength=CERTAIN, why="no bytes")
    look = _Look(head, size, read_at)
    for rule in (_outlook, _ole, _signature, _zip, _disk, _text):
        found = rule(look, name)
        if found:
            return found
    return _by_name(name) or Sniffed(kind=Kind.UNKNOWN, strength=0, why="no sign that this program knows")


def sniff_handle(handle: BinaryIO, size: int, name: str = "") -> Sniffed:
    """What the file behind ``handle`` is; its position is not kept."""

    def read_at(offset: int, length: int) -> bytes:
        handle.seek(offset)
        return handle.read(length)

    return sniff(read_at(0, HEAD), size, read_at, name)


class _Look:
    """The head first, the reader beyond it, nothing where neither reaches."""

    def __init__(self, head: bytes, size: int, read_at: ReadAt | None) -> None:
        self.head = head
        self.size = size
        self._read_at = read_at

    def at(self, offset: int, length: int) -> bytes:
        if offset + length <= len(self.head) or self._read_at is None or offset >= self.size:
            return self.head[offset : offset + length]
        return self._read_at(offset, min(length, self.size - offset))


# -- Personal Folders, [MS-PST] 2.2.2.6: dwMagic 0-4 "!BDN"; wMagicClient 8-10 "SM" PST, "SO" OST, "AB" address book

_CLIENTS = {b"SM": Kind.PST, b"SO": Kind.OST, b"AB": Kind.PAB}


def _outlook(look: _Look, name: str) -> Sniffed | None:
    if look.head[:4] != b"!BDN":
        return None
    client = look.head[8:10]
    if client in _CLIENTS:
        return Sniffed(kind=_CLIENTS[client], strength=CERTAIN, why=f"!BDN and client magic {client.decode()}")
    kind = Kind.OST if _suffix(name) == "ost" else Kind.PST
    return Sniffed(kind=kind, strength=LIKELY, why="!BDN, but the client magic is neither SM nor SO nor AB")


# -- Compound File, [MS-CFB] 2.2: signature 0-8; uSectorShift 30-32; first directory sector 48-52; DIFAT 76-512
# -- directory entry, 2.6.1 (128 bytes): name 0-64 UTF-16LE; name length 64-66; left 68; right 72; child 76

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROPERTIES = "__properties_version1.0"
_MAX_DIRECTORY_SECTORS = 8192


def _ole(look: _Look, name: str) -> Sniffed | None:
    if look.head[:8] != _OLE:
        return None
    names = {entry[0] for entry in _root_children(_directory(look))}
    if _PROPERTIES in names:
        return Sniffed(kind=Kind.MSG, strength=CERTAIN, why=f"compound file with {_PROPERTIES} in its root storage")
    if any(found.startswith("__substg1.0_") for found in names):
        return Sniffed(kind=Kind.MSG, strength=LIKELY, why="compound file with MAPI streams but no property stream")
    if names:
        return Sniffed(
            kind=Kind.OLE_OTHER, strength=CERTAIN, why="compound file without MAPI streams in its root storage"
        )
    kind = Kind.MSG if _suffix(name) in ("msg", "oft") else Kind.OLE_OTHER
    return Sniffed(kind=kind, strength=WEAK, why="compound file whose directory cannot be read")


def _directory(look: _Look) -> list[tuple[str, int, int, int]]:
    """(name, left, right, child) of each directory entry, as far as the chain of directory sectors can be followed."""
    shift = int.from_bytes(look.head[30:32], "little")
    if shift not in (9, 12):
        return []
    entries: list[tuple[str, int, int, int]] = []
    sector = int.from_bytes(look.head[48:52], "little")
    seen: set[int] = set()
    while sector < 0xFFFFFFFA and sector not in seen and len(seen) < _MAX_DIRECTORY_SECTORS:
        seen.add(sector)
        raw = look.at((sector + 1) << shift, 1 << shift)
        entries += [_entry(raw[at : at + 128]) for at in range(0, len(raw) - 127, 128)]
        sector = _next_sector(look, sector, shift)
    return entries


def _entry(raw: bytes) -> tuple[str, int, int, int]:
    length = min(int.from_bytes(raw[64:66], "little"), 64)
    name = raw[: max(length - 2, 0)].decode("utf-16-le", "surrogatepass") if length % 2 == 0 else ""
    left, right, child = (int.from_bytes(raw[at : at + 4], "little") for at in (68, 72, 76))
    return name, left, right, child


def _next_sector(look: _Look, sector: int, shift: int) -> int:
    per_fat = 1 << (shift - 2)
    which, slot = divmod(sector, per_fat)
    if which >= 109:
        return 0xFFFFFFFE
    fat = int.from_bytes(look.at(76 + 4 * which, 4), "little")
    raw = look.at(((fat + 1) << shift) + 4 * slot, 4) if fat < 0xFFFFFFFA else b""
    return int.from_bytes(raw, "little") if len(raw) == 4 else 0xFFFFFFFE


def _root_children(entries: list[tuple[str, int, int, int]]) -> Iterator[tuple[str, int, int, int]]:
    todo = [entries[0][3]] if entries else []
    seen: set[int] = set()
    while todo:
        at = todo.pop()
        if at >= len(entries) or at in seen:
            continue
        seen.add(at)
        yield entries[at]
        todo += entries[at][1:3]


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


def _signature(look: _Look, name: str) -> Sniffed | None:
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


def _zip(look: _Look, name: str) -> Sniffed | None:
    if look.head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return None
    tail = look.at(max(0, look.size - HEAD), HEAD)
    if b"com.microsoft.__Messages" in look.head or b"com.microsoft.__Messages" in tail:
        return Sniffed(kind=Kind.OLM, strength=STRONG, why="zip with com.microsoft.__Messages")
    return Sniffed(kind=Kind.ZIP, strength=STRONG, why="zip local file header")


_IMAGE_NAMES = ("dd", "img", "raw", "001")


def _disk(look: _Look, name: str) -> Sniffed | None:
    found = volumes.recognise(look.at, look.size)
    if found:
        return Sniffed(kind=Kind.RAW_DISK, strength=found.strength, why=found.what)
    if _suffix(name) in _IMAGE_NAMES and volumes.is_emptied(look.at, look.size):
        return Sniffed(kind=Kind.RAW_DISK, strength=BY_NAME, why="named as an image, with an empty first sector")
    return None


# -- text: mail by its header fields (RFC 5322 2.2), mbox by its From_ line (RFC 4155), logs by their time stamps ----

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_FROM_DATE = re.compile(rb"^From .{0,300}?(?:" + _DAY + rb",?\s+)?(?:" + _MONTH + rb"\s+\d{1,2}|\d{1,2}\s+" + _MONTH
                        + rb")\b.{0,40}?\d{2}:\d{2}")  # fmt: skip
_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:(?!//)[ \t]*(.*)", re.DOTALL)
_STAMP = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d|^(?:<\d{1,3}>)?(?:\d )?" + _MONTH + rb" [ \d]\d \d\d:\d\d:\d\d"
    rb"|\[?\d{1,2}/(?:" + _MONTH + rb"|\d\d)/\d{2,4}[: ,]|" + _DAY + rb" " + _MONTH + rb" +\d+ \d\d:|^\d{10}(?:\.\d+)? "
)
_PROOF: dict[bytes, re.Pattern[bytes]] = {
    b"from": re.compile(rb"[@<>]|=\?"),
    b"to": re.compile(rb"[@<>;]|=\?"),
    b"cc": re.compile(rb"[@<>;]|=\?"),
    b"date": re.compile(rb"\d{1,2}:\d\d|\d{1,2}[ -]" + _MONTH),
    b"message-id": re.compile(rb"[<@]"),
    b"received": re.compile(rb"\b(?:from|by|with|for|id)\b|;", re.IGNORECASE),
    b"return-path": re.compile(rb"[<@]"),
    b"mime-version": re.compile(rb"\d"),
    b"content-type": re.compile(rb"[a-z0-9]/[a-z0-9*]", re.IGNORECASE),
    b"delivered-to": re.compile(rb"@"),
    b"dkim-signature": re.compile(rb"="),
    b"reply-to": re.compile(rb"@"),
    b"x-mailer": re.compile(rb"\w"),
    b"x-mozilla-status": re.compile(rb"\d"),
}
_KNOWN = _PROOF.keys() | {b"subject", b"bcc", b"sender", b"in-reply-to", b"references", b"content-transfer-encoding"}
_MULTIPART = re.compile(rb"Content-Type:\s*multipart/[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*?boundary=", re.IGNORECASE)
_MAX_LINES = 400


def _text(look: _Look, name: str) -> Sniffed | None:
    head = look.head[:HEAD]
    for bom in _BOMS:
        head = head.removeprefix(bom)
    return _emlx(head) or _mbox(head, name) or _eml(head, name) or _plain(head, name)


def _emlx(head: bytes) -> Sniffed | None:
    """Apple Mail: a line with the length of the message, the message, then a property list."""
    length, _, rest = head.partition(b"\n")
    number = length.strip()
    if not number.isdigit() or len(number) > 10:
        return None
    if _header(rest).proved < 1:
        return None
    return Sniffed(kind=Kind.EMLX, strength=STRONG, why="a length line, then a message header")


def _mbox(head: bytes, name: str) -> Sniffed | None:
    body = head.lstrip(b"\r\n")
    if not body.startswith(b"From "):
        return None
    first, _, rest = body.partition(b"\n")
    dated, header = bool(_FROM_DATE.match(first)), _header(rest)
    if not dated and not header.fields:
        return None
    if _suffix(name) == "eml" and header.proved and not re.search(rb"\n\r?\nFrom ", rest):
        return Sniffed(kind=Kind.EML, strength=LIKELY, why="one message behind a From_ line, named .eml")
    if dated and header.fields:
        return Sniffed(kind=Kind.MBOX, strength=STRONG, why="a From_ line with a date, then header fields")
    return Sniffed(
        kind=Kind.MBOX,
        strength=LIKELY if dated or header.proved else WEAK,
        why="a From_ line with a date" if dated else "a From_ line without a date, then header fields",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    fields: int
    known: int
    proved: int
    junk: int
    ended: bool


def _header(text: bytes) -> _Header:
    """Count the header fields before the first blank line: all, with a known name, and with a value that fits it."""
    fields = known = proved = junk = 0
    ended = False
    lines = re.split(rb"\r\n|\n|\r", text)
    for line in lines[: min(_MAX_LINES, len(lines) - (not lines[-1]))]:
        if not line.strip():
            ended = True
            break
        match = _FIELD.fullmatch(line)
        if match:
            fields += 1
            key = match[1].lower()
            known += key in _KNOWN
            proof = _PROOF.get(key)
            proved += bool(proof and proof.search(match[2]))
        elif line[:1] not in b" \t":
            junk += 1
    return _Header(fields=fields, known=known, proved=proved, junk=junk, ended=ended)


def _eml(head: bytes, name: str) -> Sniffed | None:
    body = head.lstrip(b"\r\n")
    if body.startswith((b"From ", b">From ")):
        body = body.partition(b"\n")[2]
    if _binary(body[:512]):
        return None
    found = _header(body)
    if found.ended and _MULTIPART.match(body) and found.proved < 2:
        return Sniffed(kind=Kind.EML, strength=WEAK, why="a multipart MIME entity without the header of a mail")
    if found.fields < 2 or found.known < 1 or found.junk > found.fields:
        return _named_eml(found, name)
    if found.proved >= 2 and found.junk <= 1:
        return Sniffed(
            kind=Kind.EML, strength=STRONG, why=f"{found.fields} header fields, {found.proved} as mail has them"
        )
    if found.proved >= 1 and found.known >= 2:
        return Sniffed(kind=Kind.EML, strength=LIKELY, why=f"{found.fields} header fields, {found.known} known to mail")
    return _named_eml(found, name) or (
        Sniffed(kind=Kind.EML, strength=WEAK, why=f"{found.fields} header fields, {found.known} known to mail")
        if found.ended and found.known >= 2
        else None
    )


def _named_eml(found: _Header, name: str) -> Sniffed | None:
    if found.known and _suffix(name) == "eml":
        return Sniffed(kind=Kind.EML, strength=WEAK, why="one header field known to mail, and the name ends in .eml")
    return None


def _binary(sample: bytes) -> bool:
    odd = sum(byte < 32 and byte not in (7, 8, 9, 10, 12, 13, 27) for byte in sample)
    return not sample or odd * 20 > len(sample)


def _plain(head: bytes, name: str) -> Sniffed | None:
    if _binary(head[:4096]):
        return None
    lines = [line for line in head.splitlines()[:60] if line.strip()]
    stamped = sum(bool(_STAMP.search(line[:200])) for line in lines)
    if lines and stamped * 2 >= len(lines):
        return Sniffed(kind=Kind.LOG, strength=LIKELY, why=f"{stamped} of {len(lines)} lines bear a time stamp")
    return _by_name(name) or Sniffed(kind=Kind.TEXT, strength=WEAK, why="text without the signs of mail or of a log")


_NAMED = {"pst": Kind.PST, "ost": Kind.OST, "mbox": Kind.MBOX, "mbx": Kind.MBOX, "eml": Kind.EML}


def _by_name(name: str) -> Sniffed | None:
    kind = _NAMED.get(_suffix(name))
    return (
        Sniffed(kind=kind, strength=BY_NAME, why="the name alone; the start is not what it should be") if kind else None
    )


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""
