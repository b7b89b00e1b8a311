"""Findings that a person sets aside, or takes up again: a line of the ledger with who and why; nothing is removed."""

from __future__ import annotations

from dataclasses import dataclass

from forensics.casefile.acts import Act
from forensics.errors import DONE, UsageError
from forensics.examination.conductor import Examination
from forensics.findings.reading import set_aside, told

ASIDE, TAKEN_UP = "set aside", "taken up"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressSummary:
    """Which finding, what it says, and how it stands now; ``unchanged`` where it stood so already."""

    finding: str
    rule: str
    claim_ja: str
    claim_en: str
    state: str
    unchanged: bool

    @property
    def exit_code(self) -> int:
        """That a person decides is no failure."""
        return DONE


def suppress(examination: Examination, finding: str, why: str, *, state: str = ASIDE) -> SuppressSummary:
    """Set a finding aside, or take it up again. Without a reason nothing is done."""
    if not why.strip():
        raise UsageError("a finding is not set aside without a reason", todo="give --why TEXT")
    view = examination.view()
    known = {each["id"]: (each, one.rule) for one in told(view) for each in one.findings if "id" in each}
    if finding not in known:
        todo = "see the ids with 'forensics find --explain'; a finding from other evidence has another id"
        raise UsageError(f"there is no finding {finding!r} in this case", todo=todo)
    said, rule = known[finding]
    unchanged = (finding in set_aside(view)) == (state == ASIDE)
    if not unchanged:
        params = {"finding": finding, "rule": rule, "claim": said["claim_en"], "state": state}
        examination.note(Act.SUPPRESS, params=params, why=why.strip())
    return SuppressSummary(
        finding=finding,
        rule=rule,
        claim_ja=said["claim_ja"],
        claim_en=said["claim_en"],
        state=state,
        unchanged=unchanged,
    )
