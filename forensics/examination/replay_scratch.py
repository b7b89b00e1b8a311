"""The folder in which recorded steps are run again: a case of its own over the same evidence, never inside the case.

It starts with the facts and the lines of the case, and its evidence is the sealed evidence, read in place. Records and
timeline are made there anew. What was taken out of a disk image is taken out again in a second folder beside it.
"""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from forensics.casefile.acts import Act, Phase
from forensics.casefile.case import FILE_NAME, CaseFacts, check_types, write_facts
from forensics.casefile.ledger import Line
from forensics.casefile.sessions import Session
from forensics.casefile.view import CaseView
from forensics.errors import IntegrityError, UsageError
from forensics.evidence.store import EvidenceStore
from forensics.evidence.vault import Vault
from forensics.examination.conductor import Examination
from forensics.examination.opening_images import Failed, open_images
from forensics.examination.parsing import parse
from forensics.examination.setting import set_facts
from forensics.examination.station import Station
from forensics.timeline.build import TimelineResult, build

_SETTINGS = {"zone": "time_zone", "code_page": "code_page"}
"""The settings of a parse, and the facts that they come from."""


class AsOf(CaseView):
    """The case as a step saw it: the lines before it, the facts of then, and what was made anew of the results."""

    def __init__(self, folder: Path, lines: Sequence[Line], made: Mapping[str, list[dict[str, Any]]]) -> None:
        super().__init__(folder)
        self.lines = tuple(lines)
        self._made = made

    def newest(self, act: Act, **params: Any) -> Line | None:
        """The recorded line, with the files that were made anew in place of those that it lists."""
        line = super().newest(act, **params)
        if line is None or act not in (Act.PARSE, Act.TIMELINE):
            return line
        outputs = self._made.get(made_key(line))
        if outputs is None:
            raise UsageError(f"it needs what line {line.number} made, and that step could not be run again")
        return Line(number=line.number, sha256=line.sha256, value={**line.value, "out": outputs})


class _WithoutTimeline(AsOf):
    """What a timeline is made from: an earlier one is left aside."""

    def newest(self, act: Act, **params: Any) -> Line | None:
        """Anything but a timeline."""
        return None if act == Act.TIMELINE else super().newest(act, **params)


class _SameNames(EvidenceStore):
    """Gives items the names that they had, because the ids of records hang on them."""

    def __init__(self, root: Path, vault: Vault | None, names: Sequence[str]) -> None:
        super().__init__(root, vault)
        self._names = deque(names)

    def next_item(self) -> str:
        """The recorded name; one that was never given where more is found than was recorded."""
        return self._names.popleft() if self._names else super().next_item()


def made_key(line: Line) -> str:
    """By which the results of a parse or a timeline are known."""
    return f"{line.act} {line.value.get('params', {}).get('evidence', '')}"


