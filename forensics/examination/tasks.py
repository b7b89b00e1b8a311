"""Cuts the parsing of an evidence item into tasks that do not depend on the number of workers, and runs one of them.

A task is one range of a large store, or a run of small files of one parser. When a task's worker crashes, hangs or
meets a limit, the item it was at is left out and becomes a problem, and the task is run again without it; a limit of
time or memory is first tried once more with four times as much.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from forensics import canonical
from forensics.address import Address
from forensics.errors import FormatError, IntegrityError
from forensics.evidence.vault import Vault
from forensics.examination.joining import part_of, without
from forensics.examination.part_writer import CONTENT, Blob, PartWriter
from forensics.examination.presets import MAPPED, generic
from forensics.examination.sealed_spool import KEYS, TEXT, SpoolKey, job_keys, open_blob, open_part
from forensics.records import Problem
from forensics.tables import SCHEMAS
from forensics.workers import Engine, Job, Limits, Outcome

SMALL_FILE = 1 << 22
BATCH_FILES = 256
BATCH_BYTES = 1 << 23
MOST_SKIPS = 100
LONGEST_SHOWN = 100
_BLOCK = 1 << 20
_WIDENED = ("timeout", "cpu", "memory")
_HERE = "forensics.examination.parsejob"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Files of one parser, or one range of one file. ``name`` is also the name of its parts."""

    name: str
    parser: str
    files: tuple[dict[str, Any], ...]
    range: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of its files; of a range, the bytes of the whole file."""
        return sum(int(file["size"]) for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A finished task: its answer, why it needed more than one try, and the guards that were in force around it."""

    task: Task
    spool: Path
    answer: dict[str, Any]
    tries: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()


def cut(planned: list[dict[str, Any]], files: dict[str, dict[str, Any]]) -> Iterator[Task]:
    """The tasks for the planned files: small ones gathered by parser, large ones cut; in order of their first file."""
    batches: dict[str, list[dict[str, Any]]] = {}
    found: list[Task] = []
    for plan in planned:
        if not plan["parser"]:
            continue
        file = files[plan["number"]]
        if plan["ranges"] != [{}] or file["size"] > SMALL_FILE:
            found += _ranges(plan, file)
            continue
        batch = batches.setdefault(plan["parser"], [])
        if len(batch) >= BATCH_FILES or sum(each["size"] for each in batch) + file["size"] > BATCH_BYTES:
            found.append(_batch(batch, plan["parser"]))
            batch.clear()
        batch.append(file)
    found += [_batch(batch, parser) for parser, batch in batches.items() if batch]
    yield from sorted(found, key=lambda task: task.name)


def begun_first(tasks: list[Task]) -> list[Task]:
    """The tasks in the order in which they are begun: the last range of each file before all others.

    A parser that has work over a whole store, such as recovering what was deleted, lists it last; begun at the end, it
    would leave all workers but one with nothing to do.
    """
    last = {task.files[0]["number"]: task.name for task in tasks if task.range}
    names = set(last.values())
    return sorted(tasks, key=lambda task: task.name not in names)


def _ranges(plan: dict[str, Any], file: dict[str, Any]) -> Iterator[Task]:
    ranges = plan["ranges"]
    for index, each in enumerate(ranges):
        after = ranges[index + 1].get("first") if index + 1 < len(ranges) else None
        here = (part_of(file, int(each.get("first", 1)), after),)
        yield Task(name=f"{file['number']}-{index:05d}", parser=plan["parser"], files=here, range=each)


