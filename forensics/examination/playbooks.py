"""The steps that a playbook asks for, one after the other, each ticked off on the ledger as soon as it is behind us.

What this program can do it does; what a person must do or know is asked, or taken from the answers given. Nothing is
skipped without a reason. A run that lacks an answer stops there, and the same command goes on from that step.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from forensics import canonical
from forensics.casefile.acts import Act
from forensics.casefile.reviews import attached
from forensics.errors import DONE, PARTLY_READ, UsageError, worst
from forensics.examination.conductor import Examination
from forensics.examination.playbook_given import Given, Open, Prompt
from forensics.examination.playbook_steps import DOES, Blocked, names_of
from forensics.examination.receipts import attach
from forensics.examination.reporting import available as available_reports
from forensics.findings import reference
from forensics.playbooks.model import Condition, Does, Playbook, Step
from forensics.playbooks.ticks import Outcome, Round, Tick, decided, rounds, way

_INLINE = 500
_YES = {"yes": True, "true": True, "はい": True, "no": False, "false": False, "いいえ": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """A step that this run has put behind it."""

    step: str
    ja: str
    en: str
    outcome: str
    said: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookSummary:
    """One run: what it did, and the step at which it stopped and why, unless the end was reached."""

    playbook: str
    version: str
    sha256: str
    round: int
    done: tuple[StepDone, ...]
    ended: bool
    waiting: str = ""
    why: str = ""
    todo: str = ""
    worst_step: int = DONE

    @property
    def exit_code(self) -> int:
        """3 where a step is still open, or a step of this program could not read everything."""
        return worst(self.worst_step, DONE if self.ended else PARTLY_READ)


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run in progress."""

    examination: Examination
    playbook: Playbook
    round: Round
    given: Given
    prompt: Prompt | None
    done: list[StepDone] = field(default_factory=list)
    code: int = DONE


class _Stop(Exception):
    """The step that is next cannot be put behind us now."""

    def __init__(self, why: str, todo: str) -> None:
        super().__init__(why)
        self.why = why
        self.todo = todo


def run_playbook(
    examination: Examination,
    playbook: Playbook,
    given: Given | None = None,
    *,
    prompt: Prompt | None = None,
    again: bool = False,
) -> PlaybookSummary:
    """Go on where the last run of this playbook stopped; with ``again`` from its start, as a new round."""
    given = given or Given()
    _check(playbook, given)
    made = _round(examination, playbook, again)
    run = _Run(examination=examination, playbook=playbook, round=made, given=given, prompt=prompt)
    _refuse_other_answers(run)
    why = todo = waiting = ""
    _, step = way(playbook, run.round.ticks)
    while step is not None and not waiting:
        try:
            _take(run, step)
        except _Stop as stop:
            why, todo, waiting = stop.why, stop.todo, step.id
        _, step = way(playbook, run.round.ticks)
    return PlaybookSummary(
        playbook=playbook.id,
        version=playbook.version,
        sha256=playbook.sha256,
        round=made.number,
        done=tuple(run.done),
        ended=run.round.ended,
        waiting=waiting,
        why=why,
        todo=todo,
        worst_step=run.code,
    )


def _check(playbook: Playbook, given: Given) -> None:
    """Refuse, before anything is done, what this program does not have and answers to steps that are not there."""
    steps = playbook.steps
    reports = available_reports()
    names_of(rule for step in steps.values() for rule in step.rules)
    for step in steps.values():
        lacking = [
            *(name for name in step.reports if name not in reports),
            *(name for name in step.tables if name not in reference.KINDS),
        ]
        if lacking:
            what = f"the step {step.id} of {playbook.id} names {lacking[0]!r}, which this program does not have"
            raise UsageError(what, todo="mend the playbook, or install what offers it")
    for name in (*given.answers, *given.skips):
        step_name, dot, entry = name.partition(".")
        known = [each.name for each in playbook.fields] + ["override", "lawyer"]
        if step_name not in steps or (dot and (steps[step_name].does is not Does.LEGAL or entry not in known)):
            todo = f"its steps are: {', '.join(steps)}"
            raise UsageError(f"the playbook {playbook.id} has no step or entry {name!r}", todo=todo)
    for name in given.skips:
        if steps[name].type != "action" or steps[name].does is Does.LEGAL:
            todo = "decide a condition with --answer; a lawyer can override the legal basis"
            raise UsageError(f"the step {name} of {playbook.id} cannot be skipped", todo=todo)


def _round(examination: Examination, playbook: Playbook, again: bool) -> Round:
    """The round that goes on, or a new one."""
    known = rounds(examination.view().lines).get(playbook.id, [])
    last = known[-1] if known else None
    if last is not None and not again:
        if (last.sha256, last.sheets_sha256) != (playbook.sha256, playbook.sheets_sha256):
            raise UsageError(
                f"the playbook {playbook.id} has changed since this round was begun"
                f" (version {last.version}, SHA-256 {last.sha256[:16]}; now {playbook.sha256[:16]})",
                place=playbook.origin,
                todo="restore the playbook, or begin a new round with --again; what was ticked stays on the ledger",
            )
        return last
    made = Round(
        playbook=playbook.id,
        version=playbook.version,
        number=len(known) + 1,
        sha256=playbook.sha256,
        sheets_sha256=playbook.sheets_sha256,
    )
    return _tick_begun(examination, playbook, made)


