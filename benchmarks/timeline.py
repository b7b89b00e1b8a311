"""Builds the timeline of made-up cases of growing size and asks it: time, memory, and how straight the growth is.

A message has two copies, two recipients a copy, five clock readings and five lines in a server's log; 24 accounts write
to each other, every fourth message answers another. One million messages are ten million events. With ``--folder``
cases and what was measured stay there, and the next run measures only what is missing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict
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
from forensics.examination import querying
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
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _build(folder: Path) -> None:
    """The measured part of building, in a process of its own: all tables, and their digests for the ledger."""
    began, used = time.perf_counter(), time.process_time()
    built = build(CaseView(folder), folder / "timeline")
    outputs = tuple({"path": f"timeline/{path.name}", "sha256": _sha256(path)} for path in built.files)
    took = {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}
    with Ledger(folder / "ledger", CASE) as ledger:
        ledger.append(_entry(Act.TIMELINE, 3, outputs))
    print(json.dumps({**took, "counts": {"events": built.events, "messages": built.logical}}))


QUESTIONS: dict[str, dict[str, Any]] = {
    "of one account": {"person": "user3@"},
    "of one day": {"between": ("2026-01-05", "2026-01-05")},
    "of an account on a day": {"person": "user3@", "between": ("2026-01-05", "2026-01-05")},
    "by a condition": {"where": "subject LIKE '%777%' AND meaning = 'sent'"},
    "of one message": {"message": "<777.bench@example.jp>"},
    "of one thread": {"thread": "<777.bench@example.jp>"},
}


def _ask(folder: Path) -> None:
    """The measured part of asking: each time the case is opened, files checked, all counted, the first 100 shown."""
    slowest = 0.0
    for name, words in QUESTIONS.items():
        began, used = time.perf_counter(), time.process_time()
        answer = querying.ask(querying.opened(folder), querying.question_of("Asia/Tokyo", **words), limit=100)
        seconds, processor = time.perf_counter() - began, time.process_time() - used
        slowest = max(slowest, seconds)
        print(
            f"  events {name}: {answer.events:,} in {seconds:.2f} s, {processor:.2f} s of processors", file=sys.stderr
        )
    began = time.perf_counter()
    command = [sys.executable, "-c", "import sys; from forensics.cli.main import main; sys.exit(main())"]
    asked = ["timeline", "--case", str(folder), "--person", "user3@", "--json"]
    subprocess.run([*command, *asked], stdout=subprocess.DEVNULL, check=True)
    whole = time.perf_counter() - began
    print(f"  events of one account, by the command and with its start: {whole:.2f} s", file=sys.stderr)
    print(json.dumps({"seconds": slowest, "processor": time.process_time(), "counts": {}}))


def _measure(folder: Path, count: int) -> Measured:
    case, kept = folder / str(count), folder / f"{count}.json"
    if kept.is_file():
        found = Measured(**json.loads(kept.read_text()))
    else:
        if not (case / "ledger").is_dir():
            shutil.rmtree(case, ignore_errors=True)
            case.mkdir()
            make(case, count)
        found = measured([sys.executable, "-m", "benchmarks.timeline", "--building", str(case)], {0, 1})
        kept.write_text(json.dumps(asdict(found)))
    print(
        f"{found.counts['events']:,} events of {found.counts['messages']:,} messages: {found.seconds:.0f} s, "
        f"{found.processor:.0f} s of processors, {found.memory / 1e9:.2f} GB at most",
        flush=True,
    )
    asked = measured([sys.executable, "-m", "benchmarks.timeline", "--asking", str(case)], {0, 1})
    print(f"  slowest question {asked.seconds:.2f} s, {asked.memory / 1e9:.2f} GB at most", flush=True)
    return found


def _fit(found: list[Measured]) -> str:
    """The straight lines of least squares through events and time, and how much of the spread they explain."""
    xs = [each.counts["events"] / 1e6 for each in found]
    lines = (
        (word, _line(xs, ys))
        for word, ys in (
            ("of processors", [each.processor for each in found]),
            ("on the clock", [each.seconds for each in found]),
        )
    )
    return "\n".join(
        f"{start:.1f} s and {slope:.1f} s {word} a million events, R2 = {explained:.4f}"
        for word, (start, slope, explained) in lines
    )


def _line(xs: list[float], ys: list[float]) -> tuple[float, float, float]:
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    left = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in zip(xs, ys, strict=True))
    return mean_y - slope * mean_x, slope, 1 - left / sum((y - mean_y) ** 2 for y in ys)


def main() -> None:
    """Make the cases, build their timelines, say what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, nargs="+", default=[100_000, 200_000, 500_000, 1_000_000])
    parser.add_argument("--folder", type=Path, help="where cases and what was measured stay; 2 GB a million messages")
    parser.add_argument("--building", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--asking", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.building or given.asking:
        _build(given.building) if given.building else _ask(given.asking)
        return
    with tempfile.TemporaryDirectory() if given.folder is None else nullcontext(given.folder) as name:
        Path(name).mkdir(parents=True, exist_ok=True)
        found = [_measure(Path(name), count) for count in given.messages]
    if len(found) > 1:
        print(_fit(found))


if __name__ == "__main__":
    main()
