"""Turns a header block into records: every field raw and decoded in order, and every clock that the fields hold.

The Date field is the claim of the sender (RFC 5322 3.6.1), each Received field the claim of one relay (RFC 5321 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from forensics.absent import Absent
from forensics.address import Address, Span
from forensics.formats import words
from forensics.formats.dates import HeaderDate, parse_date
from forensics.formats.headers import Buffer, HeaderBlock, split
from forensics.formats.received import parse_received
from forensics.moments import Basis, Meaning, Moment, Precision, Zone, is_sensible
from forensics.records import Header, MomentRecord, Recovery

_PRECISION = {"seconds": Precision.SECOND, "minutes": Precision.MINUTE}
_SENDER_DATES = (("date", Meaning.SENT), ("resent-date", Meaning.SENT), ("expires", Meaning.EXPIRES))
_LONGEST_RAW = 1000


def parse(raw: Buffer) -> HeaderBlock:
    """The header block at the start of ``raw``."""
    return split(raw, 0, len(raw))


def text(block: HeaderBlock, name: str) -> str:
    """The first field of that name, decoded; ``""`` where there is none."""
    raw = block.first(name)
    return words.decode_header(raw).text.strip() if raw else ""


def header_fields(
    block: HeaderBlock, at: Address, ref: str, recovery: Recovery, *, offset: int | None = None
) -> Iterator[Header]:
    """One record for each field. ``offset`` is where the parsed bytes begin in the stored file, if they stand there."""
    evidence, steps = at.evidence, at.steps
    for position, field in enumerate(block.fields, start=1):
        decoded = words.decode_header(field.raw)
        plain = decoded.method == "ascii"
        span = None if offset is None else Span(offset + field.start, offset + field.end)
        yield Header(
            address=Address(evidence=evidence, steps=(*steps, f"header:{position}"), span=span),
            recovery=recovery,
            message_id_ref=ref,
            position=position,
            name=field.name,
            raw=field.raw,
            decoded=decoded.text.strip(),
            charset=Absent.NOT_APPLICABLE if plain else decoded.charset,
            method=Absent.NOT_APPLICABLE if plain else decoded.method,
            bad_bytes=sum(end - start for start, end in decoded.bad) if decoded.bad else 0,
        )


def clocks(block: HeaderBlock) -> Iterator[Moment]:
    """The clocks of the header: the sender's dates, then the relays' from the first hop to the last."""
    for name, meaning in _SENDER_DATES:
        for field in block.every(name):
            yield of_date(field.raw, meaning, Basis.SENDER, field.name)
    hops = block.every("received")
    for number, field in enumerate(reversed(hops), start=1):
        hop = parse_received(field.raw)
        if hop.date:
            yield of_date(
                hop.date, Meaning.RELAYED, Basis.RELAY, f"Received {number}/{len(hops)} by {hop.by or 'unknown'}"
            )


def of_date(raw: bytes, meaning: Meaning, basis: Basis, says: str) -> Moment:
    """A moment from the date text of a field; one that cannot be read keeps its raw form and says so."""
    found = parse_date(raw)
    shown = " ".join(raw[:_LONGEST_RAW].decode("utf-8", "backslashreplace").split())
    if found is None or not is_sensible(found.utc_ns):
        return Moment(meaning=meaning, basis=basis, says=says, utc=Absent.UNPARSABLE, raw=shown, zone=Zone.UNKNOWN)
    return Moment(
        meaning=meaning,
        basis=basis,
        says=says,
        utc=found.utc_ns,
        raw=shown,
        zone=zone_of(found),
        offset_minutes=Absent.NOT_RECORDED if found.offset_minutes is None else found.offset_minutes,
        precision=_PRECISION.get(found.precision, Precision.SECOND),
    )


def zone_of(found: HeaderDate) -> Zone:
    """Stated, or unknown and read as UTC."""
    return Zone.UNKNOWN if found.offset_minutes is None else Zone.STATED


def moment_records(moments: Iterable[Moment], at: Address, ref: str, recovery: Recovery) -> Iterator[MomentRecord]:
    """One record for each moment, in the order given."""
    evidence, steps = at.evidence, at.steps
    for position, moment in enumerate(moments, start=1):
        yield MomentRecord(
            address=Address(evidence=evidence, steps=(*steps, f"moment:{position}")),
            recovery=recovery,
            message_id_ref=ref,
            position=position,
            moment=moment,
        )
