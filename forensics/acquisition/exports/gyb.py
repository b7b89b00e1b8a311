"""got-your-back: one .eml a message, and ``msg-db.sqlite`` with file, time and labels of each (db_version 6).

    messages  message_num, message_filename, message_internaldate ("YYYY-MM-DD HH:MM:SS", zone not stated)
    labels    message_num, label          uids      message_num, uid           flags (old)  message_num, flag
    settings  name, value: email_address, db_version

The database is opened as immutable: no journal is read and nothing is written beside it.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import quote

from forensics.acquisition.exports.delivery import Delivery, File, check_lists
from forensics.acquisition.exports.statement import COUNT, EXTRA, MISSING, UNREAD, Said
from forensics.errors import FormatError
from forensics.formats.exports import labels

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 20_000_000


def check(delivery: Delivery) -> None:
    """Hold a backup against its database."""
    check_lists(delivery)
    for file in delivery.named("msg-db.sqlite"):
        if file.path == file.name:
            try:
                _database(delivery, file)
            except (FormatError, sqlite3.Error) as error:
                delivery.lack(UNREAD, file.path, f"the database cannot be read: {error}", file.at)
    for file in delivery.named("msg-db.sqlite-wal", "msg-db.sqlite-journal"):
        if file.size:
            why = "changes in it are not in the database that was read: the backup was copied while it was written"
            delivery.lack(UNREAD, file.path, why, file.at)


def _database(delivery: Delivery, file: File) -> None:
    with closing(_opened(file)) as db:
        broken = [str(row[0]) for row in db.execute("PRAGMA quick_check(20)") if row[0] != "ok"]
        for each in broken:
            delivery.lack(UNREAD, file.path, f"the database is damaged: {each}", file.at)
        tables = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "messages" not in tables:
            raise FormatError("it has no table of messages")
        if "settings" in tables:
            delivery.statement.stated |= {
                str(name): _shown(value) for name, value in _rows(db, "settings", "name, value")
            }
        named: dict[int, list[str]] = defaultdict(list)
        for table, column in (("labels", "label"), ("flags", "flag")):
            if table in tables:
                for number, label in _rows(db, table, f"message_num, {column}"):
                    named[number].append(_shown(label))
        messages = list(_rows(db, "messages", "message_num, message_filename, message_internaldate"))
    _compare(delivery, messages, named)


def _opened(file: File) -> sqlite3.Connection:
    address = f"file:{quote(str(file.stored.absolute()))}?mode=ro&immutable=1"
    db = sqlite3.connect(address, uri=True, isolation_level=None)
    db.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA query_only = ON")
    return db


def _rows(db: sqlite3.Connection, table: str, columns: str) -> Iterator[tuple[int, ...]]:
    yield from db.execute(f"SELECT {columns} FROM {table} LIMIT {_MOST}")  # noqa: S608 - names of ours


def _shown(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _compare(delivery: Delivery, messages: list[tuple[int, ...]], named: dict[int, list[str]]) -> None:
    statement = delivery.statement
    files = {file.path: file for file in delivery.files}
    mail = {path for path in files if path.lower().endswith(".eml")}
    statement.stated["messages"] = len(messages)
    statement.arrived["messages"] = len(mail)
    met: set[str] = set()
    for number, name, date in messages:
        path = _shown(name).replace("\\", "/").removeprefix("./")
        file = files.get(path)
        if file is None:
            delivery.lack(
                MISSING, path, f"the database names it (message {number}, {_shown(date)}), and it is not there"
            )
            continue
        met.add(path)
        if not file.size:
            delivery.lack(COUNT, path, "the file is empty", file.at)
        said = tuple(named.get(number, ()))
        ns = _ns(_shown(date))
        statement.said.append(
            Said(
                file=file.at,
                message=1,
                labels=said,
                flags=labels.flags(said),
                received_ns=ns,
                received_raw=_shown(date),
                zone_unknown=True,
            )
        )
    for path in sorted(mail - met):
        delivery.lack(EXTRA, path, "the database does not name it", files[path].at)


def _ns(text: str) -> int | None:
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH
    except ValueError:
        return None
    return (found.days * 86400 + found.seconds) * 10**9 + found.microseconds * 1000
