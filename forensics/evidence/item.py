"""What an evidence item says about its own content: the lines of ``files.jsonl``, the names of its files, the manifest.

Names and paths from the source are data in these lines; a stored file is called by its number only (DESIGN 4). The
manifest is that of sha256sum(1), so ``sha256sum -c manifest-sha256.txt`` inside the item's folder checks it without
this package.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from forensics import canonical
from forensics.errors import FormatError, UsageError

FILES = "files.jsonl"
ACQUISITION = "acquisition.json"
MANIFEST = "manifest-sha256.txt"
DATA = "data"

FILE = "file"
FOLDER = "folder"
SYMLINK = "symlink"
FIFO = "fifo"
SOCKET = "socket"
BLOCK_DEVICE = "block device"
CHARACTER_DEVICE = "character device"
UNKNOWN = "unknown"

SEGMENT, PAPER, OPENED = "image-segment", "acquisition-paper", "opened-archive"
ROLES = frozenset((SEGMENT, PAPER, OPENED))
"""What is said of a stored file that is no source of mail itself: an image's further segments, papers that come with
mail, an archive whose members are an item of their own. ``facts["role"]`` names the first two."""

_ITEM = re.compile(r"EV-[0-9]{4,}")
_LINE = re.compile(rb"([0-9a-f]{64})  (data/[0-9]{6,12}\.bin|files\.jsonl|acquisition\.json)")


def item_name(number: int) -> str:
    """The name of the n-th evidence item of a case."""
    return f"EV-{number:04d}"


def item_number(item: str) -> int:
    """The number in the name of an item; whatever is not such a name is refused before it becomes a path."""
    if not _ITEM.fullmatch(item):
        raise UsageError(f"{item!r} is not the name of an evidence item", todo="name it like EV-0001")
    return int(item[3:])


def payload_name(number: int) -> str:
    """Where the n-th stored file of an item lies, inside the item's folder."""
    return f"{DATA}/{number:06d}.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The clocks of a file as its file system kept them, in nanoseconds since 1970 UTC; None where it has none."""

    accessed: int | None = None
    modified: int | None = None
    changed: int | None = None
    born: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ciphertext:
    """What lies on the disk of a stored file that is encrypted: the container's own SHA-256 and size."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing found in a source, stored or only listed. ``number`` is set for a stored file and for nothing else.

    ``same_as`` is the number of the stored file of which this one is another hard link: the source has the bytes once,
    under two names, and so has the item. ``facts`` holds what a kind of source knows beyond this: the image and the
    cluster a file came from, for instance. ``ciphertext`` is set where the file is stored encrypted; ``size`` and the
    digests are those of the plaintext all the same.
    """

    path: bytes
    type: str
    size: int | None = None
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    inode: int | None = None
    dev: int | None = None
    nlink: int | None = None
    times: Times = Times()
    number: int | None = None
    same_as: int | None = None
    sha256: str | None = None
    md5: str | None = None
    target: bytes | None = None
    note: str = ""
    facts: Mapping[str, Any] | None = None
    ciphertext: Ciphertext | None = None

    @property
    def on_disk(self) -> tuple[str | None, int | None]:
        """SHA-256 and size of the bytes that are stored."""
        if self.ciphertext is not None:
            return self.ciphertext.sha256, self.ciphertext.size
        return self.sha256, self.size

    @property
    def name(self) -> bytes:
        return self.path.rsplit(b"/", 1)[-1]

    @property
    def special(self) -> bool:
        """A link, pipe, socket or device: listed, never followed or opened."""
        return self.type not in (FILE, FOLDER)

    def noted(self, note: str) -> Entry:
        """The same entry with one more remark."""
        return replace(self, note=f"{self.note}; {note}" if self.note else note)

    def to_json(self) -> dict[str, Any]:
        line: dict[str, Any] = {"type": self.type, "number": self.number, "size": self.size}
        _put_name(line, "name", self.name)
        _put_name(line, "path", self.path)
        if self.target is not None:
            _put_name(line, "target", self.target)
        line |= {
            "mode": self.mode,
            "uid": self.uid,
            "gid": self.gid,
            "inode": self.inode,
            "dev": self.dev,
            "nlink": self.nlink,
        }
        line |= {"atime_ns": self.times.accessed, "mtime_ns": self.times.modified}
        line |= {"ctime_ns": self.times.changed, "btime_ns": self.times.born}
        line |= {"sha256": self.sha256, "md5": self.md5, "note": self.note}
        if self.same_as is not None:
            line["same_as"] = self.same_as
        if self.facts is not None:
            line["facts"] = dict(self.facts)
        if self.ciphertext is not None:
            line["ciphertext"] = {"sha256": self.ciphertext.sha256, "size": self.ciphertext.size}
        return line

    @classmethod
    def from_json(cls, line: Any) -> Entry:
        """Read a line back; anything that ``to_json`` would not have written is a :class:`FormatError`."""
        try:
            times = Times(
                accessed=line["atime_ns"], modified=line["mtime_ns"], changed=line["ctime_ns"], born=line["btime_ns"]
            )
            plain = {key: line[key] for key in _PLAIN}
            entry = cls(
                path=_get_name(line, "path"),
                target=_get_name(line, "target") if "target" in line else None,
                times=times,
                same_as=line.get("same_as"),
                facts=line.get("facts"),
                ciphertext=Ciphertext(**line["ciphertext"]) if "ciphertext" in line else None,
                **plain,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"this is not a line of {FILES}: {type(error).__name__} {error}") from error
        if entry.to_json() != line or not _well_typed(line):
            raise FormatError(f"this line of {FILES} holds something else than it should")
        return entry


