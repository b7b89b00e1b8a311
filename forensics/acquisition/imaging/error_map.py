"""The error map of an image: which parts were read and which are filled with zeros; the parts sum to the size.

    {"state":"read","offset":0,"length":1048576}
    {"state":"filled","offset":1048576,"length":512,"errno":5,"error":"Input/output error","tries":3}

Neighbouring sectors that failed alike are one part. Named in it is what NIST CFTT DDA asks for: type and location of
every unresolved error, and the fill.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from forensics import canonical

READ, FILLED = "read", "filled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """Neighbouring sectors that could not be read: where, the error, and how often each of them was tried."""

    offset: int
    length: int
    errno: int
    tries: int

    @property
    def end(self) -> int:
        return self.offset + self.length

    @property
    def error(self) -> str:
        return os.strerror(self.errno) if self.errno else "no error number"

    def to_json(self) -> dict[str, Any]:
        """As a part of the map."""
        where = {"state": FILLED, "offset": self.offset, "length": self.length}
        return where | {"errno": self.errno, "error": self.error, "tries": self.tries}

    @classmethod
    def from_list(cls, line: Sequence[int]) -> Bad:
        offset, length, errno, tries = line
        return cls(offset=offset, length=length, errno=errno, tries=tries)

    def to_list(self) -> list[int]:
        """As the journal keeps it."""
        return [self.offset, self.length, self.errno, self.tries]


def joined(found: Iterable[Bad]) -> list[Bad]:
    """Neighbours that failed alike as one."""
    whole: list[Bad] = []
    for bad in found:
        last = whole[-1] if whole else None
        if last and (last.end, last.errno, last.tries) == (bad.offset, bad.errno, bad.tries):
            whole[-1] = replace(last, length=last.length + bad.length)
        else:
            whole.append(bad)
    return whole


def gaps(bad: Iterable[Bad], begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Begin and end of what lies between the bad parts."""
    for each in bad:
        if each.offset > begin:
            yield begin, each.offset
        begin = each.end
    if begin < end:
        yield begin, end


def parts(bad: Sequence[Bad], size: int) -> list[dict[str, Any]]:
    """All parts of the medium in order, read and filled."""
    read = [{"state": READ, "offset": begin, "length": end - begin} for begin, end in gaps(bad, 0, size)]
    return sorted([*read, *(each.to_json() for each in bad)], key=lambda part: part["offset"])


def dump(bad: Sequence[Bad], size: int) -> bytes:
    """The map as JSON lines."""
    return b"".join(canonical.encode(part) + b"\n" for part in parts(bad, size))


def filled_in(data: bytes) -> tuple[tuple[int, int], ...]:
    """Offset and length of every filled part that an error map names, for whoever reads the image."""
    lines = (canonical.decode(line) for line in data.splitlines())
    return tuple((line["offset"], line["length"]) for line in lines if line["state"] == FILLED)
