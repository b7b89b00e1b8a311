"""The step from stored bytes to records: plan, parse in guarded workers, put parts and contents in place.

``records/EV-0001.json`` lists what the newest finished parse of an evidence item made; the ledger holds its hash. While
a parse runs, everything lies in ``records/.work``; a rerun takes over the tasks that are journaled there.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile.acts import Act
from forensics.casefile.ledger import replace_file
from forensics.casefile.view import CaseView, EvidenceItem
from forensics.errors import DONE, PARTLY_READ, ForensicsError, FormatError, IntegrityError
from forensics.evidence.durable import sync_folder
from forensics.evidence.item import FOLDER, ROLES, Entry, payload_name
from forensics.examination.conductor import Examination, Step
from forensics.examination.files import found_by
from forensics.examination.joining import join, said_for
from forensics.examination.mapping import named_for, worker_settings
from forensics.examination.opening_images import CONTAINERS
from forensics.examination.part_writer import CONTENT
from forensics.examination.sealed_spool import MODULES, TEXT, SpoolKey, seal_part, spooled, stored_of
from forensics.examination.station import tool
from forensics.examination.tasks import Done, Runner, Task, begun_first, cut
from forensics.workers import Engine, Job, Limits, LocalEngine

PLAN_FILES = 500
_MODULE = "forensics.examination.parsejob"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseSummary:
    """What a parse of one evidence item came to. ``unclaimed`` are files that no parser knows, disk images left out."""

    evidence: str
    counts: dict[str, int]
    files: int
    unclaimed: int
    unchanged: bool = False
    identical: bool | None = None
    """Whether a repeated parse gave the same parts as the one before; ``None`` for a first one."""

    @property
    def exit_code(self) -> int:
        """3 where something could not be read or nothing was recognised."""
        nothing = self.files > 0 and self.unclaimed == self.files
        return PARTLY_READ if self.counts.get("problem") or nothing else DONE


@dataclass(slots=True, kw_only=True)
class _Work:
    """One parse in progress."""

    item: EvidenceItem
    runner: Runner
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    planned: list[dict[str, Any]] = field(default_factory=list)
    journal: dict[str, dict[str, Any]] = field(default_factory=dict)


def parse(examination: Examination, *, again: bool = False, only: Collection[str] = ()) -> list[ParseSummary]:
    """Parse every evidence item, or those in ``only``; one that this very program has parsed is left as it is."""
    view = examination.view()
    items = [item for item in view.evidence if not only or item.name in only]
    wanted = [item for item in items if again or not _is_current(view, item)]
    kept = [(item, _listed(view, item)) for item in items if item not in wanted]
    summaries = [_summary(item, manifest, unchanged=True) for item, manifest in kept if manifest is not None]
    if wanted and examination.vault is not None:
        examination.vault.ready()
    if wanted:
        workers = examination.station.workers
        modules = (_MODULE,) if examination.vault is None else (_MODULE, *MODULES)
        # More threads than workers: while one waits for the disk, its worker has the next task already. Whatever stops
        # the work ends the workers first, so that no thread waits for the end of a long task.
        with ThreadPoolExecutor(2 * workers) as pool, LocalEngine(workers, Limits(), preload=modules) as engine:
            summaries += [_parse_item(examination, view, item, engine, pool) for item in wanted]
    shutil.rmtree(examination.folder / "records" / ".work", ignore_errors=True)
    return sorted(summaries, key=lambda each: each.evidence)


def _params(view: CaseView, item: EvidenceItem) -> dict[str, Any]:
    settings = {"zone": view.facts.time_zone, "code_page": view.facts.code_page}
    return {
        "evidence": item.name,
        "manifest_sha256": item.manifest_sha256,
        "tool_sha256": tool()["sha256"],
        "libraries": tool()["libraries"],
        "settings": settings,
        **named_for(view, item),
        **said_for(view, item),
    }


def _is_current(view: CaseView, item: EvidenceItem) -> bool:
    """Whether the newest parse finished with the same input and the same program, and what it made is still there."""
    line = view.newest(Act.PARSE, **_params(view, item))
    tried = (each for each in reversed(view.lines) if each.act == Act.PARSE)
    last = next((each for each in tried if each.value["params"].get("evidence") == item.name), None)
    manifest = _listed(view, item) if line is not None and line == last else None
    return manifest is not None and all((view.folder / part["path"]).is_file() for part in manifest["parts"])


def _listed(view: CaseView, item: EvidenceItem) -> dict[str, Any] | None:
    """What the newest finished parse of the item listed; ``None`` where there is none, or a later one was cut short."""
    line = view.newest(Act.PARSE, evidence=item.name)
    if line is None:
        return None
    try:
        found: dict[str, Any] = canonical.decode(view.read_output(line.value["out"][0]))
    except IntegrityError:
        return None
    return found


def _parse_item(
    examination: Examination, view: CaseView, item: EvidenceItem, engine: Engine, pool: ThreadPoolExecutor
) -> ParseSummary:
    params = _params(view, item)
    before = _listed(view, item)
    inputs = [{"id": item.name, "sha256": item.manifest_sha256}]
    with examination.step(Act.PARSE, params=params, inputs=inputs) as step:
        work = _prepare(examination, item, engine, params)
        _plan(examination, work)
        done, content = _keep_content(examination, _run(examination, work, pool))
        manifest = _put_in_place(examination, work, done, content)
        _finish(examination, step, manifest, done)
        _sweep(examination.folder / "records", item.name, manifest)
    shutil.rmtree(work.runner.work)
    identical = None if before is None else before["parts"] == manifest["parts"]
    return _summary(item, manifest, identical=identical)


def _prepare(examination: Examination, item: EvidenceItem, engine: Engine, params: dict[str, Any]) -> _Work:
    """Set up the work folder; what an earlier run with the same inputs left there is taken over, all else removed."""
    work = examination.folder / "records" / ".work" / item.name
    mark = canonical.encode(params)
    known = work / "params.json"
    if not known.exists() or known.read_bytes() != mark:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        replace_file(known, mark)
    stored = [entry for entry in item.files if entry.number is not None]
    found = found_by(examination.evidence, item.name)
    files = {f"{entry.number:06d}": _file(entry) | found for entry in stored}
    join(examination, params, files)
    folder = examination.folder / "evidence" / item.name
    data = {number: folder / payload_name(int(number)) for number in files}
    runner = Runner(
        engine=engine,
        evidence=item.name,
        work=work,
        settings=worker_settings(examination, params),
        data=data,
        vault=examination.vault,
    )
    return _Work(item=item, runner=runner, files=files, journal=_read_journal(work / "journal.jsonl"))


def _file(entry: Entry) -> dict[str, Any]:
    path, facts = entry.path.decode("utf-8", "backslashreplace"), entry.facts or {}
    times = {"mtime_ns": entry.times.modified, "btime_ns": entry.times.born}
    named = {"number": f"{entry.number:06d}", "path": path, "folder": path.rpartition("/")[0]}
    return {
        **named,
        "size": entry.size,
        "sha256": entry.sha256,
        "role": facts.get("role", ""),
        "metadata": {key: value for key, value in times.items() if value is not None},
        **({"said": [facts["imap"]]} if "imap" in facts else {}),
    }


def _plan(examination: Examination, work: _Work) -> None:
    """Ask workers which parser each file belongs to; a file whose look crashes a worker is named and left out."""
    files = list(work.files.values())
    found = (entry.path.decode("utf-8", "backslashreplace") for entry in work.item.files if entry.type == FOLDER)
    folders = sorted({*found, *("/".join(parts) for file in files for parts in _above(file["path"]))})
    examination.station.progress.begin(f"{work.item.name}: looking at the files", items=len(files))
    for start in range(0, len(files), PLAN_FILES):
        batch = files[start : start + PLAN_FILES]
        work.planned.extend(_plan_batch(work, batch, folders))
        examination.station.progress.advance(0, len(batch))
    examination.station.progress.end()
    _mark_first(work)


def _mark_first(work: _Work) -> None:
    """Tell each parser which of its files is the first below a grandparent folder: it describes the folder there."""
    seen: set[tuple[str, str]] = set()
    for plan in work.planned:
        file = work.files[plan["number"]]
        place = (plan["parser"], file["folder"].rpartition("/")[0])
        if place not in seen:
            seen.add(place)
            file["metadata"]["first_of_parent"] = 1


def _above(path: str) -> Iterator[list[str]]:
    parts = path.split("/")[:-1]
    return (parts[:end] for end in range(1, len(parts) + 1))


def _plan_batch(work: _Work, batch: list[dict[str, Any]], folders: list[str]) -> list[dict[str, Any]]:
    skip: dict[str, str] = {}
    spool = work.runner.work / "plan"
    limits: Limits | None = None
    while True:
        spool.mkdir(exist_ok=True)
        args = {**work.runner.to_plan(batch), "folders": folders, "skip": skip}
        reads = tuple(work.runner.data[file["number"]] for file in batch)
        job = Job(call=f"{_MODULE}:plan", args=args, reads=reads, spool=spool, limits=limits)
        outcome = work.runner.engine.submit(job).result()
        if outcome.value is not None:
            found = [*outcome.value["files"], *(_unplanned(number, why) for number, why in skip.items())]
            return sorted(found, key=itemgetter("number"))
        left = [file["number"] for file in batch if file["number"] not in skip]
        if not left:
            told = outcome.detail if work.runner.vault is None else ""
            raise ForensicsError(
                f"the files could not be looked at, and no file is to blame: {outcome.cause} {told}".rstrip(),
                place=work.item.name,
                todo="see what 'forensics doctor' says of this machine, then run the same command again",
            )
        if limits is None:  # A busy machine, or a worker that somebody ended, must not cost a file.
            limits = Limits().times(4)
            continue
        culprit = outcome.at if outcome.at in left else left[0]
        skip[culprit] = outcome.cause


def _unplanned(number: str, cause: str) -> dict[str, Any]:
    return {"number": number, "parser": "", "kind": "unknown", "why": "", "ranges": [], "lost": cause}


def _run(examination: Examination, work: _Work, pool: ThreadPoolExecutor) -> Iterator[Done]:
    """Run the tasks, some at a time, and give back the finished ones in order; each is journaled as it ends."""
    tasks = list(cut(work.planned, work.files))
    examination.station.progress.begin(f"{work.item.name}: parsing", items=len(tasks))

    def one(task: Task) -> Done:
        key = work.runner.key(task)
        kept = work.journal.get(key)
        done = work.runner.taken_over(task, kept) if kept is not None else None
        if done is None:
            done = work.runner.run(task)
            _write_journal(work.runner.work, key, done)
        examination.station.progress.advance(0, 1)
        return done

    running = {task.name: pool.submit(one, task) for task in begun_first(tasks)}
    try:
        for task in tasks:
            yield running.pop(task.name).result()
    finally:
        for future in running.values():
            future.cancel()
    examination.station.progress.end()


def _write_journal(work: Path, key: str, done: Done) -> None:
    """Make the task's files durable, then say so: one line, appended in one write."""
    for path in sorted(done.spool.rglob("*")):
        if path.is_file():
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
    for folder in (done.spool / "parts", done.spool, work):
        sync_folder(folder)
    said = {"key": key, "answer": done.answer, "tries": list(done.tries), "guards": list(done.guards)}
    line = canonical.encode(said) + b"\n"
    with (work / "journal.jsonl").open("ab", buffering=0) as handle:
        handle.write(line)
        os.fsync(handle.fileno())