_NUMBERS = ("number", "same_as", "size", "mode", "uid", "gid", "inode", "dev", "nlink")
_CLOCKS = ("atime_ns", "mtime_ns", "ctime_ns", "btime_ns")
_HEX = {"sha256": re.compile(r"[0-9a-f]{64}"), "md5": re.compile(r"[0-9a-f]{32}")}
_PLAIN = ("type", "number", "size", "mode", "uid", "gid", "inode", "dev", "nlink", "sha256", "md5", "note")


def _well_typed(line: Mapping[str, Any]) -> bool:
    whole = all(type(line.get(key, 0)) in (int, type(None)) for key in (*_NUMBERS, *_CLOCKS))
    texts = isinstance(line["type"], str) and isinstance(line["note"], str)
    sums = all(line[key] is None or rule.fullmatch(str(line[key])) for key, rule in _HEX.items())
    if not (whole and texts and sums and isinstance(line.get("facts", {}), dict)):
        return False
    if "ciphertext" in line and not _well_typed_ciphertext(line["ciphertext"]):
        return False
    return line["number"] is None or (line["number"] > 0 and line["sha256"] is not None and line["size"] is not None)


def _well_typed_ciphertext(value: Mapping[str, Any]) -> bool:
    return type(value["size"]) is int and bool(_HEX["sha256"].fullmatch(str(value["sha256"])))


def _put_name(line: dict[str, Any], key: str, value: bytes) -> None:
    """A name as text where it is text; otherwise its readable form, and beside it the bytes, which alone count."""
    try:
        line[key] = value.decode()
    except UnicodeDecodeError:
        line[key] = value.decode("ascii", "backslashreplace")
        line[f"{key}_bytes"] = value.hex()


def _get_name(line: Mapping[str, Any], key: str) -> bytes:
    raw = line.get(f"{key}_bytes")
    text: str = line[key]
    return text.encode() if raw is None else bytes.fromhex(raw)


def dump_entries(entries: Iterable[Entry]) -> bytes:
    """The bytes of ``files.jsonl``."""
    return b"".join(canonical.encode(entry.to_json()) + b"\n" for entry in entries)


def load_entries(data: bytes) -> Iterator[Entry]:
    """The entries of ``files.jsonl``; the first bad line is a :class:`FormatError` that names it."""
    if data and not data.endswith(b"\n"):
        raise FormatError(f"{FILES} does not end with a line break", place=FILES, offset=len(data))
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        try:
            yield Entry.from_json(canonical.decode(line))
        except FormatError as error:
            raise FormatError(error.what, place=f"{FILES} line {number}") from error


def dump_manifest(digests: Mapping[str, str]) -> bytes:
    """The bytes of the manifest: name to SHA-256, in byte order of the names."""
    return b"".join(f"{digests[name]}  {name}\n".encode() for name in sorted(digests))


def load_manifest(data: bytes) -> tuple[dict[str, str], list[str]]:
    """Name to SHA-256, and a sentence about every line that this package would not have written."""
    digests: dict[str, str] = {}
    wrong: list[str] = []
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            wrong.append(f"line {number} is not a line of a manifest")
            continue
        name = match[2].decode()
        if name in digests:
            wrong.append(f"line {number} names {name} again")
        digests[name] = match[1].decode()
    if not wrong and dump_manifest(digests) != data:
        wrong.append("the lines are not in order or the last one is cut")
    return digests, wrong
