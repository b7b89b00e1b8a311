"""What a guarded worker does with an archive (zip, tar, tar.gz and kin): look whether it holds mail, unpack it.

Members are written as ``NNNNNN.bin``; their names are data and never become paths. Depth, number and expansion have
their limits here and nowhere else. A member whose CRC-32 differs from the one the zip states is kept and says so.
"""

from __future__ import annotations

import bz2
import copy
import dataclasses
import gzip
import hashlib
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from forensics import canonical
from forensics.acquisition.exports.recognised import holds_mail
from forensics.evidence.item import FILE, FOLDER, SYMLINK, UNKNOWN, Entry, Times

Report = Callable[[dict[str, Any]], None]

MEMBERS = "members.jsonl"
DEEPEST = 3
"""Archives inside archives are opened so many levels deep."""
MOST_MEMBERS = 5_000_000
MOST_RATIO, FREE_BYTES = 200, 1 << 30
"""An archive may become so many times as large, and the first GiB is free."""
_LOOKED_AT = 2000
_BLOCK = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError)
_UNREADABLE = (*_BROKEN, NotImplementedError, RuntimeError)
"""``zipfile`` raises the last two where a member is encrypted or compressed by a method it does not know."""


_PACKED: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b\x08": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
"""What a tar may be packed with, by its signature; these libraries verify the check values that the packing has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member as the archive lists it; ``open`` gives its bytes, ``crc`` is -1 where none is stated."""

    name: bytes
    type: str
    size: int
    modified: int | None = None
    target: bytes | None = None
    crc: int = -1
    open: Callable[[], IO[bytes] | None] = lambda: None


def is_archive(head: bytes) -> bool:
    """Whether a file may be an archive that is opened here."""
    zipped = head[:4] in (b"PK\x03\x04", b"PK\x05\x06")
    return zipped or head[257:262] == b"ustar" or head.startswith(tuple(_PACKED))


def look(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Whether the archive is (a part of) an export of mail, by the names of its first members."""
    names: list[str] = []
    try:
        for member in _members(reads[0]):
            names.append(shown(member.name))
            if len(names) >= _LOOKED_AT:
                break
    except _UNREADABLE as error:
        return {"mail": holds_mail(names), "members": len(names), "broken": f"{type(error).__name__}: {error}"}
    return {"mail": holds_mail(names), "members": len(names), "broken": ""}


def unpack(args: dict[str, Any], reads: tuple[Path, ...], spool: Path, report: Report) -> dict[str, Any]:
    """Copy every member into the spool; a line of ``members.jsonl`` follows each."""
    limit = max(FREE_BYTES, MOST_RATIO * int(args["size"]))
    count = written = 0
    seen: dict[bytes, int] = {}
    with (spool / MEMBERS).open("ab", buffering=0) as out:
        try:
            for member in _members(reads[0]):
                count += 1
                if count > MOST_MEMBERS:
                    return _ended(count, written, f"it has more than {MOST_MEMBERS:,} members; the rest was not read")
                entry = _copy(_renamed(member, seen), count, spool, limit - written)
                out.write(canonical.encode(entry.to_json()) + b"\n")
                written += entry.size or 0 if entry.number else 0
                if written >= limit:
                    return _ended(count, written, f"it expands to more than {limit:,} bytes; the rest was not read")
                report({"done": count})
        except _BROKEN as error:
            return _ended(count, written, f"it is broken behind member {count}: {str(error) or type(error).__name__}")
    return _ended(count, written, "")


def _ended(count: int, written: int, broken: str) -> dict[str, Any]:
    return {"members": count, "bytes": written, "broken": broken}


def shown(name: bytes) -> str:
    """A member's name as text."""
    return name.decode("utf-8", "backslashreplace")


def _renamed(member: Member, seen: dict[bytes, int]) -> Member:
    """A second member of the same name is another file: its path gets its number."""
    seen[member.name] = seen.get(member.name, 0) + 1
    again = seen[member.name]
    return member if again == 1 else dataclasses.replace(member, name=member.name + b" (%d)" % again)


def _members(path: Path) -> Iterator[Member]:
    if zipfile.is_zipfile(path):
        yield from _zip(path)
    else:
        yield from _tar(path)


def _zip(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            kind = FOLDER if info.is_dir() else FILE
            # Without the CRC the library gives all bytes, also those of a member that differs from it.
            bare = copy.copy(info)
            if hasattr(bare, "CRC"):
                del bare.CRC
            yield Member(
                name=info.filename.encode("utf-8", "surrogateescape").rstrip(b"/") or b"(no name)",
                type=kind,
                size=info.file_size,
                modified=_dos_time(info.date_time),
                crc=info.CRC,
                open=lambda bare=bare: archive.open(bare),  # type: ignore[misc]
            )


def _dos_time(when: tuple[int, int, int, int, int, int]) -> int | None:
    """The time in a zip has no zone and is read as UTC; the facts of the entry say so."""
    try:
        found = datetime(*when, tzinfo=UTC) - _EPOCH
    except ValueError:
        return None
    return (found.days * 86400 + found.seconds) * 10**9


def _tar(path: Path) -> Iterator[Member]:
    # As a stream, so that a gzip is read once and a break in it costs only what is behind it.
    with path.open("rb") as start:
        head = start.read(8)
    way: Callable[[Path], Any] = next((way for magic, way in _PACKED.items() if head.startswith(magic)), _plain)
    with way(path) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
        for info in archive:
            kind = FILE if info.isfile() else FOLDER if info.isdir() else SYMLINK if info.issym() else UNKNOWN
            yield Member(
                name=info.name.encode("utf-8", "surrogateescape") or b"(no name)",
                type=kind,
                size=info.size,
                modified=int(info.mtime * 10**9) if abs(info.mtime) < 1 << 33 else None,
                target=info.linkname.encode("utf-8", "surrogateescape") if info.issym() else None,
                open=lambda info=info: archive.extractfile(info),  # type: ignore[misc]
            )
        # The check value of the packing stands at its end, behind the last member.
        while plain.read(_BLOCK):
            pass


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _copy(member: Member, number: int, spool: Path, room: int) -> Entry:
    entry = Entry(path=member.name, type=member.type, times=Times(modified=member.modified), target=member.target)
    if member.type != FILE:
        return entry
    target = spool / f"{number:06d}.bin"
    sha256, md5, crc, size, lost = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0, 0, ""
    with target.open("wb") as out:
        try:
            with member.open() or _nothing() as source:
                while block := source.read(_BLOCK):
                    size += len(block)
                    if size > room:
                        lost = "not read to its end: the archive expands beyond the limit"
                        break
                    crc = zlib.crc32(block, crc)
                    sha256.update(block)
                    md5.update(block)
                    out.write(block)
        except _UNREADABLE as error:
            lost = f"not read from byte {size:,} on: {str(error) or type(error).__name__}"
    if lost:
        target.unlink()
        return dataclasses.replace(entry, size=member.size, note=lost)
    if member.crc >= 0 and crc != member.crc:
        entry = entry.noted(f"its CRC-32 is {crc:08x}, and the archive states {member.crc:08x}")
    return dataclasses.replace(entry, size=size, number=number, sha256=sha256.hexdigest(), md5=md5.hexdigest())


def _nothing() -> IO[bytes]:
    raise ValueError("the archive gives no bytes for it")
