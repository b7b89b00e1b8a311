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
    """The case was made; ``params`` hold the hash of its facts and the names of those still missing."""
    CASE_SET = "case.set"
    """Facts of the case were changed; ``params`` hold the old and the new values, ``finished`` the new hash."""
    ACQUIRE = "acquire"
    """A source was copied into an evidence item; ``out`` holds the hash of its manifest, ``result`` the receipt."""
    ACQUIRE_VERIFY = "acquire.verify"
    """Kept for the comparison of an evidence item with its source; not written by this version."""
    IMAGE_EXAMINE = "image.examine"
    """A disk image was checked as a whole and searched for mail stores."""
    PARSE = "parse"
    """An evidence item was read into records; ``out`` holds the hash of the list of what was made."""
    TIMELINE = "timeline"
    """The records became one ordered account."""
    REPORT = "report"
    """One report was written."""
    VERIFY = "verify"
    """The whole case was read again; ``result`` names every difference.

    With ``second_opinion`` among ``params``, another reader read the mail stores of the evidence, and ``result`` names
    each point on which it and ours disagree.
    """
    ANOMALY = "anomaly"
    """Something that should not be was found and kept, such as a line that a crash cut short."""
    CLOCK_CHECK = "clock.check"
    """Kept for a comparison of the clock of the machine; not written by this version."""


class Phase(StrEnum):
    """How far an act has come. ``done`` stands on acts that have no duration."""

    BEGUN = "begun"
    """Named inputs and parameters are on the disk; nothing has been done yet."""
    FINISHED = "finished"
    """What ``out`` lists is on the disk."""
    FAILED = "failed"
    """It ended with the reason that ``result`` gives; what it may have made does not count."""
    DONE = "done"
    """An act that has no duration."""
