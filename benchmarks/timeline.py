"""Builds the timeline of made-up cases of growing size: seconds, processor and memory, and how straight the growth is.

A message has two copies, two recipients a copy, five clock readings and five lines in a server's log; 24 accounts write
to each other, every fourth message answers another. One million messages are ten million events.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from benchmarks.measured import Measured, measured
from forensics import canonical, tables
from forensics.casefile.acts import Act, Phase
from forensics.casefile.case import CaseFacts, write_facts
from forensics.casefile.ledger import Entry, Ledger
from forensics.casefile.view import CaseView
from forensics.digests import digest_bytes
from forensics.timeline.build import build

CASE = "019a0000-0000-7000-8000-000000000001"
ACCOUNTS = 24
PIECE = 250_000
_START = "TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(n * 15 // 2)"
_MID = "'<' || n || '.bench@example.jp>'"
_FROM, _TO = f"'user' || (n % {ACCOUNTS}) || '@example.jp'", f"'user' || ((n * 7 + 3) % {ACCOUNTS}) || '@example.jp'"
# A copy in the sender's and one in the recipient's store; each store is a file of its own.
_COPY = f"CASE side WHEN 0 THEN n % {ACCOUNTS} ELSE (n * 7 + 3) % {ACCOUNTS} END"
_AT = f"'EV-0001/' || lpad(({_COPY} + 1)::VARCHAR, 6, '0') || '/node:' || n || '.' || side"


def _id(kind: str, address: str) -> str:
    return f"substr(sha256('{kind}' || chr(0) || {address}), 1, 32)"


def _common(kind: str, address: str) -> dict[str, str]:
    given = {"id": _id(kind, address), "origin_key": "repeat('0', 64)", "evidence": "'EV-0001'", "address": address}
    return {**given, "recovery": "'live'", "parser": "'pst 2'"}


_REF = {"message_id_ref": _id("message", _AT)}
_SIDES = "range($FIRST, $LAST) t(n), range(2) s(side)"
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "message": (
        f"FROM {_SIDES}",
        {
            **_common("message", _AT),
            "item_class": "'IPM.Note'",
            "store_path": "CASE side WHEN 0 THEN '/top/Sent Items' ELSE '/top/Inbox' END",
            "message_id": _MID,
            "subject": "'matter ' || (n // 4)",
            "sender_address": _FROM,
            "sender": _FROM,
            "date_utc": _START,
            "in_reply_to": "CASE WHEN n % 4 > 0 THEN '<' || (n - 1) || '.bench@example.jp>' END",
            "attachment_count": "0",
            "has_attachments": "false",
            "size": "1000 + n % 5000",
            "body_sha256": "sha256(n::VARCHAR)",
            "flags": "[]::VARCHAR[]",
            "defects": "[]::VARCHAR[]",
            "integrity": "'verified'",
            "depth": "0",
        },
    ),
    "recipient": (
        f"FROM {_SIDES}, range(2) p(k)",
        {
            **_common("recipient", f"{_AT} || '/recipient:' || (k + 1)"),
            **_REF,
            "position": "k + 1",
            "role": "CASE k WHEN 0 THEN 'from' ELSE 'to' END",
            "name": f"CASE k WHEN 0 THEN {_FROM} ELSE {_TO} END",
            "mail_address": f"CASE k WHEN 0 THEN {_FROM} ELSE {_TO} END",
            "address_type": "'SMTP'",
        },
    ),
    "moment": (
        f"FROM {_SIDES}, range(3) p(k) WHERE side = 0 OR k < 2",
        {
            **_common("moment", f"{_AT} || '/moment:' || (k + 1)"),
            **_REF,
            "position": "k + 1",
            "meaning": "(['sent', 'created', 'relayed'])[k + 1]",
            "basis": "(['sender', 'store', 'relay'])[k + 1]",
            "says": "(['Date', 'PR_CREATION_TIME', 'Received 1/1 by mx.example.jp'])[k + 1]",
            "utc": f"{_START} + to_seconds(k)",
            "utc_ns": f"epoch_us({_START} + to_seconds(k)) * 1000",
            "raw": "'as written'",
            "zone": "'stated'",
            "offset_minutes": "540",
            "precision": "'s'",
        },
    ),
    "log_event": (
        "FROM range($FIRST, $LAST) t(n), range(5) p(k)",
        {
            **_common("log_event", "'EV-0001/000099/line:' || (n * 5 + k + 1)"),
            "source": "'postfix'",
            "operation": "(['accepted', 'message_id', 'queued', 'sent', 'removed'])[k + 1]",
            "utc": f"{_START} + to_seconds(k)",
            "utc_raw": "'Jan  1 00:00:00'",
            "zone": "'assumed'",
            "precision": "'s'",
            "assumed": "['year']",
            "message_id": f"CASE WHEN k = 1 THEN {_MID} END",
            "message_ids": f"CASE WHEN k = 1 THEN [{_MID}] ELSE []::VARCHAR[] END",
            "queue_id": "'4' || upper(hex(n % 500000))",
            "sender": f"CASE WHEN k = 2 THEN {_FROM} END",
            "recipient": f"CASE WHEN k = 3 THEN {_TO} END",
            "recipients": f"CASE WHEN k = 3 THEN [{_TO}] ELSE []::VARCHAR[] END",
            "size": "CASE WHEN k = 2 THEN 1000 + n % 5000 END",
            "detail": """'{"host": "mx", "process": "' || n || '", "service": "smtp", "text": "what the line says"}'""",
            "warnings": "[]::VARCHAR[]",
            "line": "n * 5 + k + 1",
            "offset": "(n * 5 + k) * 120",
            "raw_sha256": "repeat('0', 64)",
        },
    ),
}


def _tables(kind: str, count: int) -> Iterator[Any]:
    source, given = KINDS[kind]
    schema = tables.SCHEMAS[kind]
    columns = ", ".join(f'{given.get(name, "NULL")} AS "{name}"' for name in schema.names)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for first in range(0, count, PIECE):
        where = source.replace("$FIRST", str(first)).replace("$LAST", str(min(first + PIECE, count)))
        yield connection.sql(f"SELECT {columns} {where}").to_arrow_table().cast(schema)


def make(folder: Path, count: int) -> None:
    """A case of so many messages, as far as a timeline needs one."""
    write_facts(folder, CaseFacts(id=CASE, title="benchmark"))
    parts = []
    for kind in KINDS:
        path = folder / f"records/{kind}/EV-0001-000001.parquet"
        path.parent.mkdir(parents=True)
        tables.write_slices(_tables(kind, count), path)
        rows = pq.ParquetFile(path).metadata.num_rows
        parts.append({"kind": kind, "path": path.relative_to(folder).as_posix(), "sha256": _sha256(path), "rows": rows})
    manifest = {"evidence": "EV-0001", "parts": parts, "content": {}, "files": [], "counts": {}}
    path = folder / "records/EV-0001.json"
    path.write_bytes(canonical.encode(manifest))
    listed = {"path": "records/EV-0001.json", "sha256": _sha256(path), "size": path.stat().st_size}
    with Ledger(folder / "ledger", CASE) as ledger:
        for step, (act, outputs) in enumerate(((Act.ACQUIRE, ()), (Act.PARSE, (listed,))), start=1):
            ledger.append(_entry(act, step, outputs))


def _entry(act: Act, step: int, outputs: tuple[Mapping[str, Any], ...]) -> Entry:
    params = {"evidence": "EV-0001"}
    return Entry(
        act=act,
        phase=Phase.FINISHED,
        step=f"s{step}",
        ts_ns=step,
        tool={},
        params=params,
        outputs=tuple(dict(each) for each in outputs),
    )


def _sha256(path: Path) -> str:
    return digest_bytes(path.read_bytes()).hex


def _build(folder: Path) -> None:
    """The measured part, in a process of its own."""
    began, used = time.perf_counter(), time.process_time()
    built = build(CaseView(folder), folder / "timeline")
    took = {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**took, "counts": {"events": built.events, "messages": built.logical, "peak": peak}}))


def _measure(folder: Path, count: int) -> Measured:
    case = folder / str(count)
    case.mkdir()
    make(case, count)
    found = measured([sys.executable, "-m", "benchmarks.timeline", "--building", str(case)], {0, 1})
    shutil.rmtree(case)
    print(
        f"{found.counts['events']:,} events of {found.counts['messages']:,} messages: {found.seconds:.0f} s, "
        f"{found.processor:.0f} s of processors, {found.counts['peak'] / 1e9:.2f} GB at most",
        flush=True,
    )
    return found


def _fit(found: list[Measured]) -> str:
    """The straight line of least squares through events and processor time, and how much of the spread it explains."""
    xs, ys = [each.counts["events"] / 1e6 for each in found], [each.processor for each in found]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    left = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    whole = sum((y - mean_y) ** 2 for y in ys)
    return (
        f"{mean_y - slope * mean_x:.1f} s and {slope:.1f} s of processors a million events, R2 = {1 - left / whole:.4f}"
    )


def main() -> None:
    """Make the cases, build their timelines, say what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, nargs="+", default=[100_000, 250_000, 500_000, 1_000_000])
    parser.add_argument("--folder", type=Path, help="where there is room for the cases")
    parser.add_argument("--building", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.building:
        _build(given.building)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        found = [_measure(Path(name), count) for count in given.messages]
    if len(found) > 1:
        print(_fit(found))


if __name__ == "__main__":
    main()
