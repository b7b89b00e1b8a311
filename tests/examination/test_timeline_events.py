"""The events of the sample, of all its stores and logs, are those that plain Python makes of its records."""

from __future__ import annotations

from pathlib import Path

from forensics.casefile.view import CaseView
from tests.timeline.test_events import same


def test_every_event_of_the_sample_is_what_its_records_say(sample_case: Path) -> None:
    assert same(CaseView(sample_case)) > 1000
