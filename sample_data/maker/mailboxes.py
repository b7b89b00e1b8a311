"""Lays the copies out as stores: Thunderbird's mbox (mboxrd), Dovecot's Maildir++, a folder of EML files, and what lies in the image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from maker import deletion, ext2, texts
from maker.deeds import CUSTOMER_LIST
from maker.mail import MONTHS, ZONE, Mail, tag, written
from maker.people import HOME, RIVAL, SATO, TANAKA, YAMAZAKI
from maker.post import Copy, Post

# A colon cannot stand in a file name on Windows, and git could not even check the tree out there. The semicolon is the usual
# replacement (isync's InfoDelimiter); inside the disk image the colon stands as Dovecot writes it.
SEPARATOR = ";"
_EXPUNGED = ("phish1", "news302", "news304", "tmweekly4", "weekly2", "parts2-421")
_UNREAD = ("tmweekly6", "news312")
_JAPANESE_NAMES = {"phish3": "注意喚起", "rawname": "登録票"}
_DRAFT_AT = datetime(2026, 6, 27, 0, 12, 30, tzinfo=ZONE)
_SEIZED = datetime(2026, 7, 3, 10, 0, tzinfo=ZONE)
_BACKED_UP = datetime(2026, 6, 17, 0, 5, tzinfo=ZONE)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One mail at its place: ``state`` is live, trashed (flag T), bin (in the bin folder), expunged (still in the file), deleted-file."""

    mail: Mail
    store: str
    folder: str
    path: str
    position: int
    state: str
    data: bytes


@dataclass(slots=True)
class Stores:
    files: dict[str, bytes] = field(default_factory=dict)
    stored: list[Stored] = field(default_factory=list)
    disk: dict[str, ext2.Entry] = field(default_factory=dict)


def _asctime(at: datetime) -> str:
    return f"{_DAYS[at.weekday()]} {MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S} {at.year}"


def _mozilla(copy: Copy, status: int) -> bytes:
    return (
        f"X-Mozilla-Status: {status:04x}\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: {'':80}\n".encode() + copy.data
    )


def _quoted(data: bytes) -> bytes:
    lines = data.split(b"\n")
    return b"\n".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)


def mboxrd(messages: Iterable[tuple[datetime, bytes]]) -> bytes:
    """The mboxrd variant: ``From ``, and every line that already looks quoted, gets one more ``>``."""
    return b"".join(f"From - {_asctime(at)}\n".encode() + _quoted(data) + b"\n" for at, data in messages)


def _mbox_folder(stores: Stores, copies: list[Copy], name: str) -> None:
    path = f"mbox/keiko.tanaka/ImapMail/mail.aoba-denki.example/{name}"
    messages = []
    for position, copy in enumerate(copies):
        expunged = copy.mail.key in _EXPUNGED and not copy.sent
        status = 0x0009 if expunged else 0 if copy.mail.key in _UNREAD else 1
        data = _mozilla(copy, status)
        messages.append((copy.at, data))
        state = "expunged" if expunged else "live"
        stores.stored.append(
            Stored(mail=copy.mail, store="mbox", folder=name, path=path, position=position, state=state, data=data)
        )
    stores.files[path] = mboxrd(messages)


def _thunderbird(stores: Stores, post: Post) -> None:
    for name, sent in (("INBOX", False), ("Sent", True)):
        copies = [copy for copy in post.copies if copy.holder is TANAKA and copy.sent is sent]
        _mbox_folder(stores, sorted(copies, key=lambda copy: (copy.at, copy.mail.key)), name)


def _maildir_name(copy: Copy) -> str:
    micro = tag(copy.mail.key + "/name", 6, "0123456789")
    return f"{int(copy.at.timestamp())}.M{micro}P{3000 + int(micro[:3])}.mail,S={len(copy.data)}"


