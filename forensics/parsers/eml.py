"""Single messages as files: RFC 5322 bytes (.eml and its kin), by content, whatever the name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.absent import Absent
from forensics.address import Address
from forensics.formats.folder_names import holds_deleted
from forensics.formats.sniff import Kind
from forensics.parsers import file_clocks, mail_records
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Record, Recovery


class EmlParser:
    """Reads one message and everything attached to it."""

    name = "eml"
    title = "Message file (RFC 5322, EML)"
    version = "1"

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
            embedded_in=unit.embedded_in or Absent.NOT_APPLICABLE,
            depth=unit.depth,
        )
        yield from mail_records.records_of(raw, file_clocks.whole(at, unit), place, keep)