@dataclass(slots=True, kw_only=True)
class Scratch:
    """The folders, and what was made in them so far."""

    case: Path
    root: Path
    station: Station
    session: Session | None
    lines: Sequence[Line]
    made: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    _images: dict[str, list[Failed]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The case in which records, timeline and reports are made anew."""
        return self.root / "case"

    @property
    def images(self) -> Path:
        """The case in which disk images are opened again."""
        return self.root / "images"

    def prepare(self) -> None:
        """The case as the steps find it, but for what they make."""
        self.folder.mkdir(parents=True)
        for name in (FILE_NAME, "keys", "ledger", "tables"):
            _copy(self.case / name, self.folder / name)
        (self.folder / "evidence").mkdir()
        for name in EvidenceStore(self.case / "evidence").items():
            _refer(self.case / "evidence" / name, self.folder / "evidence" / name)

    def as_of(self, line: Line) -> AsOf:
        """What the step that began with this line saw."""
        view = AsOf(self.folder, self.lines[: line.number - 1], self.made)
        view.facts, view.facts_sha256 = facts_at(self.case, self.lines, line.number, self.root / "facts")
        view.session, view.vault = self.session, CaseView(self.folder, self.session).vault
        return view

    def parse(self, items: Mapping[str, dict[str, Any]]) -> None:
        """Read these items into records, each with its settings; what was read with the same ones stands already."""
        for settings in list({str(sorted(each.items())): each for each in items.values()}.values()):
            wanted = [name for name, given in items.items() if given == settings and self._settings.get(name) != given]
            if not wanted:
                continue
            with Examination(self.folder, self.station, None, self.session) as examination:
                set_facts(examination, {_SETTINGS[name]: str(value) for name, value in settings.items()})
                parse(examination, again=True, only=wanted)
                for name in wanted:
                    done = examination.view().newest(Act.PARSE, evidence=name)
                    assert done is not None
                    self.made[made_key(done)] = done.value["out"]
                    self._settings[name] = settings

    def timeline(self, line: Line) -> TimelineResult:
        """Lay the records that the step saw on one timeline."""
        seen = self.as_of(line)
        view = _WithoutTimeline(self.folder, seen.lines, self.made)
        view.facts, view.facts_sha256 = seen.facts, seen.facts_sha256
        return build(view, self.folder / "timeline")

    def open_images(self, parent: str, names: Sequence[str]) -> list[Failed]:
        """Take the mail stores out of the images of an item again; the answer is what could not be opened."""
        if parent not in self._images:
            self._make_images()
            _refer(self.case / "evidence" / parent, self.images / "evidence" / parent)
            failed: list[Failed] = []
            with Examination(self.images, self.station, None, self.session) as examination:
                vault = examination.vault
                examination.evidence = _SameNames(self.images / "evidence", vault, names)
                open_images(examination, parent, failed)
            self._images[parent] = failed
        return self._images[parent]

    def _make_images(self) -> None:
        if self.images.exists():
            return
        self.images.mkdir()
        _copy(self.case / "keys", self.images / "keys")
        # An immutable file could not be removed with the folder.
        write_facts(self.images, replace(CaseView(self.case).facts, immutable_flag=False))
        with Examination(self.images, self.station, None, self.session):
            pass
        (self.images / "evidence").mkdir()


def facts_at(case: Path, lines: Sequence[Line], number: int, work: Path) -> tuple[CaseFacts, str]:
    """The facts before a line, from those of now and every change since; and the hash that their file had."""
    facts = CaseView(case).facts
    for line in reversed(lines[number - 1 :]):
        if line.act == Act.CASE_SET and line.phase == Phase.FINISHED:
            changes = line.value["params"].get("changes", {})
            facts = replace(facts, **{name: each["from"] for name, each in changes.items()})
    try:
        check_types(facts)
    except TypeError as error:
        raise IntegrityError(f"the facts before line {number} cannot be known: {error}", place=str(case)) from error
    work.mkdir(exist_ok=True)
    return facts, write_facts(work, facts)


@contextmanager
def folder_for(case: Path, keep: Path | None) -> Iterator[Path]:
    """A fresh folder outside the case: the one that is kept, or one that is gone afterwards."""
    if keep is None:
        root = Path(mkdtemp(prefix="replay-"))
    else:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise UsageError(f"{keep} is there already and is not an empty folder", todo="name a folder that is not")
        root = keep
    inside, outside = root.resolve(), case.resolve()
    try:
        if inside.is_relative_to(outside) or outside.is_relative_to(inside):
            todo = "name a folder outside it" if keep else "set TMPDIR to a folder outside it"
            raise UsageError("steps are never run again inside the case", place=str(root), todo=todo)
        root.mkdir(parents=True, exist_ok=True)
        yield root
    finally:
        if keep is None:
            shutil.rmtree(root, ignore_errors=True)


def _refer(source: Path, target: Path) -> None:
    """The sealed item in place; a copy where the system has no links."""
    if target.exists():
        return
    try:
        os.symlink(source.resolve(), target, target_is_directory=True)
    except OSError:
        shutil.copytree(source, target)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("lock", "*.new", "torn"))
    elif source.exists():
        shutil.copyfile(source, target)
