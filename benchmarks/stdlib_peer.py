"""The peer of the parsing benchmark: ``mailbox.mbox`` and ``email`` (policy compat32) on one core, doing the same work.

    python -m benchmarks.stdlib_peer BOX FOLDER

It writes the tables that we write, with our columns as far as the standard library can fill them, and every attachment
to a file of its own under its SHA-256, once; attached messages are read in turn. Where ``email`` raises, the next best
value is taken and the message goes on. Nothing is synced to the disk, read back or noted in a ledger. The last line of
its output is JSON: how long it took, and how many rows it wrote.
"""

from __future__ import annotations

import hashlib
import json
import mailbox
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from forensics.tables import SCHEMAS

_ROLES = ("from", "sender", "reply-to", "to", "cc", "bcc", "resent-to", "delivered-to", "return-path")
_ERRORS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RecursionError,
    MessageError,
)
_EVIDENCE = "EV-0001"
_ROWS = 50_000
"""Rows of one kind that are written together: what bounds the memory."""


class _Tables:
    """Rows by kind, written to Parquet in groups, and attachments."""

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder = folder
        self._origin = origin
        self._rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in SCHEMAS}
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.counts = dict.fromkeys(SCHEMAS, 0)

    def add(self, table: str, address: str, **values: Any) -> None:
        """Take one row; its ids are made as ours are, and what is missing is noted as we note it."""
        values["absent"] = [(key, "not_recorded") for key, value in values.items() if value is None]
        values["id"] = identity(table, address)
        values["origin_key"] = hashlib.sha256(f"{table}\0{self._origin}\0{address}".encode()).hexdigest()
        values["evidence"], values["address"] = _EVIDENCE, address
        values["recovery"], values["parser"] = "live", "stdlib"
        self._rows[table].append(values)
        self.counts[table] += 1
        if len(self._rows[table]) >= _ROWS:
            self._write(table)

    def keep(self, data: bytes) -> str:
        """An attachment under its own hash, once."""
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._folder / "content" / sha256
        if not path.exists():
            path.write_bytes(data)
        return sha256

    def _write(self, table: str) -> None:
        rows, schema = self._rows[table], SCHEMAS[table]
        columns = [pa.array([row.get(name) for row in rows], schema.field(name).type) for name in schema.names]
        if table not in self._writers:
            path = self._folder / f"{table}.parquet"
            self._writers[table] = pq.ParquetWriter(path, schema, compression="zstd", compression_level=3)
        self._writers[table].write_table(pa.Table.from_arrays(columns, schema=schema))
        rows.clear()

    def close(self) -> None:
        """Write what is left."""
        for table, rows in self._rows.items():
            if rows:
                self._write(table)
        for writer in self._writers.values():
            writer.close()


def main() -> None:
    box, folder = Path(sys.argv[1]), Path(sys.argv[2])
    began, used = time.perf_counter(), time.process_time()
    (folder / "content").mkdir(parents=True)
    with box.open("rb") as handle:
        tables = _Tables(folder, hashlib.file_digest(handle, "sha256").hexdigest())
    messages = mailbox.mbox(box, create=False)
    for number, key in enumerate(messages.iterkeys(), start=1):
        raw = messages.get_bytes(key)
        _Mail(tables, f"{_EVIDENCE}/000001/message:{number}").read(message_from_bytes(raw), raw)
    tables.close()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "processor": time.process_time() - used, "counts": tables.counts}))