def _flags(copy: Copy) -> str:
    if copy.mail.key == "draft":
        return "DS"
    answered = "R" if not copy.sent and copy.mail.key.startswith(("order0", "claim1")) else ""
    return answered + "S" + ("T" if copy.mail.key in deletion.MARKED else "")


def _maildir_place(post: Post, copy: Copy) -> tuple[str, int, str]:
    """Folder, uid and state of a copy in 佐藤's mailbox."""
    if copy.mail.key in deletion.BINNED:
        return "ゴミ箱", 1 + sorted(deletion.BINNED, key=lambda key: deletion.BINNED[key]).index(copy.mail.key), "bin"
    box, uid = ("下書き", 1) if copy.mail.key == "draft" else post.uid_of[copy.mail.key, SATO.address, copy.sent]
    return box, uid, "trashed" if copy.mail.key in deletion.MARKED else "live"


def _draft() -> Copy:
    mail = Mail(
        key="draft",
        at=_DRAFT_AT,
        sender=SATO,
        to=(RIVAL,),
        subject="入社後の担当について",
        text="担当予定のお客様は一覧のとおりです。\n（続きを書く）\n",
    )
    return Copy(mail=mail, holder=SATO, sent=True, at=_DRAFT_AT, data=written(mail))


def _maildir(stores: Stores, post: Post) -> None:
    root = "maildir/kenta.sato"
    copies = [copy for copy in post.copies if copy.holder is SATO and not deletion.is_gone(copy.mail, sent=copy.sent)]
    folders: dict[str, list[tuple[int, str]]] = {}
    for copy in [*copies, _draft()]:
        box, uid, state = _maildir_place(post, copy)
        place = root if box == "INBOX" else f"{root}/.{texts.imap_folder(box)}"
        base = _maildir_name(copy)
        fresh = copy.mail.key in _UNREAD or copy.mail.key == "news311"
        path = f"{place}/new/{base}" if fresh else f"{place}/cur/{base}{SEPARATOR}2,{_flags(copy)}"
        stores.files[path] = copy.data
        stores.stored.append(
            Stored(mail=copy.mail, store="maildir", folder=box, path=path, position=uid, state=state, data=copy.data)
        )
        folders.setdefault(place, []).append((uid, base))
    for place, names in folders.items():
        _maildir_furniture(stores, place, sorted(names), is_root=place == root)
    boxes = sorted({item.folder for item in stores.stored if item.store == "maildir"} - {"INBOX"})
    stores.files[f"{root}/subscriptions"] = (
        "V\t2\n\n" + "".join(texts.imap_folder(box).replace(".", "\t") + "\n" for box in boxes)
    ).encode()


def _maildir_furniture(stores: Stores, place: str, names: list[tuple[int, str]], *, is_root: bool) -> None:
    """What Dovecot keeps beside the mails; git keeps no empty folder, so an empty ``new`` or ``tmp`` holds a ``.keep``."""
    top = names[-1][0] + 1
    lines = "".join(f"{uid} :{name}\n" for uid, name in names)
    stores.files[f"{place}/dovecot-uidlist"] = f"3 V1774969200 N{top} G{tag(place, 32)}\n{lines}".encode()
    if not is_root:
        stores.files[f"{place}/maildirfolder"] = b""
    for part in ("new", "tmp"):
        if not any(path.startswith(f"{place}/{part}/") for path in stores.files):
            stores.files[f"{place}/{part}/.keep"] = b""


def _eml_folder(stores: Stores, post: Post) -> None:
    for name, sent in (("inbox", False), ("sent", True)):
        copies = [copy for copy in post.copies if copy.holder is YAMAZAKI and copy.sent is sent]
        for position, copy in enumerate(sorted(copies, key=lambda copy: (copy.at, copy.mail.key)), 1):
            path = f"eml/naomi.yamazaki/{name}/{position:04d}_{_JAPANESE_NAMES.get(copy.mail.key, copy.mail.key)}.eml"
            data = copy.data.replace(b"\n", b"\r\n")
            stores.files[path] = data
            stores.stored.append(
                Stored(mail=copy.mail, store="eml", folder=name, path=path, position=position, state="live", data=data)
            )


