"""Mail files of Dovecot: sdbox (one message in ``u.UID``) and mdbox (many in ``m.N``), with their own metadata.

Folder, flags and whether a mailbox still lists the message stand in Dovecot's indexes, which the acquisition joined
(``Unit.said``); without them the folder is that of the path or of the first delivery, and flags are not known.
"""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Iterator, Sequence

from forensics.address import Address, Span
from forensics.errors import FormatError
from forensics.formats.exports import dbox
from forensics.formats.exports.dbox import Gap, Mail
from forensics.formats.folder_names import holds_deleted
from forensics.formats.utf7 import decode_modified
from forensics.moments import Basis, Meaning, Moment, Zone
from forensics.parsers import mail_records, said
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Folder, Problem, Record, Recovery

_CLAIM = 97
_MAILBOX = re.compile(r"(?:^|.*/)mailboxes/(?P<name>.+)/dbox-Mails/u\.\d+$")
_MOST = 1 << 28
_TIMES = (("R", Meaning.DELIVERED, "dbox R"), ("S", Meaning.CREATED, "dbox S"))


class DboxParser:
    """Reads every message of a mail file, those that were expunged and not purged included."""

    name = "dbox"
    title = "Dovecot mail file (sdbox, mdbox)"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """Files that begin with the header of a dbox file and a message header behind it."""
        header = dbox.file_header(candidate.head)
        if header is None:
            return 0
        return _CLAIM if candidate.head[header.size : header.size + 2] in (dbox.PRE, b"") else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A mail file is read whole: Dovecot begins a new one every few MB."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The messages in order, and a problem for bytes between them that are none."""
        if unit.metadata.get("first_of_parent"):
            folder = _folder(unit, None)
            yield Folder(address=at.child("folder:1"), store_path=folder, name=folder.rpartition("/")[2] or "INBOX")
        for found in dbox.read_mails(unit.handle, unit.size):
            if isinstance(found, Gap):
                yield _gap(at, found)
                continue
            step = f"message:{found.number}"
            if unit.begin(step):
                yield from _message(unit, at.child(step, Span(found.start, found.end)), keep, found)


def _message(unit: Unit, at: Address, keep: Keep, found: Mail) -> Iterator[Record]:
    unit.handle.seek(found.start)
    stored = unit.handle.read(found.end - found.start)
    try:
        raw = _plain(stored, found)
    except FormatError as error:
        yield Problem(
            address=at, what=error.what, lost="the whole message; its bytes are in the evidence", cause="packed"
        )
        return
    folder = _folder(unit, found)
    place = mail_records.Place(
        offset=found.start,
        spans=unit.depth == 0 and raw is stored,
        store_path=folder,
        recovery=Recovery.SOFT_DELETED if holds_deleted(folder) else Recovery.LIVE,
        clocks=tuple(_clocks(found)),
        code_page=unit.settings.code_page,
        depth=unit.depth,
    )
    place = said.joined(place, said.of(unit, found.number))
    yield from mail_records.records_of(raw, at, place, keep)
    yield from _losses(at, found)


def _folder(unit: Unit, found: Mail | None) -> str:
    """The mailbox in the path of a ``u.UID``; for mdbox that of the first delivery."""
    named = _MAILBOX.match(unit.path)
    if named:
        return "/".join(decode_modified(part) for part in named["name"].split("/"))
    first = found.metadata.get("B", "") if found is not None else ""
    return decode_modified(first) if first else unit.folder


def _clocks(found: Mail) -> Iterator[Moment]:
    for key, meaning, says in _TIMES:
        seconds = found.seconds(key)
        if seconds is not None:
            yield Moment(
                meaning=meaning,
                basis=Basis.STORE,
                says=says,
                utc=seconds * 10**9,
                raw=found.metadata[key],
                zone=Zone.STATED,
                offset_minutes=0,
            )


def _plain(stored: bytes, found: Mail) -> bytes:
    """The message as it was delivered; Dovecot may have packed it (gzip, bzip2, xz; zstd and lz4 are not read)."""
    size = found.plain_size
    if size is None or size == len(stored):
        return stored
    try:
        if stored.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(wbits=31).decompress(stored, _MOST)
        if stored.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(stored, _MOST)
        if stored.startswith(b"\xfd7zXZ\0"):
            return lzma.LZMADecompressor().decompress(stored, _MOST)
    except (zlib.error, OSError, lzma.LZMAError, ValueError) as error:
        raise FormatError(f"this message is packed and cannot be unpacked: {error}") from error
    if stored.startswith((b"\x28\xb5\x2f\xfd", b"Dovecot-LZ4")):
        raise FormatError("this message is packed with zstd or lz4, which are not read")
    return stored


def _gap(at: Address, found: Gap) -> Problem:
    return Problem(
        address=at.child(f"gap:{found.start}", Span(found.start, found.end)),
        what="these bytes of the mail file are no message",
        lost=f"{found.end - found.start} bytes; they are in the evidence",
        cause=found.why,
    )


def _losses(at: Address, found: Mail) -> Iterator[Problem]:
    if found.broken:
        lost = "what is missing of the message, its time of delivery and its GUID"
        yield Problem(address=at, what="this message of a mail file is not whole", lost=lost, cause=found.broken)
    if "X" in found.metadata:
        lost = "attachments that Dovecot keeps in files of their own; here there is none of their bytes"
        yield Problem(
            address=at, what="parts of this message are stored elsewhere", lost=lost, cause=found.metadata["X"]
        )
