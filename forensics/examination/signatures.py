"""The part of ``find`` that checks every DKIM and ARC signature of the case offline, in guarded workers.

The keys come from files named ``dkim-keys.csv`` or ``dkim-keys.json`` in the evidence. What came of each signature
goes to ``findings/signatures.parquet`` and is the table ``signature`` of the rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from forensics.casefile.view import CaseView
from forensics.errors import UsageError
from forensics.evidence.content import ContentStore
from forensics.evidence.item import payload_name
from forensics.examination.sealed_spool import KEYS, job_keys
from forensics.examination.station import Station
from forensics.findings.finding import Pair
from forensics.formats.dkim_keys import FILE_NAMES
from forensics.workers import Job, Limits, LocalEngine, Outcome

_MODULE = "forensics.examination.dkimjob"
_LIMITS = Limits(wall=600.0, cpu=600)
_BATCH = 100
_FIELDS = "'dkim-signature', 'arc-message-signature', 'arc-seal'"
COLUMNS = ("ref", "record", "address", "number", "field", "domain", "selector", "result", "detail", "key_source")
TABLE = f"CREATE OR REPLACE TEMP TABLE signature ({', '.join(f'{name} VARCHAR' for name in COLUMNS)})".replace(
    "number VARCHAR", "number INTEGER"
)

# Every message that carries a signature: where its bytes are, and the records of its signature fields from above.
_SIGNED = f"""
    WITH fields AS (
        SELECT message_id_ref AS ref, list({{'record': id, 'address': address, 'name': lower(name)}} ORDER BY position)
               AS fields
        FROM header WHERE lower(name) IN ({_FIELDS}) GROUP BY message_id_ref
    )
    SELECT message.id AS ref, message.address, evidence, split_part(message.address, '/', 2) AS number, span_start,
           span_end, raw_sha256, fields
    FROM message JOIN fields ON fields.ref = message.id ORDER BY evidence, number, span_start, message.address
"""  # noqa: S608 - filled with constants only


@dataclass(slots=True, kw_only=True)
class Made:
    """The rows of the table, the key files that were used, and what was wrong with others."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)
    key_files: tuple[str, ...] = ()
    faults: tuple[Pair, ...] = ()


def key_files(view: CaseView) -> list[tuple[str, Path, str]]:
    """Every key file of the evidence: its place, its path, its SHA-256."""
    found = []
    for item in view.evidence:
        for entry in item.files:
            name = entry.path.rpartition(b"/")[2].decode("utf-8", "backslashreplace").lower()
            if entry.number is not None and name in FILE_NAMES:
                path = view.folder / "evidence" / item.name / payload_name(entry.number)
                found.append((f"{item.name}/{entry.number:06d}", path, str(entry.sha256)))
    return found


def checked(view: CaseView, station: Station) -> Made:
    """Check every signature of the case, writing nothing."""
    if view.vault is not None:
        view.vault.ready()
    signed = list(view.rows(_SIGNED))
    made = Made()
    if not signed:
        return made
    station.progress.begin("checking signatures", items=len(signed))
    with tempfile.TemporaryDirectory() as spool, LocalEngine(station.workers, _LIMITS, preload=(_MODULE,)) as engine:
        keys = _keys(view, engine, Path(spool), made)
        _run(_batches(view, engine, Path(spool), keys, station), signed, made)
    station.progress.end()
    return made