def _read_journal(path: Path) -> dict[str, dict[str, Any]]:
    """The tasks that an interrupted run finished; a torn last line is a task that it did not."""
    found: dict[str, dict[str, Any]] = {}
    if path.exists():
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        for line in data[:whole].splitlines():
            try:
                value = canonical.decode(line)
            except FormatError:
                continue
            found[value["key"]] = value
        with path.open("r+b") as handle:
            handle.truncate(whole)
    return found


def _keep_content(examination: Examination, tasks: Iterator[Done]) -> tuple[list[Done], dict[str, int]]:
    """Store the blobs of each task as it ends, while the workers are at the next ones; blobs that no finished step
    lists are thrown away or found again, so it does no harm when the step fails after this."""
    done: list[Done] = []
    content: dict[str, int] = {}
    examination.content.begin()
    for each in tasks:
        with (each.spool / CONTENT).open("rb") as handle:
            places = sorted((start, size, name) for name, (start, size) in each.answer["content"].items())
            for start, size, name in places:
                if name not in content:
                    _, content[name] = examination.content.put(
                        spooled(examination.vault, each.answer, handle, (start, size, name))
                    )
        done.append(each)
    examination.content.commit()
    return done, content


def _put_in_place(examination: Examination, work: _Work, done: list[Done], content: dict[str, int]) -> dict[str, Any]:
    """Move the parts into the case, and make the manifest that lists them."""
    parts = []
    for each in [*done, *_plan_problems(work)]:
        for part in each.answer["parts"]:
            path = f"records/{part['kind']}/{work.item.name}-{each.task.name}.parquet"
            source, target = each.spool / "parts" / f"{part['kind']}.parquet", examination.folder / path
            if examination.vault is not None and part["kind"] == TEXT:
                key = SpoolKey.again(examination.vault, each.answer["salt"])
                part = {**part, **seal_part(examination.vault, source, target, part, key)}
            else:
                _move(source, target)
            parts.append({**part, "path": path})
    for kind in {part["kind"] for part in parts}:
        sync_folder(examination.folder / "records" / kind)
    sync_folder(examination.folder / "records")
    sync_folder(examination.folder)
    seen = [{key: plan[key] for key in ("number", "parser", "kind", "why")} for plan in work.planned]
    counts: Counter[str] = Counter()
    for part in parts:
        counts[part["kind"]] += part["rows"]
    return {
        "evidence": work.item.name,
        "parts": parts,
        "content": content,
        **stored_of(examination.content),
        "files": seen,
        "counts": dict(sorted(counts.items())),
    }


