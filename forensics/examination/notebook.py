"""A case in a notebook: its timeline, messages and logs as pandas frames, read only, each file checked before use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from forensics.casefile.view import CaseView
from forensics.examination.querying import question_of
from forensics.reports import inputs
from forensics.timeline import query

if TYPE_CHECKING:
    import pandas as pd


class NotebookCase:
    """What :func:`forensics.open_case` gives."""

    def __init__(self, folder: Path) -> None:
        self.view = CaseView(folder)

    def timeline(
        self,
        where: str = "",
        *,
        person: str = "",
        since: str = "",
        until: str = "",
        thread: str = "",
        message: str = "",
    ) -> pd.DataFrame:
        """The events of the timeline, all of them or those that answer; days and times in the case's zone.

        Columns as in ``docs/how-to/notebook.md``; ``utc`` is an aware timestamp, ``utc_ns`` nanoseconds since 1970.
        """
        inputs.need_timeline(self.view)
        question = question_of(
            self.view.facts.time_zone,
            where=where,
            person=person,
            between=(since, until),
            thread=thread,
            message=message,
        )
        found: pd.DataFrame = query.frame(self.view, question)
        return found

    def records(self, kind: str, where: str = "") -> pd.DataFrame:
        """All records of one kind, such as ``message`` or ``log_event``, or those that meet one SQL condition."""
        if kind not in self.view.counts():
            raise ValueError(f"there are no records of the kind {kind!r}")
        return self.view.frame(f"SELECT * FROM {kind} WHERE {self.view.condition(where)}")  # noqa: S608 - one expression
