"""``timeline.html``: the whole timeline in one page that needs no network, for a reader without any other program.

A case of more than 250,000 events becomes an index and one page a month.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from forensics.casefile.view import CaseView
from forensics.reports import inputs, timeline_rows, words
from forensics.reports.head import FILES_SHOWN, PROBLEMS_SHOWN, head
from forensics.reports.packing import packed
from forensics.reports.page import render
from forensics.reports.sink import Sink

FILE_NAME = "timeline.html"
EVENTS_PER_PAGE = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One page of a timeline that is too large for one."""

    file: str
    label: str
    month: str
    first: int
    count: int


class TimelineHtml:
    """The timeline as a page for a browser: filters, a chart of mail per day, details, print."""

    name = "timeline-html"
    title = "Timeline as a web page"
    version = "1"

    def write(self, case: CaseView, out: Sink) -> None:
        """Write ``timeline.html`` and, where there are too many events for one page, a page for each month."""
        inputs.need_timeline(case)
        told = {"head": head(case), "report": f"{self.name} {self.version}"}
        events = timeline_rows.total(case)
        if events <= EVENTS_PER_PAGE:
            out.write(FILE_NAME, _page(case, told, None, 0, events, ""))
            return
        parts = list(_parts(case))
        for part in parts:
            out.write(part.file, _page(case, told, part.month, part.first, part.count, part.label))
        out.write(FILE_NAME, _render(told, parts=parts))


def _parts(case: CaseView) -> Iterator[Part]:
    for month, count in timeline_rows.months(case):
        for number, first in enumerate(range(0, count, EVENTS_PER_PAGE), start=1):
            label = f"{month or '–'} ({number})" if count > EVENTS_PER_PAGE else month or "–"
            name = f"timeline-{month or 'no-time'}" + (f"-{number}" if count > EVENTS_PER_PAGE else "")
            here = min(EVENTS_PER_PAGE, count - first)
            yield Part(file=f"{name}.html", label=label, month=month, first=first, count=here)


def _page(case: CaseView, told: dict[str, Any], month: str | None, first: int, count: int, label: str) -> bytes:
    rows = timeline_rows.payload(case, month, first, count)
    texts = rows["texts"]
    more, fits = timeline_rows.details(case, texts["message_ref"]["d"], texts["logical_id"]["d"])
    rows["zone"] = case.facts.time_zone
    return _render(told, data=packed(rows), details=packed(more), bodies=fits, label=label, events=rows["n"])


def _render(told: dict[str, Any], **values: Any) -> bytes:
    given = {"data": "", "details": "", "bodies": True, "parts": [], "label": "", "events": 0, **values}
    limits = {"problems": PROBLEMS_SHOWN, "files": FILES_SHOWN, "excerpt": timeline_rows.EXCERPT}
    given |= {"kinds": words.KINDS, "recoveries": words.RECOVERIES, "uses": words.USES, "limits": limits}
    return render("timeline.html.j2", "timeline.css", "timeline.js", {**told, **given})
