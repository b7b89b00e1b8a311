"""The UID lists that Dovecot and Courier keep beside a Maildir: which number each file has, and which were given.

A message that is listed and has no file, and every number that is missing below the next one, was there once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.absent import Absent
from forensics.address import Address, Span
from forensics.errors import FormatError
from forensics.formats import uid_lists
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.parsers.maildir import folder_of
from forensics.records import IndexEntry, Problem, Record

_NAMES = {"dovecot-uidlist": "dovecot-uidlist", "courierimapuiddb": "courierimapuiddb"}
_LARGEST = 1 << 28


class UidListParser:
    """Reads a ``dovecot-uidlist`` or ``courierimapuiddb``: one entry for the folder, and one for each message."""

    name = "uid-list"
    title = "UID list of a Maildir (Dovecot, Courier)"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """Files of these names that begin with the header of a list; with version 3's header, under any name."""
        found = uid_lists.header(candidate.head.partition(b"\n")[0])
        if found is None:
            return 0
        named = candidate.path.rpartition("/")[2] in _NAMES
        return 96 if named else 88 if found.version == 3 and found.uid_validity is not None else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A list is read whole."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The entry of the folder, the entry of each line; a line of another form is a problem."""
        if unit.size > _LARGEST:
            raise FormatError(f"the list of UIDs is larger than {_LARGEST} bytes")
        data = unit.handle.read()
        head = uid_lists.header(data.partition(b"\n")[0])
        if head is None:
            raise FormatError("the first line is not that of a list of UIDs", offset=0)
        source = _NAMES.get(unit.path.rpartition("/")[2], "dovecot-uidlist")
        folder = folder_of(f"{unit.path.rpartition('/')[0]}/cur/")
        for number, (start, line) in enumerate(uid_lists.lines(data), start=1):
            step, span = f"line:{number}", Span(start, start + len(line))
            if not line or not unit.begin(step):
                continue
            found = None if number == 1 else uid_lists.entry(line, head.version)
            if number > 1 and found is None:
                yield _unread(at.child(step, span))
            else:
                yield _entry(at.child(step, span), folder, source, head, found)


def _entry(at: Address, folder: str, source: str, head: uid_lists.Header, found: uid_lists.Entry | None) -> IndexEntry:
    delivered = uid_lists.delivered_ns(found.name) if found else None
    return IndexEntry(
        address=at,
        store_path=folder,
        source=source,
        uid=found.uid if found else Absent.NOT_APPLICABLE,
        uid_validity=_or_absent(head.uid_validity),
        uid_next=_or_absent(head.next_uid),
        stored_name=found.name if found else Absent.NOT_APPLICABLE,
        size=_or_absent(found.size) if found else Absent.NOT_APPLICABLE,
        delivered_utc=_or_absent(delivered) if found else Absent.NOT_APPLICABLE,
    )


def _unread(at: Address) -> Problem:
    return Problem(
        address=at,
        what="this line of a list of UIDs has another form than its version says",
        lost="the UID of one message",
        cause="format",
    )


def _or_absent(number: int | None) -> int | Absent:
    return Absent.NOT_RECORDED if number is None else number
