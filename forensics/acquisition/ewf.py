"""E01 and Ex01 images through libewf: segments, what the acquirer wrote into them, and the check of the whole medium.

The only module that imports pyewf; it runs in a guarded worker. libewf answers a damaged chunk with zeros and no
error, so nothing on a medium means anything until :func:`verify_media` has compared all of it with the stored hashes;
which chunks are damaged is told by :mod:`forensics.acquisition.ewf_chunks`, which reads the tables itself.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from forensics.acquisition.containers import Layer, Needs, ReadAt
from forensics.errors import FormatError

# EWF file header: signature 0-8 "EVF\t\r\n\xff\0", start of fields 8, segment number 9-11, end of fields 11-13
# EWF2 file header: signature 0-8 "EVF2\r\n\x81\0", version 8-10, compression method 10-12, segment number 12-16
SIGNATURE, SIGNATURE_2 = b"EVF\t\r\n\xff\x00", b"EVF2\r\n\x81\x00"
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


def needs(read_at: ReadAt, size: int) -> Needs:
    """It names nothing; its further segments are told by their names."""
    return Needs()


def open_medium(layers: Sequence[Layer]) -> EwfMedium:
    """Its segments, in the order of their numbers."""
    if len(layers) > 1:
        raise FormatError("an EWF image builds on no other")
    return EwfMedium(layers[0].files, layers[0].names[0])


class EwfMedium:
    """The medium inside an EWF image. Segments are told by the number in their header, never by their names."""

    def __init__(self, segments: Sequence[BinaryIO], place: str) -> None:
        import pyewf

        self.segments = in_order(segments, place)
        self._handle: Any = pyewf.handle()
        try:
            self._handle.open_file_objects(self.segments)
            self.size = int(self._handle.get_media_size())
        except OSError as error:
            self.close()
            raise FormatError(f"libewf cannot open this image: {_words(error)}", place=place) from error
        if not self.size:
            self.close()
            raise FormatError("libewf finds no medium in this image: its first sections are damaged", place=place)

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
        """Let the library go; the files belong to whoever opened them."""
        self._handle = None


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


def in_order(segments: Sequence[BinaryIO], place: str) -> list[BinaryIO]:
    """Segments in the order of the numbers in their headers."""
    return sorted(segments, key=lambda file: _segment_number(file, place))


def _segment_number(file: BinaryIO, place: str) -> int:
    file.seek(0)
    head = file.read(16)
    if head[:8] == SIGNATURE:
        return int.from_bytes(head[9:11], "little")
    if head[:8] == SIGNATURE_2:
        return int.from_bytes(head[12:16], "little")
    raise FormatError("this is not a segment of an EWF image", place=place, offset=0)


def _words(error: OSError) -> str:
    return str(error).partition(". ")[0]
