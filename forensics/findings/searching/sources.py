"""What of a case is searched: subjects, texts as they are read, names and texts of attachments, senders, recipients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from forensics.casefile.view import FILE_CONTENT, CaseView
from forensics.findings.searching.index import MESSAGE, IndexWriter
from forensics.formats.html_text import to_text

_MESSAGES = """
SELECT id, epoch_us(coalesce(date_utc, received_utc)) AS utc, evidence, address, recovery, subject, sender,
    sender_address, "to", cc, bcc
FROM message ORDER BY utc NULLS LAST, evidence, address, id
"""
_PEOPLE = "SELECT message_id_ref, role, name, mail_address FROM recipient"
_NAMES = """
SELECT message_id_ref, name, names FROM attachment
UNION ALL SELECT message_id_ref, name, NULL FROM archive_member
"""
_TEXTS = "SELECT message_id_ref, kind, text FROM text WHERE text IS NOT NULL"
_FILES = """
SELECT content.text, content.part, list(DISTINCT attachment.message_id_ref) AS messages
FROM file_content content JOIN attachment ON attachment.sha256 = content.sha256
WHERE content.position > 0 AND content.text IS NOT NULL
GROUP BY content.sha256, content.position, content.part, content.text
"""
_FROM = ("from", "sender", "reply_to", "return_path")

Told = Callable[[int], None]


def fill(case: CaseView, writer: IndexWriter, told: Told) -> dict[str, str]:
    """Put everything into the index, a part of it in memory at a time; what is worth saying of it.

    ``told`` is called with the numbers of texts that are done.
    """
    known = {}
    for row in _rows(case, _MESSAGES):
        n = known[row["id"]] = writer.message([row[name] for name in MESSAGE])
        writer.text("subject", row["subject"] or "", [n])
        writer.text("from", _person(row["sender"], row["sender_address"]), [n])
        for name in ("to", "cc", "bcc"):
            writer.text("to", row[name] or "", [n])
        told(1)
    for row in _rows(case, _PEOPLE):
        field = "from" if row["role"] in _FROM else "to"
        writer.text(field, _person(row["name"], row["mail_address"]), _of(known, row), row["role"])
    for row in _rows(case, _NAMES):
        # ``names`` says of each name where it was written, as in ``filename=list.xlsx``.
        written = [each.partition("=")[2] or each for each in row["names"] or []]
        for name in dict.fromkeys([row["name"] or "", *written]):
            writer.text("name", name, _of(known, row))
    for row in _rows(case, _TEXTS, 5_000):
        text = to_text(row["text"]) if row["kind"] == "html" else row["text"]
        writer.text("body", text, _of(known, row), row["kind"])
        told(1)
    has_files = case.has(FILE_CONTENT)
    for row in _rows(case, _FILES, 100) if has_files else ():
        writer.text("file", row["text"], [known[each] for each in row["messages"] if each in known], row["part"] or "")
        told(1)
    return {"files": "read" if has_files else ""}


def _rows(case: CaseView, sql: str, rows: int = 20_000) -> Iterator[dict[str, Any]]:
    for batch in case.batches(sql, rows):
        yield from batch.to_pylist()


def _of(known: dict[str, int], row: dict[str, Any]) -> list[int]:
    n = known.get(row["message_id_ref"])
    return [] if n is None else [n]


def _person(name: str | None, address: str | None) -> str:
    if not name or not address or address in name:
        return name or address or ""
    return f"{name} <{address}>"
