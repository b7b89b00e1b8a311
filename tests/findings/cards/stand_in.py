"""A stand-in for the view of a case: tables in memory, made of what a card's test writes down.

It is a :class:`CaseView` whose connection holds Arrow tables instead of the case's files; everything above it is real.
What a test may write stands in docs/how-to/rules.md.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from forensics import tables
from forensics.casefile.case import CaseFacts
from forensics.casefile.timeline_tables import TIMELINE_TABLES
from forensics.casefile.view import FILE_CONTENT, CaseView
from forensics.examination.contentjob import COLUMNS
from forensics.findings import reference
from forensics.formats.identity import body_digest, search_key
from forensics.timeline.build import build
from tests.casebuilder import CaseBuilder

TOKYO = "Asia/Tokyo"


@cache
def timeline_schemas() -> dict[str, pa.Schema]:
    """The columns of every table of a timeline, as the timeline itself writes them."""
    with TemporaryDirectory() as name:
        builder = CaseBuilder(Path(name) / "case")
        builder.evidence()
        builder.parsed([])
        build(builder.view(), Path(name) / "case" / "timeline")
        found = {each: pq.read_schema(Path(name) / "case" / path) for each, path in TIMELINE_TABLES.items()}
    return {each: pa.schema([(field.name, field.type) for field in schema]) for each, schema in found.items()}


def instant(text: str) -> datetime:
    """``2026-05-11T10:00+09:00`` as an instant."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None, f"{text} states no zone"
    return found.astimezone(UTC)


