"""Maildir trees, one file a message, with Maildir++ folders and flags in the file name (the qmail maildir(5) page).

``unique:2,FLAGS``: D draft, F flagged, P passed on, R replied, S seen, T trashed. ``;`` and ``!`` stand for the colon
where a file system does not allow it. ``,S=`` is the size in bytes at delivery, ``,W=`` that with CR LF (Dovecot,
Courier): a file of another size was changed, or packed, after it was delivered. Folder
names are modified UTF-7 (RFC 3501 5.1.3) behind a dot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from forensics.absent import Absent
from forensics.address import Address
from forensics.formats.folder_names import holds_deleted
from forensics.formats.sniff import Kind
from forensics.formats.uid_lists import base_name, stated_sizes
from forensics.formats.utf7 import decode_modified
from forensics.moments import Basis, Meaning, Moment, Precision, Zone
from forensics.parsers import file_clocks, mail_records
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.records import Folder, Record, Recovery

_FLAGS = {"D": "draft", "F": "flagged", "P": "passed", "R": "answered", "S": "read", "T": "trashed"}
_NAME = re.compile(r"(?P<seconds>\d{9,10})\.(?P<unique>[^/]*?)(?:[:;!]2,(?P<flags>[A-Za-z]*))?$")
_MICROSECONDS = re.compile(r"M(\d{1,6})")
_NOT_MAIL = frozenset(("maildirfolder", "subscriptions", "maildirsize"))
_MAIL = frozenset((Kind.EML, Kind.MBOX))
_CLAIM = 95


class MaildirParser:
    """Reads one message file in ``cur`` or ``new`` with its folder, flags and delivery time."""

    name = "maildir"
    title = "Maildir and Maildir++"
    version = "2"

    def claims(self, candidate: Candidate) -> int:
        """Files of a ``cur`` or ``new`` folder with a sister, or with a Maildir name and mail in them."""
        folder, _, name = candidate.path.rpartition("/")
        root, _, last = folder.rpartition("/")
        if last not in ("cur", "new") or name.startswith((".", "dovecot")) or name in _NOT_MAIL:
            return 0
        sisters = {f"{root}/{each}".lstrip("/") for each in ("cur", "new", "tmp")} - {folder}
        complete = len(sisters & candidate.neighbours) >= 1
        named = _NAME.match(name) is not None
        like_mail = named or candidate.sniffed.kind in _MAIL
        return _CLAIM if (complete and like_mail) or (named and candidate.sniffed.kind in _MAIL) else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A message file is read whole."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The message; the first file of a folder also gives the record of the folder."""
        folder = folder_of(unit.path)
        if unit.metadata.get("first_of_parent"):
            yield Folder(address=at.child("folder:1"), store_path=folder, name=folder.rpartition("/")[2] or "INBOX")
        if not unit.begin("message:1"):
            return
        name = unit.path.rpartition("/")[2]
        found, raw = _NAME.match(name), unit.handle.read()
        flags = tuple(_FLAGS.get(letter, f"keyword-{letter}") for letter in (found and found["flags"]) or "")
        deleted = "trashed" in flags or holds_deleted(folder)
        place = mail_records.Place(
            store_path=folder,
            recovery=Recovery.SOFT_DELETED if deleted else Recovery.LIVE,
            flags=flags,
            clocks=(*_delivery(found), *file_clocks.of(unit)),
            code_page=unit.settings.code_page,
            embedded_in=unit.embedded_in or Absent.NOT_APPLICABLE,
            depth=unit.depth,
            stored_name=base_name(name) if found else Absent.NOT_APPLICABLE,
            defects=tuple(_other_size(name, raw)) if found else (),
        )
        yield from mail_records.records_of(raw, file_clocks.whole(at, unit), place, keep)


def folder_of(path: str) -> str:
    """The root of the tree and the folder in it: ``home/Maildir/.Sent.2026/cur`` is ``home/Maildir/Sent/2026``."""
    parts = path.split("/")[:-2]
    if parts and parts[-1].startswith(".") and len(parts[-1]) > 1:
        parts[-1:] = [decode_modified(part) for part in parts[-1][1:].split(".")]
    return "/".join(parts)


def _other_size(name: str, raw: bytes) -> Iterator[str]:
    """What the name says of the size at delivery, where the file is of another."""
    here = {"S": len(raw), "W": len(raw) + raw.count(b"\n") - raw.count(b"\r\n")}
    for kind, said in stated_sizes(name).items():
        if said != here[kind]:
            yield f"the file name says {kind}={said}, and it is {here[kind]}"


def _delivery(found: re.Match[str] | None) -> Iterator[Moment]:
    """The time in the file name: when the delivering program made it."""
    if found is None:
        return
    fraction = _MICROSECONDS.match(found["unique"])
    yield Moment(
        meaning=Meaning.DELIVERED,
        basis=Basis.STORE,
        says="Maildir file name",
        utc=int(found["seconds"]) * 10**9 + (int(fraction[1]) * 1000 if fraction else 0),
        raw=found["seconds"] + (f".{fraction[0]}" if fraction else ""),
        zone=Zone.STATED,
        offset_minutes=0,
        precision=Precision.MICROSECOND if fraction else Precision.SECOND,
    )
