"""The verb ``case``: make a case, show it, change its facts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli import case_answer, case_custody, case_key, case_replay, case_seal, case_tables, show
from forensics.cli.identities import control_options, people_for
from forensics.cli.options import FACTS, Shared, case_argument, fact_options, given_facts, placed, shared
from forensics.cli.screen import Screen, fields_of
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.overview import Overview


@click.group("case", short_help="Make a case, show what it holds, keep its custody.")
def command() -> None:
    """Make a case, show what it holds, change its facts, and keep its custody: keys, seals, receipts, transfers.

    A case is one folder. Its facts stand in case.toml, and every change of them stands in its ledger.
    """


@command.command("new", short_help="Make a new case.")
@case_argument
@fact_options
@control_options
@shared("case new")
def new(shared_: Shared, case: Path, review: str | None, people: Path | None, **options: str | None) -> int:
    """Make a new case in DIR, which must not exist yet or be empty.

    Facts that are not given now are marked as missing until 'forensics case set' supplies them.
    """
    from forensics.examination.conductor import Examination
    from forensics.examination.overview import overview
    from forensics.examination.setting import converted

    facts, controlled = converted(given_facts(options)), people_for(review, people)
    with (
        placed(case),
        shared_.station() as station,
        Examination.create(case, facts, station, controlled) as examination,
    ):
        found = overview(examination.view())
    _show(shared_.screen, found, steps=False)
    shared_.screen.line()
    shared_.screen.line(f"Next: forensics acquire SOURCE... --case {case}")
    shared_.screen.object(0, case=found)
    return 0


@command.command("show", short_help="Show what a case holds.")
@case_argument
@shared("case show")
def show_(shared_: Shared, case: Path) -> int:
    """Show the facts of the case in DIR, its evidence with hashes, its steps and where its ledger stands.

    Nothing is checked and nothing is written; 'forensics verify' checks.
    """
    from forensics.examination.conductor import Examination
    from forensics.examination.overview import overview

    found = overview(Examination(case).view())
    _show(shared_.screen, found, steps=True)
    shared_.screen.object(0, case=found)
    return 0


@command.command("set", short_help="Change facts of a case.")
@case_argument
@click.argument("facts", metavar="NAME=VALUE...", nargs=-1, required=True)
@shared("case set")
def set_(shared_: Shared, case: Path, facts: tuple[str, ...]) -> int:
    """Change facts of the case in DIR; the ledger keeps the old and the new value.

    The names are those of the options of 'forensics case new', with _ for -, and immutable_flag (true or false), which
    asks for the immutable attribute on stored evidence.
    """
    from forensics.examination.setting import set_facts

    with shared_.opened(case) as examination:
        done = set_facts(examination, _pairs(facts))
    for name, (old, new_) in done.changed.items():
        shared_.screen.line(f"{name}: {_said(old)} -> {_said(new_)}")
    if not done.changed:
        shared_.screen.line("Nothing changed: the facts were so already.")
    if done.missing:
        shared_.screen.line(f"Not given yet: {', '.join(done.missing)}")
    shared_.screen.object(done.exit_code, **fields_of(done))
    return done.exit_code


command.add_command(case_answer.command)
command.add_command(case_seal.seal)
command.add_command(case_seal.disclose)
command.add_command(case_key.command)
command.add_command(case_replay.replay)
command.add_command(case_tables.command)
for each in (
    case_custody.receipt, case_custody.transfer, case_custody.return_, case_custody.dispose, case_custody.witness,
    case_custody.correct, case_custody.clock, case_custody.timestamp,
):  # fmt: skip
    command.add_command(each)


def _pairs(facts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in facts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r} is not of the form NAME=VALUE", todo="write title='The title', for instance")
        pairs[name.strip().replace("-", "_")] = value.strip()
    return pairs


def _said(value: object) -> str:
    return str(value) if value != "" else "(missing)"


def _show(screen: Screen, found: Overview, *, steps: bool) -> None:
    show.head(screen, found)
    names = ("id", *FACTS, "immutable_flag", *(("review",) if found.facts.get("review") else ()))
    screen.heading("Facts")
    screen.facts([(name, _said(found.facts[name])) for name in names])
    if found.evidence:
        show.evidence(screen, found)
    show.images(screen, found)
    show.counts(screen, found)
    if steps:
        screen.heading("Steps")
        rows = [[str(s.line), show.moment(s.ts_ns), s.act, s.phase, s.about + _failed(s.error)] for s in found.steps]
        screen.table(["line", "time", "act", "phase", "about"], rows)
    for text in found.in_transit:
        screen.line(f"  In transit: {text}", colour="yellow")
    show.ledger(screen, found.lines, found.head_sha256)


def _failed(error: str) -> str:
    return f" ({error})" if error else ""
