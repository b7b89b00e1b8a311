"""How much an archive may unfold to, in one place: depth, ratio, bytes and members."""

from __future__ import annotations

from dataclasses import dataclass

DEEPEST = 3
"""Archives in archives: the attached one is the first level."""
RATIO = 100
"""A member may unfold to so many times its packed size; what stays below ``SMALL`` is never refused for its ratio."""
SMALL = 1 << 20
MOST_BYTES = 1 << 30
"""So many bytes are unpacked of one attachment with everything in it."""
MOST_MEMBERS = 10_000
"""So many members of one attachment are listed."""
KEPT = 1 << 26
"""A member up to this size is held in memory to be looked into; a larger one is only hashed."""


@dataclass(slots=True)
class Budget:
    """What is left for one attachment, shared by every archive in it."""

    bytes_left: int = MOST_BYTES
    members_left: int = MOST_MEMBERS

    def refusal(self, packed: int, size: int) -> str:
        """Why a member of these sizes is not unpacked, or ``""``."""
        if size > max(SMALL, packed * RATIO):
            return f"it unfolds to more than {RATIO} times its packed size"
        if size > self.bytes_left:
            return f"the archive unfolds to more than {MOST_BYTES} bytes"
        return ""

    def spend(self, size: int) -> None:
        """Take off what was unpacked."""
        self.bytes_left -= size
