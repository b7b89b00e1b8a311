"""Mailboxes in one piece: messages one behind the other, each after a From_ line, as far as text goes (RFC 4155)."""

from __future__ import annotations

from forensics.formats.carving.found import Found, Kind, whole
from forensics.formats.carving.header import header_at
from forensics.formats.carving.message import from_line_in, message_end
from forensics.formats.carving.space import Space
from forensics.formats.carving.text import text_end


def box_at(space: Space, start: int, first_field: int) -> Found:
    """The mailbox whose first From_ line is at ``start``; it owns every message up to the end of its text."""
    text = text_end(space, start)
    messages, last, at = 1, first_field, first_field
    while (separator := from_line_in(space, at, text.at)) >= 0:
        last = _behind_line(space, separator)
        messages, at = messages + 1, last
    header = header_at(space, last, last)
    if header is None:
        told, validated, end, truncated = text.why.value, False, text.at, False
    else:
        end, told, validated, truncated = message_end(space, header, text)
    return whole(
        Kind.MBOX,
        start,
        max(end, last),
        ended=f"of its last message: {told}",
        validated=validated,
        truncated=truncated,
        messages=messages,
    )


def _behind_line(space: Space, separator: int) -> int:
    """Behind the From_ line that a blank line may stand before."""
    data = space.read(separator, 1300)
    begin = data.find(b"From ")
    return separator + data.find(b"\n", begin) + 1