class StandIn(CaseView):
    """A case of nothing but tables."""

    def __init__(self, test: Mapping[str, Any], zone: str = TOKYO) -> None:
        self.folder = Path("/nowhere")
        self.session = None
        self.vault = None
        self.facts = CaseFacts(id="a test", time_zone=zone)
        self.facts_sha256 = "0" * 64
        self.given: dict[str, list[dict[str, str]]] = {
            name: [{key: str(value) for key, value in row.items()} for row in rows]
            for name, rows in (test.get("tables") or {}).items()
        }
        for name in self.given:
            assert name in reference.KINDS, f"there is no table {name}"
        self._known = {*tables.SCHEMAS, *TIMELINE_TABLES, FILE_CONTENT}
        self._texts_of: dict[str, list[tuple[Any, ...]]] = {}
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._ids: dict[str, str] = {}
        self._contents: dict[str, bytes] = {}
        for number, each in enumerate(test.get("mail") or [], start=1):
            self._mail(number, each)
        for number, each in enumerate(test.get("log") or [], start=1):
            self._log(number, each)
        for name, rows in (test.get("rows") or {}).items():
            for each in rows:
                self._add(name, **each)

    @property
    def lines(self) -> tuple[Any, ...]:
        return ()

    @cached_property
    def _offered(self) -> dict[str, list[dict[str, Any]]]:
        return {name: [] for name in (*tables.SCHEMAS, *TIMELINE_TABLES, FILE_CONTENT)}

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(config={"python_enable_replacements": "false"})
        connection.execute("SET TimeZone = 'UTC'")
        for name, schema in {**tables.SCHEMAS, **timeline_schemas()}.items():
            connection.register(name, pa.Table.from_pylist(self._rows.get(name, []), schema=schema))
        read = [row for rows in self._texts_of.values() for row in rows]
        connection.register(FILE_CONTENT, tables.of_rows(COLUMNS, read))
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def _add(self, table: str, /, **values: Any) -> str:
        schema = {**tables.SCHEMAS, **timeline_schemas()}[table]
        unknown = set(values) - set(schema.names)
        assert not unknown, f"{table} has no column {unknown}"
        id_ = str(values.get("id") or uuid.uuid5(uuid.NAMESPACE_OID, f"{table} {len(self._rows.get(table, []))}"))
        given = {"evidence": "EV-0001", "address": f"EV-0001/{table}:{id_[:8]}", "id": id_}
        row = {name: value for name, value in given.items() if name in schema.names} | values
        if "recovery" in schema.names:
            row.setdefault("recovery", "live")
        for name in schema.names:
            if pa.types.is_timestamp(schema.field(name).type) and isinstance(row.get(name), str):
                row[name] = instant(row[name])
            elif pa.types.is_integer(schema.field(name).type) and isinstance(row.get(name), str):
                row[name] = int(row[name])
        self._rows.setdefault(table, []).append(row)
        return id_

    def _mail(self, number: int, each: Mapping[str, Any]) -> None:
        """One message: from, to, cc, bcc, at, subject, body, files, id, reply_to (an id), headers, folder, recovery."""
        name = str(each.get("id") or f"m{number}")
        sent = instant(str(each["at"]))
        mid = str(each.get("message_id") or f"<{name}@stand.in>")
        answered = f"<{each['reply_to']}@stand.in>" if each.get("reply_to") else None
        body = str(each.get("body", "本文"))
        recovery = str(each.get("recovery", "live"))
        files: Sequence[Mapping[str, Any]] = each.get("files") or []
        ref = self._add(
            "message", message_id=mid, subject=each.get("subject"), sender=each.get("name") or each["from"],
            sender_address=each["from"], date_utc=sent, in_reply_to=answered, references=answered,
            store_path=each.get("folder", "/Sent"), has_attachments=bool(files), attachment_count=len(files),
            size=int(each.get("size", 1000)), body_sha256=body_digest(body), flags=list(each.get("flags", [])), depth=0,
            recovery=recovery, item_class="IPM.Note",
        )  # fmt: skip
        logical = hashlib.sha256(mid.encode()).hexdigest()[:32]
        self._ids[mid] = ref
        self._add(
            "logical", logical_id=logical, recognised_by="message_id", message_id=mid, copies=1, copy=1, is_first=True,
            message_ref=ref, store_path=each.get("folder", "/Sent"), recovery=recovery, depth=0, is_embedded=False,
        )  # fmt: skip
        thread = hashlib.sha256((answered or mid).encode()).hexdigest()[:32]
        earlier = [row for row in self._rows.get("thread", []) if answered and row["parent_message_id"] == answered]
        parents = [row["thread_id"] for row in self._rows.get("thread", []) if row["logical_id"] == thread]
        self._add("thread", thread_id=(parents or [row["thread_id"] for row in earlier] or [thread])[0], position=1,
                  logical_id=logical, utc=sent, parent_message_id=answered)  # fmt: skip
        self._moment(ref, "sent", "sender", "Date", sent)
        if each.get("received"):
            self._moment(ref, "relayed", "relay", "Received 1/1 by mx.stand.in", instant(str(each["received"])))
        for role in ("to", "cc", "bcc"):
            for address in each.get(role) or []:
                self._recipient(ref, role, str(address))
        self._recipient(ref, "from", str(each["from"]), str(each.get("name", "")))
        for key, value in (each.get("headers") or {}).items():
            self._add("header", message_id_ref=ref, position=1, name=key, raw=str(value).encode(), decoded=str(value))
        self._add("text", message_id_ref=ref, position=1, kind=each.get("kind", "plain"), text=body, size=len(body))
        for position, file in enumerate(files, start=1):
            self._file(ref, position, file)

    def _moment(self, ref: str, meaning: str, basis: str, says: str, utc: datetime) -> None:
        ns = int(utc.timestamp() * 10**6) * 1000
        self._add("moment", message_id_ref=ref, position=1, meaning=meaning, basis=basis, says=says, utc=utc, utc_ns=ns)

    def _recipient(self, ref: str, role: str, address: str, name: str = "") -> None:
        shown, _, bare = address.rpartition("<")
        plain = bare.rstrip(">").strip()
        self._add("recipient", message_id_ref=ref, position=1, role=role, mail_address=plain,
                  name=name or shown.strip() or None)  # fmt: skip

    def content(self, sha256: str) -> bytes:
        """The bytes of a file whose ``content`` or ``base64`` a test writes down."""
        return self._contents[sha256]

    def _file(self, ref: str, position: int, file: Mapping[str, Any]) -> None:
        """One file: name, content or base64, sha256, size, other columns, and ``members`` of an archive."""
        name = str(file["name"])
        written = str(file.get("content", f"{name}{file.get('text', '')}"))
        data = base64.b64decode(str(file["base64"])) if "base64" in file else written.encode()
        sha256 = str(file.get("sha256") or hashlib.sha256(data).hexdigest())
        self._contents[sha256] = data
        more = {
            key: file[key]
            for key in ("detected_type", "declared_type", "content_id", "disposition", "names", "crc32", "facts")
            if key in file
        }
        owner = self._add("attachment", message_id_ref=ref, position=position, name=name, sha256=sha256,
                          size=int(file.get("size", 10_000)), **more)  # fmt: skip
        for number, member in enumerate(file.get("members") or [], start=1):
            self._add("archive_member", **{"depth": 1, "message_id_ref": ref, "position": number,
                                           "attachment_ref": owner, "within": owner, **member})  # fmt: skip
        self._read(sha256, name, file)

    def _read(self, sha256: str, name: str, file: Mapping[str, Any]) -> None:
        """What reading the file came to: ``state``, ``kind``, ``detail``, ``problem``, ``text`` or texts by place."""
        kind = file.get("kind", name.rpartition(".")[2].lower())
        rows: list[tuple[Any, ...]] = [
            (sha256, 0, None, None, None, file.get("state", "open"), kind, file.get("detail"), file.get("problem"))
        ]
        said = file.get("text") or {}
        for position, (part, text) in enumerate((said if isinstance(said, dict) else {"": said}).items(), start=1):
            rows.append((sha256, position, part, str(text), search_key(str(text)), None, None, None, None))
        self._texts_of[sha256] = rows

    def _log(self, number: int, each: Mapping[str, Any]) -> None:
        """One line of a log: columns of ``log_event``, with ``at`` for its time and ``of`` for the id of a message."""
        values = {key: value for key, value in each.items() if key not in ("at", "of")}
        mid = f"<{each['of']}@stand.in>" if each.get("of") else values.get("message_id")
        utc = instant(str(each["at"]))
        if "detail" not in values:
            values["detail"] = "{}"
        event = self._add("log_event", **{**values, "message_id": mid, "utc": utc, "line": number})
        if mid in self._ids:
            logical = hashlib.sha256(str(mid).encode()).hexdigest()[:32]
            self._add("log_join", log_event_id=event, source=each["source"], utc=utc, logical_id=logical,
                      message_id=mid, message_ref=self._ids[mid], strength="exact", ground="message_id",
                      candidates=1)  # fmt: skip
