"""Dovecot: mail files of sdbox and mdbox against the indexes of their mailboxes, joined by UID (sdbox) or GUID (mdbox).

A message that an index lists and no mail file holds is missing. One that a mail file holds and no index lists was
expunged and is still there until ``doveadm purge``: it is kept as orphaned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from forensics.acquisition.exports.delivery import Delivery, File
from forensics.acquisition.exports.statement import MISSING, UNREAD, Said
from forensics.errors import FormatError
from forensics.formats.exports import dbox, dovecot_index
from forensics.formats.exports.dovecot_index import Listed
from forensics.formats.utf7 import decode_modified

_MAILBOX = re.compile(r"mailboxes/(?P<name>.+)/dbox-Mails/(?P<file>[^/]+)")
_SINGLE = re.compile(r"u\.(\d+)")
_MULTI = re.compile(r"(?:alt-)?storage/m\.\d+")
_MOST_INDEX = 1 << 30


@dataclass(slots=True, kw_only=True)
class _Box:
    """One mailbox: its files by name."""

    name: str
    files: dict[str, File] = field(default_factory=dict)
    listed: dict[int, Listed] = field(default_factory=dict)
    known: bool = False


def check(delivery: Delivery) -> None:
    """Hold the mail of a tree against its indexes."""
    boxes: dict[str, _Box] = {}
    for file in delivery.files:
        found = _MAILBOX.fullmatch(file.path)
        if found:
            name = "/".join(decode_modified(part) for part in found["name"].split("/"))
            boxes.setdefault(name, _Box(name=name)).files[found["file"]] = file
    for box in boxes.values():
        _index(delivery, box)
    multi = [file for file in delivery.files if _MULTI.fullmatch(file.path)]
    count = sum(_single(delivery, box) for box in boxes.values())
    count += _multi(delivery, list(boxes.values()), multi)
    delivery.statement.stated |= {
        "messages": sum(len(box.listed) for box in boxes.values()),
        "mailboxes": {box.name: len(box.listed) for box in boxes.values()},
    }
    delivery.statement.arrived |= {"messages in mail files": count}
    orphans = sum(said.orphaned for said in delivery.statement.said)
    if orphans:
        delivery.statement.notes.append(f"{orphans:,} messages are in mail files and in no index: they were expunged")


def _index(delivery: Delivery, box: _Box) -> None:
    snapshot = box.files.get("dovecot.index")
    logs = [box.files[name] for name in ("dovecot.index.log.2", "dovecot.index.log") if name in box.files]
    if snapshot is None and not logs:
        delivery.statement.notes.append(f"the mailbox {box.name} has no index: flags are not known")
        return
    try:
        read = dovecot_index.read_mailbox(snapshot.read(_MOST_INDEX) if snapshot else b"", [log.read() for log in logs])
    except FormatError as error:
        delivery.lack(UNREAD, f"the index of {box.name}", error.what)
        return
    for problem in read.problems:
        delivery.lack(UNREAD, f"the index of {box.name}", problem)
    box.listed, box.known = read.messages, not read.problems


def _mails(delivery: Delivery, file: File) -> Iterator[dbox.Mail]:
    try:
        with file.open() as handle:
            for found in dbox.read_mails(handle, file.size):
                if isinstance(found, dbox.Mail):
                    if found.broken:
                        delivery.lack(UNREAD, f"{file.path}, message {found.number}", found.broken, file.at)
                    yield found
                else:
                    what = f"{file.path}, bytes {found.start} to {found.end}"
                    delivery.lack(UNREAD, what, found.why, file.at)
    except FormatError as error:
        delivery.lack(UNREAD, file.path, error.what, file.at)


def _single(delivery: Delivery, box: _Box) -> int:
    """``u.UID`` holds one message; the answer is how many there are."""
    here = {int(found[1]): file for name, file in box.files.items() if (found := _SINGLE.fullmatch(name))}
    for uid, file in sorted(here.items()):
        for mail in _mails(delivery, file):
            listed = box.listed.get(uid)
            delivery.statement.said.append(_said(file, mail, box.name, uid, listed, orphaned=box.known and not listed))
    guids = any(listed.guid for listed in box.listed.values())
    if here or not guids:
        for uid in sorted(set(box.listed) - set(here)):
            delivery.lack(MISSING, f"{box.name}, u.{uid}", "the index lists it, and its file is not there")
    return len(here)


def _multi(delivery: Delivery, boxes: list[_Box], files: list[File]) -> int:
    """``m.N`` holds many messages; the index of each mailbox names them by GUID."""
    where: dict[str, list[tuple[_Box, Listed]]] = {}
    for box in boxes:
        for listed in box.listed.values():
            if listed.guid:
                where.setdefault(listed.guid, []).append((box, listed))
    known = bool(boxes) and all(box.known for box in boxes)
    met: set[str] = set()
    count = 0
    for file in files:
        for mail in _mails(delivery, file):
            count += 1
            met.add(mail.guid)
            places = where.get(mail.guid, [])
            folder = places[0][0].name if places else decode_modified(mail.metadata.get("B", ""))
            said = places[0][1] if places else None
            also = tuple(box.name for box, _ in places[1:])
            uid = said.uid if said else 0
            orphaned = known and not places
            delivery.statement.said.append(_said(file, mail, folder, uid, said, orphaned=orphaned, also=also))
    for guid in sorted(set(where) - met):
        box, listed = where[guid][0]
        why = f"the index lists it with the GUID {guid}, and no mail file holds it"
        delivery.lack(MISSING, f"{box.name}, UID {listed.uid}", why)
    return count


def _said(
    file: File,
    mail: dbox.Mail,
    folder: str,
    uid: int,
    listed: Listed | None,
    *,
    orphaned: bool,
    also: tuple[str, ...] = (),
) -> Said:
    return Said(
        file=file.at,
        message=mail.number,
        folder=folder,
        uid=uid,
        labels=also,
        flags=listed.words() if listed else (),
        orphaned=orphaned,
    )
