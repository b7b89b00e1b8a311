"""Why a value is not there. A missing value is evidence too, so it is never ``None`` and never an empty text."""

from __future__ import annotations

from enum import Enum


class Absent(Enum):
    """The four reasons for which a field of a record can be without a value; never to be mistaken for a text."""

    UNREADABLE = "unreadable"
    """The bytes that hold it could not be read."""
    UNPARSABLE = "unparsable"
    """The bytes are there, but they are not what the format says."""
    NOT_RECORDED = "not_recorded"
    """The format has a place for it, and the source left that place out."""
    NOT_APPLICABLE = "not_applicable"
    """Things of this kind do not have it."""
