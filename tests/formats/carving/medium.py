"""Lays known mail on a medium, at sectors as a file system does, with noise, text or zeros between, and carves it."""

from __future__ import annotations

import base64
import functools
import io
import itertools
import random
from dataclasses import dataclass, field

from forensics.formats.carving.found import SECTOR, Extent, Found
from forensics.formats.carving.settle import Settled, carve
from forensics.formats.carving.space import Area, Space, View
from forensics.formats.mapi import tags
from tests.tools.make_msg import Msg, build
from tests.tools.pst_stories import write_large

FIELDS = {
    "Received": "from a.example by b.example with ESMTP id %d;\r\n\tMon, 1 Jun 2026 10:00:00 +0900",
    "Message-ID": "<%d@example.jp>",
    "Date": "Mon, 1 Jun 2026 10:00:00 +0900",
    "From": "=?UTF-8?B?6Z2S5pyo?= <a%d@example.jp>",
    "To": "b@example.jp",
    "Subject": "number %d",
}
PROSE = "The quick brown fox jumps over the lazy dog, and goes home\nFrom here on it is a story.\nDate: none\n"


def plain(rng: random.Random, number: int, end: str = "\r\n") -> bytes:
    """A message of one part."""
    return _header(rng, number, {}, end) + _body(rng, end)


def multipart(rng: random.Random, number: int, end: str = "\r\n", size: int = 3000) -> bytes:
    """A message with a file in base64, and a message attached that has a header of its own."""
    boundary = f"=_b{number:06d}{rng.getrandbits(40):010x}"
    extra = {"MIME-Version": "1.0", "Content-Type": f'multipart/mixed; boundary="{boundary}"'}
    file = base64.encodebytes(rng.randbytes(size)).replace(b"\n", end.encode())
    parts = [
        f"Content-Type: text/plain{end}{end}".encode() + _body(rng, end),
        f"Content-Type: message/rfc822{end}{end}".encode() + plain(rng, number + 1_000_000, end),
        f"Content-Transfer-Encoding: base64{end}{end}".encode() + file,
    ]
    body = b"".join(f"--{boundary}{end}".encode() + part for part in parts) + f"--{boundary}--{end}".encode()
    return _header(rng, number, extra, end) + body


def single_base64(rng: random.Random, number: int) -> bytes:
    """A message whose only part is base64."""
    extra = {"Content-Type": "image/png", "Content-Transfer-Encoding": "base64"}
    file = base64.encodebytes(rng.randbytes(rng.randint(1, 5) * 57 + 7)).replace(b"\n", b"\r\n")
    return _header(rng, number, extra, "\r\n") + file


def box(rng: random.Random, number: int, count: int = 5) -> bytes:
    """A mailbox of messages of both kinds."""
    kinds = [plain if rng.random() < 0.5 else multipart for _ in range(count)]
    line = b"From a@example.jp Mon Jun  1 10:00:00 2026\n"
    return b"".join(line + kind(rng, number * 100 + n, "\n") + b"\n" for n, kind in enumerate(kinds))


@functools.cache
def item(number: int) -> bytes:
    """A message file of Outlook."""
    return build(Msg(texts={tags.PR_SUBJECT: f"item {number}", tags.PR_BODY: PROSE * 40}))


@functools.cache
def store(messages: int = 12) -> bytes:
    """An Outlook store."""
    out = io.BytesIO()
    write_large(out, messages, folders=2)
    return out.getvalue()


def _header(rng: random.Random, number: int, extra: dict[str, str], end: str) -> bytes:
    names = list(FIELDS)
    rng.shuffle(names)
    filled = {name: FIELDS[name] % number if "%d" in FIELDS[name] else FIELDS[name] for name in names}
    lines = (f"{name}: {value}{end}" for name, value in (filled | extra).items())
    return ("".join(lines) + end).replace("\r\n", end).encode()


def _body(rng: random.Random, end: str) -> bytes:
    # Where the last sector is full, nothing on the medium tells where text ends; files of such a size are rare.
    return ((PROSE * rng.randint(1, 30))[: rng.randint(60, 2500)].rstrip() + "\n").replace("\n", end).encode()


@dataclass(slots=True)
class Medium:
    """Bytes that grow; ``laid`` are the objects by their offset, ``runs`` what is searched (all, while it is empty)."""

    rng: random.Random
    data: bytearray = field(default_factory=bytearray)
    laid: dict[int, bytes] = field(default_factory=dict)

    def noise(self, sectors: int = 0) -> Medium:
        self.data += self.rng.randbytes(SECTOR * (sectors or self.rng.randint(1, 20)))
        return self

    def prose(self) -> Medium:
        text = (PROSE * 40).encode()[: SECTOR * self.rng.randint(1, 8) - self.rng.randint(1, 200)]
        return self.put(text)

    def zeros(self) -> Medium:
        self.data += bytes(SECTOR * self.rng.randint(1, 20))
        return self

    def put(self, data: bytes) -> Medium:
        self.data += data + bytes(-len(data) % SECTOR)
        return self

    def lay(self, data: bytes) -> int:
        """Put an object there that carving should find, and say where it is."""
        at = len(self.data)
        # One whose last sector is full is followed by zeros, as where text ends would not be told.
        self.laid[at] = data
        self.put(data)
        if len(data) % SECTOR == 0:
            self.data += bytes(SECTOR)
        return at

    def filler(self) -> Medium:
        return self.rng.choice((self.noise, self.prose, self.zeros))()

    def space(self, *runs: tuple[int, int]) -> Space:
        data = bytes(self.data)
        areas = [Area(start, end, "unallocated") for start, end in runs] or [Area(0, len(data), "raw")]
        return Space(lambda at, length: data[at : at + length], areas)

    def carved(self, *runs: tuple[int, int], step: int = 1 << 28) -> Settled:
        return carve(self.space(*runs), step)

    def bytes_of(self, found: Found) -> bytes:
        data = bytes(self.data)
        return View(lambda at, length: data[at : at + length], found.extents, found.size).at(0, found.size)


def assert_apart(found: list[Found]) -> None:
    """No byte of the medium stands in two objects."""
    extents = sorted((extent.offset, extent.end) for each in found for extent in each.extents)
    for (_, end), (start, _) in itertools.pairwise(extents):
        assert end <= start


def assert_exactly(medium: Medium, settled: Settled) -> None:
    """Every object that was laid, in one piece at its place, and nothing else."""
    assert_apart(settled.found)
    shown = {each.start: (len(each.extents), medium.bytes_of(each)) for each in settled.found}
    assert sorted(shown) == sorted(medium.laid)
    for at, data in medium.laid.items():
        assert shown[at] == (1, data), (at, [each for each in settled.found if each.start == at])


def extent(at: int, offset: int, length: int) -> Extent:
    return Extent(at, offset, length)
