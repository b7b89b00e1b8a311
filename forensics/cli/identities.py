"""The options of two-person control that several verbs share: identity files, and how a new case is put under it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from forensics.cli.path_type import PathType
from forensics.errors import UsageError

if TYPE_CHECKING:
    from forensics.examination.control import Identity, Person, Session

_KEPT = "forensics.identities"
TWO_PERSON = "two-person"


def identity_option(function: Any) -> Any:
    """``--identity``, kept beside the command, so that opening the case finds it wherever that happens."""

    def keep(context: click.Context, _: click.Parameter, given: Sequence[Path]) -> None:
        context.meta[_KEPT] = tuple(given)

    return click.option(
        "--identity",
        "identities",
        metavar="FILE",
        type=PathType(),
        multiple=True,
        expose_value=False,
        callback=keep,
        envvar="FORENSICS_IDENTITIES",
        help="Of a case under two-person control: the age identity of a requester or an approver. Give it twice.",
    )(function)


def given() -> tuple[Path, ...]:
    """The identity files of this command line."""
    context = click.get_current_context(silent=True)
    return tuple(context.meta.get(_KEPT, ())) if context is not None else ()


def identities(paths: Sequence[Path]) -> tuple[Identity, ...]:
    """The identities in files; a passphrase is typed where one is needed."""
    from forensics.examination.control import read_identities

    def ask(path: Path) -> str:
        answer: str = click.prompt(f"Passphrase of {path.name}", hide_input=True, err=True)
        return answer

    return read_identities(paths, ask)


def session_for(case: Path) -> Session | None:
    """The session of the two people whose identities were given, for work that shows nothing."""
    if not given():
        return None
    from forensics.examination.control import open_for_work

    return open_for_work(case, identities(given()))


def control_options(function: Any) -> Any:
    """``--review`` and ``--people`` of the verbs that make a case."""
    made = click.option(
        "--people",
        metavar="FILE",
        type=PathType(),
        help="With --review two-person: who requests and who approves, as docs/how-to/two-person-review.md shows.",
    )(function)
    return click.option(
        "--review",
        type=click.Choice([TWO_PERSON]),
        help="Keep evidence, content and text encrypted; they open to a requester and an approver together only.",
    )(made)


def people_for(review: str | None, people: Path | None) -> tuple[Person, ...]:
    """The people of a new case; none for an ordinary one."""
    if (review is None) != (people is None):
        raise UsageError("--review two-person and --people FILE go together", todo="give both, or neither")
    if people is None:
        return ()
    from forensics.examination.control import read_declared

    return read_declared(people)
