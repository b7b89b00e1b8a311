"""Logs that come as JSON: Unified Audit Log, Google Workspace activities and Gmail logs, Entra sign-ins."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forensics.address import Address
from forensics.formats.logs import entra, google, unified_audit
from forensics.formats.logs.event import Logged
from forensics.formats.logs.objects import read_objects
from forensics.parsers.contract import Candidate, Keep, Range, Unit
from forensics.parsers.logs.log_records import Place, Unread, event_of
from forensics.records import Record

_LOOK = 5


class ObjectLogParser:
    """Reads every object of a log in JSON."""

    name = "object-log"
    title = "Log as JSON (Unified Audit Log, Google Workspace and Gmail logs, Entra sign-ins)"
    version = "1"

    def claims(self, candidate: Candidate) -> int:
        """Files whose first whole objects are records of a log that is known."""
        start = candidate.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if start not in (b"{", b"["):
            return 0
        found = read_objects(io.BytesIO(candidate.head))
        values = [each.value for _, each in zip(range(_LOOK), found, strict=False) if each.value is not None]
        return 90 if any(_events(value) for value in values) else 0

    def ranges(self, unit: Unit) -> Sequence[Range]:
        """A log in JSON is read whole: no place inside tells whether it lies in a text."""
        return [{}]

    def parse(self, unit: Unit, at: Address, keep: Keep) -> Iterator[Record]:
        """The events of each object, a problem for each run of objects that cannot be read."""
        unread = Unread(at)
        for found in read_objects(unit.handle):
            step = f"byte:{found.start}"
            if not unit.begin(step):
                continue
            place = Place(step=step, line=found.number, start=found.start, end=found.end, raw=found.raw)
            events = _events(found.value) if found.value is not None else []
            why = found.broken or ("" if events else "no reader knows objects of this form")
            done = unread.add(place, why) if why else unread.take()
            if done:
                yield done
            for position, event in enumerate(events, start=1):
                yield event_of(event, place, at, position)
        done = unread.take()
        if done:
            yield done


def _events(value: Mapping[str, Any]) -> list[Logged]:
    if unified_audit.claims_object(value):
        return [unified_audit.of_object(value)]
    if google.claims_object(value):
        return list(google.of_object(value))
    return [entra.of_object(value)] if entra.claims_object(value) else []
