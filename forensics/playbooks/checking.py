"""What must hold of a playbook as a whole, beyond the form of its parts."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.playbooks.model import Does, Playbook, Step


def fault(playbook: Playbook) -> str:
    """The first thing that is wrong with the workflow, or an empty text."""
    return next(_faults(playbook), "")


def _faults(playbook: Playbook) -> Iterator[str]:
    steps = playbook.steps
    lost = next(((step.id, name) for step in steps.values() for name in step.following if name not in steps), None)
    if playbook.start not in steps or steps[playbook.start].type != "start":
        yield "its workflow_start is no step of the type start"
        return
    if lost is not None:
        yield f"the step {lost[0]} leads to {lost[1]!r}, and there is no such step"
        return
    if circle := _circle(playbook, playbook.start, []):
        yield f"its steps go in a circle: {' > '.join(circle)}"
        return
    reached = {step.id for step in playbook.in_order()}
    yield from (f"no step leads to the step {name}" for name in steps if name not in reached)
    if sum(step.type == "start" for step in steps.values()) != 1:
        yield "it has more than one start"
    if not (playbook.when and playbook.expires and playbook.fields):
        yield "it lacks when_to_use, acquire_first or legal_basis"
    yield from _ways(playbook)
    if playbook.since and (playbook.since not in steps or not steps[playbook.since].is_date):
        yield "counted_from names no step that asks for a date"
    yield from (what for step in steps.values() for what in _of_step(step))


def _circle(playbook: Playbook, name: str, way: list[str]) -> list[str]:
    if name in way:
        return [*way[way.index(name) :], name]
    for each in playbook.steps[name].following:
        if found := _circle(playbook, each, [*way, name]):
            return found
    return []


def _of_step(step: Step) -> Iterator[str]:
    if step.does is Does.FIND and not step.rules:
        yield f"the step {step.id} names no rules"
    if step.does is Does.REPORT and not step.reports:
        yield f"the step {step.id} names no reports"
    if step.does is Does.TABLES and not step.tables:
        yield f"the step {step.id} names no tables"
    if len(step.following) == 2 and step.following[0] == step.following[1]:
        yield f"both ways of the step {step.id} lead to the same step"


def _ways(playbook: Playbook) -> Iterator[str]:
    """On every way the legal basis stands before the first rule is asked (catalogue, R01), and papers at the end."""
    before = _always_before(playbook)
    for step in playbook.steps.values():
        earlier = {playbook.steps[name].does for name in before[step.id]}
        if step.does is Does.FIND and not {Does.LEGAL, Does.TIMELINE} <= earlier:
            yield f"a way leads to the step {step.id} without the legal basis and the timeline before it"
        if step.type == "end" and Does.REPORT not in earlier:
            yield f"a way leads to {step.id} without papers"
        answered = step.condition.answered if step.condition else ""
        if answered and answered not in before[step.id]:
            yield f"the condition of {step.id} needs {answered!r}, which is not asked on every way to it"
        found = set(step.condition.found) if step.condition else set()
        asked = {rule for name in before[step.id] for rule in playbook.steps[name].rules}
        if found - asked:
            yield f"the condition of {step.id} needs the rule {min(found - asked)}, which is not asked before it"


def _always_before(playbook: Playbook) -> dict[str, set[str]]:
    """For each step those that stand before it on every way from the start."""
    found: dict[str, set[str]] = {playbook.start: set()}
    for step in playbook.in_order():
        for name in step.following:
            passed = found[step.id] | {step.id}
            found[name] = found[name] & passed if name in found else passed
    return found
