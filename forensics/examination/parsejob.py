"""Runs inside a guarded worker: decides which parser a stored file belongs to, and parses one task's files.

Nested messages are parsed in turn as units of their own, with one limit on depth and on the bytes they expand to, here
and nowhere else.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from forensics import discovery
from forensics.address import Address
from forensics.errors import FormatError
from forensics.examination.part_writer import PartWriter
from forensics.formats import sniff
from forensics.parsers.contract import Candidate, Parser, Settings, Unit
from forensics.records import Attachment, Message, Problem, Record, Recovery
from forensics.workers import Report

PARSERS = "forensics.parsers"
ENTRY_POINTS = "forensics.parsers"
_KEYS = "keys"
"""As in ``sealed_spool``, which is loaded only where a job has keys."""
DEEPEST = 20
MOST_NESTED_BYTES = 1 << 30
NESTED = frozenset(("message/rfc822", "application/vnd.ms-outlook"))


@dataclass(slots=True, kw_only=True)
class _Job:
    """What every part of one task shares."""

    writer: PartWriter
    report: Report
    settings: Settings
    skip: dict[str, str]
    nested_bytes: int = 0
    recovery: Recovery | None = None
    """Where all that a file holds was found, if not the parser but the acquisition knows it."""
    messages: dict[str, str] = field(default_factory=dict)
    """The store path of each message that was read, by its id."""


@cache
def _available() -> dict[str, Parser]:
    """Every parser that works here, by name."""
    found = discovery.offers(PARSERS, ENTRY_POINTS)
    return {offer.name: offer.maker() for offer in found if offer.maker is not None}


def strongest(candidate: Candidate, parsers: dict[str, Parser]) -> tuple[str, str]:
    """The name of the parser that claims the candidate most strongly, or ``""`` and why there is none."""
    claims = sorted(((parser.claims(candidate), name) for name, parser in parsers.items()), reverse=True)
    if not claims or claims[0][0] <= 0:
        return "", ""
    if len(claims) > 1 and claims[0][0] == claims[1][0]:
        return "", f"two parsers claim it alike: {claims[0][1]} and {claims[1][1]}"
    return claims[0][1], ""


def plan(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """Choose the parser of each file and cut large stores into ranges.

    Answers ``{"files": [{number, parser, kind, why, ranges}]}`` in the order of ``args["files"]``.
    """
    parsers = _available()
    folders = frozenset(args["folders"])
    planned = []
    for index, (file, path) in enumerate(zip(args["files"], reads, strict=True)):
        report.at(file["number"])
        if file["number"] in args["skip"]:
            continue
        with _opened(args, index, path) as handle:
            planned.append(_plan_file(file, handle, parsers, folders, _settings(args)))
    return {"files": planned}


def _plan_file(
    file: dict[str, Any], handle: BinaryIO, parsers: dict[str, Parser], folders: frozenset[str], settings: Settings
) -> dict[str, Any]:
    if file.get("role"):
        return {"number": file["number"], "parser": "", "kind": file["role"], "why": "", "lost": "", "ranges": []}
    found = sniff.sniff_handle(handle, file["size"], file["path"])
    handle.seek(0)
    head = handle.read(sniff.HEAD)
    candidate = Candidate(
        path=file["path"], size=file["size"], sniffed=found, neighbours=folders, head=head, settings=settings
    )
    name, why = strongest(candidate, parsers)
    answer = {"number": file["number"], "parser": name, "kind": found.kind.value, "why": why or found.why, "lost": ""}
    if why:
        return {**answer, "ranges": [], "lost": why}
    if not name:
        return {**answer, "ranges": []}
    handle.seek(0)
    try:
        ranges = [dict(each) for each in parsers[name].ranges(_unit(file, handle, settings))]
    except FormatError as error:
        return {**answer, "ranges": [], "lost": error.what}
    return {**answer, "ranges": ranges}


def run(args: dict[str, Any], reads: Sequence[Path], spool: Path, report: Report) -> dict[str, Any]:
    """Parse the files (or the range of one file) of a task into parts in the spool."""
    parsers = _available()
    job = _Job(writer=_writer(args, spool), report=report, settings=_settings(args), skip=args["skip"])
    with _without_collector():
        for index, (file, path) in enumerate(zip(args["files"], reads, strict=True)):
            at = Address(evidence=args["evidence"], steps=(file["number"],))
            if _left_out(job, file, at):
                continue
            with _opened(args, index, path) as handle:
                unit = _unit(file, handle, job.settings)
                unit.range = args["range"]
                job.recovery = Recovery(file["recovery"]) if "recovery" in file else None
                _parse(job, parsers, parsers[args["parser"]], unit, at)
        # What fails from here on is no fault of the last item.
        report.at("")
        answer = job.writer.finish()
    report({"records": sum(part["rows"] for part in answer["parts"])})
    return answer


def _opened(args: dict[str, Any], index: int, path: Path) -> BinaryIO:
    """A file of the job; under two-person control it is decrypted as it is read."""
    if _KEYS not in args:
        return path.open("rb")
    # Not at the top, because no other case needs the library, and each engine would pay for it when it starts.
    from forensics.examination import sealed_spool

    return sealed_spool.open_read(args, index, path)


def _writer(args: dict[str, Any], spool: Path) -> PartWriter:
    if _KEYS not in args:
        return PartWriter(spool)
    from forensics.examination import sealed_spool

    return sealed_spool.part_writer(args, spool)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Records hold no cycles; looking for some among all that wait for their table took a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _left_out(job: _Job, file: dict[str, Any], at: Address) -> bool:
    """Mark the file as begun, so that nothing before its first item is blamed on the file before it."""
    job.report.at(str(at))
    cause = job.skip.get(str(at))
    if cause is None:
        return False
    lost = "everything of this file that is not listed; its bytes are in the evidence"
    what = "reading this file did not end as it should, so it was left out"
    job.writer.add(Problem(address=at, what=what, lost=lost, cause=cause), "parse", file["sha256"])
    return True


def _parse(job: _Job, parsers: dict[str, Parser], parser: Parser, unit: Unit, at: Address) -> None:
    """Parse one unit; what it carries is parsed after it, from a list, so that nesting cannot exhaust the stack."""
    waiting: list[tuple[Parser, Unit, Address]] = [(parser, unit, at)]
    while waiting:
        parser, unit, at = waiting.pop()
        maker = f"{parser.name} {parser.version}"
        unit.begin = _gate(job, unit, at, maker)
        found: list[tuple[Parser, Unit, Address]] = []
        try:
            for record in parser.parse(unit, at, job.writer.keep):
                if job.recovery is not None:
                    record = replace(record, recovery=job.recovery)
                job.writer.add(record, maker, unit.sha256)
                if isinstance(record, Message):
                    job.messages[record.identity()] = record.store_path
                elif isinstance(record, Attachment) and record.detected_type in NESTED:
                    found.extend(_nested(job, parsers, record, unit, maker))
        except FormatError as error:
            job.writer.add(_broken(at, error), maker, unit.sha256)
        waiting.extend(reversed(found))


def _gate(job: _Job, unit: Unit, at: Address, maker: str) -> Callable[[str], bool]:
    """What a parser asks before each item: notes where the work is, and answers ``False`` for an item to leave out."""
    prefix = str(at)

    def begin(step: str) -> bool:
        place = f"{prefix}/{step}"
        job.report.at(place)
        cause = job.skip.get(place)
        if cause is None:
            return True
        lost = "the whole item; its bytes are in the evidence"
        what = "reading this item did not end as it should, so it was left out"
        job.writer.add(Problem(address=at.child(step), what=what, lost=lost, cause=cause), maker, unit.sha256)
        return False

    return begin


def _nested(
    job: _Job, parsers: dict[str, Parser], carrier: Attachment, unit: Unit, maker: str
) -> Iterator[tuple[Parser, Unit, Address]]:
    """The message that an attachment is, as a unit to parse; a problem where a limit stops it."""
    data = job.writer.kept(carrier.sha256) if isinstance(carrier.sha256, str) else None
    if data is None:
        return
    job.nested_bytes += len(data)
    if unit.depth >= DEEPEST or job.nested_bytes > MOST_NESTED_BYTES:
        limit = f"{DEEPEST} levels" if unit.depth >= DEEPEST else f"{MOST_NESTED_BYTES} bytes"
        what = f"messages inside messages go deeper than {limit}; this one is kept, not read"
        problem = Problem(
            address=carrier.address, what=what, lost="the content of this attached message", cause="limit"
        )
        job.writer.add(problem, maker, unit.sha256)
        return
    handle = io.BytesIO(data)
    candidate = Candidate(
        path="", size=len(data), sniffed=sniff.sniff_handle(handle, len(data), ""), neighbours=frozenset()
    )
    name, _ = strongest(candidate, parsers)
    if name:
        handle.seek(0)
        inner = replace(
            unit,
            path="",
            size=len(data),
            handle=handle,
            range={},
            depth=unit.depth + 1,
            folder=job.messages.get(carrier.message_id_ref, unit.folder),
            embedded_in=carrier.message_id_ref,
        )
        yield parsers[name], inner, carrier.address


def _broken(at: Address, error: FormatError) -> Record:
    cause = error.what if error.offset < 0 else f"{error.what} (at byte {error.offset})"
    lost = "everything of this file that is not listed"
    return Problem(address=at, what="this file could not be read to its end", lost=lost, cause=cause)


def _settings(args: dict[str, Any]) -> Settings:
    given = args["settings"]
    return Settings(
        zone=given["zone"],
        code_page=given["code_page"],
        mappings=tuple(given.get("mappings", ())),
        presets=tuple(args.get("presets", ())),
    )


def _unit(file: dict[str, Any], handle: BinaryIO, settings: Settings) -> Unit:
    return Unit(
        path=file["path"],
        size=file["size"],
        sha256=file["sha256"],
        handle=handle,
        metadata=file["metadata"],
        settings=settings,
        folder=file["folder"],
        said=file.get("said", ()),
    )


_available()
# This module is imported by the process that jobs are forked from, so that finding the parsers is paid once.
