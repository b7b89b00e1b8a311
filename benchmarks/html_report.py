"""How long the timeline page needs until its table is interactive: 50,000 synthetic events in headless Chromium.

    .venv/bin/python -m benchmarks.html_report [events] [runs]

The figure is the page's own: milliseconds from the start of the navigation to the first drawn, filterable table. The
limit is 2,000 ms, as the median of five runs, each in a new browser.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from forensics.moments import Meaning
from forensics.records import Record, Recovery
from forensics.reports.sink import Sink
from forensics.reports.timeline_html import TimelineHtml
from tests.casebuilder import JUNE, SECOND, mail, relayed, sent, stored
from tests.reports.browser import Browser
from tests.reports.cases import with_timeline

LIMIT_MS = 2000
PER_MESSAGE = 5


def records(events: int) -> list[Record]:
    """Messages of five clock readings each, over two years, between 400 accounts."""
    made: list[Record] = []
    for n in range(events // PER_MESSAGE):
        at = JUNE - n * 6203 * SECOND
        hops = [relayed(at + k * SECOND, f"mx{k}.example.jp", f"{k}/2") for k in (1, 2)]
        clocks = [
            sent(at),
            *hops,
            stored(at + 3 * SECOND + n % 9999 * 100),
            stored(at + SECOND, Meaning.CREATED, "PR_CREATION_TIME"),
        ]
        made += mail(
            n,
            moments=clocks,
            to=[f"to{n % 397}@example.com", f"cc{n % 31}@example.co.jp"],
            subject=f"Re: 【第{n % 800}号】見積書のご送付について {n}",
            sender_address=f"user{n % 211}@example.jp",
            store_path=f"/受信トレイ/案件{n % 40}",
            recovery=Recovery.SOFT_DELETED if n % 50 == 7 else Recovery.LIVE,
            body=f"お世話になっております。{n} 番の件、添付のとおりお送りします。ご確認ください。" * 3,
        )
    return made


def main() -> int:
    """Print the figures; 0 where the median is within the limit."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        case = with_timeline(Path(folder) / "case", records(events))
        began = time.perf_counter()
        out = Sink(Path(folder) / "reports")
        TimelineHtml().write(case, out)
        written = time.perf_counter() - began
        times = []
        for _ in range(runs):
            with Browser() as browser:
                times.append(browser.open(out.folder / "timeline.html"))
                shown = browser.run("document.getElementById('status').textContent")
                assert not browser.errors, browser.errors
    size = out.written[0].size
    print(f"{events} events, page of {size / 1e6:.1f} MB written in {written:.1f} s; {shown}")
    single = ", ".join(f"{each:.0f}" for each in times)
    print(f"ready after {single} ms: median {median(times):.0f} ms (limit {LIMIT_MS} ms)")
    return 0 if median(times) < LIMIT_MS else 1


if __name__ == "__main__":
    raise SystemExit(main())
