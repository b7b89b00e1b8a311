"""Outlook's own files by their signatures: Personal Folders ([MS-PST] 2.2.2.6) and compound files ([MS-CFB] 2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.formats.sniff_kinds import CERTAIN, LIKELY, WEAK, Kind, Look, Sniffed, suffix

# -- Personal Folders, [MS-PST] 2.2.2.6: dwMagic 0-4 "!BDN"; wMagicClient 8-10 "SM" PST, "SO" OST, "AB" address book

_CLIENTS = {b"SM": Kind.PST, b"SO": Kind.OST, b"AB": Kind.PAB}


def outlook(look: Look, name: str) -> Sniffed | None:
    """PST, OST or address book."""
    if look.head[:4] != b"!BDN":
        return None
    client = look.head[8:10]
    if client in _CLIENTS:
        return Sniffed(kind=_CLIENTS[client], strength=CERTAIN, why=f"!BDN and client magic {client.decode()}")
    kind = Kind.OST if suffix(name) == "ost" else Kind.PST
    return Sniffed(kind=kind, strength=LIKELY, why="!BDN, but the client magic is neither SM nor SO nor AB")


# -- Compound File, [MS-CFB] 2.2: signature 0-8; uSectorShift 30-32; first directory sector 48-52; DIFAT 76-512
# -- directory entry, 2.6.1 (128 bytes): name 0-64 UTF-16LE; name length 64-66; left 68; right 72; child 76

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROPERTIES = "__properties_version1.0"
_MAX_DIRECTORY_SECTORS = 8192


def compound(look: Look, name: str) -> Sniffed | None:
    """A compound file: MSG by the streams in its root storage, or something else of Office."""
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
    kind = Kind.MSG if suffix(name) in ("msg", "oft") else Kind.OLE_OTHER
    return Sniffed(kind=kind, strength=WEAK, why="compound file whose directory cannot be read")


def _directory(look: Look) -> list[tuple[str, int, int, int]]:
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


def _next_sector(look: Look, sector: int, shift: int) -> int:
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