def _move(source: Path, target: Path) -> None:
    """A copy under the target's name; the source stays until the step is finished, so that a killed run can go on."""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".new")
    beside.unlink(missing_ok=True)
    try:
        beside.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, beside)
        with beside.open("rb") as handle:
            os.fsync(handle.fileno())
    beside.replace(target)


def _plan_problems(work: _Work) -> list[Done]:
    """A problem for each file that no parser got because looking at it failed."""
    lost = [plan for plan in work.planned if plan["lost"]]
    return [work.runner.refuse(work.files[plan["number"]], plan["lost"]) for plan in lost]


def _finish(examination: Examination, step: Step, manifest: dict[str, Any], done: list[Done]) -> None:
    path = f"records/{manifest['evidence']}.json"
    data = canonical.encode(manifest)
    replace_file(examination.folder / path, data)
    step.outputs.append({"path": path, "sha256": canonical.fingerprint(manifest), "size": len(data)})
    tries = {each.task.name: list(each.tries) for each in done if each.tries}
    guards = sorted({guard for each in done for guard in each.guards})
    step.result = {"counts": manifest["counts"], "errors": tries, "files": len(manifest["files"]), "guards": guards}


def _sweep(records: Path, evidence: str, manifest: dict[str, Any]) -> None:
    """Remove the parts of an earlier parse that the new manifest does not list."""
    listed = {part["path"] for part in manifest["parts"]}
    for path in records.glob(f"*/{evidence}-*"):
        if path.relative_to(records.parent).as_posix() not in listed:
            path.unlink()


def _summary(
    item: EvidenceItem, manifest: dict[str, Any], *, unchanged: bool = False, identical: bool | None = None
) -> ParseSummary:
    return ParseSummary(
        evidence=item.name,
        counts=manifest["counts"],
        files=len(manifest["files"]),
        unclaimed=sum(1 for file in manifest["files"] if not file["parser"] and file["kind"] not in CONTAINERS | ROLES),
        unchanged=unchanged,
        identical=identical,
    )
