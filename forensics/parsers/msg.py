"""Outlook message files (.msg, .oft): one item in an OLE compound file ([MS-OXMSG])."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.absent import Absent
from forensics.address import Address, Span
from forensics.formats.msg import read_msg
from forensics.formats.sniff import Kind
from forensics.parsers import mapi_records
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Record


class MsgParser:
    """Reads one message, contact, appointment, task or note with everything attached to it."""

    name = "msg"
    title = "Outlook message file (MSG, OFT)"
    version = "2"

    def claims(self, candidate: Candidate) -> int:
        """Compound files that hold a message's property stream."""
        return candidate.sniffed.strength if candidate.sniffed.kind is Kind.MSG else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A message file is read whole."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The item, then the messages embedded in it."""
        if not unit.begin("message:1"):
            return
        item = read_msg(unit.handle)
        place = mapi_records.Place(
            store_path=unit.folder, embedded_in=unit.embedded_in or Absent.NOT_APPLICABLE, depth=unit.depth
        )
        span = None if unit.depth else Span(0, unit.size)
        yield from mapi_records.records_of(item, at.child("message:1", span), place, keep)
