"""What the client supplied and what this program brings: reference tables and lists of domains and words, as views."""

from __future__ import annotations

from collections.abc import Callable

from forensics.casefile.view import CaseView
from forensics.findings import lists, reference
from forensics.findings.sql import make_table
from forensics.findings.views import View


def _table(name: str) -> Callable[[CaseView], None]:
    def make(case: CaseView) -> None:
        kind = reference.KINDS[name]
        make_table(case, f"given_{name}", kind.columns, reference.rows_of(case, name))
        # What is empty is not known; a day is a day.
        columns = ", ".join(
            f"try_cast(nullif(\"{column}\", '') AS DATE) AS \"{column}\"" if column in kind.days
            else f"nullif(\"{column}\", '') AS \"{column}\"" for column in kind.columns
        )  # fmt: skip
        case.connection.execute(f"CREATE TEMP TABLE {_shown(name)} AS SELECT {columns} FROM given_{name}")  # noqa: S608 - names of this program

    return make


def _shown(name: str) -> str:
    return "stated_domains" if name == "own_domains" else name


def _list(name: str) -> Callable[[CaseView], None]:
    """A list that this program brings, unless the case has one in its place."""

    def make(case: CaseView) -> None:
        make_table(case, name, lists.LISTS[name].columns, reference.rows_of(case, name) or lists.rows(name))

    return make


VIEWS = {
    _shown(name): View(title=kind.title, needs=(), make=_table(name), optional=True)
    for name, kind in reference.KINDS.items()
    if name not in lists.LISTS
} | {name: View(title=each.title, needs=(), make=_list(name)) for name, each in lists.LISTS.items()}
