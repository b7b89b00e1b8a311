"""Reads what can be read: large transfers, where one fails smaller ones, at last single sectors, each tried again.

What still fails is filled with zeros and named; every sector beside it is there (NIST CFTT DDA: acquire all visible
sectors, benign fill for the others).
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

from forensics.acquisition.imaging.error_map import Bad, gaps, joined
from forensics.acquisition.imaging.medium import Medium, MediumGone

STEP = 1 << 16
"""The transfer between the large ones and the single sector."""
RETRIES = 2


class Recovery:
    """Reads a medium; ``retries`` is how often a sector is tried again after it failed."""

    def __init__(self, medium: Medium, retries: int = RETRIES) -> None:
        self._medium = medium
        self._retries = retries
        self._step = max(STEP, medium.sector)

    def read(self, offset: int, view: memoryview, *, fresh: bool = False) -> list[Bad]:
        """Fill the view from ``offset``; the answer is what is zeros because it could not be read."""
        if self._try(offset, view, fresh) is None:
            return []
        found: list[Bad] = []
        for begin in range(0, len(view), self._step):
            part = view[begin : begin + self._step]
            if self._try(offset + begin, part, True) is not None:
                found += self._by_sector(offset + begin, part)
                self._ask_whether_gone(offset + begin)
        return joined(found)

    def read_around(self, offset: int, view: memoryview, known: Iterable[Bad]) -> list[Bad]:
        """The same, past every cache, without touching what is known to be bad; that becomes zeros."""
        begin = offset
        found: list[Bad] = []
        for start, end in gaps(known, offset, offset + len(view)):
            _zero(view[begin - offset : start - offset])
            found += self.read(start, view[start - offset : end - offset], fresh=True)
            begin = end
        _zero(view[begin - offset :])
        return found

    def _by_sector(self, offset: int, view: memoryview) -> list[Bad]:
        found = []
        for begin in range(0, len(view), self._medium.sector):
            part = view[begin : begin + self._medium.sector]
            error = self._try(offset + begin, part, True)
            tries = 1
            while error is not None and tries <= self._retries:
                error = self._try(offset + begin, part, True)
                tries += 1
            if error is not None:
                _zero(part)
                found.append(Bad(offset=offset + begin, length=len(part), errno=error.errno or 0, tries=tries))
        return found

    def _try(self, offset: int, view: memoryview, fresh: bool) -> OSError | None:
        """All of the view, in as many reads as it takes; the error where one fails or the medium ends too early."""
        done = 0
        while done < len(view):
            try:
                count = self._medium.read(offset + done, view[done:], fresh=fresh)
            except OSError as error:
                return error
            if count == 0:
                return OSError(errno.ENODATA, "it ends here, before the size that it gave")
            # The rest of a sector that came in part is asked for with the whole of it, unless nothing else came.
            whole = count if done + count == len(view) else count - count % self._medium.sector
            done += whole or count
        return None

    def _ask_whether_gone(self, offset: int) -> None:
        """Zeros for a device that was pulled out would be thousands of lies."""
        why = self._medium.gone()
        if why:
            raise MediumGone(
                f"the source does not answer any more at byte {offset:,}: {why}",
                place=str(self._medium.describe()["given"]),
                todo="connect it again and run the same command: it goes on where it stood",
            )


def _zero(view: memoryview) -> None:
    view[:] = bytes(len(view))
