"""Mailboxes on disk: Maildir and mbox of Dovecot, Thunderbird's profile, Google's mbox export, and PST."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from forensics.formats.pst.writer import NamedProperty, PstAttachment, PstFolder, PstItem, PstStore, mail, write_pst
from forensics.formats.pst.writer import Party as PstParty
from tests.company.numbers import VALIDITY, in_folders
from tests.company.people import DOMAINS, EVERYONE, Client, Person, System
from tests.company.stamps import HOUR, SECOND, asctime, filetime, google_message_number, random_uuid, when
from tests.company.world import Copy, World

SITES = {
    System.POSTFIX: "aoba-seiki",
    System.EXCHANGE: "aoba-shoji",
    System.M365: "aoba-global",
    System.GOOGLE: "aoba-lab",
}
_PST_FOLDERS = {"INBOX": "受信トレイ", "Sent": "送信済みアイテム", "Archive": "アーカイブ"}
_LABELS = {"INBOX": "Inbox,Opened", "Sent": "Sent", "Trash": "Trash", "Archive": "Archived,Opened"}


def write_stores(world: World, out: Path) -> dict[str, str]:
    """Writes every mailbox; the answer says under which path each account's stands."""
    places: dict[str, str] = {}
    answered = _answered(world.copies)
    for system, site in SITES.items():
        for address, folders in in_folders(world, system).items():
            person = EVERYONE[address]
            place = _place(person, site)
            places[address] = place
            path = out / place
            if system in (System.EXCHANGE, System.M365):
                _write_pst(person, folders, path)
            elif system is System.GOOGLE:
                _write_takeout(folders, path)
            elif person.client is Client.BECKY:
                _write_maildir(folders, path, answered.get(address, set()))
            elif person.client is Client.THUNDERBIRD:
                _write_mozilla(folders, path, answered.get(address, set()))
            else:
                _write_mboxes(folders, path)
    return places


def _place(person: Person, site: str) -> str:
    if person.system in (System.EXCHANGE, System.M365):
        return f"{site}/{person.user}.pst"
    if person.system is System.GOOGLE:
        return f"{site}/Takeout/{person.user}/Mail/All mail Including Spam and Trash.mbox"
    if person.client is Client.BECKY:
        return f"{site}/home/{person.user}/Maildir"
    if person.client is Client.THUNDERBIRD:
        return (
            f"{site}/pc/{person.user}/Thunderbird/Profiles/k3x9.default-release/ImapMail/mx1.{DOMAINS[person.system]}"
        )
    return f"{site}/home/{person.user}/mail"


def _save(path: Path, content: bytes, at: int) -> None:
    """Writes a file that was last changed at that time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(at * 1000, at * 1000))


def _unix(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def _answered(copies: Iterable[Copy]) -> dict[str, set[str]]:
    """By account, the messages that it answered; a sent copy that was deleted does not take the mark away."""
    found: dict[str, set[str]] = {}
    for each in copies:
        if each.sent:
            found.setdefault(each.account.address, set()).add(each.field("In-Reply-To"))
    return found


def _write_maildir(folders: dict[str, list[Copy]], path: Path, answered: set[str]) -> None:
    for folder, copies in folders.items():
        root = path if folder == "INBOX" else path / f".{folder}"
        rows = []
        for each in ("cur", "new", "tmp"):
            (root / each).mkdir(parents=True, exist_ok=True)
        for copy in copies:
            raw = _unix(copy.raw)
            now = copy.stored_at
            base = f"{now // SECOND}.M{now % SECOND}P{3000 + now % 997}.mx1,S={len(raw)},W={len(copy.raw)}"
            flags = "S" if copy.message_id not in answered else "RS"
            _save(root / "cur" / f"{base}:2,{flags}", raw, now if copy.imported else copy.at)
            rows.append((copy.uid, base))
        last = max(copy.stored_at for copy in copies)
        guid = random_uuid(copies[0].mail.rng("guid")).hex if copies[0].mail else "0" * 32
        head = f"3 V{VALIDITY} N{max(uid for uid, _ in rows) + 1} G{guid}\n"
        _save(
            root / "dovecot-uidlist", (head + "".join(f"{uid} :{base}\n" for uid, base in sorted(rows))).encode(), last
        )


def _quoted(raw: bytes) -> bytes:
    return re.sub(rb"(?m)^(>*From )", rb">\1", raw)


def _write_mboxes(folders: dict[str, list[Copy]], path: Path) -> None:
    """Dovecot's mbox: the number of a message stands in X-UID, the time of arrival in the From_ line."""
    for folder, copies in folders.items():
        text = b""
        for at, copy in enumerate(copies):
            base = f"X-IMAPbase: {VALIDITY} {max(each.uid for each in copies):010d}\n" if at == 0 else ""
            head, _, body = _quoted(_unix(copy.raw)).partition(b"\n\n")
            arrived = asctime(copy.stored_at if copy.imported else copy.at)
            sender = copy.mail.sender.address if copy.mail else "MAILER-DAEMON"
            first = f"From {sender} {arrived}\n".encode()
            text += first + head + f"\n{base}X-UID: {copy.uid}\nStatus: RO\n\n".encode() + body + b"\n"
        _save(path / folder.lower(), text, max(each.stored_at for each in copies))


