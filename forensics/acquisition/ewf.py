"""E01 images through libewf: segments, what the acquirer wrote into them, and the check of the whole medium.

The only module that imports pyewf; it runs in a guarded worker. libewf answers a damaged chunk with zeros and no
error, so nothing on a medium means anything until :func:`verify_media` has compared all of it with the stored hashes.
"""

from __future__ import annotations

import enum
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyewf

from forensics.errors import FormatError

# EWF file header: signature 0-8 "EVF\t\r\n\xff\0", start of fields 8, segment number 9-11, end of fields 11-13
_SIGNATURE = b"EVF\t\r\n\xff\x00"
_STORED = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256"}
_PIECE = 1 << 20


class Verdict(enum.StrEnum):
    """How the medium compares with the hashes stored in its image."""

    MATCHES = "matches"
    DIFFERS = "differs"
    NOT_STORED = "not stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class EwfVerification:
    """Digests of the whole medium as read (algorithm, hex) beside those that the acquirer stored.

    ``unread`` is the offset at which libewf refused to go on, or -1; what was hashed is then only the part before it.
    """

    verdict: Verdict
    computed: tuple[tuple[str, str], ...]
    stored: tuple[tuple[str, str], ...]
    size: int
    unread: int = -1


class EwfMedium:
    """The medium inside an EWF image. Segments are told by the number in their header, never by their names."""

    def __init__(self, segments: Sequence[Path]) -> None:
        self._files: list[BinaryIO] = []
        self._handle: Any = pyewf.handle()
        try:
            for path in sorted(segments, key=_segment_number):
                self._files.append(open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb"))  # noqa: SIM115
            self._handle.open_file_objects(self._files)
            self.size = int(self._handle.get_media_size())
        except OSError as error:
            self.close()
            raise FormatError(f"libewf cannot open this image: {_words(error)}", place=str(segments[0])) from error
        if not self.size:
            self.close()
            raise FormatError(
                "libewf finds no medium in this image: its first sections are damaged", place=str(segments[0])
            )

    def read_at(self, offset: int, length: int) -> bytes:
        """Sectors of the medium, fewer only at its end."""
        wanted = max(0, min(length, self.size - offset))
        return bytes(self._handle.read_buffer_at_offset(wanted, offset)) if wanted else b""

    def stored_hashes(self) -> dict[str, str]:
        """The hashes that the acquirer stored, by our names of the algorithms."""
        values = self._handle.get_hash_values() or {}
        return {_STORED[name]: str(value).lower() for name, value in values.items() if name in _STORED}

    def header(self) -> dict[str, str]:
        """Case number, examiner, notes, acquisition date and tool, as they stand in the image."""
        values = self._handle.get_header_values() or {}
        return {str(key): str(value) for key, value in sorted(values.items())}

    def geometry(self) -> dict[str, int]:
        return {
            "media_size": self.size,
            "bytes_per_sector": int(self._handle.get_bytes_per_sector()),
            "chunk_size": int(self._handle.get_chunk_size()),
        }

    def close(self) -> None:
        self._handle = None
        for file in self._files:
            file.close()


def verify_media(medium: EwfMedium, progress: Callable[[int], None] = lambda done: None) -> EwfVerification:
    """Read the whole medium once, hash it, compare with every stored hash. Nothing is decided here."""
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")}
    at, unread = 0, -1
    while at < medium.size:
        try:
            data = medium.read_at(at, _PIECE)
        except OSError:
            data = b""
        if not data:
            unread = at
            break
        for hasher in hashes.values():
            hasher.update(data)
        at += len(data)
        progress(at)
    computed = {name: hasher.hexdigest() for name, hasher in hashes.items()}
    stored = medium.stored_hashes()
    return EwfVerification(
        verdict=_verdict(computed, stored, unread),
        computed=tuple(computed.items()),
        stored=tuple(sorted(stored.items())),
        size=medium.size,
        unread=unread,
    )


def _verdict(computed: dict[str, str], stored: dict[str, str], unread: int) -> Verdict:
    if unread >= 0 or any(computed[name] != value for name, value in stored.items()):
        return Verdict.DIFFERS
    return Verdict.MATCHES if stored else Verdict.NOT_STORED


def _segment_number(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(13)
    if head[:8] != _SIGNATURE:
        raise FormatError("this is not a segment of an EWF image", place=str(path), offset=0)
    return int.from_bytes(head[9:11], "little")


def _words(error: OSError) -> str:
    return str(error).partition(". ")[0]
