"""The closed list of acts that a ledger line can report, and the phases of an act. A new act is a new version.

``docs/reference/ledger.md`` says in words what each of them means. Custody fields follow ISO/IEC 27037 6.1 as drawn
together in that page.
"""

from __future__ import annotations

from enum import StrEnum

VERSION = 2
"""The version that is written. Lines of every version from 1 on are read."""


class Act(StrEnum):
    """What was done."""

    CASE_OPEN = "case.open"
    """The case was made; ``params`` hold the hash of its facts and the names of those still missing."""
    CASE_SET = "case.set"
    """Facts of the case were changed; ``params`` hold the old and the new values, ``finished`` the new hash."""
    ACQUIRE = "acquire"
    """A source was copied into an evidence item; ``out`` holds the hash of its manifest, ``result`` the receipt."""
    ACQUIRE_VERIFY = "acquire.verify"
    """Kept for the comparison of an evidence item with its source; not written by this version."""
    IMAGE_EXAMINE = "image.examine"
    """A disk image was checked as a whole and searched for mail stores."""
    PARSE = "parse"
    """An evidence item was read into records; ``out`` holds the hash of the list of what was made."""
    TIMELINE = "timeline"
    """The records became one ordered account."""
    REPORT = "report"
    """One report was written."""
    VERIFY = "verify"
    """The whole case was read again; ``result`` names every difference.

    With ``second_opinion`` among ``params``, another reader read the mail stores of the evidence, and ``result`` names
    each point on which it and ours disagree.
    """
    ANOMALY = "anomaly"
    """Something that should not be was found and kept, such as a line that a crash cut short."""
    CLOCK_CHECK = "clock.check"
    """The clock of the machine was compared, or stood before the time of the line before; ``clock`` says how it was."""

    KEY_ADD = "key.add"
    """A key counts from this line on; ``params`` hold the log's key (``vkey``) or a person's, with role and dates."""
    KEY_REVOKE = "key.revoke"
    """A key counts no more from this line on; ``params`` hold its ``fingerprint`` or ``vkey``, ``why`` the reason."""
    SEAL = "seal"
    """The message tree of an evidence item was built; ``out`` holds its files, ``result`` the messages and the root."""
    CHECKPOINT_STAMP = "checkpoint.stamp"
    """The reply of a time-stamping authority over a checkpoint was kept; ``result`` holds its time and serial."""
    RECEIPT = "receipt"
    """The head of the ledger was handed to somebody outside, as the one line that ``result`` holds."""
    TRANSFER_OUT = "transfer.out"
    """Items left our hands; ``params`` say from whom to whom, how, on what medium, ``in`` lists them with hashes."""
    TRANSFER_IN = "transfer.in"
    """Items arrived; ``params`` name the ``transfer.out`` they answer, ``result`` what the receiver's hashes said."""
    WITNESS = "witness"
    """Somebody signed a checkpoint as a witness; ``out`` holds the signature."""
    CORRECT = "correct"
    """An earlier line is wrong; ``corrects`` is its id, ``why`` and ``change`` say what is right."""
    RETURN = "return"
    """Items went back to where they came from; ``params`` say to whom, how and when."""
    DISPOSE = "dispose"
    """Items were destroyed; ``params`` say how, ``authority`` by whose leave, ``witness`` who saw it."""
    BUNDLE = "bundle"
    """The case was written into a bag to be handed over; ``out`` holds the hash of its manifest."""
    DISCLOSE = "disclose"
    """Parts of some messages were written into a packet that proves them; ``out`` holds the packet."""
    REPLAY = "replay"
    """Recorded steps were run again from the sealed evidence; ``result`` says of each whether it matched."""
    STORE_IN = "store.in"
    """A medium that holds items came into the store; ``place`` says where."""
    STORE_OUT = "store.out"
    """A medium that holds items was taken out of the store; ``place`` says from where, ``why`` what for."""
    META_REVIEW = "meta.review"
    """Somebody read metadata only: no content was opened."""
    APPROVAL_REQUEST = "approval.request"
    """Somebody asked for leave to open content; ``params`` hold scope, purpose, expiry and the most views."""
    APPROVAL_GRANT = "approval.grant"
    """Another person gave leave; ``approvals`` hold the signed paper."""
    APPROVAL_DENY = "approval.deny"
    """Another person refused leave; ``why`` says the reason."""
    APPROVAL_EXPIRE = "approval.expire"
    """An approval ended before or at its time."""
    CONTENT_VIEW = "content.view"
    """Content was opened under an approval; this line was on the disk before anything was shown."""
    CONTENT_EXPORT = "content.export"
    """Content left the case in readable form under an approval; ``out`` holds what was written."""
    TABLE = "table"
    """A reference table of the client was put into the case; ``params`` name it, ``out`` holds the file."""
    FIND = "find"
    """Rules asked the timeline their questions; ``out`` holds what they found and where they looked."""
    MAP = "map"
    """A mapping of foreign tables was put into the case: ``params`` hold the ``pattern`` of the files that it is for
    and the mapping as it was understood, ``out`` the file as a person wrote it."""
    SUPPRESS = "suppress"
    """Findings of a rule were set aside, or taken up again: ``params`` say which, ``why`` the reason."""
    PLAYBOOK = "playbook"
    """A step of a playbook was ticked off or noted."""


class Phase(StrEnum):
    """How far an act has come. ``done`` stands on acts that have no duration."""

    BEGUN = "begun"
    """Named inputs and parameters are on the disk; nothing has been done yet."""
    FINISHED = "finished"
    """What ``out`` lists is on the disk."""
    FAILED = "failed"
    """It ended with the reason that ``result`` gives; what it may have made does not count."""
    DONE = "done"
    """An act that has no duration."""


_ALL = frozenset(act.value for act in Act)
_FIRST = (
    Act.CASE_OPEN, Act.CASE_SET, Act.ACQUIRE, Act.ACQUIRE_VERIFY, Act.IMAGE_EXAMINE, Act.PARSE, Act.TIMELINE,
    Act.REPORT, Act.VERIFY, Act.ANOMALY, Act.CLOCK_CHECK,
)  # fmt: skip
ACTS: dict[int, frozenset[str]] = {1: frozenset(act.value for act in _FIRST), 2: _ALL}
"""The acts of each version."""
PHASES = frozenset(phase.value for phase in Phase)
