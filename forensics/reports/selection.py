"""Which messages a report on request is about: all of them, those that meet a condition, those named by their ids."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.casefile.view import CaseView
from forensics.errors import UsageError

MOST = 50_000
"""So many messages at the most go into one report on request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """``where`` is one SQL condition over the table ``message``; ``messages`` are ids of message records."""

    where: str = ""
    messages: tuple[str, ...] = ()

    def ids(self, case: CaseView) -> list[str]:
        """The ids of the messages that both let through, in the order of their evidence and addresses."""
        chosen = case.chosen(self.where)
        if self.messages:
            unknown = sorted(set(self.messages) - set(case.chosen("")))
            if unknown:
                raise UsageError(
                    f"there is no message {unknown[0]!r} in this case", todo="see column id of messages.csv"
                )
            wanted = set(self.messages)
            chosen = [each for each in chosen if each in wanted]
        if not chosen:
            raise UsageError("no message meets the condition", todo="try the condition on reports/messages.csv first")
        if len(chosen) > MOST:
            raise UsageError(
                f"{len(chosen):,} messages meet the condition, and one file takes {MOST:,} at the most",
                todo="choose fewer with --where, for example by folder or by time, and write several files",
            )
        return chosen
