"""How the playbooks of a case stand: what is done, skipped and why, what is next, and what expires when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from forensics import moments
from forensics.casefile.sessions import Session
from forensics.casefile.view import CaseView
from forensics.errors import DONE
from forensics.playbooks.model import Expiry, Playbook
from forensics.playbooks.shelf import playbooks
from forensics.playbooks.ticks import Outcome, Round, ahead, rounds, way


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """One step: ``state`` is an outcome, ``next``, ``open``, or ``not taken`` where the way went past it."""

    step: str
    ja: str
    en: str
    level: int
    state: str
    said: str = ""
    why: str = ""
    line: int = 0
    utc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """Evidence of others that disappears: the day on which that of the day counted from is gone, and the days left."""

    name: str
    ja: str
    en: str
    days: int
    note_ja: str
    note_en: str
    source: str
    gone_on: str = ""
    days_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundState:
    """The newest round of one playbook. ``changed`` where the playbook is another than the one it was begun with."""

    playbook: str
    ja: str
    en: str
    version: str
    sha256: str
    round: int
    ended: bool
    changed: bool
    known: bool
    next: str
    steps: tuple[StepState, ...]
    expires: tuple[Expiring, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSummary:
    """Every playbook that was begun on a case."""

    rounds: tuple[RoundState, ...]

    @property
    def exit_code(self) -> int:
        """An open step is no failure."""
        return DONE


def status(case: Path, now_ns: int, session: Session | None = None, folder: Path | None = None) -> StatusSummary:
    """How the newest round of each playbook stands; nothing is written."""
    view = CaseView(case, session)
    known = playbooks(folder)
    today = moments.to_datetime(now_ns).astimezone(ZoneInfo(view.facts.time_zone)).date()
    begun = {name: made[-1] for name, made in rounds(view.lines).items()}
    return StatusSummary(rounds=tuple(_state(made, known.get(name), today) for name, made in sorted(begun.items())))


def _state(made: Round, playbook: Playbook | None, today: date) -> RoundState:
    same = playbook is not None and (made.sha256, made.sheets_sha256) == (playbook.sha256, playbook.sheets_sha256)
    steps: tuple[StepState, ...] = tuple(_ticked(made, name, ("", "")) for name in made.ticks)
    next_ = ""
    expires: tuple[Expiring, ...] = ()
    if playbook is not None and same:
        _, step = way(playbook, made.ticks)
        coming = ahead(playbook, step)
        next_ = step.id if step is not None else ""
        steps = tuple(
            _ticked(made, each.id, each.title, each.level)
            if each.id in made.ticks
            else StepState(
                step=each.id,
                ja=each.title[0],
                en=each.title[1],
                level=each.level,
                state="next" if each.id == next_ else "open" if each.id in coming else "not taken",
            )
            for each in playbook.in_order()
            if each.type != "start"
        )
        expires = expiring(playbook, _since(made, playbook), today)
    return RoundState(
        playbook=made.playbook,
        ja=playbook.title[0] if playbook else "",
        en=playbook.title[1] if playbook else "",
        version=made.version,
        sha256=made.sha256,
        round=made.number,
        ended=made.ended,
        changed=playbook is not None and not same,
        known=playbook is not None,
        next=next_,
        steps=steps,
        expires=expires,
    )


def _ticked(made: Round, name: str, title: tuple[str, str], level: int = 0) -> StepState:
    tick = made.ticks[name]
    said = tick.answer or ", ".join(f"{key} {value}" for key, value in _counts(tick.result).items())
    return StepState(
        step=name,
        ja=title[0],
        en=title[1],
        level=level,
        state=tick.outcome.value,
        said=said,
        why=tick.why,
        line=tick.line,
        utc=moments.iso(tick.ts_ns),
    )


def _counts(result: Mapping[str, object]) -> dict[str, object]:
    """What a rule found, or the plain values of a result."""
    found = result.get("found")
    shown: dict[str, object] = dict(found) if isinstance(found, Mapping) else {}
    if silent := result.get("not_run"):
        shown["not run"] = " ".join(map(str, silent)) if isinstance(silent, list) else silent
    return shown


def _since(made: Round, playbook: Playbook) -> date | None:
    tick = made.ticks.get(playbook.since)
    return date.fromisoformat(tick.answer) if tick is not None and tick.outcome is Outcome.ANSWERED else None


def expiring(playbook: Playbook, since: date | None, today: date) -> tuple[Expiring, ...]:
    """What expires, the first to go first; without a day to count from, only for how many days it is kept."""
    return tuple(_expiring(each, since, today) for each in playbook.expires)


def _expiring(each: Expiry, since: date | None, today: date) -> Expiring:
    gone = since + timedelta(days=each.days) if since is not None and each.days else None
    return Expiring(
        name=each.name,
        ja=each.what[0],
        en=each.what[1],
        days=each.days,
        note_ja=each.note[0],
        note_en=each.note[1],
        source=each.source,
        gone_on=gone.isoformat() if gone else "",
        days_left=(gone - today).days if gone else None,
    )
