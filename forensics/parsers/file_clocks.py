"""What the file system said about a stored file that is one message: its clocks and its whole extent."""

from __future__ import annotations

from forensics.address import Address, Span
from forensics.moments import Basis, Meaning, Moment, Precision, Zone
from forensics.parsers.contract import Unit

_CLOCKS = (("mtime_ns", Meaning.MODIFIED, "file modified"), ("btime_ns", Meaning.CREATED, "file created"))


def of(unit: Unit) -> tuple[Moment, ...]:
    """The modification and creation time of the file, as acquired."""
    found = []
    for key, meaning, says in _CLOCKS:
        ns = unit.metadata.get(key)
        if isinstance(ns, int):
            raw = f"{ns} ns since 1970"
            found.append(
                Moment(
                    meaning=meaning,
                    basis=Basis.FILESYSTEM,
                    says=says,
                    utc=ns,
                    raw=raw,
                    zone=Zone.STATED,
                    offset_minutes=0,
                    precision=Precision.TICK,
                )
            )
    return tuple(found)


def whole(at: Address, unit: Unit) -> Address:
    """The address of the one message in the file; of a nested one, without a byte range."""
    return at.child("message:1", Span(0, unit.size) if unit.depth == 0 else None)
