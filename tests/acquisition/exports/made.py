"""Exports of our own making, in the forms of the providers, for users without the corpus."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import sqlite3
import tarfile
import zipfile
from collections.abc import Mapping
from contextlib import closing
from html import escape
from pathlib import Path

ACCOUNT = "sato@example.co.jp"


def mail(number: int, answers: int = 0) -> bytes:
    """A message with CRLF, as providers have them."""
    answered = f"In-Reply-To: <m{answers}@example.co.jp>\r\n" if answers else ""
    return (
        f"From: Sato <{ACCOUNT}>\r\nTo: suzuki@example.com\r\nSubject: export {number}\r\n{answered}"
        f"Date: Mon, 1 Jun 2026 10:{number % 60:02d}:00 +0900\r\nMessage-ID: <m{number}@example.co.jp>\r\n\r\n"
        f"body {number}\r\n"
    ).encode()


def name_of(number: int) -> str:
    return f"16309266311568{number:05d}-69497506-4572-48b2-8318-0e9943d1{number:04d}.mbox"


def vault_box(numbers: list[int]) -> bytes:
    """A mailbox of Vault: the name of each message in its From_ line, a blank line behind it."""
    return b"".join(
        b"From %s@xxx Tue Apr 16 12:00:40 2019\r\n%s\r\n" % (name_of(number).encode(), mail(number))
        for number in numbers
    )


def vault_xml(numbers: list[int]) -> bytes:
    """The statement of a Vault export, in the order given."""
    documents = "".join(
        f"<Document DocID='{number}'><Tags><Tag TagName='#Subject' TagDataType='Text' TagValue='export {number}'/>"
        f"<Tag TagName='Labels' TagDataType='Text' TagValue='{'^INBOX,^UNREAD' if number % 2 else '^ARCHIVED,工事'}'/>"
        "<Tag TagName='#DateSent' TagDataType='DateTime' TagValue='2026-06-01T10:00:00.000+09:00'/></Tags>"
        f"<Files><File FileType='Native'><ExternalFile FileName='{name_of(number)}' FileSize='{len(mail(number))}' "
        f"Hash='{hashlib.md5(mail(number)).hexdigest()}'/></File></Files></Document>\n"
        for number in numbers
    )
    query = f"<Query><UserQuery>工事</UserQuery><Custodians>{ACCOUNT}</Custodians></Query>"
    return (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
        "<Root DataInterchangeType='Update' Description='Test'>"
        f"<Batch name='New batch'>\n<Documents>\n{documents}</Documents>"
        f"<CustomBatchInfo>{query}</CustomBatchInfo></Batch></Root>\n"
    ).encode()


def vault(folder: Path, parts: Mapping[int, list[int]], stated: list[int]) -> Path:
    """A Vault export in zips, with statement, counts and list of MD5s."""
    folder.mkdir(parents=True)
    for part, numbers in parts.items():
        data = zipped({f"matter_{ACCOUNT}_{part}.mbox": vault_box(numbers)})
        (folder / f"matter-{part}.zip").write_bytes(data)
    (folder / "matter-metadata.xml").write_bytes(vault_xml(stated))
    (folder / "matter-results-count.csv").write_bytes(f"{ACCOUNT},{len(stated)}\n".encode())
    listed = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "matter-md5.txt").write_text("".join(listed), encoding="utf-8")
    return folder


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip with these members, the same every time."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 6, 1, 10, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    """A tar.gz with these members, the same every time."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_780_000_000
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(held.getvalue(), mtime=0)


def takeout_box(numbers: list[int]) -> bytes:
    """A mailbox of Takeout; each message answers the one before it."""
    return b"".join(
        b"From 16284247195020%05d@xxx Tue Mar 19 09:13:51 +0000 2019\r\nX-GM-THRID: 1628415971694286313\r\n"
        b"X-Gmail-Labels: Inbox,%s\r\n%s\r\n"
        % (number, b"Unread" if number % 2 else b'"a, b"', mail(number, number - 1))
        for number in numbers
    )


BOX = "Takeout/Mail/All mail Including Spam and Trash.mbox"


def browser(names: list[str]) -> bytes:
    """The page of a Takeout that names its files."""
    rows = "".join(f'<div class="extracted-file"><a href="#">{escape(name)}</a></div>' for name in names)
    return f"<html><body><h1>Archive for {ACCOUNT}</h1>{rows}</body></html>".encode()


def gyb(folder: Path, numbers: list[int]) -> Path:
    """A backup of got-your-back."""
    (folder / "2026/6/1").mkdir(parents=True)
    with closing(sqlite3.connect(folder / "msg-db.sqlite")) as db:
        db.executescript(
            "CREATE TABLE messages(message_num INTEGER PRIMARY KEY, message_filename TEXT,"
            " message_internaldate TIMESTAMP);"
            "CREATE TABLE labels(message_num INTEGER, label TEXT);"
            "CREATE TABLE uids(message_num INTEGER, uid TEXT PRIMARY KEY);"
            "CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT);"
            f"INSERT INTO settings VALUES('email_address', '{ACCOUNT}');"
        )
        for number in numbers:
            path = f"2026/6/1/{number:x}.eml"
            (folder / path).write_bytes(mail(number))
            db.execute("INSERT INTO messages VALUES(?, ?, ?)", (number, path, f"2026-06-01 10:{number:02d}:00"))
            db.executemany("INSERT INTO labels VALUES(?, ?)", [(number, "INBOX"), (number, "工事")])
        db.commit()
    return folder


def zimbra(numbers: list[int], *, folder: str = "Inbox") -> dict[str, bytes]:
    """The members of a Zimbra export."""
    found: dict[str, bytes] = {}
    for number in numbers:
        data = mail(number)
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode().replace("/", ",")
        name = f"{folder}/{number:010d}-export {number}.eml"
        meta = {
            "id": number, "type": 5, "parent_id": -number, "folder_id": 2, "imap_id": number,
            "date": 1_780_000_000 + number,
            "size": len(data), "blob_digest": digest, "unread": number % 2, "flags": 2, "change_date": 1_780_000_100,
            "mod_metadata": 1, "mod_content": 1, "FlagStr": "fr" if number == 1 else "", "Ver": 10,
            "Path": f"/{folder}/export {number}", "TagNames": "工事:a\\:b" if number == 1 else "",
        }  # fmt: skip
        found[name] = data
        found[f"{name}.meta"] = json.dumps(meta).encode()
    return found
