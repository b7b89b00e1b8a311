"""What the tests of images share: mail with content of its own, a look at an image, and what came out of it."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from pathlib import Path

from forensics.acquisition.images import ImageReport, ImageSource, examine_image, image_at
from forensics.evidence.item import Entry
from forensics.workers import LocalEngine


def letter(number: int, size: int) -> bytes:
    """A message that no other shares a block with."""
    head = b"From: a@example.jp\r\nTo: b@example.jp\r\nSubject: letter %d\r\nMessage-ID: <%d@x.jp>\r\n\r\n" % (
        number,
        number,
    )
    body = random.Random(number).randbytes(size).hex().encode()
    return (head + body)[:size]


def noise(number: int, size: int) -> bytes:
    """What overwrites: bytes that are no mail."""
    return random.Random(1000 + number).randbytes(size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One file that came out of an image."""

    data: bytes
    entry: Entry
    store: str

    @property
    def facts(self) -> dict[str, object]:
        """What the file system said of it."""
        return dict(self.entry.facts or {})

    @property
    def lost(self) -> list[list[int]]:
        """The ranges that are overwritten."""
        found = self.facts.get("overwritten", [])
        assert isinstance(found, list)
        return found


def look(engine: LocalEngine, image: Path, spool: Path) -> ImageReport:
    """Check an image and list what is in it."""
    files = image_at(image)
    assert files is not None
    return examine_image(engine, files, spool / "listing")


def take(engine: LocalEngine, report: ImageReport, spool: Path, *, deleted: bool) -> dict[str, Taken]:
    """Every file of every store that is deleted, or that is not, by its path."""
    out: dict[str, Taken] = {}
    for number, store in enumerate(report.stores):
        if store.allocated is deleted:
            continue
        source = ImageSource(engine=engine, report=report, store=store, spool=spool / str(number), parent="EV-0001")
        for found in source.entries():
            assert found.refusal is None, found.refusal
            with source.read(found.entry) as reading:
                buffer = bytearray(1 << 22)
                size = 0
                while count := reading.readinto(memoryview(buffer)[size:]):
                    size += count
                assert reading.changed() == ""
            out[found.entry.path.decode()] = Taken(data=bytes(buffer[:size]), entry=found.entry, store=store.kind)
    return out


def standing(
    data: bytes, before: bytes, after: bytes, ranges: list[list[int]], block: int
) -> tuple[bytes, list[list[int]]]:
    """What is left of a file in these ranges: its bytes with zeros for blocks that changed, and those ranges."""
    left, gone = bytearray(data), []
    for start, place, length in ranges:
        for at in range(0, length, block):
            size = min(block, length - at)
            if before[place + at : place + at + block] != after[place + at : place + at + block]:
                left[start + at : start + at + size] = bytes(size)
                if gone and gone[-1][0] + gone[-1][2] == start + at and gone[-1][1] + gone[-1][2] == place + at:
                    gone[-1][2] += size
                else:
                    gone.append([start + at, place + at, size])
    return bytes(left), gone


def sha256(data: bytes) -> str:
    """Shorter to read in a failure than the bytes."""
    return hashlib.sha256(data).hexdigest()