def _keys(view: CaseView, engine: LocalEngine, spool: Path, made: Made) -> list[dict[str, Any]]:
    files = key_files(view)
    if not files:
        made.faults = (
            (
                f"鍵のファイル（{'、'.join(FILE_NAMES)}）が証拠にない",
                f"there is no key file ({', '.join(FILE_NAMES)}) among the evidence",
            ),
        )
        return []
    args: dict[str, Any] = {"names": [place for place, _, _ in files]}
    if view.vault is not None:
        args[KEYS] = job_keys(view.vault, [{"sha256": sha256} for _, _, sha256 in files])
    job = Job(call=f"{_MODULE}:keys_of", args=args, reads=tuple(path for _, path, _ in files), spool=spool)
    outcome = engine.submit(job).result()
    if outcome.value is None:
        made.faults = (
            (f"鍵のファイルを読めなかった（{outcome.cause}）", f"the key files could not be read: {outcome.cause}"),
        )
        return []
    faults = {str(place): str(said) for place, said in outcome.value["faults"].items()}
    made.faults = tuple(
        (f"鍵のファイル {place} を読めなかった: {said}", f"the key file {place} could not be read: {said}")
        for place, said in faults.items()
    )
    made.key_files = tuple(place for place, _, _ in files if place not in faults)
    return list(outcome.value["keys"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batches:
    """What every batch needs; ``stored`` has the SHA-256 of each stored file, ``boxes`` those that are mbox files."""

    view: CaseView
    engine: LocalEngine
    spool: Path
    keys: list[dict[str, Any]]
    station: Station
    stored: dict[tuple[str, int], str]
    boxes: frozenset[tuple[str, str]]


def _batches(
    view: CaseView, engine: LocalEngine, spool: Path, keys: list[dict[str, Any]], station: Station
) -> _Batches:
    entries = ((item.name, entry) for item in view.evidence for entry in item.files if entry.number is not None)
    return _Batches(
        view=view,
        engine=engine,
        spool=spool,
        keys=keys,
        station=station,
        stored={(name, int(entry.number or 0)): str(entry.sha256) for name, entry in entries},
        boxes=frozenset(
            (manifest["evidence"], file["number"])
            for manifest in view.manifests
            for file in manifest["files"]
            if file["kind"] == "mbox"
        ),
    )


def _run(batches: _Batches, signed: Sequence[dict[str, Any]], made: Made) -> None:
    waiting: list[tuple[list[dict[str, Any]], Future[Outcome]]] = []
    for _, group in groupby(signed, key=lambda row: row["evidence"]):
        while lot := list(islice(group, _BATCH)):
            waiting += _submitted(batches, lot, made)
    for lot, future in waiting:
        _taken(batches, lot, future.result(), made)


def _submitted(
    batches: _Batches, lot: list[dict[str, Any]], made: Made
) -> Iterator[tuple[list[dict[str, Any]], Future[Outcome]]]:
    """A job for the messages whose bytes are at hand; the others are said to have none."""
    placed = []
    for row in lot:
        place = stored_message(batches.view, row)
        if place is None:
            _add(made, row, {"result": "unsupported", "detail": "the store keeps no bytes of this message"}, 0)
            batches.station.progress.advance(0, 1)
        else:
            placed.append((row, *place))
    if not placed:
        return
    files = {path: row for row, path, _, _ in placed}
    order = {path: index for index, path in enumerate(files)}
    messages = [
        {
            "file": order[path],
            "start": start,
            "end": end,
            "sha256": row["raw_sha256"],
            "mbox": (row["evidence"], row["number"]) in batches.boxes,
        }
        for row, path, start, end in placed
    ]
    args: dict[str, Any] = {"messages": messages, "given": batches.keys}
    if batches.view.vault is not None:
        stored = [{"sha256": batches.stored[row["evidence"], int(row["number"])]} for row in files.values()]
        args[KEYS] = job_keys(batches.view.vault, stored)
    job = Job(call=f"{_MODULE}:signatures", args=args, reads=tuple(files), spool=batches.spool)
    yield [row for row, *_ in placed], batches.engine.submit(job)


def stored_message(view: CaseView, row: dict[str, Any]) -> tuple[Path, int, int] | None:
    """Where the bytes of a message are: in the stored file, or, of one that another carried, among the contents."""
    if row["raw_sha256"] is None:
        return None
    if row["span_start"] is not None:
        path = view.folder / "evidence" / row["evidence"] / payload_name(int(row["number"]))
        return path, int(row["span_start"]), int(row["span_end"])
    content = ContentStore(view.folder / "content")
    if view.vault is None and content.has(row["raw_sha256"]):
        path = view.folder / "content" / row["raw_sha256"][:2] / row["raw_sha256"]
        return path, 0, path.stat().st_size
    return None


def _taken(batches: _Batches, lot: list[dict[str, Any]], outcome: Outcome, made: Made) -> None:
    """The rows of a batch. One that killed its worker costs itself: the others are checked again without it."""
    if outcome.value is not None:
        for row, found in zip(lot, outcome.value["found"], strict=True):
            for number, each in enumerate(found):
                _add(made, row, each, number)
        batches.station.progress.advance(0, len(lot))
        return
    at = int(outcome.at) if outcome.at.isdigit() and int(outcome.at) < len(lot) else 0
    _add(made, lot[at], {"result": "unreadable", "detail": f"checking it ended: {outcome.cause}"}, 0)
    batches.station.progress.advance(0, 1)
    for rest in (lot[:at], lot[at + 1 :]):
        for again, future in _submitted(batches, rest, made):
            _taken(batches, again, future.result(), made)


def _add(made: Made, row: dict[str, Any], each: dict[str, Any], number: int) -> None:
    name = str(each.get("field", "")).partition(" ")[0]
    same = [field for field in row["fields"] if field["name"] == name]
    nth = int(each.get("nth", 0))
    at = same[nth] if nth < len(same) else {"record": row["ref"], "address": row["address"]}
    texts = (str(each.get(key, "")) for key in ("field", "domain", "selector", "result", "detail", "key_source"))
    made.rows.append((row["ref"], at["record"], at["address"], number, *texts))


def fill(view: CaseView, rows: list[tuple[Any, ...]]) -> Any:
    """Make the table ``signature`` of these rows; it as Arrow, in its order."""
    view.connection.execute(TABLE)
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in COLUMNS]
    if rows:
        wanted = ", ".join("unnest(?)" for _ in COLUMNS)
        view.connection.execute(f"INSERT INTO signature SELECT {wanted}", columns)
    return view.arrow("SELECT * FROM signature ORDER BY address, number, record")


def need_records(view: CaseView) -> None:
    """Raise :class:`UsageError` where nothing was parsed."""
    if not view.manifests:
        raise UsageError("nothing of this case has been parsed yet", todo="run 'forensics parse' first")
