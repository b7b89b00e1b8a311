"""What was asked for, what came, what did not and why: completeness is stated, not supposed (CFTT AM-09).

``refused`` names what is there but could not be read, ``missing`` what was there and then was not, ``flagged`` what was
stored with a reservation. Links, pipes, sockets and devices are listed, never read; their number stands in ``special``.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One thing that was not read, or not all of it. ``offset`` is where reading failed, -1 if it did not begin."""

    path: bytes
    reason: str
    errno: int = 0
    offset: int = -1

    @classmethod
    def of(cls, path: bytes, error: OSError, offset: int = -1) -> Refusal:
        """What the system says of its error; where a source has words of its own (``said``), those."""
        number = error.errno or 0
        said = getattr(error, "said", "")
        if said:
            return cls(path=path, errno=number, reason=str(said), offset=offset)
        return cls(path=path, errno=number, reason=os.strerror(number) if number else str(error), offset=offset)

    @property
    def vanished(self) -> bool:
        return self.errno == errno.ENOENT

    def sentence(self) -> str:
        where = f" at byte {self.offset:,}" if self.offset >= 0 else ""
        return f"not read{where}: {self.reason}"

    def to_json(self) -> dict[str, Any]:
        name = self.path.decode("utf-8", "backslashreplace")
        return {
            "path": name,
            "path_hex": self.path.hex(),
            "errno": self.errno,
            "reason": self.reason,
            "offset": self.offset,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Numbers of files and bytes asked for and received; every file that is not among them, by name."""

    asked: int
    asked_bytes: int
    received: int
    received_bytes: int
    special: int
    links: int
    refused: tuple[Refusal, ...]
    missing: tuple[Refusal, ...]
    flagged: tuple[Refusal, ...]
    tool: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Every regular file that was seen is stored, and as it was when it was seen."""
        return not (self.refused or self.missing or self.flagged)

    def to_json(self) -> dict[str, Any]:
        numbers = {"asked": self.asked, "asked_bytes": self.asked_bytes, "received": self.received}
        numbers |= {"received_bytes": self.received_bytes, "special": self.special, "hard_links": self.links}
        lists = {"refused": self.refused, "missing": self.missing, "flagged": self.flagged}
        named = {key: [each.to_json() for each in found] for key, found in lists.items()}
        return numbers | named | {"complete": self.complete, "tool": dict(self.tool)}
