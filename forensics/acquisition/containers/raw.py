"""A raw image, in one piece or split into several: the sectors and nothing else."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import BinaryIO

from forensics.acquisition.containers import Layer, Needs, ReadAt
from forensics.errors import FormatError


def needs(read_at: ReadAt, size: int) -> Needs:
    """It names nothing; its further pieces are told by their names."""
    return Needs()


def open_medium(layers: Sequence[Layer]) -> RawMedium:
    """Its pieces, one behind the other."""
    if len(layers) > 1:
        raise FormatError("a raw image builds on no other")
    return RawMedium(layers[0].files)


class RawMedium:
    """Pieces that are read as one, in the order given."""

    def __init__(self, files: Sequence[BinaryIO]) -> None:
        self._pieces: list[tuple[int, int, BinaryIO]] = []
        self.size = 0
        for file in files:
            length = file.seek(0, io.SEEK_END)
            self._pieces.append((self.size, length, file))
            self.size += length

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the medium, fewer only at its end."""
        data = b""
        for start, size, file in self._pieces:
            while len(data) < length and start <= offset + len(data) < start + size:
                at = offset + len(data) - start
                file.seek(at)
                piece = file.read(min(length - len(data), size - at))
                if not piece:
                    return data
                data += piece
        return data

    def close(self) -> None:
        """The files belong to whoever opened them."""
        self._pieces = []
