"""The step that runs recorded steps again from the sealed evidence, in a fresh folder (ACPO principle 3).

Each recorded step is found to be MATCH, DIFFERS with the first record that does, or NOT REPLAYABLE with the reason. The
steps run in the order of the ledger, each over what the ones before it made anew, with the facts and the lines that it
saw. Nothing in the case changes but the ledger, where the result is an act of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from forensics.casefile.acts import Act
from forensics.casefile.case import read_facts
from forensics.casefile.chain import check
from forensics.casefile.keyring import Keyring
from forensics.casefile.ledger import Line
from forensics.casefile.sessions import Session
from forensics.casefile.view import CaseView
from forensics.errors import DONE, INTEGRITY_BROKEN, PARTLY_READ, LedgerError, UsageError
from forensics.examination.conductor import Examination
from forensics.examination.replay_scratch import Scratch, folder_for
from forensics.examination.replay_steps import DIFFERS as DIFFERS
from forensics.examination.replay_steps import MATCH as MATCH
from forensics.examination.replay_steps import NOT_REPLAYABLE as NOT_REPLAYABLE
from forensics.examination.replay_steps import Replay, Verdict, recorded
from forensics.examination.sealing import SaltKey
from forensics.examination.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySummary:
    """The verdict on each step in the order of the ledger, and the folder where what was made is kept, if it is."""

    steps: tuple[Verdict, ...]
    kept: str = ""
    line: int = 0
    """The line of the ledger that tells of this; 0 where nothing was written."""

    @property
    def counts(self) -> dict[str, int]:
        """How many steps came to each verdict."""
        found = Counter(each.verdict for each in self.steps)
        return {name: found[name] for name in (MATCH, DIFFERS, NOT_REPLAYABLE)}

    @property
    def exit_code(self) -> int:
        """4 where something differs, 3 where something should have been run again and could not."""
        if any(each.verdict == DIFFERS for each in self.steps):
            return INTEGRITY_BROKEN
        return PARTLY_READ if any(each.lacking for each in self.steps) else DONE


def replay(
    folder: Path,
    station: Station,
    *,
    wanted: Sequence[str] = (),
    keep: Path | None = None,
    salt_key: SaltKey | None = None,
    session: Session | None = None,
) -> ReplaySummary:
    """Run the recorded steps again, or those that are named by the number of a line or by their act."""
    view = CaseView(folder, session)
    if view.facts.review and session is None:
        todo = "give --identity twice, once for a requester and once for an approver"
        raise UsageError("this case opens to two people together only, and so does a replay of it", todo=todo)
    broken = check(folder / "ledger", view.facts.id)
    if broken:
        named = tuple(str(each) for each in broken)
        raise LedgerError("the ledger does not hold, so nothing can be run again by it", differences=named)
    steps = recorded(view.lines)
    chosen = _chosen(steps, wanted, folder)
    with folder_for(folder, keep) as root:
        scratch = Scratch(case=folder, root=root, station=station, session=session, lines=view.lines)
        found = Replay(view, scratch, steps, salt_key).run(chosen)
    return ReplaySummary(steps=tuple(found), kept=str(keep) if keep is not None else "")


def salt_key_from(keyring: Keyring | None, session: Session | None, case: Path) -> SaltKey | None:
    """The salt keys of a case from its keyring or from two people; ``None`` where neither is here."""
    if session is not None:
        return Keyring(case=read_facts(case)[0].id, log_seed=b"", salt_master=session.salt_master).salt_key
    return None if keyring is None else keyring.salt_key


def replay_and_note(
    examination: Examination,
    *,
    wanted: Sequence[str] = (),
    keep: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> ReplaySummary:
    """The same, with the result on the ledger, and with what the environment was pinned to."""
    given = {"wanted": list(wanted), "environment": dict(environment or {})}
    with examination.step(Act.REPLAY, params=given) as step:
        done = replay(
            examination.folder,
            examination.station,
            wanted=wanted,
            keep=keep,
            salt_key=salt_key_from(examination.keyring, examination.session, examination.folder),
            session=examination.session,
        )
        counts = {name.lower().replace(" ", "_"): count for name, count in done.counts.items()}
        step.result = {**counts, "steps": [_said(each) for each in done.steps]}
    return ReplaySummary(steps=done.steps, kept=done.kept, line=examination.head["lines"])


def _said(verdict: Verdict) -> dict[str, Any]:
    return {name: value for name, value in asdict(verdict).items() if value}


def _chosen(steps: Sequence[Line], wanted: Sequence[str], folder: Path) -> set[int]:
    """The numbers of the lines of the wanted steps."""
    if not wanted:
        return {line.number for line in steps}
    found: set[int] = set()
    for word in wanted:
        named = {line.number for line in steps if word in (line.act, str(line.number))}
        if not named:
            todo = "name the number of a step's last line, or an act: see 'forensics case show'"
            raise UsageError(f"there is no recorded step {word!r}", place=str(folder), todo=todo)
        found |= named
    return found
