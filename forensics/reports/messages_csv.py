"""``messages.csv``: one row for each item of every store, under the names that the records' columns have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from forensics.casefile.view import CaseView
from forensics.reports import inputs
from forensics.reports.sidecars import facts_of
from forensics.reports.sink import Sink

FILE_NAME = "messages.csv"

FIELDS = (
    "id",
    "evidence",
    "address",
    "recovery",
    "item_class",
    "store_path",
    "message_id",
    "edrm_mih",
    "subject",
    "sender",
    "sender_address",
    "to",
    "cc",
    "bcc",
    "date_utc",
    "date_local",
    "date_raw",
    "received_utc",
    "received_local",
    "in_reply_to",
    "references",
    "has_attachments",
    "attachment_count",
    "attachments",
    "size",
    "raw_sha256",
    "body_sha256",
    "thread_index",
    "flags",
    "integrity",
    "embedded_in",
    "depth",
    "logical_id",
    "copies",
    "same_id_other_body",
    "tier",
    "confidence",
    "same_as",
    "overwritten",
)


class MessagesCsv:
    """Every item of every store as a table for spreadsheets."""

    name = "messages-csv"
    title = "Messages as CSV"
    version = "1"

    def write(self, case: CaseView, out: Sink) -> None:
        """Write ``messages.csv`` and what stands beside it."""
        inputs.need_timeline(case)
        table = out.excel(FILE_NAME, FIELDS, _rows(case))
        out.sidecar(FILE_NAME, facts_of(case, f"{self.name} {self.version}", table, {name: name for name in FIELDS}))


def _rows(case: CaseView) -> Iterator[tuple[Any, ...]]:
    return inputs.rows(case, _sql(case.facts.time_zone))


def _sql(zone: str) -> str:
    own = {
        "date_local": inputs.local_text("message.date_utc", zone),
        "received_local": inputs.local_text("message.received_utc", zone),
        "flags": "array_to_string(message.flags, ' ')",
        "attachments": "named.names",
        "logical_id": "logical.logical_id",
        "copies": "logical.copies",
        "same_id_other_body": "logical.same_id_other_body",
        "tier": "how.tier",
        "confidence": "how.confidence",
        "same_as": "how.same_as",
        "overwritten": "how.overwritten",
        "has_attachments": "CASE WHEN message.has_attachments THEN 'true' ELSE 'false' END",
    }
    for name in ("date_utc", "received_utc"):
        own[name] = inputs.utc_text(f"message.{name}")
    wanted = ", ".join(f'{own.get(name, f"""message."{name}" """)} AS "{name}_"' for name in FIELDS)
    return f"""
        WITH named AS (
            SELECT message_id_ref, string_agg(coalesce(name, '?'), '; ' ORDER BY position, id) AS names
            FROM attachment GROUP BY message_id_ref
        ), how AS (
            SELECT message_id_ref, min_by(tier, id) AS tier, min_by(confidence, id) AS confidence,
                   min_by(coalesce(same_as, ''), id) AS same_as,
                   min_by(array_to_string(overwritten, '; '), id) AS overwritten
            FROM recovered_item WHERE message_id_ref IS NOT NULL GROUP BY message_id_ref
        )
        SELECT {wanted} FROM message
        LEFT JOIN named ON named.message_id_ref = message.id
        LEFT JOIN how ON how.message_id_ref = message.id
        LEFT JOIN logical ON logical.message_ref = message.id
        ORDER BY message.evidence, message.address, message.id
    """  # noqa: S608 - own column names only