class _Mail:
    """One message on its way to rows."""

    def __init__(self, tables: _Tables, at: str, depth: int = 0) -> None:
        self.tables = tables
        self.at = at
        self.ref = identity("message", at)
        self.depth = depth
        self.attachments = self.texts = 0
        self.body: str | None = None
        self.date: datetime | None = None
        self.received: datetime | None = None

    def read(self, message: Message, raw: bytes) -> None:
        """All rows of the message, and of the messages attached to it."""
        decoded = self._headers(message)
        people = self._recipients(message)
        self._moments(message)
        for part in _leaves(message):
            self._part(part)
        message_id = decoded.get("message-id")
        self.tables.add(
            "message",
            self.at,
            item_class="IPM.Note",
            store_path="",
            message_id=message_id,
            edrm_mih=hashlib.md5(message_id.encode()).hexdigest() if message_id else None,
            subject=decoded.get("subject"),
            sender="; ".join(map(_shown, people["from"])) or None,
            sender_address=people["from"][0][1] if people["from"] else None,
            to="; ".join(map(_shown, people["to"])) or None,
            cc="; ".join(map(_shown, people["cc"])) or None,
            bcc="; ".join(map(_shown, people["bcc"])) or None,
            date_utc=self.date,
            date_raw=decoded.get("date"),
            received_utc=self.received,
            in_reply_to=decoded.get("in-reply-to"),
            references=decoded.get("references"),
            has_attachments=self.attachments > 0,
            attachment_count=self.attachments,
            size=len(raw),
            raw_sha256=hashlib.sha256(raw).hexdigest(),
            body_sha256=self.body,
            thread_index=decoded.get("thread-index"),
            flags=[],
            defects=[type(each).__name__ for each in message.defects],
            integrity="none",
            depth=self.depth,
        )

    def _row(self, table: str, position: int, **values: Any) -> None:
        self.tables.add(table, f"{self.at}/{table}:{position}", message_id_ref=self.ref, position=position, **values)

    def _headers(self, message: Message) -> dict[str, str]:
        found: dict[str, str] = {}
        for position, (name, value) in enumerate(message.raw_items(), start=1):
            text = _decoded(value)
            found.setdefault(name.lower(), text)
            self._row("header", position, name=name, raw=value.encode("utf-8", "surrogateescape"), decoded=text)
        return found

    def _recipients(self, message: Message) -> dict[str, list[tuple[str, str]]]:
        people: dict[str, list[tuple[str, str]]] = {}
        position = 0
        for role in _ROLES:
            values = [str(value) for value in message.get_all(role, [])]
            people[role] = [(_decoded(name), _printable(address)) for name, address in _addresses(values)]
            for name, address in people[role]:
                position += 1
                named = {"name": name or None, "mail_address": address or None, "address_type": "SMTP"}
                self._row("recipient", position, role=role, raw=_shown((name, address)), **named)
        return people

    def _moments(self, message: Message) -> None:
        clocks = [("date", str(value)) for value in message.get_all("date", [])]
        hops = [str(value).rpartition(";")[2].strip() for value in message.get_all("received", [])]
        clocks += [("received", hop) for hop in reversed(hops)]
        for position, (says, raw) in enumerate(clocks, start=1):
            utc, offset = _instant(raw)
            if says == "date":
                self.date = self.date or utc
            else:
                self.received = utc or self.received
            self._row(
                "moment",
                position,
                meaning="sent" if says == "date" else "relayed",
                basis="sender" if says == "date" else "relay",
                says=says,
                utc=utc,
                utc_ns=_nanoseconds(utc),
                raw=_printable(raw),
                zone="unknown" if offset is None else "stated",
                offset_minutes=offset,
                precision="s",
            )

    def _part(self, part: Message) -> None:
        kind, name, disposition = part.get_content_type(), _filename(part), _disposition(part)
        data = _content(part)
        if kind in ("text/plain", "text/html") and name is None and disposition != "attachment":
            self._text(part, kind, data)
            return
        self.attachments += 1
        self._row(
            "attachment",
            self.attachments,
            name=name,
            names=[name] if name else [],
            size=len(data),
            sha256=self.tables.keep(data),
            declared_type=kind,
            disposition=disposition,
            content_id=_said(part.get("content-id")),
        )
        if kind == "message/rfc822" and part.is_multipart():
            inner = part.get_payload(0)
            assert isinstance(inner, Message)
            _Mail(self.tables, f"{self.at}/attachment:{self.attachments}", self.depth + 1).read(inner, data)

    def _text(self, part: Message, kind: str, data: bytes) -> None:
        self.texts += 1
        charset = _said(part.get_content_charset())
        try:
            text = data.decode(charset or "utf-8", "replace")
        except (LookupError, ValueError):
            text = data.decode("latin-1")
        text = _printable(text)
        if self.body is None:
            self.body = hashlib.sha256("".join(text.split()).casefold().encode()).hexdigest()
        sha256 = hashlib.sha256(data).hexdigest()
        told = {"charset": charset, "declared_charset": charset}
        self._row("text", self.texts, kind=kind[5:], text=text, sha256=sha256, size=len(data), **told)


def identity(table: str, address: str) -> str:
    """The id of a row, made as ours is."""
    return hashlib.sha256(f"{table}\0{address}".encode()).hexdigest()[:32]


def _leaves(message: Message) -> Iterator[Message]:
    """The parts with content; ``walk`` would go into attached messages, which are read as messages of their own."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload() if part.get_content_maintype() == "multipart" and part.is_multipart() else None
        if isinstance(inner, list):
            waiting.extend(each for each in reversed(inner) if isinstance(each, Message))
        else:
            yield part


def _content(part: Message) -> bytes:
    """The bytes after transfer decoding; of an attached message, its bytes as ``email`` writes them again."""
    try:
        if part.is_multipart():
            return b"".join(each.as_bytes() for each in part.get_payload() if isinstance(each, Message))
        data = part.get_payload(decode=True)
        return data if isinstance(data, bytes) else b""
    except _ERRORS:
        return str(part.get_payload()).encode("utf-8", "surrogateescape")


def _decoded(value: str) -> str:
    try:
        return _printable(str(make_header(decode_header(value))))
    except _ERRORS:
        return _printable(value)


def _printable(text: str) -> str:
    """Bytes that are no text became lone surrogates, which no table takes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def _addresses(values: list[str]) -> list[tuple[str, str]]:
    try:
        return getaddresses(values)
    except _ERRORS:
        return [("", value) for value in values]


def _shown(person: tuple[str, str]) -> str:
    name, address = person
    return f"{name} <{address}>" if name and address else name or address


def _instant(raw: str) -> tuple[datetime | None, int | None]:
    try:
        found = parsedate_to_datetime(raw)
        offset = found.utcoffset()
        if offset is None:
            return found.replace(tzinfo=UTC), None
        return found.astimezone(UTC), int(offset.total_seconds()) // 60
    except _ERRORS:
        return None, None


def _nanoseconds(utc: datetime | None) -> int | None:
    return int(utc.timestamp()) * 10**9 if utc and 1678 <= utc.year <= 2261 else None


def _filename(part: Message) -> str | None:
    try:
        name = part.get_filename()
    except _ERRORS:
        return None
    return None if name is None else _decoded(name)


def _disposition(part: Message) -> str | None:
    try:
        return _said(part.get_content_disposition())
    except _ERRORS:
        return None


def _said(value: Any) -> str | None:
    return None if value is None else _printable(str(value))


if __name__ == "__main__":
    main()
