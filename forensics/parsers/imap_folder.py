"""What an acquisition from an IMAP server left: messages by folder, UIDVALIDITY and UID, and the list of the folders.

What the server said of a message (RFC 9051: UID, INTERNALDATE, FLAGS; labels of Gmail) comes with it as ``Unit.said``.
INTERNALDATE is the server's own clock when it took the message in, or what a copy or an import asked it to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forensics.absent import Absent
from forensics.address import Address
from forensics.formats.folder_names import holds_deleted
from forensics.formats.internal_date import parse_internal_date
from forensics.moments import Basis, Meaning, Moment, Zone
from forensics.parsers import file_clocks, mail_records
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Count, Folder, IndexEntry, Problem, Record, Recovery

_MESSAGE = re.compile(r"mail/[^/]+/\d{1,10}/\d{10}\.eml")
_FOLDERS = "papers/folders.jsonl"
_HEAD = b'{"version":1,"what":"imap folders"}\n'
_CLAIM = 96
_FLAGS = {
    "\\seen": "read",
    "\\answered": "answered",
    "\\flagged": "flagged",
    "\\deleted": "deleted",
    "\\draft": "draft",
    "$forwarded": "forwarded",
    "$mdnsent": "receipt-sent",
}
_TRASH = frozenset(("\\trash",))
"""The attribute of a folder (RFC 6154), and the label that Gmail has for it."""


class ImapMessageParser:
    """Reads one message that was fetched from an IMAP server, with what the server said of it."""

    name = "imap"
    title = "Messages acquired from an IMAP server"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """Files that lie as such an acquisition lays them."""
        lies = _MESSAGE.fullmatch(candidate.path) is not None
        return _CLAIM if lies and "papers" in candidate.neighbours else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A message file is read whole."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The message."""
        if not unit.begin("message:1"):
            return
        told: Mapping[str, Any] = unit.said[0] if unit.said and unit.depth == 0 else {}
        folder = told["folder"] if isinstance(told.get("folder"), str) else unit.folder
        flags = tuple(_flags(told))
        deleted = "deleted" in flags or holds_deleted(folder) or bool(_TRASH & _lower(told.get("labels")))
        place = mail_records.Place(
            spans=unit.depth == 0,
            store_path=folder,
            recovery=Recovery.SOFT_DELETED if deleted else Recovery.LIVE,
            flags=flags,
            clocks=tuple(_delivery(told)),
            code_page=unit.settings.code_page,
            embedded_in=unit.embedded_in or Absent.NOT_APPLICABLE,
            depth=unit.depth,
            uid=_number(told.get("uid")),
            uid_validity=_number(told.get("uidvalidity")),
        )
        yield from mail_records.records_of(unit.handle.read(), file_clocks.whole(at, unit), place, keep)


class ImapFoldersParser:
    """Reads the list of folders that such an acquisition wrote."""

    name = "imap-folders"
    title = "Folders of an account acquired from an IMAP server"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """The list itself, by its first line."""
        return _CLAIM if candidate.path == _FOLDERS and candidate.head.startswith(_HEAD) else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """The list is read whole."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """A folder for each line, and what the server says of its numbers."""
        for number, line in enumerate(unit.handle.read().split(b"\n")[1:], start=1):
            step = f"folder:{number}"
            if not line or not unit.begin(step):
                continue
            found = _object(line)
            if found is None or not isinstance(found.get("folder"), str):
                yield Problem(
                    address=at.child(step),
                    what="this line of the list of folders cannot be read",
                    lost="name and counts of one folder",
                    cause="no object in JSON, or none with a name",
                )
                continue
            yield from _folder(found, at, step)


def _folder(found: dict[str, Any], at: Address, step: str) -> Iterator[Record]:
    path = found["folder"]
    attributes = [each for each in found.get("attributes") or () if isinstance(each, str)]
    yield Folder(
        address=at.child(step),
        recovery=Recovery.SOFT_DELETED if _TRASH & _lower(attributes) or holds_deleted(path) else Recovery.LIVE,
        store_path=path,
        name=path.rpartition("/")[2] or Absent.NOT_RECORDED,
        container_class=" ".join(["IMAP", *attributes]),
        stored_count=_number(found.get("exists")) if found.get("selectable") is True else Absent.NOT_APPLICABLE,
    )
    status = found.get("status")
    if isinstance(status, dict) and found.get("read") is True:
        yield IndexEntry(
            address=at.child(step).child("index:1"),
            store_path=path,
            source="IMAP STATUS",
            uid_validity=_number(found.get("uidvalidity")),
            uid_next=_number(status.get("uidnext")),
        )


def _flags(told: Mapping[str, Any]) -> Iterator[str]:
    for each in told.get("flags") or ():
        # Whether a message is new to a session says nothing of the message.
        if isinstance(each, str) and each.lower() != "\\recent":
            yield _FLAGS.get(each.lower(), f"keyword-{each}")
    for each in told.get("labels") or ():
        if isinstance(each, str):
            yield f"label-{each}"


def _delivery(told: Mapping[str, Any]) -> Iterator[Moment]:
    """The server's delivery clock."""
    raw = told.get("internaldate")
    if not isinstance(raw, str) or not raw:
        return
    found = parse_internal_date(raw)
    yield Moment(
        meaning=Meaning.DELIVERED,
        basis=Basis.STORE,
        says="INTERNALDATE",
        utc=found[0] if found else Absent.UNPARSABLE,
        raw=raw[:200],
        zone=Zone.STATED if found else Zone.UNKNOWN,
        offset_minutes=found[1] if found else Absent.UNPARSABLE,
    )


def _number(value: object) -> Count:
    return value if type(value) is int and 0 <= value < 1 << 62 else Absent.NOT_RECORDED


def _lower(values: object) -> set[str]:
    return {each.lower() for each in values if isinstance(each, str)} if isinstance(values, (list, tuple)) else set()


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
