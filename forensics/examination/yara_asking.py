"""YARA rules as one question of ``find``: every distinct attachment and stored message, in guarded workers.

What matches is said, never what it means: a rule is the opinion of who wrote it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.evidence.content import ContentStore
from forensics.examination.questions import Question
from forensics.examination.signatures import stored_message
from forensics.examination.station import Station
from forensics.examination.yarajob import RULES
from forensics.findings import running, yara_scan
from forensics.findings.finding import Because, Confidence, Finding, Looked, Pair
from forensics.workers import Job, Limits, LocalEngine, Outcome

NAME = "yara"
VERSION = "1"
TITLE: Pair = ("YARA のルールに合う添付ファイルとメール", "Attachments and messages that a YARA rule matches")
SECONDS = 20
"""What the rules may take on one file."""
_LIMITS = Limits(wall=300.0, cpu=240)
_COMPILE = Limits(wall=60.0, cpu=50)
_MODULE = "forensics.examination.yarajob"
_BATCH, _BATCH_BYTES = 32, 1 << 26
_TODO = "mend the rules; includes and modules are switched off"
_MISSING: Pair = (
    f"実行していない: ライブラリ yara-x がない（{yara_scan.INSTALL}）",
    f"not run, because the library yara-x is missing; {yara_scan.INSTALL}",
)
_WITHHELD: Pair = (
    "実行していない: 二者承認の事件では添付ファイルとメールの中身を検索しない",
    "not run, because the contents of a case under two-person control are not searched",
)
_ALSO: tuple[Pair, ...] = (
    ("ルールが無害なファイルにも合うことがある", "a rule can match harmless files too"),
    (
        "配布物や共有の雛形に同じ並びが含まれることがある",
        "what the rule looks for can stand in a common template or program",
    ),
)
_NOT: tuple[Pair, ...] = (
    (
        "ファイルが有害であること、開かれたこと、実行されたことは示さない",
        "it does not show that the file is harmful, was opened or was run",
    ),
)
_FILES = """
SELECT attachment.sha256, attachment.id AS record, attachment.address, attachment.name, message.id AS message
FROM attachment LEFT JOIN message ON message.id = attachment.message_id_ref WHERE attachment.sha256 IS NOT NULL
ORDER BY attachment.sha256, attachment.address, record
"""
_MESSAGES = """
SELECT id AS record, address, evidence, split_part(address, '/', 2) AS number, span_start, span_end, raw_sha256
FROM message WHERE raw_sha256 IS NOT NULL ORDER BY evidence, number, span_start, address
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A range of bytes that is scanned once, and every place of the case that it has."""

    sha256: str
    path: Path
    start: int
    end: int
    places: tuple[dict[str, Any], ...]


@dataclass(slots=True, kw_only=True)
class _Work:
    engine: LocalEngine
    spool: Path
    station: Station
    hits: list[tuple[_Item, dict[str, Any]]] = field(default_factory=list)
    problems: list[tuple[_Item, str]] = field(default_factory=list)


def question(file: Path, station: Station) -> Question:
    """The question of a file of YARA rules. The rules are compiled at once, so that a fault is said before any step."""
    data = _read(file)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UsageError("these YARA rules are not UTF-8", place=str(file), todo=_TODO) from error
    if yara_scan.installed():
        with tempfile.TemporaryDirectory() as spool, _engine(1) as engine:
            _compile(engine, text, Path(spool), str(file))
    return Question(
        name=NAME,
        title=TITLE,
        version=VERSION,
        needs=("message",),
        parameters={"seconds_per_file": SECONDS},
        about={
            "rule_sha256": hashlib.sha256(data).hexdigest(),
            "rules_file": file.name,
            "library": yara_scan.version(),
        },
        ask=lambda case: ask(case, station, text, str(file)),
    )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as handle:
            data = handle.read(yara_scan.LARGEST + 1)
    except OSError as error:
        raise UsageError(
            f"these rules cannot be read: {error.strerror}", place=str(file), todo="name a file"
        ) from error
    if len(data) > yara_scan.LARGEST:
        raise UsageError("this file of rules is too large", place=str(file), todo="use fewer rules")
    return data


def _engine(workers: int) -> LocalEngine:
    return LocalEngine(workers, _LIMITS, preload=(_MODULE,))


def _compile(engine: LocalEngine, text: str, spool: Path, place: str) -> Path:
    job = Job(call=f"{_MODULE}:compile_rules", args={"text": text}, spool=spool, limits=_COMPILE)
    outcome = engine.submit(job).result()
    fault = f"compiling them ended: {outcome.cause}" if outcome.value is None else str(outcome.value["fault"])
    if fault:
        raise UsageError(f"these YARA rules cannot be used: {fault}", place=place, todo=_TODO)
    return spool / RULES


def ask(case: CaseView, station: Station, text: str, place: str) -> Iterator[Finding | Looked]:
    """Every match as a finding, then where it looked; or why nothing was scanned."""
    why: tuple[Pair, ...] = ()
    if case.vault is not None:
        why = (_WITHHELD,)
    elif not yara_scan.installed():
        why = (_MISSING,)
    else:
        why = running.lacking(case, ("message",))
    if why:
        yield Looked(rule=NAME, version=VERSION, why_not=why)
        return
    items, gone = _items(case)
    with tempfile.TemporaryDirectory() as spool, _engine(station.workers) as engine:
        work = _Work(engine=engine, spool=Path(spool), station=station)
        rules = _compile(engine, text, work.spool, place)
        _run(work, rules, items)
    findings = sorted((_finding(item, hit) for item, hit in work.hits), key=_order)
    yield from findings
    yield Looked(
        rule=NAME,
        version=VERSION,
        considered=len(items) - len(work.problems),
        found=len(findings),
        could_not_read=len(work.problems) + gone,
        why_not=tuple(_problem(item, said) for item, said in work.problems[:10]),
    )


def _order(finding: Finding) -> tuple[str, str]:
    return finding.claim_en, finding.id


def _items(case: CaseView) -> tuple[list[_Item], int]:
    """What is scanned, in a stable order, and how much of the case has no bytes to scan."""
    store = ContentStore(case.folder / "content")
    items, gone = [], 0
    places: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in case.rows(_FILES):
        places[str(row["sha256"])].append(row)
    for sha256, rows in places.items():
        if store.has(sha256):
            path = store.path(sha256)
            items.append(_Item(sha256=sha256, path=path, start=0, end=path.stat().st_size, places=tuple(rows)))
        else:
            gone += 1
    seen = set(places)
    for row in case.rows(_MESSAGES):
        if row["raw_sha256"] in seen:
            continue
        seen.add(row["raw_sha256"])
        place = stored_message(case, row)
        if place is not None and place[0].is_file():
            path, start, end = place
            said = {**row, "name": None, "message": row["record"]}
            items.append(_Item(sha256=str(row["raw_sha256"]), path=path, start=start, end=end, places=(said,)))
        else:
            gone += 1
    return items, gone


def _run(work: _Work, rules: Path, items: Sequence[_Item]) -> None:
    work.station.progress.begin("holding YARA rules against files", items=len(items))
    waiting = [(lot, _submitted(work, rules, lot)) for lot in _lots(items)]
    for lot, future in waiting:
        _taken(work, rules, lot, future.result())
        work.station.progress.advance(0, len(lot))
    work.station.progress.end()


def _lots(items: Sequence[_Item]) -> Iterator[list[_Item]]:
    lot: list[_Item] = []
    size = 0
    for item in items:
        lot.append(item)
        size += item.end - item.start
        if len(lot) >= _BATCH or size >= _BATCH_BYTES:
            yield lot
            lot, size = [], 0
    if lot:
        yield lot


def _submitted(work: _Work, rules: Path, lot: Sequence[_Item]) -> Future[Outcome]:
    files = {path: index for index, path in enumerate(dict.fromkeys(item.path for item in lot))}
    ranges = [{"file": files[item.path], "start": item.start, "end": item.end} for item in lot]
    args = {"items": ranges, "seconds": SECONDS}
    return work.engine.submit(Job(call=f"{_MODULE}:scan", args=args, reads=(rules, *files), spool=work.spool))


def _taken(work: _Work, rules: Path, lot: Sequence[_Item], outcome: Outcome) -> None:
    """The matches of a batch. A file that killed its worker costs itself: the others are scanned again without it."""
    if outcome.value is not None:
        for item, found in zip(lot, outcome.value["found"], strict=True):
            work.hits += [(item, hit) for hit in found["hits"]]
            if found["problem"]:
                work.problems.append((item, str(found["problem"])))
        return
    at = int(outcome.at) if outcome.at.isdigit() and int(outcome.at) < len(lot) else 0
    work.problems.append((lot[at], f"scanning it ended: {outcome.cause}"))
    for rest in (lot[:at], lot[at + 1 :]):
        if rest:
            _taken(work, rules, rest, _submitted(work, rules, rest).result())


def _problem(item: _Item, said: str) -> Pair:
    place = item.places[0]["address"]
    return f"調べられなかった: {place}（{said}）", f"not scanned: {place}, because {said}"


def _finding(item: _Item, hit: dict[str, Any]) -> Finding:
    names = sorted({str(row["name"]) for row in item.places if row["name"]})
    what = (f"添付ファイル「{names[0]}」", f"the attachment {names[0]!r}") if names else _what(item)
    subject = [str(row[key]) for row in item.places for key in ("message", "record") if row[key]]
    return Finding(
        rule=NAME,
        version=VERSION,
        subject=tuple(dict.fromkeys(subject)),
        claim_ja=f"YARA のルール「{hit['rule']}」が{what[0]}に合う（SHA-256 {item.sha256}）",
        claim_en=f"the YARA rule {hit['rule']} matches {what[1]} (SHA-256 {item.sha256})",
        because=tuple(_because(row, hit) for row in item.places),
        confidence=Confidence.POSSIBLE,
        also_possible=_ALSO,
        does_not_show=_NOT,
    )


def _what(item: _Item) -> Pair:
    if "raw_sha256" in item.places[0]:
        return "メールの原文", "the stored text of a message"
    return "名前のない添付ファイル", "an attachment without a name"


def _because(row: dict[str, Any], hit: dict[str, Any]) -> Because:
    meta = "; ".join(f"{key}={value}" for key, value in hit["meta"])
    at = ", ".join(f"{name} {offset}+{length}" for name, offset, length in hit["places"])
    name = row["name"] or "-"
    shown = at or "by its condition alone"
    return Because(
        ja=f"ルール {hit['rule']}（{meta or '説明なし'}）、ファイル名 {name}、合った位置と長さ: {at or '条件のみ'}",
        en=f"rule {hit['rule']} ({meta or 'it has no meta'}), file name {name}, places: {shown}",
        record=str(row["record"]),
        address=str(row["address"]),
    )
