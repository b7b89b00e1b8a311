"""The clocks that lie hidden in a message: identifiers, boundaries, signatures and the index of its conversation.

A layout whose time is local says so: it is read with the zone that the Date field states, and its zone is assumed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator

from forensics.absent import Absent
from forensics.formats.clocks import (
    EmbeddedTime,
    signature_times,
    times_in_boundary,
    times_in_content_id,
    times_in_message_id,
    times_in_queue_id,
)
from forensics.formats.headers import HeaderBlock
from forensics.formats.mapi import conversation_index
from forensics.formats.received import parse_received
from forensics.moments import Basis, Meaning, Moment, Precision, Zone, filetime_to_ns, is_sensible

_SIGNATURES = ("dkim-signature", "arc-seal", "arc-message-signature", "x-google-dkim-signature")
_MOST = 50
"""So many fields of one name are looked at; a message with more of them is no mail that anybody sent."""


def of_header(block: HeaderBlock, dates: Iterable[Moment]) -> Iterator[Moment]:
    """The hidden clocks of the header, in the order of this page; ``dates`` are those of the Date field."""
    dates = list(dates)
    date, near = _near(dates)
    for field in block.every("message-id")[:_MOST]:
        yield from of_message_id(field.raw.decode("latin-1"), "Message-ID", dates)
    hops = block.every("received")
    for number, field in enumerate(reversed(hops[-_MOST:]), start=1):
        hop = parse_received(field.raw)
        says = f"id of Received {number}/{len(hops)} by {hop.by or 'unknown'}"
        yield from (_stamped(each, says, date) for each in times_in_queue_id(hop.queue_id, near_ns=near))
    for name in _SIGNATURES:
        for field in block.every(name)[:_MOST]:
            yield from _signed(field.name, field.raw)
    for field in block.every("thread-index")[:1]:
        yield from of_conversation(_decoded(field.raw), "Thread-Index")


def of_message_id(text: str, says: str, dates: Iterable[Moment]) -> Iterator[Moment]:
    """The clock of one Message-ID; ``says`` names the field or property that holds it."""
    date, near = _near(dates)
    yield from (_stamped(each, says, date) for each in times_in_message_id(text, near_ns=near))


def of_parts(boundaries: Iterable[str], content_ids: Iterable[str], dates: Iterable[Moment]) -> Iterator[Moment]:
    """The hidden clocks of the body's structure, each time once."""
    date, _ = _near(dates)
    seen: set[int] = set()
    found = [("boundary", each) for text in boundaries for each in times_in_boundary(text)]
    found += [("Content-ID", each) for text in content_ids for each in times_in_content_id(text)]
    for says, each in found[:_MOST]:
        if each.ns not in seen:
            seen.add(each.ns)
            yield _stamped(each, says, date)


def of_conversation(raw: bytes, says: str) -> Iterator[Moment]:
    """The start of the thread and every answer, each by both readings of its delta where they differ."""
    index = conversation_index(raw)
    if index is None:
        return
    yield _ticks(index.ticks, Meaning.THREAD_STARTED, says, raw[:6].hex())
    before = index.ticks
    for number, level in enumerate(index.levels[:_MOST], start=1):
        name = f"{says}, answer {number}"
        yield _ticks(before + level.delta, Meaning.THREAD_ANSWERED, name, f"{level.delta:x}")
        if level.other_delta != level.delta:
            yield _ticks(
                before + level.other_delta,
                Meaning.THREAD_ANSWERED,
                f"{name}, read the other way",
                f"{level.other_delta:x}",
            )
        before += level.delta


def _near(dates: Iterable[Moment]) -> tuple[Moment | None, int | None]:
    """The first Date field that could be read, and its instant."""
    for each in dates:
        if isinstance(each.utc, int):
            return each, each.utc
    return None, None


def _stamped(found: EmbeddedTime, where: str, date: Moment | None) -> Moment:
    offset = date.offset_minutes if date is not None else Absent.NOT_RECORDED
    minutes = offset if isinstance(offset, int) and not found.is_utc else 0
    return Moment(
        meaning=Meaning.STAMPED,
        basis=Basis.EMBEDDED,
        says=f"{where} ({found.layout})",
        utc=found.ns - minutes * 60 * 10**9,
        raw=found.raw,
        zone=Zone.STATED if found.is_utc else Zone.ASSUMED if isinstance(offset, int) else Zone.UNKNOWN,
        offset_minutes=0 if found.is_utc else offset,
        precision=found.precision,
    )


def _signed(name: str, raw: bytes) -> Iterator[Moment]:
    times = signature_times(raw.decode("latin-1"))
    instance = f" i={times.instance}" if name.lower().startswith("arc-") and times.instance else ""
    says = f"{name}{instance} of {times.domain or 'unknown'}"
    for meaning, ns, text in (
        (Meaning.SIGNED, times.signed_ns, times.signed_raw),
        (Meaning.EXPIRES, times.expires_ns, times.expires_raw),
    ):
        if ns is not None:
            yield Moment(
                meaning=meaning, basis=Basis.EMBEDDED, says=says, utc=ns, raw=text, zone=Zone.STATED, offset_minutes=0
            )


def _ticks(ticks: int, meaning: Meaning, says: str, raw: str) -> Moment:
    ns = filetime_to_ns(ticks)
    return Moment(
        meaning=meaning,
        basis=Basis.EMBEDDED,
        says=says,
        utc=ns if is_sensible(ns) else Absent.UNPARSABLE,
        raw=raw,
        zone=Zone.STATED,
        offset_minutes=0,
        precision=Precision.MILLISECOND,
    )


def _decoded(raw: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except (ValueError, binascii.Error):
        return b""
