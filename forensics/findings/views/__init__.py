"""The views that rule cards read: the mail of a case as the questions of the catalogue see it, made when needed.

A module of this package offers ``VIEWS``: for the name of each view, the views that must be there before and what makes
it. Views are temporary tables of the connection of the case; nothing is written.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from forensics import tables
from forensics.casefile.view import FILE_CONTENT, TIMELINE_TABLES, CaseView
from forensics.errors import UsageError
from forensics.findings.finding import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view: what it is called in words, what it is made of, and the function that makes it."""

    title: Pair
    needs: tuple[str, ...]
    make: Callable[[CaseView], None]
    optional: bool = False
    """Whether a card may run where it has no rows: what a client need not supply."""


@cache
def known() -> dict[str, View]:
    """Every view by its name."""
    found: dict[str, View] = {}
    for info in pkgutil.iter_modules(__path__):
        found |= importlib.import_module(f"{__name__}.{info.name}").VIEWS
    return found


def prepare(case: CaseView, names: Iterable[str]) -> None:
    """Make these views and what they need, where this connection does not have them yet."""
    for name in names:
        if name in (*tables.SCHEMAS, *TIMELINE_TABLES, FILE_CONTENT) or has_table(case, name):
            continue
        view = known().get(name)
        if view is None:
            raise UsageError(f"there is no view named {name!r}", todo=f"name one of: {', '.join(sorted(known()))}")
        prepare(case, view.needs)
        view.make(case)


def need(names: Iterable[str], wanted: str) -> bool:
    """Whether one of these views is made, through whatever others, of a table of that name."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name == wanted:
            return True
        if name not in seen:
            seen.add(name)
            waiting += known()[name].needs if name in known() else ()
    return False


def below(names: Iterable[str]) -> set[str]:
    """These views and everything that they are made of."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += known()[name].needs if name in known() else ()
    return found


def has_table(case: CaseView, name: str) -> bool:
    """Whether the connection knows a table or view of this name."""
    sql = "SELECT count(*) AS n FROM information_schema.tables WHERE table_name = $1"
    return bool(case.rows(sql, [name])[0]["n"])


def by_sql(sql: str) -> Callable[[CaseView], None]:
    """A maker that runs one statement."""

    def make(case: CaseView) -> None:
        case.connection.execute(sql)

    return make
