"""What is written about an image beside it: error map, digests of pieces, receipt, its part of acquisition.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.acquisition.imaging.error_map import Bad, dump
from forensics.acquisition.imaging.journal import Piece
from forensics.acquisition.imaging.medium import Medium, Plan
from forensics.acquisition.imaging.passes import Again
from forensics.acquisition.receipt import Receipt, Refusal
from forensics.digests import BOTH
from forensics.errors import IntegrityError
from forensics.evidence.item import Entry

SAME, DIFFERS, IN_PART = "same", "differs", "same, but not all of it could be read again"
MAP, PIECES = b".error-map.jsonl", b".pieces.jsonl"
_FEW = 20
_LIMITS = (
    "Only what the device shows under its size was read: no host protected area, no sectors that it remapped itself.",
    "The second reading went past the caches of this system; whether the device answered from its own is not known.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an imaging came to."""

    medium: Medium
    settings: Mapping[str, int]
    bad: Sequence[Bad]
    again: Again
    done: Mapping[str, Any]

    @property
    def filled(self) -> int:
        """Bytes that are zeros because they could not be read."""
        return sum(each.length for each in self.bad)

    @property
    def name(self) -> bytes:
        """What the image is called."""
        return self.medium.entry.path


def error_map(bad: Sequence[Bad], plan: Plan) -> bytes:
    """The bytes of the error map."""
    return dump(bad, plan.size)


def pieces(found: Sequence[Piece], plan: Plan, done: Mapping[str, Any]) -> bytes:
    """One line for each piece: where it lies, its digests, how much of it is filled, what the second reading said."""
    differs = dict(done["differs"])
    unread = [Bad.from_list(each) for each in done["unread"]]
    lines = []
    for piece in found:
        begin, end = plan.piece_span(piece.number)
        line: dict[str, Any] = {"piece": piece.number, "offset": begin, "length": end - begin}
        line |= {**piece.digests.to_json(), "filled": sum(each.length for each in piece.bad)}
        failed = any(each.offset < end and each.end > begin for each in unread)
        line["read_again"] = DIFFERS if piece.number in differs else IN_PART if failed else SAME
        if piece.number in differs:
            line["first_difference_at"] = differs[piece.number]
        lines.append(canonical.encode(line) + b"\n")
    return b"".join(lines)


def receipt(told: Told, files: Sequence[Entry], tool: Mapping[str, str]) -> Receipt:
    """Complete where every sector was read, and read alike twice."""
    return Receipt(
        asked=len(files),
        asked_bytes=told.medium.size,
        received=len(files),
        received_bytes=told.medium.size - told.filled,
        special=0,
        links=0,
        refused=(),
        missing=(),
        flagged=tuple(_flagged(told)),
        tool=tool,
    )


def _flagged(told: Told) -> list[Refusal]:
    found = []
    if told.bad:
        first = told.bad[0]
        places = "1 place" if len(told.bad) == 1 else f"{len(told.bad):,} places"
        reason = (
            f"{told.filled:,} bytes in {places} could not be read and are zeros in the image, "
            f"the first at byte {first.offset:,} ({first.error}); its error map names every one"
        )
        found.append(Refusal(path=told.name, reason=reason, errno=first.errno, offset=first.offset))
    if told.again.differs:
        first_at = min(told.again.differs.values())
        reason = f"the source gave other bytes when it was read again: {_listed(told.again.differs)}"
        found.append(Refusal(path=told.name, reason=reason, offset=first_at))
    if told.again.unread:
        failed = told.again.unread[0]
        lost = sum(each.length for each in told.again.unread)
        reason = f"{lost:,} bytes were read once and could not be read a second time, the first at {failed.offset:,}"
        found.append(Refusal(path=told.name, reason=reason, errno=failed.errno, offset=failed.offset))
    if told.done["changed"]:
        found.append(Refusal(path=told.name, reason=f"changed while it was read: {told.done['changed']}"))
    return found


def _listed(differs: Mapping[int, int]) -> str:
    named = [f"piece {number} (from byte {offset:,})" for number, offset in sorted(differs.items())]
    more = f" and {len(named) - _FEW:,} more" if len(named) > _FEW else ""
    return ", ".join(named[:_FEW]) + more


def acquisition(told: Told) -> dict[str, Any]:
    """The part of ``acquisition.json`` that is about the source, the hashes and the limits."""
    name = told.name.decode("utf-8", "backslashreplace")
    source = {**told.medium.describe(), "warnings": list(told.medium.warnings())}
    source["imaging"] = {
        **told.settings,
        **told.done["whole"],
        "medium": told.medium.identity(),
        "size": told.medium.size,
        "read": told.medium.size - told.filled,
        "filled": told.filled,
        "filled_places": len(told.bad),
        "read_again_differs": sorted(told.again.differs),
        "error_map": name + MAP.decode(),
        "pieces": name + PIECES.decode(),
    }
    hashes = {
        "algorithms": list(BOTH),
        "read_back": "every piece of the copy, after fsync, from the disk",
        "source_read_again": _read_again(told),
    }
    return {"source": source, "hashes": hashes, "limits": limits(told)}


def _read_again(told: Told) -> str:
    lost = sum(each.length for each in told.again.unread)
    whole = told.medium.size - told.filled - lost
    said = f"{whole:,} bytes, past the caches of this system, compared with the copy byte by byte: "
    return said + (f"other bytes in {_listed(told.again.differs)}" if told.again.differs else "the same")


def limits(told: Told) -> list[str]:
    """What was not acquired, in sentences."""
    said = list(_LIMITS)
    if told.bad:
        said.append(f"{told.filled:,} bytes could not be read; in the image they are zeros that say nothing.")
    return said


def damaged(made: Path) -> IntegrityError:
    """A finished file that is not what it was."""
    return IntegrityError(
        "the image that an earlier run finished is not what it was",
        place=str(made),
        todo="do not trust this disk; remove the unfinished item and image again",
    )
