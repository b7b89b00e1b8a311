"""What can come of a signature, and of the chain of all ARC signatures of a message."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CHAIN = "arc-chain"
"""In place of a field's name: the verdict on the whole chain of a message."""


class Result(StrEnum):
    """What came of one signature."""

    VALID = "valid"
    BODY_CHANGED = "body_changed"
    HEADER_CHANGED = "header_changed"
    BOTH_CHANGED = "body_and_header_changed"
    KEY_MISSING = "key_missing"
    KEY_NOT_VALID_THEN = "key_not_valid_then"
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"
    UNREADABLE = "unreadable"
    CHANGED_ON_THE_WAY = "changed_on_the_way"
    """An earlier ARC instance does not hold, and the chain that a later one made after the change does."""
    CHAIN_HOLDS = "chain_holds"
    CHAIN_BROKEN = "chain_broken"
    CHAIN_UNPROVEN = "chain_unproven"
    """Nothing speaks against the chain, and a key that it takes is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One signature. ``nth`` counts the fields of this name from above, from 0; ``key_source`` says whose key."""

    field: str
    nth: int
    result: Result
    domain: str = ""
    selector: str = ""
    detail: str = ""
    key_source: str = ""
