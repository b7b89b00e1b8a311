"""What this installation can read and write: every parser and every report, those whose library is missing included."""

from __future__ import annotations

from dataclasses import dataclass

from forensics import discovery
from forensics.examination import parsejob, reporting


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One parser or report: which code it is, and what it needs where it cannot be used."""

    kind: str
    name: str
    title: str
    version: str
    module: str
    source: str
    sha256: str
    available: bool
    unavailable: str
    about: str
    """What the class says about itself."""


def offered() -> tuple[Offered, ...]:
    """Parsers first, then reports, each in order of their names."""
    return (
        *_of("parser", parsejob.PARSERS, parsejob.ENTRY_POINTS),
        *_of("report", reporting.REPORTS, reporting.ENTRY_POINTS),
    )


def _of(kind: str, package: str, group: str) -> tuple[Offered, ...]:
    return tuple(
        Offered(
            kind=kind,
            name=offer.name,
            title=offer.title,
            version=offer.version,
            module=offer.module,
            source=offer.source,
            sha256=offer.sha256,
            available=offer.maker is not None,
            unavailable=offer.unavailable,
            about=_about(offer),
        )
        for offer in discovery.offers(package, group)
    )


def _about(offer: discovery.Offer) -> str:
    return " ".join((getattr(offer.maker, "__doc__", "") or "").split())
