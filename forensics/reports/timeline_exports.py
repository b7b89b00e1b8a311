"""Events of the timeline for other tools: CSV, JSON lines, Timesketch, l2tcsv and Parquet.

Timesketch (timesketch.org, "Import from CSV or JSONL") wants ``message``, ``datetime`` and ``timestamp_desc``; l2tcsv
is the format of log2timeline 0.6x with its 17 columns. A table for a spreadsheet is made safe; the others are exact.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from forensics.moments import iso
from forensics.reports.visible import cell

Event = dict[str, Any]
_L2T = (
    *("date", "time", "timezone", "MACB", "source", "sourcetype", "type", "user", "host", "short", "desc", "version"),
    *("filename", "inode", "notes", "format", "extra"),
)
_PLAIN = (
    "utc",
    "meaning",
    "action",
    "basis",
    "says",
    "actor",
    "sentence",
    "sender",
    "recipients",
    "subject",
    "store_path",
    "evidence",
    "address",
    "recovery",
    "zone",
    "offset_minutes",
    "raw",
    "precision",
    "message_ref",
    "logical_id",
    "event_id",
)


def lines_of(kind: str, events: Iterable[Event], *, language: str, zone: str) -> Iterator[str]:
    """The file as text, a piece at a time; ``kind`` is a key of :data:`KINDS`."""
    return KINDS[kind](events, language, zone)


def written(event: Event) -> str:
    """The instant as text with all its digits, ``""`` where it is not known."""
    if event["utc_ns"] is not None:
        return iso(event["utc_ns"])
    return "" if event["utc"] is None else iso(round(event["utc"].timestamp() * 1_000_000) * 1000)


def _flat(event: Event, language: str) -> Event:
    values = {name: event.get(name) for name in _PLAIN}
    return {**values, "utc": written(event), "sentence": event[f"sentence_{language}"]}


def _csv(events: Iterable[Event], language: str, zone: str) -> Iterator[str]:
    # A spreadsheet tells UTF-8 by the mark.
    yield "\ufeff" + _row(_PLAIN)
    for event in events:
        yield _row([cell(_text(value)) for value in _flat(event, language).values()])


def _jsonl(events: Iterable[Event], language: str, zone: str) -> Iterator[str]:
    for event in events:
        yield json.dumps(_flat(event, language), ensure_ascii=False, sort_keys=True) + "\n"


def _timesketch(events: Iterable[Event], language: str, zone: str) -> Iterator[str]:
    for event in _for_timesketch(events, language):
        yield json.dumps(event, ensure_ascii=False, sort_keys=True) + "\n"


def _timesketch_csv(events: Iterable[Event], language: str, zone: str) -> Iterator[str]:
    names = ("message", "datetime", "timestamp_desc", "timestamp", *(name for name in _PLAIN if name != "utc"))
    yield _row(names)
    for event in _for_timesketch(events, language):
        yield _row([_text(event.get(name)) for name in names])


def _for_timesketch(events: Iterable[Event], language: str) -> Iterator[Event]:
    """Events with a time; Timesketch cannot hold the others."""
    for event in events:
        if event["utc"] is not None:
            flat = _flat(event, language)
            subject = f" [{event['subject']}]" if event["subject"] else ""
            yield {
                **{name: value for name, value in flat.items() if name != "utc" and value is not None},
                "message": f"{flat['sentence']}{subject}",
                "datetime": event["utc"].isoformat(timespec="microseconds"),
                "timestamp": round(event["utc"].timestamp() * 1_000_000),
                "timestamp_desc": f"{event['meaning']} ({event['basis']}: {event['says']})",
            }


def _l2t(events: Iterable[Event], language: str, zone: str) -> Iterator[str]:
    yield _row(_L2T)
    for event in events:
        when: datetime | None = event["utc"] and event["utc"].astimezone(ZoneInfo(zone))
        sentence = event[f"sentence_{language}"]
        yield _row(
            [
                when.strftime("%m/%d/%Y") if when else "00/00/0000",
                when.strftime("%H:%M:%S") if when else "--:--:--",
                zone,
                "....",
                "LOG" if event["basis"] == "service" else "EMAIL",
                _text(event["says"]),
                _text(event["meaning"]),
                _text(event["actor"]),
                "-",
                _text(event["subject"]),
                f"{sentence} {_text(event['subject'])}".strip(),
                "2",
                f"{event['address']} {_text(event['store_path'])}".strip(),
                "-",
                _text(event["recovery"]),
                "email-forensics",
                f"event_id: {event['event_id']}; raw: {_text(event['raw'])}; recipients: {_text(event['recipients'])}",
            ]
        )


def table_lines(kind: str, columns: list[str], rows: Iterable[Event]) -> Iterator[str]:
    """Rows of any table of the timeline as CSV for a spreadsheet, or exactly as JSON lines; times in UTC."""
    if kind == "csv":
        yield "\ufeff" + _row(columns)
    for row in rows:
        if kind == "csv":
            yield _row([cell(_text(_flat_value(row[name]))) for name in columns])
        else:
            plain = {name: _flat_value(value) if isinstance(value, datetime) else value for name, value in row.items()}
            yield json.dumps(plain, ensure_ascii=False, sort_keys=True) + "\n"


def _flat_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(round(value.timestamp() * 1_000_000) * 1000)
    return "; ".join(str(each) for each in value) if isinstance(value, list) else value


KINDS: dict[str, Callable[[Iterable[Event], str, str], Iterator[str]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "timesketch": _timesketch,
    "timesketch-csv": _timesketch_csv,
    "l2tcsv": _l2t,
}


def _text(value: Any) -> str:
    """One line: the formats know no line end inside of a cell, or readers of them do not."""
    return "" if value is None else " ".join(str(value).split("\n"))


def _row(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
