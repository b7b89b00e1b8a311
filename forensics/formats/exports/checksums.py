"""Lists of checksums that a provider sends along, in the shapes of md5sum(1), of BSD's md5(1), and of a CSV.

d41d8cd98f00b204e9800998ecf8427e  name        d41d8cd98f00b204e9800998ecf8427e *name
MD5 (name) = d41d8cd98f00b204e9800998ecf8427e
name,d41d8cd98f00b204e9800998ecf8427e          name,1B2M2Y8AsgTpgAmY7PhCfg==  (base64: Google Cloud)
"""

from __future__ import annotations

import base64
import binascii
import csv
import re
from dataclasses import dataclass

ALGORITHMS = {8: "crc32", 32: "md5", 40: "sha1", 64: "sha256"}
"""The algorithm that the length of a hexadecimal digest tells."""
_HEX = re.compile(r"(?:0x)?([0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8})")
_BSD = re.compile(r"(?:MD5|SHA1|SHA256|CRC32)\s*\((?P<name>.+)\)\s*=\s*(?P<hex>[0-9A-Fa-f]{8,64})", re.IGNORECASE)
_SUM = re.compile(r"(?P<hex>[0-9A-Fa-f]{8,64})[ \t]+\*?(?P<name>\S.*)")
_BASE64_MD5 = re.compile(r"[A-Za-z0-9+/]{22}==")
_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One file that the list names, as it names it; ``line`` counts from 1."""

    name: str
    algorithm: str
    hex: str
    line: int


def read_list(data: bytes) -> tuple[Listed, ...]:
    """Every file that the list names; nothing where the text is no such list."""
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return ()
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    found = [listed for number, line in lines if (listed := _line(line, number)) is not None]
    # One line may be the heading; a file in which other lines are none of these is something else.
    return tuple(found) if found and len(found) >= len(lines) - 1 else ()


def _line(line: str, number: int) -> Listed | None:
    if len(line) > _LONGEST:
        return None
    for shape in (_BSD, _SUM):
        match = shape.fullmatch(line)
        if match and len(match["hex"]) in ALGORITHMS:
            return _listed(match["name"], match["hex"], number)
    return _row(line, number)


def _row(line: str, number: int) -> Listed | None:
    """A row with one cell that is a digest, and the name in the first of the others that is not empty."""
    delimiter = next((each for each in "\t,;" if each in line), "")
    if not delimiter:
        return None
    cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    digests = [(at, digest) for at, cell in enumerate(cells) if (digest := _digest(cell))]
    if not digests:
        return None
    at, digest = max(digests, key=lambda each: len(each[1]))
    names = [cell for place, cell in enumerate(cells) if place != at and cell and not _digest(cell)]
    return _listed(names[0], digest, number) if names else None


def _digest(cell: str) -> str:
    match = _HEX.fullmatch(cell)
    if match:
        return match[1].lower()
    if _BASE64_MD5.fullmatch(cell):
        try:
            return base64.b64decode(cell, validate=True).hex()
        except (ValueError, binascii.Error):
            return ""
    return ""


def _listed(name: str, digest: str, number: int) -> Listed:
    return Listed(name=name.strip(), algorithm=ALGORITHMS[len(digest)], hex=digest.lower(), line=number)
