"""What a rule says: a finding with its reasons and its innocent explanations, and where it looked (DESIGN 3).

A finding says that an account, a host or a field did or holds something, never that a person did. Texts come in pairs,
Japanese and English.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from forensics.casefile.view import CaseView

Pair = tuple[str, str]
"""The same sentence in Japanese and in English."""
REASONS_KEPT = 50
SUBJECTS_KEPT = 200


class Confidence(StrEnum):
    """How much the clocks leave open."""

    CERTAIN = "certain"
    """The contradiction itself is beyond doubt; why it is there is another question."""
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """One reason: what stands where. ``record`` is the id of the record that holds it, ``address`` its place."""

    ja: str
    en: str
    record: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found. ``subject`` names the records, logical messages or log events that it is about."""

    rule: str
    version: str
    subject: tuple[str, ...]
    claim_ja: str
    claim_en: str
    because: tuple[Because, ...]
    confidence: Confidence
    also_possible: tuple[Pair, ...]
    does_not_show: tuple[Pair, ...]

    @property
    def id(self) -> str:
        """Follows from the rule, what it says and of what: the same evidence gives the same, other evidence another."""
        said = "\n".join((self.rule, self.claim_en, *sorted(self.subject)))
        return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:16]

    def plain(self) -> dict[str, Any]:
        """As JSON knows it; what is beyond the limits is cut and counted."""
        made: dict[str, Any] = {"kind": "finding", "id": self.id, **asdict(self), "confidence": str(self.confidence)}
        for name, most in (("because", REASONS_KEPT), ("subject", SUBJECTS_KEPT)):
            more = len(made[name]) - most
            made[name] = list(made[name][:most])
            if more > 0:
                made[f"{name}_not_shown"] = more
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Where a rule looked, said also when nothing was found. ``why_not`` says why it, or a part of it, did not run."""

    rule: str
    version: str
    considered: int = 0
    """How many messages, hosts or log lines were held against the rule."""
    found: int = 0
    could_not_read: int = 0
    """How many it would have considered and could not, because what it needs is missing or unreadable in them."""
    why_not: tuple[Pair, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON knows it."""
        return {"kind": "looked", **asdict(self)}


class Rule(Protocol):
    """What a module of findings offers. ``needs`` names the tables that must have rows for it to run at all."""

    name: ClassVar[str]
    title: ClassVar[str]
    title_ja: ClassVar[str]
    title_en: ClassVar[str]
    version: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    parameters: ClassVar[dict[str, int]]

    def look(self, case: CaseView) -> Iterator[Finding | Looked]:
        """Every finding, then one :class:`Looked`."""
