"""Clocks hidden in mail: times that programs wrote into identifiers, where few who alter a Date field think of them.

Each layout is known from the source or the documentation of the program that writes it and names that source. Nothing
here decides what a time means for a message; it says what stands there, how finely, and in which zone if that is known.
"""

from __future__ import annotations

from forensics.formats.clocks.boundaries import times_in_boundary, times_in_content_id
from forensics.formats.clocks.embedded import EmbeddedTime
from forensics.formats.clocks.message_ids import times_in_message_id
from forensics.formats.clocks.queue_ids import times_in_queue_id
from forensics.formats.clocks.tags import SignatureTimes, signature_times

__all__ = [
    "EmbeddedTime",
    "SignatureTimes",
    "signature_times",
    "times_in_boundary",
    "times_in_content_id",
    "times_in_message_id",
    "times_in_queue_id",
]
