"""Lines of logs and whole small cases for the tests of the timeline's tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from forensics.absent import Absent
from forensics.address import Address
from forensics.casefile.view import CaseView
from forensics.records import LogEvent, Record
from forensics.timeline.build import build
from tests.casebuilder import JUNE, SECOND, CaseBuilder

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
Rows = list[dict[str, Any]]


def line(
    number: int,
    at: int | Absent = JUNE,
    operation: str = "sent",
    *,
    source: str = "postfix",
    evidence: str = "EV-0001",
    file: str = "000009",
    detail: dict[str, Any] | None = None,
    message_ids: Sequence[str] = (),
    to: Sequence[str] = (),
    **fields: Any,
) -> LogEvent:
    """One line; the host is ``mx`` unless ``detail`` names another."""
    return LogEvent(
        address=Address(evidence=evidence, steps=(file, f"line:{number}")),
        source=source,
        operation=operation,
        utc=at,
        utc_raw="as written",
        zone="stated",
        precision="s",
        message_ids=tuple(message_ids),
        recipient="; ".join(to) or Absent.NOT_RECORDED,
        recipients=tuple(to),
        detail=json.dumps({"host": "mx", **(detail or {})}),
        line=number,
        offset=0,
        raw_sha256="0" * 64,
        **fields,
    )


def transfer(first: int, at: int, queue: str, message_id: str, **more: Any) -> list[LogEvent]:
    """A message on its way through Postfix: client, message-id, queued, sent, removed, a second apart."""
    to, sender = more.pop("to", ["tanaka@example.jp"]), more.pop("sender", "sato@example.jp")
    size, sent = more.pop("size", 1000), more.pop("sent", {})
    given: dict[str, Any] = {"queue_id": queue, **more}
    named = [message_id] if message_id else []
    return [
        line(first, at, "accepted", **given),
        line(first + 1, at + SECOND, "message_id", message_ids=named, **given),
        line(first + 2, at + 2 * SECOND, "queued", sender=sender, size=size, **given),
        line(first + 3, at + 3 * SECOND, "sent", to=to, **{**given, "detail": {**given.get("detail", {}), **sent}}),
        line(first + 4, at + 4 * SECOND, "removed", **given),
    ]


def case_of(
    folder: Path, *items: Iterable[Record], stated: str = "", answers: dict[str, dict[str, str]] | None = None
) -> CaseView:
    """A case of one evidence item for each of ``items``, with its timeline."""
    case = CaseBuilder(folder)
    for number, records in enumerate(items, start=1):
        case.evidence(f"EV-{number:04d}")
        case.parsed(records, f"EV-{number:04d}")
    if stated:
        (folder / "tables").mkdir()
        (folder / "tables" / "identities.csv").write_text(stated, encoding="utf-8")
    if answers:
        case.answered(answers)
    case.timeline_listed(build(case.view(), folder / "timeline").files)
    return case.view()


def rows(view: CaseView, table: str, where: str = "TRUE") -> Rows:
    """The rows of a table of the timeline, as they lie in it."""
    return view.rows(f"SELECT * FROM {table} WHERE {where}")
