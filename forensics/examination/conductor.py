"""The one conductor: opens a case, runs each step, writes ``begun``, then ``finished`` or ``failed``, to the ledger.

The rules of a step. (1) ``begun`` names the inputs, the parameters and the hash of ``case.toml``, and is on the disk
before anything is done. (2) What a step makes is on the disk before ``finished`` lists it. (3) A step that raises is
``failed``, with the reason; a step that was killed has no second line, and the same command runs it again. (4) Only
what the newest ``finished`` line of a step lists counts. (5) Where the clock stands before the time of the last line, a
``clock.check`` comes first. (6) With the key of the log, a session that wrote an act of custody ends with a checkpoint.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

from forensics.casefile import keyfiles
from forensics.casefile.acts import Act, Phase
from forensics.casefile.case import FILE_NAME, CaseFacts, check_facts, read_facts, write_facts
from forensics.casefile.custody import Custody, custody, time_of
from forensics.casefile.keyring import Keyring
from forensics.casefile.ledger import Entry, Ledger, Line, entry_id
from forensics.casefile.notes import Checkpoint
from forensics.casefile.sessions import Session, vault_of
from forensics.casefile.two_person import Person, key_lines
from forensics.casefile.view import SPILL, CaseView
from forensics.errors import ForensicsError, IntegrityError, InterruptedWork, LedgerError, UsageError
from forensics.evidence.durable import make_folder
from forensics.evidence.sealed_content import content_store
from forensics.evidence.store import EvidenceStore
from forensics.examination.checkpointing import Checkpointing
from forensics.examination.control import people_of, put_under_control
from forensics.examination.station import Station, tool

_DAY_NS = 24 * 3600 * 10**9
_UNBORN = frozenset(("case.toml.new", "keys"))
"""What a run that was killed while it made the case may have left."""


@dataclass(slots=True, kw_only=True)
class Step:
    """One running step. The code inside fills in what it made and what came of it."""

    line: Line
    outputs: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


class Examination:
    """A case opened for work; a context manager that holds the ledger's lock. With a keyring it signs checkpoints."""

    def __init__(
        self,
        folder: Path,
        station: Station | None = None,
        keyring: Keyring | None = None,
        session: Session | None = None,
    ) -> None:
        self.folder = folder
        self.station = station or Station()
        self.facts, self.facts_sha256 = read_facts(folder)
        self.session = session
        """The two people who opened a case under two-person control."""
        self.vault = vault_of(self.facts.review, session)
        self.evidence = EvidenceStore(folder / "evidence", self.vault)
        self.content = content_store(folder / "content", self.vault)
        self._ledger = Ledger(folder / "ledger", self.facts.id)
        self.keyring = keyring
        self._signing: Checkpointing | None = None
        self._actor_key = ""
        self._last_ns = 0
        self._stated = ""
        """The hash of ``case.toml`` that the ledger stated last."""

    @classmethod
    def create(
        cls, folder: Path, facts: dict[str, Any], station: Station | None = None, people: Sequence[Person] = ()
    ) -> Examination:
        """Make a new case in ``folder``, which must not exist or be empty; entering it writes ``case.open``.

        With ``people`` it is under two-person control, and open for work until this process ends.
        """
        station = station or Station()
        if folder.exists() and (not folder.is_dir() or any(path.name not in _UNBORN for path in folder.iterdir())):
            raise UsageError(
                f"{folder} is there already and is not an empty folder",
                place=str(folder),
                todo="name a folder that does not exist yet, or an existing case",
            )
        if not _is_text(folder):
            raise UsageError(
                "the path of the case folder is not text in UTF-8, and the files of a case could not be named by it",
                place=str(folder),
                todo="put the case into a folder whose whole path is text; the paths of sources may be anything",
            )
        made = CaseFacts(id=entry_id(station.now()), **facts)
        check_facts(made)
        make_folder(folder)
        session = None
        if people:
            made, session = put_under_control(folder, made, people)
        write_facts(folder, made)
        return cls(folder, station, session=session)

    def __enter__(self) -> Examination:
        if has_work(self.folder) and not _has_lines(self.folder):
            raise LedgerError(
                "the ledger is missing or empty, and the case holds work that it must tell of",
                place=str(self.folder / "ledger"),
                todo="restore the folder 'ledger' from a copy of the case",
            )
        self._ledger.__enter__()
        try:
            self._open()
        except BaseException:
            self._ledger.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._signing is not None and (error is None or isinstance(error, ForensicsError)):
                self._signing.close()
        finally:
            self._ledger.__exit__(kind, error, trace)

    def _open(self) -> None:
        # Nobody else works on the case now, so what a killed run spilled is of no more use.
        shutil.rmtree(self.folder / SPILL, ignore_errors=True)
        lines = list(self.view().lines)
        self._last_ns = time_of(lines[-1]) if lines else 0
        if not lines:
            if UUID(self.facts.id).version != 7:
                raise IntegrityError("the id in case.toml is not one that this program gives", place=str(self.folder))
            lines.append(self.note(Act.CASE_OPEN, params=self._facts_as_params()))
            if self.facts.review:
                lines += [self.note(Act.KEY_ADD, params=key) for key in key_lines(people_of(self.folder))]
        if self._ledger.set_aside:
            # After the line that opens a case, because it may be that line which was cut short.
            result = {"torn": f"ledger/torn/{self._ledger.set_aside}"}
            why = "the last line of the ledger was cut short and set aside"
            lines.append(self.note(Act.ANOMALY, why=why, result=result))
        stated = (line.value.get("params", {}).get("case_toml_sha256") for line in lines)
        self._stated = next((each for each in reversed(list(stated)) if each), "")
        self._take_up_keys(lines)
        if self.facts_sha256 == self._stated:
            # Where facts were changed by hand nothing is written before they are put right.
            self._look_at_clock(lines)

    def keys_changed(self) -> Custody:
        """Take up the keys as the ledger has them now: the files of public keys, the examiner's, the log's."""
        return self._take_up_keys(self.view().lines)

    def _take_up_keys(self, lines: Sequence[Line]) -> Custody:
        state = custody(lines)
        keyfiles.write(self.folder, state)
        self._actor_key = state.examiner_key(self.station.now())
        signer = self.keyring.signer if self.keyring else None
        valid = [key.vkey for key in state.log_keys if not key.revoked]
        if signer is None or signer.verifier.vkey not in valid:
            self._signing = None
        elif self._signing is None or self._signing.vkey != signer.verifier.vkey:
            self._signing = Checkpointing(self._ledger, self.folder / "ledger", signer)
        return state

    @property
    def signs(self) -> bool:
        """Whether the key of the log is at hand, so that checkpoints are signed."""
        return self._signing is not None

    def sign(self) -> Checkpoint:
        """A checkpoint of all lines so far; :class:`UsageError` where the key of the log is not at hand."""
        if self._signing is None:
            raise UsageError(
                "a checkpoint needs the key of the log, and it is not at hand",
                place=str(self.folder),
                todo=f"make one with 'forensics case key {self.folder}', or name its folder with --keys DIR",
            )
        return self._signing.sign()

    def _look_at_clock(self, lines: Sequence[Line]) -> None:
        """Once a day, and whenever it changes, what the system knows of its clock is worth a line."""
        found = self.station.clock()
        last = next((line for line in reversed(lines) if line.act == Act.CLOCK_CHECK and "clock" in line.value), None)
        known = last is not None and last.value["clock"].get("synchronised") == found.get("synchronised")
        if found and not (last and known and self.station.now() - time_of(last) < _DAY_NS):
            self.note(Act.CLOCK_CHECK, clock=found)

    def _facts_as_params(self) -> dict[str, Any]:
        return {"case_toml_sha256": self.facts_sha256, "missing": list(self.facts.missing())}

    @property
    def head(self) -> dict[str, Any]:
        """Where the ledger stands: lines, size in bytes, hash of the last line."""
        return self._ledger.head

    def view(self) -> CaseView:
        """The case as everything downstream reads it, as of now."""
        return CaseView(self.folder, self.session)

    def note(self, act: Act, **fields: Any) -> Line:
        """One line for an act that has no duration."""
        return self._append(act, Phase.DONE, entry_id(self.station.now()), **fields)

    @contextmanager
    def step(self, act: Act, *, params: dict[str, Any], inputs: Sequence[dict[str, Any]] = ()) -> Iterator[Step]:
        """Run the body as one step of the ledger."""
        if act != Act.CASE_SET and self.facts_sha256 != self._stated:
            # Work under facts that nobody put on the ledger could never be made good again.
            raise IntegrityError(
                f"{FILE_NAME} was changed without 'case set'",
                place=str(self.folder / FILE_NAME),
                todo="restore it, or put its facts on the ledger with 'forensics case set'",
            )
        name = entry_id(self.station.now())
        given = {**params, "case_toml_sha256": self.facts_sha256}
        line = self._append(act, Phase.BEGUN, name, params=given, inputs=tuple(inputs))
        step = Step(line=line)
        try:
            yield step
        except BaseException as error:
            if isinstance(error, (Exception, KeyboardInterrupt)):
                self._append(act, Phase.FAILED, name, params=params, result=_failure(error))
            raise
        self._append(
            act,
            Phase.FINISHED,
            name,
            params={**params, **step.params},
            outputs=tuple(step.outputs),
            result=step.result,
        )
        self._stated = self.facts_sha256

    def _append(self, act: Act, phase: Phase, step: str, **fields: Any) -> Line:
        now = self.station.now()
        if now < self._last_ns and act != Act.CLOCK_CHECK:
            late = {"behind_ms": (self._last_ns - now) // 10**6}
            why = "the clock stands before the time of the last line"
            self.note(Act.CLOCK_CHECK, clock=self.station.clock(), why=why, result=late)
            now = max(now, self._last_ns)
        line = self._ledger.append(self._entry(act, phase, step, now, fields))
        self._last_ns = now
        if self._signing is not None:
            self._signing.told(line)
        return line

    def _entry(self, act: Act, phase: Phase, step: str, now: int, fields: dict[str, Any]) -> Entry:
        actor = {"name": self.facts.examiner, "org": self.facts.organisation, "role": self.facts.role}
        actor["key"] = self._actor_key
        given: dict[str, Any] = {"authority": self.facts.legal_basis, **fields}
        return Entry(
            act=act,
            phase=phase,
            step=step,
            ts_ns=now,
            actor={key: value for key, value in actor.items() if value},
            host=self.station.host(),
            tool=tool(),
            argv=self.station.argv,
            **given,
        )


def _is_text(folder: Path) -> bool:
    """Whether the libraries that write records can be told this path."""
    try:
        str(folder.absolute()).encode()
    except UnicodeEncodeError:
        return False
    return True


def has_work(folder: Path) -> bool:
    """Whether the case holds anything that only a step can have made, so that the ledger must have lines."""
    return any((folder / name).exists() for name in ("evidence", "content", "records", "timeline", "reports"))


def _has_lines(folder: Path) -> bool:
    path = folder / "ledger" / "events.jsonl"
    return path.is_file() and path.stat().st_size > 0


def _failure(error: BaseException) -> dict[str, Any]:
    """What a failed line says: the reason in one sentence, its place, and the exit code that followed."""
    if isinstance(error, ForensicsError):
        return {"rc": error.exit_code, "error": error.what, "place": error.place}
    if isinstance(error, KeyboardInterrupt):
        return {"rc": InterruptedWork.exit_code, "error": "stopped by the user", "place": ""}
    return {"rc": 1, "error": f"{type(error).__name__}: {error}", "place": ""}
