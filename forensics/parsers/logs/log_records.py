"""What a log's reader said of one line, row or object, as a record; and what no reader could read, as a problem."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from forensics.absent import Absent
from forensics.address import Address, Span
from forensics.formats.logs.event import Logged
from forensics.records import LogEvent, Problem

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry stands: its step in an address, its line from 1, its place in the file, and its bytes."""

    step: str
    line: int
    start: int
    end: int
    raw: bytes


def event_of(logged: Logged, place: Place, at: Address, position: int = 1) -> LogEvent:
    """The record of one event; an entry can hold several, which are told apart by their ``position``."""
    when = logged.when
    span = Span(place.start, place.end)
    here = at.child(place.step, span) if position == 1 else at.child(place.step).child(f"event:{position}", span)
    return LogEvent(
        address=here,
        source=logged.source,
        operation=logged.operation or "other",
        actor=_text(logged.actor),
        actor_ip=_text(logged.actor_ip),
        utc=Absent.UNPARSABLE if when.ns is None else when.ns,
        utc_raw=when.raw,
        zone=when.zone.value,
        precision=when.precision.value,
        assumed=when.assumed,
        message_id=_text(logged.message_id),
        message_ids=logged.message_ids,
        network_message_id=_text(logged.network_message_id),
        queue_id=_text(logged.queue_id),
        sender=_text(logged.sender),
        recipient=_text("; ".join(logged.recipients)),
        recipients=logged.recipients,
        subject=_text(logged.subject),
        size=Absent.NOT_RECORDED if logged.size is None else logged.size,
        status=_text(logged.status),
        detail=_detail(logged),
        warnings=logged.warnings,
        line=place.line,
        offset=place.start,
        raw_sha256=hashlib.sha256(place.raw).hexdigest(),
    )


def _text(text: str) -> str | Absent:
    return text if text else Absent.NOT_RECORDED


def _detail(logged: Logged) -> str:
    """The rest as JSON that every reader takes: half a surrogate pair, which is no character, stays visible as text."""
    text = json.dumps(dict(logged.detail), ensure_ascii=False, sort_keys=True, allow_nan=False)
    return _SURROGATE.sub(lambda half: f"\\\\u{ord(half[0]):04x}", text)


class Unread:
    """Lines that no reader could read, gathered while they follow each other: one problem for each run of them."""

    def __init__(self, at: Address) -> None:
        self._at = at
        self._first: Place | None = None
        self._last: Place | None = None
        self._count = 0
        self._cause = ""

    def add(self, place: Place, cause: str) -> Problem | None:
        """Note one; the run before it is given back when this one is lost for another reason."""
        done = self.take() if self._count and cause != self._cause else None
        self._first = self._first or place
        self._last, self._cause = place, cause
        self._count += 1
        return done

    def take(self) -> Problem | None:
        """The run so far, which ends here."""
        if self._first is None or self._last is None:
            return None
        lines = f"line {self._first.line}"
        if self._count > 1:
            lines = f"{self._count} lines from line {self._first.line} to line {self._last.line}"
        problem = Problem(
            address=self._at.child(self._first.step, Span(self._first.start, self._last.end)),
            what=f"{lines} of this log could not be read",
            lost="what they say; their bytes are in the evidence",
            cause=self._cause,
        )
        self._first = self._last = None
        self._count = 0
        return problem