def _on_disk(stores: Stores, path: str, data: bytes, at: datetime, removed: datetime | None = None) -> None:
    parts = path.split("/")
    for depth in range(1, len(parts)):
        stores.disk.setdefault("/".join(parts[:depth]), ext2.Entry(data=None, modified=int(at.timestamp())))
    gone = int(removed.timestamp()) if removed else 0
    stores.disk[path] = ext2.Entry(data=data, modified=int(at.timestamp()), removed=gone)


def _private_maildir(stores: Stores, post: Post) -> None:
    root = "home/sato/Maildir-private"
    for copy in (copy for copy in post.copies if copy.holder is HOME):
        folder = ".Sent" if copy.sent else "INBOX"
        place = f"{root}/.Sent" if copy.sent else root
        path = f"{place}/cur/{_maildir_name(copy)}:2,S"
        _on_disk(stores, path, copy.data, copy.at)
        stores.stored.append(
            Stored(
                mail=copy.mail,
                store="image",
                folder=f"{root}/{folder}",
                path=path,
                position=0,
                state="live",
                data=copy.data,
            )
        )
        for part in ("cur", "new", "tmp"):
            stores.disk.setdefault(f"{place}/{part}", ext2.Entry(data=None, modified=int(copy.at.timestamp())))


def _backup(stores: Stores, path: str, copies: list[Copy], at: datetime, removed: datetime | None) -> None:
    _on_disk(stores, path, mboxrd((copy.at, copy.data) for copy in copies), at, removed)
    state = "deleted-file" if removed else "live"
    for position, copy in enumerate(copies):
        stores.stored.append(
            Stored(
                mail=copy.mail, store="image", folder=path, path=path, position=position, state=state, data=copy.data
            )
        )


def _notebook(stores: Stores, post: Post) -> None:
    """佐藤's notebook: a private mailbox, a backup of what was sent, a deleted export, and files that are no mail."""
    _private_maildir(stores, post)
    mine = [copy for copy in post.copies if copy.holder is SATO]
    sent = [copy for copy in mine if copy.sent and copy.at < _BACKED_UP and copy.mail.at.month >= 5]
    _backup(stores, "home/sato/mail-backup/送信済み", sent, _BACKED_UP, None)
    lost = [copy for copy in mine if copy.mail.key in ("rival1", "claim3", "phish1")]
    _backup(
        stores,
        "home/sato/mail-backup/export-old.mbox",
        lost,
        datetime(2026, 6, 20, 21, 0, tzinfo=ZONE),
        datetime(2026, 6, 28, 1, 2, tzinfo=ZONE),
    )
    plain = {
        "home/sato/Documents/顧客一覧_2026.xlsx": CUSTOMER_LIST.data,
        "home/sato/Documents/メモ.txt": "7/1 北斗 9時\n名簿は2回に分けて送る\n".encode(),
        "home/sato/.bash_history": b"ls Documents\ncp -r ~/mail-backup /media/usb\nrm mail-backup/export-old.mbox\n",
        "home/sato/.profile": b"export LANG=ja_JP.UTF-8\n",
    }
    for path, data in plain.items():
        _on_disk(stores, path, data, datetime(2026, 6, 24, 23, 5, tzinfo=ZONE))
    image = ext2.disk_image(
        stores.disk, at=int(_SEIZED.timestamp()), name=b"sato-home", uuid=bytes.fromhex(tag("sato-home", 32))
    )
    stores.files["image/sato-notebook.img"] = image


def lay_out(post: Post) -> Stores:
    stores = Stores()
    _thunderbird(stores, post)
    _maildir(stores, post)
    _eml_folder(stores, post)
    _notebook(stores, post)
    return stores
