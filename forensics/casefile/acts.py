"""The closed list of acts that a ledger line can report, and the phases of an act. A new act is a new version.

``docs/reference/ledger.md`` says in words what each of them means. Custody fields follow ISO/IEC 27037 6.1 as drawn
together in that page.
"""

from __future__ import annotations

from enum import StrEnum

VERSION = 1


class Act(StrEnum):
    """What was done."""

    CASE_OPEN = "case.open"
    CASE_SET = "case.set"
    ACQUIRE = "acquire"
    ACQUIRE_VERIFY = "acquire.verify"
    IMAGE_EXAMINE = "image.examine"
    """A disk image was checked as a whole and searched for mail stores."""
    PARSE = "parse"
    TIMELINE = "timeline"
    REPORT = "report"
    VERIFY = "verify"
    ANOMALY = "anomaly"
    CLOCK_CHECK = "clock.check"


class Phase(StrEnum):
    """How far an act has come. ``done`` stands on acts that have no duration."""

    BEGUN = "begun"
    FINISHED = "finished"
    FAILED = "failed"
    DONE = "done"
