"""The verb ``examine``: the whole way in one go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forensics.cli import show
from forensics.cli.identities import control_options, identity_option, people_for
from forensics.cli.options import (
    Shared,
    case_option,
    check_sources,
    fact_options,
    given_facts,
    placed,
    shared,
    sources_argument,
)
from forensics.cli.screen import Screen, fields_of
from forensics.cli.text import many
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.conductor import Examination
    from forensics.examination.control import Person
    from forensics.examination.examining import ExamineSummary
    from forensics.examination.overview import Overview


@click.command("examine", short_help="Go the whole way: acquire, verify, parse, timeline, reports.")
@sources_argument
@case_option
@fact_options
@control_options
@identity_option
@shared("examine", parallel=True)
def command(
    shared_: Shared,
    sources: tuple[Path, ...],
    case: Path,
    review: str | None,
    people: Path | None,
    **options: str | None,
) -> int:
    """Go the whole way for each SOURCE: acquire, verify, parse, build the timeline, write the reports.

    A case that does not exist yet is made. The same command again resumes what is unfinished, verifies what is
    unchanged, and makes a new evidence item of a source that has changed.
    """
    from forensics.examination.examining import examine
    from forensics.examination.overview import overview

    check_sources(sources, case)
    with _case(shared_, case, given_facts(options), people_for(review, people)) as examination:
        done = examine(examination, sources)
        held = overview(examination.view())
    _show(shared_.screen, done, held, case)
    show.end(shared_.screen, done.exit_code)
    shared_.screen.object(done.exit_code, **fields_of(done), not_mail=held.not_mail)
    return done.exit_code


@contextmanager
def _case(shared_: Shared, case: Path, facts: dict[str, str], people: tuple[Person, ...]) -> Iterator[Examination]:
    """The case as it is, or a new one; facts that an existing case states otherwise are refused."""
    from forensics.examination.conductor import Examination
    from forensics.examination.setting import converted

    wanted = converted(facts)
    if not (case / "case.toml").exists():
        with (
            placed(case),
            shared_.station() as station,
            Examination.create(case, wanted, station, people) as examination,
        ):
            yield examination
        return
    if people:
        raise UsageError(
            "only a new case can be put under two-person control, and this one is there already",
            place=str(case),
            todo="leave --review and --people away; to go on with such a case, give both people's --identity",
        )
    with shared_.opened(case) as examination:
        other = [name for name, value in wanted.items() if getattr(examination.facts, name) != value]
        if other:
            raise UsageError(
                f"the case is there already, and states another {other[0].replace('_', ' ')}",
                place=str(case),
                todo=f"leave the option away, or change the fact first: forensics case set {case} {other[0]}=VALUE",
            )
        yield examination


def _show(screen: Screen, done: ExamineSummary, held: Overview, case: Path) -> None:
    show.head(screen, held)
    show.evidence(screen, held, {each.evidence: each.state for each in done.acquired})
    show.images(screen, held)
    show.refused(screen, list(done.acquired))
    show.failed_sources(screen, done.failed)
    show.counts(screen, held)
    screen.heading("Timeline")
    screen.line(f"  {many(done.timeline.events, 'event')} of {many(done.timeline.logical, 'different message')}")
    show.problems(screen, held)
    show.not_mail(screen, held)
    show.verified(screen, done.verified)
    show.ledger(screen, held.lines, held.head_sha256)
    show.where_next(screen, case, [path for each in done.reports for path in each.files])