def _tick_begun(examination: Examination, playbook: Playbook, made: Round) -> Round:
    examination.note(Act.PLAYBOOK, params=_params(playbook, made, playbook.start, Outcome.BEGUN))
    return rounds(examination.view().lines)[playbook.id][-1]


def _params(playbook: Playbook, made: Round, step: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "playbook": playbook.id,
        "version": playbook.version,
        "sha256": playbook.sha256,
        "sheets_sha256": playbook.sheets_sha256,
        "round": made.number,
        "step": step,
        "outcome": outcome.value,
    }


def _refuse_other_answers(run: _Run) -> None:
    """An answer that stands on the ledger is not changed by giving another one."""
    for name, text in run.given.answers.items():
        tick = run.round.ticks.get(name)
        if tick is not None and tick.outcome is Outcome.ANSWERED and not _same(tick, text):
            raise UsageError(
                f"the step {name} was answered otherwise, on line {tick.line} of the ledger",
                todo="correct that line with 'forensics case correct', or begin a new round with --again",
            )
    acquired = [name for name, tick in run.round.ticks.items() if run.playbook.steps[name].does is Does.ACQUIRE]
    if run.given.sources and acquired and not run.round.ended:
        _, step = way(run.playbook, run.round.ticks)
        if step is None or not any(each.does is Does.ACQUIRE for each in _later(run.playbook, step)):
            todo = "acquire more with 'forensics acquire', or begin a new round with --again"
            raise UsageError(f"the step {acquired[0]} is ticked off, so no more sources are taken", todo=todo)


def _later(playbook: Playbook, step: Step) -> list[Step]:
    order = playbook.in_order()
    return list(order[order.index(step) :])


def _same(tick: Tick, text: str) -> bool:
    return tick.answer == text or tick.sha256 == hashlib.sha256(text.encode()).hexdigest()


# -- one step ----------------------------------------------------------------------------------------------------------


def _take(run: _Run, step: Step) -> None:
    """Put one step behind us, or raise :class:`_Stop`."""
    if step.type == "end":
        _tick(run, step, Outcome.ENDED)
    elif step.condition is not None:
        _decide(run, step, step.condition)
    elif step.id in run.given.skips:
        _skip(run, step, run.given.skips[step.id])
    elif step.does is Does.LEGAL:
        _sheet(run, step)
    elif step.does is Does.ASK:
        _ask(run, step)
    else:
        _do(run, step)


def _do(run: _Run, step: Step) -> None:
    assert step.does is not None
    try:
        made = DOES[step.does](run.examination, step, run.given)
    except Blocked as blocked:
        if run.prompt is not None:
            said = run.prompt(Open(step=step, why=blocked.why, todo=blocked.todo, only_skip=True))
            if said.startswith("skip:"):
                _skip(run, step, said.removeprefix("skip:"))
                return
        raise _Stop(f"the step {step.id} cannot be done yet: {blocked.why}", blocked.todo) from blocked
    run.code = worst(run.code, made.exit_code)
    _tick(run, step, Outcome.DONE, result=made.result, said=made.said, files=made.files)


def _ask(run: _Run, step: Step) -> None:
    text = run.given.answers.get(step.id, "")
    if not text and run.prompt is not None:
        text = run.prompt(Open(step=step))
        if text.startswith("skip:"):
            _skip(run, step, text.removeprefix("skip:"))
            return
    if not text.strip():
        todo = f"answer it with --answer {step.id}=TEXT, or leave it out with --skip {step.id}=REASON"
        raise _Stop(f"the step {step.id} waits for a person: {_said(run, step)}", todo)
    _tick(run, step, Outcome.ANSWERED, answer=_fitting(step, text.strip()))


def _fitting(step: Step, text: str) -> str:
    if step.answers:
        word = {"はい": "yes", "いいえ": "no"}.get(text, text)
        if word not in step.answers:
            todo = f"give one of: {', '.join(step.answers)}"
            raise UsageError(f"{text!r} is no answer to the step {step.id}", todo=todo)
        return word
    if step.is_date:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as error:
            raise UsageError(f"{text!r} is no day, as the step {step.id} wants it", todo="write 2026-06-01") from error
    return text


def _skip(run: _Run, step: Step, reason: str) -> None:
    if not reason.strip():
        raise UsageError(f"the step {step.id} is not skipped without a reason", todo=f"--skip {step.id}=REASON")
    _tick(run, step, Outcome.SKIPPED, why=reason.strip(), said=reason.strip())


def _said(run: _Run, step: Step) -> str:
    ja = run.examination.facts.language == "ja"
    return f"{step.title[0 if ja else 1]}: {step.ask[0 if ja else 1]}"