def _write_mozilla(folders: dict[str, list[Copy]], path: Path, answered: set[str]) -> None:
    for folder, copies in folders.items():
        text = b""
        for copy in copies:
            status = "0003" if copy.message_id in answered else "0001"
            first = f"From - {asctime(copy.stored_at)}\nX-Mozilla-Status: {status}\nX-Mozilla-Status2: 00000000\n"
            keys = "X-Mozilla-Keys:" + " " * 80 + "\n"
            text += first.encode() + keys.encode() + _quoted(_unix(copy.raw)) + b"\n"
        _save(path / folder, text, max(each.stored_at for each in copies))


def _write_takeout(folders: dict[str, list[Copy]], path: Path) -> None:
    """Google's export is one file with the newest first; the numbers of messages and threads carry milliseconds."""
    text = b""
    copies = sorted((each for some in folders.values() for each in some), key=lambda each: -each.stored_at)
    threads: dict[str, int] = {}
    for copy in sorted(copies, key=lambda each: each.stored_at):
        parent = threads.get(copy.field("In-Reply-To"))
        rng = copy.mail.rng(f"gm:{copy.account.address}") if copy.mail else None
        assert rng is not None
        threads.setdefault(copy.message_id, parent or google_message_number(copy.stored_at, rng))
    for copy in copies:
        assert copy.mail is not None
        own = google_message_number(copy.stored_at, copy.mail.rng(f"gm:{copy.account.address}"))
        at = when(copy.stored_at)
        first = f"From {own}@xxx {at:%a %b %d %H:%M:%S} +0000 {at:%Y}\r\n"
        labels = f"X-GM-THRID: {threads[copy.message_id]}\r\nX-Gmail-Labels: {_LABELS[copy.folder]}\r\n"
        text += (first + labels).encode() + _quoted(copy.raw) + b"\r\n"
    _save(path, text, max(each.stored_at for each in copies) + 3 * HOUR)


def _write_pst(person: Person, folders: dict[str, list[Copy]], path: Path) -> None:
    made = {name: [_item(copy) for copy in copies] for name, copies in folders.items()}
    store = PstStore(
        name=person.address,
        folders=[PstFolder(name=_PST_FOLDERS[name], items=items) for name, items in made.items() if name != "Trash"],
        deleted_items=PstFolder(name="削除済みアイテム", items=made.get("Trash", [])),
        top_name="Outlook データ ファイルの先頭",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w+b") as handle:
        write_pst(handle, store)
    last = max(copy.stored_at for copies in folders.values() for copy in copies) * 1000
    os.utime(path, ns=(last, last))


def _party(person: Person) -> PstParty:
    return PstParty(name=person.name, address=person.address)


def _item(copy: Copy) -> PstItem:
    """A message as Outlook keeps it: properties; the header only of what came in."""
    one = copy.mail
    assert one is not None
    created = copy.stored_at if copy.imported else copy.at
    changed = max(copy.stored_at, created) + 40 * SECOND
    more: dict[int | NamedProperty, object] = {}
    if one.written_before and copy.sent:
        more[0x000F0040] = more[0x3FEF0040] = filetime(one.at)
    headers = "".join(f"{name}: {value}\r\n" for name, value in copy.fields)
    return mail(
        subject=one.subject,
        sender=_party(one.sender),
        to=[_party(each) for each in one.to],
        cc=[_party(each) for each in one.cc],
        submitted=filetime(one.shown) // 10**7 * 10**7 if not copy.sent else filetime(one.shown),
        delivered=filetime(copy.at),
        created=filetime(created),
        modified=filetime(changed),
        transport_headers="" if copy.sent else headers,
        internet_message_id=copy.message_id,
        in_reply_to=copy.field("In-Reply-To"),
        references=copy.field("References"),
        conversation_index=one.index,
        flags=0x21 if copy.sent else 0x01,
        body=one.text.replace("\n", "\r\n"),
        attachments=[PstAttachment(name=one.file[0], data=one.file[1], mime_type="text/csv")] if one.file else [],
        more=more,
    )
