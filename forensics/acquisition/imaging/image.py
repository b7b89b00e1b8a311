"""One medium as one evidence item: image, error map, digests of the pieces; begun anew or where a killed run stood.

sdb.raw                    the image; with split sdb.raw.001, sdb.raw.002 and on
sdb.raw.error-map.jsonl    every part of the medium, read or filled
sdb.raw.pieces.jsonl       digests of every piece, and what the second reading said of it
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from forensics.acquisition.acquire import Acquired
from forensics.acquisition.imaging import papers
from forensics.acquisition.imaging.error_map import Bad
from forensics.acquisition.imaging.journal import Journal
from forensics.acquisition.imaging.lanes import Lanes
from forensics.acquisition.imaging.medium import Advance, Medium, Plan
from forensics.acquisition.imaging.passes import Again, Gate, Work, copy, kept, read_again
from forensics.acquisition.imaging.recovery import RETRIES, Recovery
from forensics.acquisition.imaging.sums import Sums
from forensics.acquisition.imaging.target import Target
from forensics.digests import SHA256, Hasher
from forensics.evidence.item import FILE, PAPER, SEGMENT, Entry
from forensics.evidence.readback import hash_again
from forensics.evidence.writer import ItemWriter

PIECE = 1 << 26
"""Pieces of 64 MiB have digests of their own."""

_WORKSHOP = "imaging"


class Quiet:
    """Progress that nobody watches."""

    def begin(self, title: str, size: int) -> None:
        """Nothing is shown."""

    def advance(self, size: int) -> None:
        """Nothing is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a medium is imaged: files of at most ``split`` bytes (0: one file), retries of a sector, size of a piece."""

    split: int = 0
    retries: int = RETRIES
    piece: int = PIECE


def image(
    medium: Medium,
    writer: ItemWriter,
    *,
    now: Callable[[], int],
    tool: Mapping[str, str],
    about: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    shown: Quiet | None = None,
) -> Acquired:
    """Make the item. Sectors that could not be read are zeros, are named, and make the receipt incomplete."""
    with writer, Lanes() as lanes:
        started = now()
        run = _Run(medium, writer, lanes, settings or Settings(), shown or Quiet())
        done = run.made()
        entries = run.adopted(done)
        told = papers.Told(medium=medium, settings=run.said, bad=run.bad, again=run.again, done=done)
        receipt = papers.receipt(told, [each for each in entries if "of" in (each.facts or {})], tool)
        acquisition = {
            "format": 1,
            "item": writer.item,
            "started_ns": started,
            "ended_ns": now(),
            "resumed": {"yes": writer.resumed, "copied_again": run.redone},
            "receipt": receipt.to_json(),
            "about": dict(about or {}),
            **papers.acquisition(told),
        }
        return Acquired(receipt=receipt, sealed=writer.finish(entries, acquisition), resumed=writer.resumed)


class _Run:
    """The state of one imaging between its steps."""

    def __init__(self, medium: Medium, writer: ItemWriter, lanes: Lanes, settings: Settings, shown: Quiet) -> None:
        self._medium = medium
        self._writer = writer
        self._lanes = lanes
        self._shown = shown
        self._plan = Plan(size=medium.size, piece=settings.piece, split=settings.split)
        self._folder = writer.workshop(_WORKSHOP)
        self._sparse = medium.allocated < medium.size
        self.redone: list[dict[str, str]] = []
        self.said = {"piece": settings.piece, "split": settings.split, "retries": settings.retries}
        head = {"medium": medium.identity(), "plan": {"piece": settings.piece, "split": settings.split}}
        self._journal = self._journal_for(head)
        self._recovery = Recovery(medium, settings.retries)
        self.again = Again()

    def _journal_for(self, head: dict[str, Any]) -> Journal:
        """The journal of the killed run where that imaged the same thing alike; otherwise everything begins anew."""
        journal = Journal(self._folder)
        if journal.head is not None and journal.head != head:
            what = "medium" if journal.head["medium"] != head["medium"] else "size of the files"
            self.redone.append({"path": "the whole image", "reason": f"the {what} is another than in the earlier run"})
            shutil.rmtree(self._folder)
            self._folder = self._writer.workshop(_WORKSHOP)
            journal = Journal(self._folder)
        if journal.head is None:
            journal.begin(head)
        return journal

    @property
    def bad(self) -> list[Bad]:
        """All that is filled, in order."""
        return [each for piece in self._journal.pieces for each in piece.bad]

    def made(self) -> dict[str, Any]:
        """Image the medium, unless that was done and only the item is missing."""
        if self._journal.done is not None:
            self._check_done(self._journal.done["segments"])
        if self._journal.done is None:
            with closing(Target(self._folder, self._plan, sparse=self._sparse)) as target:
                self._make(target)
        assert self._journal.done is not None
        done = self._journal.done
        self.again.differs = dict(done["differs"])
        self.again.unread = [Bad.from_list(each) for each in done["unread"]]
        return done

    def _check_done(self, segments: list[dict[str, str]]) -> None:
        """What an earlier run finished is read once more; where it is damaged, those pieces are imaged anew."""
        waiting = [number for number in range(len(segments)) if self._path(number) not in self._writer.kept]
        with Hasher((SHA256,)) as hasher:
            damaged = [each for each in waiting if not _is(self._made(each), segments[each]["sha256"], hasher)]
        if damaged and len(waiting) < len(segments):
            raise papers.damaged(self._made(damaged[0]))
        if damaged:
            self._journal.cut(len(self._journal.pieces))

    def _path(self, segment: int) -> bytes:
        return self._medium.entry.path + (b".%03d" % (segment + 1) if self._plan.split else b"")

    def _make(self, target: Target) -> None:
        work = self._work(target, self._shown.advance)
        sums = self._resumed(work, target)
        begin = self._plan.piece_span(len(self._journal.pieces))[0]
        left = self._plan.size - begin
        self._writer.need_space(max(0, self._medium.allocated - begin) if self._sparse else left)
        again = self._read_twice(work, sums, left)
        whole = sums.end()
        changed = self._medium.changed()
        segments = [each().to_json() for each in sums.segments]
        differs = [[number, offset] for number, offset in again.differs.items()]
        unread = [each.to_list() for each in again.unread]
        found = {"whole": whole().to_json(), "segments": segments, "differs": differs, "unread": unread}
        self._journal.finish({**found, "changed": changed})

    def _read_twice(self, work: Work, sums: Sums, left: int) -> Again:
        """Once into the copy and once beside it, at the same time where the medium bears that."""
        early = self._medium.nimble
        gate = Gate(early=early)
        self._shown.begin("reading it twice" if early else "reading", left + (self._plan.size if early else 0))
        again = self._lanes.hand("second reading", read_again, work, gate)
        try:
            copy(work, sums, gate, lambda: again.result() if again.done() else None)
        except BaseException:
            gate.end(whole=False)
            raise
        if not early:
            self._shown.begin("reading source and copy again", self._plan.size)
        gate.end(whole=True)
        return again.result()

    def _work(self, target: Target, advance: Advance) -> Work:
        return Work(
            plan=self._plan,
            recovery=self._recovery,
            target=target,
            journal=self._journal,
            lanes=self._lanes,
            advance=advance,
        )

    def _resumed(self, work: Work, target: Target) -> Sums:
        """The digests so far, from what is kept; a piece that is not what it was is read anew, with all after it."""
        self._shown.begin("checking what is kept", self._plan.piece_span(len(self._journal.pieces))[0])
        while True:
            sums = Sums(self._lanes, split=bool(self._plan.split))
            damaged = kept(work, sums)
            if damaged < 0:
                break
            self.redone.append({"path": f"piece {damaged} and on", "reason": "the copy of an earlier run was damaged"})
            self._journal.cut(damaged)
        target.cut(self._plan.piece_span(len(self._journal.pieces))[0])
        return sums

    def adopted(self, done: dict[str, Any]) -> list[Entry]:
        """The files of the item, numbered in byte order of their names."""
        entries = [self._adopt(number, found) for number, found in enumerate(done["segments"])]
        name = self._medium.entry.path
        map_, pieces = papers.error_map(self.bad, self._plan), papers.pieces(self._journal.pieces, self._plan, done)
        entries += [self._paper(name + papers.MAP, map_), self._paper(name + papers.PIECES, pieces)]
        self._writer.commit()
        entries.sort(key=lambda entry: entry.path)
        return [replace(entry, number=number) for number, entry in enumerate(entries, start=1)]

    def _adopt(self, segment: int, found: dict[str, str]) -> Entry:
        begin, end = self._plan.segment_span(segment)
        whole = self._medium.entry
        path = self._path(segment)
        facts = {**(whole.facts or {}), "offset": begin, "of": self._plan.size}
        if segment:
            facts["role"] = SEGMENT
        entry = replace(whole, path=path, size=end - begin, nlink=1, facts=facts)
        entry = replace(entry, sha256=found["sha256"], md5=found["md5"])
        if path in self._writer.kept:
            return self._writer.kept[path]
        return self._writer.adopt(self._made(segment), entry)

    def _made(self, segment: int) -> Path:
        return self._folder / f"{segment + 1:06d}"

    def _paper(self, path: bytes, data: bytes) -> Entry:
        kept_ = self._writer.kept.get(path)
        if kept_ is not None:
            return kept_
        rest, facts = memoryview(data), {"role": PAPER}

        def fill(view: memoryview) -> int:
            nonlocal rest
            count = min(len(view), len(rest))
            view[:count] = rest[:count]
            rest = rest[count:]
            return count

        return self._writer.keep(self._writer.copy(fill, expected=len(data)), Entry(path=path, type=FILE, facts=facts))


def _is(path: Path, sha256: str, hasher: Hasher) -> bool:
    return path.is_file() and hash_again(path, hasher).hex(SHA256) == sha256
