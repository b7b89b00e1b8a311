"""What this program does for the steps of a playbook: each command is the step of the examination of the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from forensics.errors import DONE, IntegrityError, UsageError, worst
from forensics.examination.case_tables import add_table
from forensics.examination.conductor import Examination
from forensics.examination.examining import acquire_all
from forensics.examination.finding import RuleSummary, find
from forensics.examination.parsing import parse
from forensics.examination.playbook_given import Given
from forensics.examination.questions import available as available_rules
from forensics.examination.reporting import report
from forensics.examination.timelining import timeline
from forensics.examination.verifying import verify_and_note
from forensics.findings import packs, reference
from forensics.playbooks.model import Does, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a step came to: for the ledger, in one sentence, and its files."""

    result: dict[str, Any] = field(default_factory=dict)
    said: str = ""
    files: tuple[str, ...] = ()
    exit_code: int = DONE


class Blocked(Exception):
    """The step lacks something that a person has to supply."""

    def __init__(self, why: str, todo: str) -> None:
        super().__init__(why)
        self.why = why
        self.todo = todo


def names_of(wanted: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each rule or row of the catalogue that a playbook names, the rules to ask."""
    rules = available_rules()
    cards = packs.cards(packs.installed())
    found: dict[str, tuple[str, ...]] = {}
    for name in wanted:
        answering = tuple(card.id for card in cards.values() if name in card.answers)
        found[name] = answering or ((name,) if name in rules else ())
        if not found[name]:
            raise UsageError(f"there is no rule that answers {name!r}", todo="docs/reference/rules.md lists them")
    return found


def _tables(examination: Examination, step: Step, given: Given) -> Made:
    for name in step.tables:
        if name in given.tables:
            add_table(examination, name, given.tables[name])
    held = {each.name for each in reference.stored(examination.view())}
    missing = [name for name in step.tables if name not in held]
    if missing:
        why = f"the case does not have the tables {', '.join(missing)}"
        todo = f"give them with --table {missing[0]}=FILE, or leave the step out with --skip {step.id}=REASON"
        raise Blocked(why, todo)
    return Made(result={"tables": sorted(held)}, said=", ".join(step.tables))


def _acquire(examination: Examination, step: Step, given: Given) -> Made:
    if not given.sources:
        held = examination.view().evidence_names()
        if not held:
            raise Blocked("the case holds no evidence, and no source was given", "give sources with --source PATH")
        return Made(result={"evidence": list(held)}, said=f"taken as it is: {', '.join(held)}")
    acquired, failed = acquire_all(examination, given.sources)
    if failed and not acquired:
        raise Blocked(f"none of the sources could be acquired; the first: {failed[0][1]}", failed[0][2])
    names = [each.evidence for each in acquired]
    return Made(
        result={"evidence": names, "failed": [list(each[:2]) for each in failed]},
        said=", ".join(names),
        exit_code=worst(*(each.exit_code for each in acquired), *(each[3] for each in failed)),
    )


def _verify(examination: Examination, step: Step, given: Given) -> Made:
    done = verify_and_note(examination.folder, examination, examination.station.progress)
    if done.ledger or done.differences:
        named = tuple(str(each) for each in (*done.ledger, *done.differences))
        error = IntegrityError("the case is not what was stored in it, so the playbook stops", differences=named)
        error.exit_code = done.exit_code
        raise error
    return Made(result={"files": done.files, "size": done.size}, said=f"{done.files:,} files as they were stored")


def _parse(examination: Examination, step: Step, given: Given) -> Made:
    done = parse(examination)
    counts = examination.view().counts()
    said = f"{counts['message']:,} messages, {counts['problem']:,} problems"
    return Made(
        result={"counts": {kind: counts[kind] for kind in ("message", "attachment", "log_event", "problem")}},
        said=said,
        exit_code=worst(DONE, *(each.exit_code for each in done)),
    )


def _timeline(examination: Examination, step: Step, given: Given) -> Made:
    done = timeline(examination)
    return Made(result={"events": done.events}, said=f"{done.events:,} events", exit_code=done.exit_code)


def _find(examination: Examination, step: Step, given: Given) -> Made:
    """Each rule by the name that the playbook has for it: how much was found, and which were not run."""
    wanted = names_of(step.rules)
    asked = {each.rule: each for each in find(examination, list(dict.fromkeys(sum(wanted.values(), ())))).rules}
    found = {name: sum(asked[rule].found for rule in rules) for name, rules in wanted.items()}
    silent = [name for name, rules in wanted.items() if not any(_ran(asked[rule]) for rule in rules)]
    said = ", ".join(f"{name} {number}" for name, number in found.items() if name not in silent)
    if silent:
        said += f"; not run: {', '.join(silent)}"
    return Made(result={"found": found, "not_run": silent}, said=said)


def _ran(rule: RuleSummary) -> bool:
    return bool(rule.found or rule.considered) or not rule.why_not


def _report(examination: Examination, step: Step, given: Given) -> Made:
    written = report(examination, step.reports)
    files = tuple(path for each in written for path in each.files)
    code = worst(DONE, *(each.exit_code for each in written))
    return Made(result={"files": list(files)}, said=f"{len(files)} files", files=files, exit_code=code)


DOES: dict[Does, Callable[[Examination, Step, Given], Made]] = {
    Does.TABLES: _tables,
    Does.ACQUIRE: _acquire,
    Does.VERIFY: _verify,
    Does.PARSE: _parse,
    Does.TIMELINE: _timeline,
    Does.FIND: _find,
    Does.REPORT: _report,
}