def _decide(run: _Run, step: Step, condition: Condition) -> None:
    """From what the rules found or a person answered; where that cannot be told, a person decides."""
    given = run.given.answers.get(step.id, "")
    told, result = decided(run.round, condition)
    why = ""
    if told is None:
        if not given and run.prompt is not None:
            given = run.prompt(Open(step=step, why=str(result["open"]), answers=("yes", "no")))
        if not given:
            todo = f"decide it with --answer {step.id}=yes or --answer '{step.id}=no: REASON'"
            raise _Stop(f"the condition {step.id} cannot be told from the case: {result['open']}", todo)
    if given:
        word, _, why = (part.strip() for part in given.partition(":"))
        if word not in _YES:
            todo = f"write {step.id}=yes or {step.id}=no, and a reason after a colon"
            raise UsageError(f"{given!r} does not decide the condition {step.id}", todo=todo)
        if told is not None and told != _YES[word] and not why:
            todo = f"write --answer '{step.id}={word}: REASON'"
            raise UsageError(f"the case says otherwise of the condition {step.id}, so a reason is needed", todo=todo)
        told, result = _YES[word], {**result, "by": "person"}
    _tick(run, step, Outcome.TRUE if told else Outcome.FALSE, result=result, why=why)


def _tick(
    run: _Run,
    step: Step,
    outcome: Outcome,
    *,
    answer: str = "",
    why: str = "",
    result: Mapping[str, Any] | None = None,
    said: str = "",
    files: tuple[str, ...] = (),
    payload: bytes = b"",
) -> None:
    """The line of the ledger, and what the summary says of it."""
    params = _params(run.playbook, run.round, step.id, outcome)
    fields: dict[str, Any] = {"params": params, "why": why, "result": dict(result or {})}
    data = payload or (answer.encode() if len(answer) > _INLINE else b"")
    if answer:
        params["answer"] = answer if len(answer) <= _INLINE else answer[:_INLINE] + "…"
    if data:
        fields["attach"] = (attach(run.examination, data),)
    run.examination.note(Act.PLAYBOOK, **fields)
    run.round = rounds(run.examination.view().lines)[run.playbook.id][-1]
    ja, en = step.title
    shown = said or params.get("answer", "") or why
    run.done.append(StepDone(step=step.id, ja=ja, en=en, outcome=outcome.value, said=str(shown), files=files))


# -- the sheet of the legal basis --------------------------------------------------------------------------------------


def _sheet(run: _Run, step: Step) -> None:
    """Every field filled in, or a lawyer's reason; what a run fills in is kept, though the sheet is not whole yet."""
    before = _noted(run, step)
    filled = {**_facts(run), **before, **_entries(run, step)}
    override, lawyer = filled.pop("override", ""), filled.pop("lawyer", "")
    lacking = [each for each in run.playbook.fields if each.name not in filled]
    if run.prompt is not None and not override:
        for each in list(lacking):
            text = run.prompt(Open(step=step, field=each)).strip()
            if not text:
                break
            filled[each.name] = text
            lacking.remove(each)
    payload = canonical.encode({"v": 1, "legal_basis": filled, **({"lawyer": lawyer} if override else {})})
    if not lacking:
        _tick(run, step, Outcome.ANSWERED, payload=payload, said=f"{len(filled)} entries")
    elif override and lawyer:
        result = {"lawyer": lawyer, "missing": [each.name for each in lacking]}
        _tick(run, step, Outcome.OVERRIDDEN, why=override, result=result, payload=payload, said=f"{lawyer}: {override}")
    else:
        if any(before.get(name) != text for name, text in filled.items() if name not in _facts(run)):
            params = _params(run.playbook, run.round, step.id, Outcome.NOTED)
            run.examination.note(Act.PLAYBOOK, params=params, attach=(attach(run.examination, payload),))
        names = ", ".join(each.name for each in lacking)
        todo = (
            f"give each with --answer {step.id}.NAME=TEXT or in --answers FILE; or a lawyer lets the work go on with"
            f" --answer {step.id}.lawyer=NAME --answer {step.id}.override=REASON"
        )
        raise _Stop(f"the sheet of the step {step.id} lacks: {names}", todo)


def _facts(run: _Run) -> dict[str, str]:
    facts = run.examination.facts
    known = {each.name: str(getattr(facts, each.fact, "")) for each in run.playbook.fields if each.fact}
    return {name: text for name, text in known.items() if text}


def _entries(run: _Run, step: Step) -> dict[str, str]:
    start = f"{step.id}."
    given = ((name.removeprefix(start), text) for name, text in run.given.answers.items() if name.startswith(start))
    return {name: text.strip() for name, text in given if text.strip()}


def _noted(run: _Run, step: Step) -> dict[str, str]:
    lines = {line.number: line for line in run.examination.view().lines}
    found: dict[str, str] = {}
    for number in run.round.noted.get(step.id, []):
        value = canonical.decode(attached(run.examination.folder, lines[number], 0))
        found |= {str(name): str(text) for name, text in value["legal_basis"].items()}
    return found
