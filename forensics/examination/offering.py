"""What this installation can read and write: parsers, disk images, reports, those whose library is missing included."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from forensics import __version__, discovery
from forensics.acquisition.containers import CONTAINERS
from forensics.examination import parsejob, reporting


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One parser, kind of disk image or report: which code it is, and what it needs where it cannot be used."""

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
    """Parsers first, then disk images, then reports, each in order of their names."""
    return (
        *_of("parser", parsejob.PARSERS, parsejob.ENTRY_POINTS),
        *sorted(_images(), key=lambda each: each.name),
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


def _images() -> Iterator[Offered]:
    """The containers of disk images. Their modules load a library when an image is opened, never here."""
    for each in CONTAINERS:
        spec = find_spec(each.module)
        code = Path(spec.origin).read_bytes() if spec and spec.origin else b""
        yield Offered(
            kind="image",
            name=each.name,
            title=each.title,
            version=__version__,
            module=each.module,
            source="built in",
            sha256=hashlib.sha256(code).hexdigest(),
            available=not each.unavailable,
            unavailable=each.unavailable,
            about=f"Through {each.library} ({each.distribution})." if each.library else "",
        )
