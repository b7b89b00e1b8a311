"""What two readers of one store come to: each point on which they differ, and what one of them could not open."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One point: where, on what, what our engine read and what libpff read."""

    where: str
    what: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unopened:
    """What libpff counts or names and cannot open: where, what of it, and why as far as it can be told."""

    where: str
    what: str
    why: str
