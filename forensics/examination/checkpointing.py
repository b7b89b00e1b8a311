"""When a session signs a checkpoint of the ledger: at its end if it wrote an act of custody, and while it is long.

Without a key nothing is signed, and ``verify`` says how many lines no checkpoint covers.
"""

from __future__ import annotations

from pathlib import Path

from forensics import canonical
from forensics.casefile import checkpoints
from forensics.casefile.acts import Act
from forensics.casefile.ledger import Ledger, Line
from forensics.casefile.notes import Checkpoint, Signer

MOST_LINES = 500
MOST_NS = 15 * 60 * 10**9
SIGNED = frozenset(
    (
        Act.SEAL, Act.KEY_ADD, Act.KEY_REVOKE, Act.TRANSFER_OUT, Act.TRANSFER_IN, Act.RETURN, Act.DISPOSE, Act.RECEIPT,
        Act.WITNESS, Act.CORRECT, Act.CHECKPOINT_STAMP, Act.APPROVAL_REQUEST, Act.APPROVAL_GRANT, Act.APPROVAL_DENY,
        Act.APPROVAL_EXPIRE, Act.CONTENT_VIEW, Act.CONTENT_EXPORT, Act.REPORT, Act.BUNDLE, Act.DISCLOSE, Act.REPLAY,
    )
)  # fmt: skip
"""The acts after which a session does not end without a checkpoint."""


class Checkpointing:
    """The checkpoints of one session, with one key."""

    def __init__(self, ledger: Ledger, folder: Path, signer: Signer) -> None:
        self._ledger = ledger
        self._folder = folder
        self._signer = signer
        self.vkey = signer.verifier.vkey
        self._size = checkpoints.check_newest(folder, signer)
        self._since_ns = 0
        # A session that was killed before its end left its acts of custody without a checkpoint.
        unsigned = checkpoints.raw_lines(folder)[self._size :]
        self._due = any(canonical.decode(raw).get("act") in SIGNED for raw in unsigned)

    def told(self, line: Line) -> None:
        """One more line is on the ledger."""
        now = int(line.value["ts_ns"])
        self._since_ns = self._since_ns or now
        self._due |= line.act in SIGNED
        if line.number - self._size >= MOST_LINES or now - self._since_ns >= MOST_NS:
            self.sign()
            self._since_ns = now

    def sign(self) -> Checkpoint:
        """Sign all lines so far."""
        size = int(self._ledger.head["lines"])
        made = Checkpoint(origin=self._signer.verifier.name, size=size, root=self._ledger.root)
        if size > self._size:
            checkpoints.write(self._folder, made, self._signer)
        self._size, self._due = size, False
        return made

    def close(self) -> None:
        """The session ends."""
        if self._due:
            self.sign()
