"""The files of an export as a worker sees them, and what every kind of export shares: digests, lists, mailboxes."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from forensics.acquisition.exports.statement import CHANGED, MISSING, UNREAD, Statement
from forensics.errors import FormatError
from forensics.formats import mbox
from forensics.formats.exports import checksums
from forensics.formats.mbox_spans import MessageSpan

_BLOCK = 1 << 20
_MOST_LIST = 1 << 26
_LIST_NAME = re.compile(r"md5|sha-?1|sha-?256|checksum|hash|crc", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One stored file of the export: ``path`` is relative to the root of the export."""

    at: str
    path: str
    size: int
    stored: Path
    md5: str = ""
    sha256: str = ""
    archive: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def lower(self) -> str:
        """Its name in small letters."""
        return self.name.lower()

    def open(self) -> BufferedReader:
        """A handle on the stored bytes."""
        return self.stored.open("rb")

    def read(self, most: int = _MOST_LIST) -> bytes:
        """All its bytes; :class:`FormatError` where there are more than ``most``."""
        if self.size > most:
            raise FormatError(f"{self.name} has {self.size:,} bytes, more than is read at once")
        return self.stored.read_bytes()


@dataclass(slots=True, kw_only=True)
class Delivery:
    """All files of one export, and the statement that is being filled."""

    files: tuple[File, ...]
    statement: Statement
    root: str = ""
    lists: set[str] = field(default_factory=set)
    """The addresses of the lists of checksums."""

    def named(self, *endings: str) -> list[File]:
        """The files whose names end so, whatever their case, in order of their paths."""
        return [file for file in self.files if file.lower.endswith(endings)]

    def lack(self, kind: str, what: str, why: str, at: str = "") -> None:
        """See :meth:`Statement.lack`."""
        self.statement.lack(kind, what, why, at)


def files_of(given: Sequence[dict[str, Any]], reads: Sequence[Path]) -> tuple[File, ...]:
    """The files that a job was given: each names the read it lies in and its number there."""
    found = []
    for each in given:
        stored = reads[int(each["item"])] / "data" / f"{int(each['number']):06d}.bin"
        known = {name: str(each.get(name) or "") for name in ("md5", "sha256", "archive")}
        found.append(File(at=each["at"], path=each["path"], size=int(each["size"]), stored=stored, **known))
    return tuple(found)


def digest(file: File, algorithm: str) -> str:
    """The digest of a stored file; those of its evidence item are not computed again."""
    if algorithm in ("md5", "sha256") and getattr(file, algorithm):
        return str(getattr(file, algorithm))
    with file.open() as handle:
        if algorithm == "crc32":
            value = 0
            while block := handle.read(_BLOCK):
                value = zlib.crc32(block, value)
            return f"{value:08x}"
        return hashlib.file_digest(handle, algorithm).hexdigest()


def check_lists(delivery: Delivery) -> None:
    """Hold every list of checksums in the export against the files that it names."""
    for file in delivery.files:
        if not _LIST_NAME.search(file.name) or file.size > _MOST_LIST or file.size == 0:
            continue
        listed = checksums.read_list(file.read())
        if not listed:
            continue
        delivery.lists.add(file.at)
        delivery.statement.stated["listed files"] = delivery.statement.stated.get("listed files", 0) + len(listed)
        for each in listed:
            _check_listed(delivery, each, file)


def _check_listed(delivery: Delivery, listed: checksums.Listed, source: File) -> None:
    found = by_path(delivery.files, listed.name)
    shown = f"{source.name}, line {listed.line}"
    if not found:
        delivery.lack(
            MISSING, listed.name, f"{shown} lists it with its {listed.algorithm.upper()}, and it is not there"
        )
        return
    values = {digest(each, listed.algorithm) for each in found}
    if listed.hex in values:
        delivery.statement.met(listed.algorithm)
    else:
        what = f"its {listed.algorithm.upper()} is {min(values)}, and {shown} states {listed.hex}"
        delivery.lack(CHANGED, listed.name, what, found[0].at)


def by_path(files: Sequence[File], name: str) -> list[File]:
    """The files that a provider means by a path: those that share its end; of several the ones that share the most."""
    wanted = [part for part in re.split(r"[\\/]", name) if part not in ("", ".")]
    if not wanted:
        return []
    best: list[File] = []
    most = 0
    for file in files:
        parts = PurePosixPath(file.path).parts
        shared = 0
        for ours, theirs in zip(reversed(parts), reversed(wanted), strict=False):
            if ours != theirs:
                break
            shared += 1
        if shared > most:
            best, most = [file], shared
        elif shared == most and shared:
            best.append(file)
    return best


def messages_of(file: File) -> Iterator[tuple[int, MessageSpan, bytes, bytes]]:
    """Number, span, From_ line and bytes of each message of a mailbox, numbered as the parser numbers them."""
    with file.open() as handle:
        for number, span in enumerate(mbox.outline(handle, file.size).messages, start=1):
            handle.seek(span.from_start)
            raw = handle.read(span.end - span.from_start)
            cut = span.start - span.from_start
            yield number, span, raw[:cut], raw[cut:]


def check_numbers(delivery: Delivery, names: Sequence[str], shape: re.Pattern[str], start: int) -> int:
    """Name each part that is missing from a numbered series; the answer is how many parts there are.

    ``shape`` has the groups ``series`` and ``number``. The last number is not known, so only gaps are found.
    """
    series: dict[str, dict[int, str]] = {}
    for name in names:
        found = shape.fullmatch(name)
        if found:
            series.setdefault(found["series"], {})[int(found["number"])] = name
    for known, parts in series.items():
        for number in range(min(start, *parts), max(parts)):
            if number not in parts and len(parts) + 1_000 > max(parts):
                last = parts[max(parts)]
                delivery.lack(
                    MISSING, f"{known} part {number}", f"part {number} is not there, and part {max(parts)} ({last}) is"
                )
    return sum(len(parts) for parts in series.values())


def unread(delivery: Delivery, file: File, error: FormatError) -> None:
    """A report of the provider that could not be read."""
    delivery.lack(UNREAD, file.path, error.what, file.at)
