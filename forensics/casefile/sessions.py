"""Two people's secrets for as long as one process lasts, and what they may be used for.

Work that shows nothing to anybody (acquire, parse, seal, replay, search) needs the two people. Whatever a person is to
see needs an approval on top, and its ledger line is on the disk before the first byte is decrypted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from forensics.casefile.approvals import METADATA, STAGES
from forensics.casefile.ledger import Line
from forensics.casefile.reviews import EXPORT, VIEW, Review
from forensics.casefile.two_person import Together
from forensics.errors import UsageError
from forensics.evidence.vault import Locked, Vault

Note = Callable[[str, dict[str, Any]], Line]
"""Writes one line with this act and these params, and returns when it is on the disk."""
Clock = Callable[[], int]


class Session:
    """What two people opened together. Without a review it lets machines work and shows nothing."""

    def __init__(
        self, together: Together, *, review: Review | None = None, note: Note | None = None, now: Clock | None = None
    ) -> None:
        self.requester = together.requester
        self.approver = together.approver
        self.salt_master = together.secrets.salt_master
        self.vault = together.secrets.vault()
        self.review = review
        self._note = note
        self._now = now

    @property
    def people(self) -> tuple[str, str]:
        """Who opened it: requester and approver."""
        return self.requester, self.approver

    @property
    def stage(self) -> str:
        """How far a person may see."""
        return self.review.request.stage if self.review is not None else METADATA

    def reaches(self, stage: str) -> bool:
        """Whether a person may see as much as this stage."""
        return STAGES.index(self.stage) >= STAGES.index(stage)

    def show(
        self,
        message: str,
        part: str,
        stage: str,
        sha256: Sequence[str] = (),
        *,
        export: str = "",
        more: dict[str, Any] | None = None,
    ) -> Line:
        """Put on the ledger that this part of a message is about to be seen, or refuse; the caller decrypts after it.

        ``export`` names the file by which it leaves the case.
        """
        if self.review is None or self._note is None or self._now is None:
            raise UsageError(
                "what a person is to see of this case needs an approval",
                todo="ask for one with 'forensics review request', then give it with --approval",
            )
        self.review.check(message, stage, self._now())
        params = {
            "request": self.review.request.id,
            "message": message,
            "part": part,
            "stage": stage,
            "viewers": [self.requester],
            "session": list(self.people),
            "sha256": list(sha256),
        }
        if export:
            params["file"] = export
        line = self._note(EXPORT if export else VIEW, {**params, **(more or {})})
        self.review.views.append(line)
        return line


def vault_of(review: str, session: Session | None) -> Vault | None:
    """What opens a case: nothing to open in an ordinary one, locked where the two people are missing."""
    if not review:
        return None
    return Locked() if session is None else session.vault
