"""The options that several verbs share, and what they make: the screen, the station, an opened examination."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from forensics.cli.identities import session_for
from forensics.cli.keyring import keyring_for
from forensics.cli.path_type import PathType
from forensics.cli.progress import Shown
from forensics.cli.screen import Screen
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.conductor import Examination
    from forensics.examination.station import Station

Command = TypeVar("Command", bound=Callable[..., Any])

FACTS = {
    "title": "What the case is called.",
    "client": "Who gave the order for the examination.",
    "examiner": "The person who examines, as the reports name them.",
    "organisation": "The organisation of the examiner.",
    "role": "What the examiner acts as, such as 'court-appointed expert'.",
    "legal_basis": "What permits the examination: order, contract, consent, with its date and number.",
    "scope": "What may be examined: people, time, kinds of mail.",
    "purpose": "The question that the examination is to answer.",
    "time_zone": "The zone in which the reports show times, beside UTC. A new case has Asia/Tokyo.",
    "language": "The language of the reports, ja or en. A new case has ja.",
    "code_page": "The Windows code page of message texts that state none and do not tell (932 in a new case).",
}
# Whether a path can be read is for the examination to find out and to write down.
PATH = PathType()
CASE = PathType(folder=True)

case_argument = click.argument("case", metavar="DIR", type=CASE)
case_option = click.option("--case", "case", metavar="DIR", type=CASE, required=True, help="The folder of the case.")
sources_argument = click.argument("sources", metavar="SOURCE...", type=PATH, nargs=-1, required=True)
again_option = click.option("--again", is_flag=True, help="Do it even if nothing has changed since the last time.")


class Shared:
    """What the common options came to."""

    def __init__(self, command: str, *, as_json: bool, quiet: bool, workers: int) -> None:
        self.screen = Screen(command, as_json=as_json, quiet=quiet)
        self.quiet = quiet
        self._workers = workers

    @contextmanager
    def station(self) -> Iterator[Station]:
        """The clock, the command line and the progress of this session; whatever is shown is cleared at the end."""
        from forensics.examination.clock import system_clock
        from forensics.examination.station import Silent, Station, workers_by_default

        shown = Shown()
        argv = tuple(os.fsencode(word).decode("utf-8", "backslashreplace") for word in sys.argv)
        try:
            yield Station(
                clock=system_clock,
                argv=argv,
                workers=self._workers or workers_by_default(),
                progress=Silent() if self.quiet else shown,
            )
        finally:
            shown.end()

    @contextmanager
    def opened(self, case: Path, *, control: bool = True) -> Iterator[Examination]:
        """An existing case, opened for work; with ``control`` by the two people whose identities were given."""
        from forensics.examination.conductor import Examination

        session = session_for(case) if control else None
        keyring = keyring_for(case)
        with placed(case), self.station() as station, Examination(case, station, keyring, session) as examination:
            yield examination


@contextmanager
def placed(case: Path) -> Iterator[None]:
    """An error of the system that names no file, such as a full disk, gets the case as its place."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(case)
        raise


def shared(command: str, *, parallel: bool = False) -> Callable[[Command], Command]:
    """Give a verb the options that every verb has; it receives them as its first argument."""

    def decorate(function: Command) -> Command:
        @functools.wraps(function)
        def called(as_json: bool, quiet: bool, debug: bool, workers: int | None = None, **given: Any) -> Any:
            return function(Shared(command, as_json=as_json, quiet=quiet, workers=workers or 0), **given)

        made: Any = click.option("--debug", is_flag=True, help="On a fault of this program, show where it happened.")(
            called
        )
        made = click.option("-q", "--quiet", is_flag=True, help="Show neither progress nor summary; errors only.")(made)
        made = click.option(
            "--json", "as_json", is_flag=True, help="Give the result as one JSON object on standard output."
        )(made)
        if parallel:
            made = click.option(
                "--workers",
                type=click.IntRange(1, 64),
                default=None,
                metavar="N",
                help="How many processes work at the same time. Without it, one for each processor.",
            )(made)
        result: Command = made
        return result

    return decorate


def fact_options(function: Command) -> Command:
    """One option for each fact of a case."""
    made: Any = function
    for name, text in reversed(FACTS.items()):
        made = click.option(f"--{name.replace('_', '-')}", name, metavar="TEXT", help=text)(made)
    result: Command = made
    return result


def given_facts(options: dict[str, str | None]) -> dict[str, str]:
    """The facts that were really given."""
    return {name: text for name, text in options.items() if text is not None}


def check_sources(sources: tuple[Path, ...], case: Path) -> None:
    """Refuse, before anything is made, sources that are not there and a case that would be written into a source."""
    if not any(os.path.lexists(path) for path in sources):
        raise UsageError(
            f"the source {str(sources[0])!r} cannot be found" if len(sources) == 1 else "none of the sources is there",
            place=str(sources[0]),
            todo="check the path and its spelling, and whether the medium is mounted",
        )
    if not any(path.is_file() or path.is_dir() for path in sources):
        first = sources[0]
        what = f"the source {str(first)!r} is neither a file nor a folder" if first.exists() else _dead(first)
        raise UsageError(what, place=str(first), todo="give a file, a folder or an image")
    inside = case.resolve()
    for path in sources:
        if path.is_dir() and (path.resolve() == inside or path.resolve() in inside.parents):
            raise UsageError(
                "the case folder lies inside the source, and writing the case would change the source",
                place=str(case),
                todo="put the case folder somewhere else, outside all sources",
            )


def _dead(path: Path) -> str:
    return f"the source {str(path)!r} is a link that leads nowhere, or in a circle"
