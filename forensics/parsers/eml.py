"""Single messages as files: RFC 5322 bytes (.eml and its kin), by content, whatever the name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.absent import Absent
from forensics.address import Address
from forensics.formats.folder_names import holds_deleted
from forensics.formats.sniff import Kind
from forensics.parsers import file_clocks, mail_records, said
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Header, Problem, Record, Recovery


class EmlParser:
    """Reads one message and everything attached to it."""

    name = "eml"
    title = "Message file (RFC 5322, EML)"
    version = "2"

    def claims(self, candidate: Candidate) -> int:
        """Files that begin with the header of a message."""
        return candidate.sniffed.strength if candidate.sniffed.kind is Kind.EML else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A message file is read whole."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The message; messages attached to it are parsed in turn by the conductor."""
        if not unit.begin("message:1"):
            return
        raw = unit.handle.read()
        place = mail_records.Place(
            spans=unit.depth == 0,
            store_path=unit.folder,
            recovery=Recovery.SOFT_DELETED if holds_deleted(unit.folder) else Recovery.LIVE,
            clocks=file_clocks.of(unit) if unit.depth == 0 else (),
            code_page=unit.settings.code_page,
            embedded_in=unit.embedded_in or Absent.NOT_APPLICABLE,
            depth=unit.depth,
        )
        place = said.joined(place, said.of(unit))
        headless = unit.depth == 0 and bool(raw.strip())
        for record in mail_records.records_of(raw, file_clocks.whole(at, unit), place, keep):
            headless = headless and not isinstance(record, Header)
            yield record
        if headless:
            yield Problem(
                address=at.child("message:1"),
                what="this file is named like a message, and no header field was found in it",
                lost="sender, recipients, subject and times, if it is a message",
                cause="UTF-16 or UTF-32, which a message may not be written in" if _wide(raw) else "no header",
            )


def _wide(raw: bytes) -> bool:
    """Whether every second byte of the beginning is zero, as in Latin text of two or four bytes a character."""
    start = raw[:512]
    return start.startswith((b"\xff\xfe", b"\xfe\xff")) or start.count(0) * 3 > len(start)