def _batch(files: list[dict[str, Any]], parser: str) -> Task:
    return Task(name=f"{files[0]['number']}-to-{files[-1]['number']}-{parser}", parser=parser, files=tuple(files))


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs tasks of one evidence item on an engine."""

    engine: Engine
    evidence: str
    work: Path
    settings: dict[str, Any]
    data: dict[str, Path]
    """Where each stored file lies, by its number."""
    vault: Vault | None = None
    """What opens them, and seals what the workers spool, where the case is under two-person control."""

    def key(self, task: Task) -> str:
        """What makes a finished task of an interrupted run the same task."""
        shown = [[file["number"], file["sha256"]] for file in task.files]
        return canonical.fingerprint([task.name, task.parser, shown, dict(task.range), self.settings])

    def run(self, task: Task) -> Done:
        """Run the task until it ends well or nothing of it can be read."""
        skip: dict[str, str] = {}
        tries: list[str] = []
        limits = _limits(task)
        widened = False
        while True:
            spool = self._fresh_spool(task)
            key = None if self.vault is None else SpoolKey.fresh(self.vault)
            outcome = self.engine.submit(self._job(task, spool, skip, limits, key)).result()
            answer = believed(outcome.value, spool, key)
            if answer is not None:
                return Done(task=task, spool=spool, answer=answer, tries=tuple(tries), guards=outcome.guards)
            tries.append(_told(outcome) if key is None else _told_without_content(outcome))
            if outcome.cause in _WIDENED and not widened:
                widened, limits = True, limits.times(4)
            elif outcome.at and outcome.at not in skip and len(skip) < MOST_SKIPS:
                skip[outcome.at] = _cause(outcome)
            else:
                return self._given_up(task, outcome, tries)

    def _job(self, task: Task, spool: Path, skip: dict[str, str], limits: Limits, key: SpoolKey | None = None) -> Job:
        args: dict[str, Any] = {
            "evidence": self.evidence,
            "parser": task.parser,
            "files": list(task.files),
            "range": dict(task.range),
            "skip": skip,
            "settings": self.settings,
            **({"presets": generic()} if task.parser == MAPPED else {}),
            **self.keys(task.files, key),
        }
        reads = tuple(self.data[file["number"]] for file in task.files)
        return Job(call=f"{_HERE}:run", args=args, reads=reads, spool=spool, limits=limits)

    def to_plan(self, files: list[dict[str, Any]]) -> dict[str, Any]:
        """What a job has to know to choose the parsers of these files."""
        return {"files": without(files), "settings": self.settings, "presets": generic(), **self.keys(files)}

    def keys(self, files: Sequence[dict[str, Any]], spool: SpoolKey | None = None) -> dict[str, Any]:
        """What a job has to know to read these files: nothing in an ordinary case."""
        return {} if self.vault is None else {KEYS: job_keys(self.vault, files, spool)}

    def taken_over(self, task: Task, kept: dict[str, Any]) -> Done | None:
        """A task that an interrupted run finished, if its spool still holds what was journaled."""
        answer, spool = kept["answer"], self.work / task.name
        key = SpoolKey.again(self.vault, answer["salt"]) if self.vault is not None and "salt" in answer else None
        if believed(answer, spool, key) != answer:
            return None
        tries, guards = tuple(kept["tries"]), tuple(kept["guards"])
        return Done(task=task, spool=spool, answer=answer, tries=tries, guards=guards)

    def _fresh_spool(self, task: Task) -> Path:
        spool = self.work / task.name
        if spool.exists():
            shutil.rmtree(spool)
        spool.mkdir(parents=True)
        return spool

    def _given_up(self, task: Task, outcome: Outcome, tries: list[str]) -> Done:
        """Nothing of the task could be kept: each of its files becomes a problem."""
        shown = {key: value for key, value in task.range.items() if len(str(value)) <= LONGEST_SHOWN}
        lost = f"all items of the file, range {shown}" if task.range else "all items of the file"
        return self._problems(task, lost, _cause(outcome), tries)

    def refuse(self, file: dict[str, Any], cause: str) -> Done:
        """The file could not even be looked at: a task of its own that is one problem."""
        task = Task(name=f"{file['number']}-unread", parser="", files=(file,))
        return self._problems(task, "all items of the file", cause, [])

    def _problems(self, task: Task, lost: str, cause: str, tries: list[str]) -> Done:
        spool = self._fresh_spool(task)
        writer = PartWriter(spool)
        for file in task.files:
            address = Address(evidence=self.evidence, steps=(file["number"],))
            what = "reading this file did not end as it should, so what it holds is not listed"
            problem = Problem(address=address, what=what, lost=lost, cause=cause)
            writer.add(problem, "parse", file["sha256"])
        answer = believed(writer.finish(), spool)
        assert answer is not None
        return Done(task=task, spool=spool, answer=answer, tries=tuple(tries))


def _limits(task: Task) -> Limits:
    seconds = 60 + 2 * (task.size >> 20)
    return Limits(wall=float(seconds), cpu=seconds)


def _cause(outcome: Outcome) -> str:
    """The cause as a record may hold it: the same on every machine, or marked as not."""
    if outcome.cause == "timeout":
        return "timeout (this depends on the machine)"
    return outcome.cause


def _told(outcome: Outcome) -> str:
    return f"{outcome.cause or 'reply'} at {outcome.at or 'the start'}: {outcome.detail}"[:2000]


def _told_without_content(outcome: Outcome) -> str:
    """What is said may quote what was read, so under two-person control only the kind of an exception is told."""
    kind = re.match(r"[A-Za-z_.]*(Error|Exception)(?![A-Za-z_])", outcome.detail) if outcome.cause == "error" else None
    return f"{outcome.cause or 'reply'} at {outcome.at or 'the start'}: {kind[0] if kind else 'not told'}"


def believed(value: dict[str, Any] | None, spool: Path, key: SpoolKey | None = None) -> dict[str, Any] | None:
    """A worker's answer with the hashes that this process computed itself; ``None`` where it cannot be believed.

    Hashes and sizes are those of the plaintext; places in ``content`` are those in the spool.
    """
    if value is None:
        return None
    try:
        parts = [_part(each, spool, key) for each in value["parts"]]
        content = _content(value["content"], spool / CONTENT, key)
    except (KeyError, TypeError, ValueError, AttributeError, OSError, FormatError, IntegrityError):
        return None
    salt = {} if key is None else {"salt": key.salt}
    return {"parts": parts, "content": content, **salt}


def _part(value: dict[str, Any], spool: Path, key: SpoolKey | None) -> dict[str, Any]:
    kind = value["kind"]
    if kind not in SCHEMAS or not isinstance(value["rows"], int) or len(value["digest"]) != 64:
        raise FormatError("this is not the description of a part")
    path = spool / "parts" / f"{kind}.parquet"
    with path.open("rb") if key is None or kind != TEXT else open_part(path, kind, key) as handle:
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
        size = handle.seek(0, io.SEEK_END)
    return {
        "kind": kind,
        "rows": value["rows"],
        "digest": value["digest"],
        "sha256": sha256,
        "size": size,
    }


def _content(value: dict[str, Any], path: Path, key: SpoolKey | None) -> dict[str, list[int]]:
    """Where each blob lies, once it is proved that it does."""
    found: dict[str, list[int]] = {}
    with path.open("rb") as handle:
        # In the order in which they lie, because that is the order in which a disk reads.
        for start, size, name in sorted((start, size, name) for name, (start, size) in value.items()):
            if size < 0:
                raise FormatError("this content has no size")
            if key is not None:
                _check_sealed(handle, start, size, name, key)
                found[name] = [start, size]
                continue
            stream = Blob(handle, start, size)
            sha256 = hashlib.sha256(stream.read(_BLOCK))
            while block := stream.read(_BLOCK):
                sha256.update(block)
            if sha256.hexdigest() != name or stream.left:
                raise FormatError("this content does not have the hash it is named by")
            found[name] = [start, size]
    return {name: found[name] for name in value}


def _check_sealed(handle: BinaryIO, start: int, size: int, name: str, key: SpoolKey) -> None:
    with open_blob(handle, start, size, name, key) as stream:
        if hashlib.file_digest(stream, "sha256").hexdigest() != name:
            raise FormatError("this content does not have the hash it is named by")
