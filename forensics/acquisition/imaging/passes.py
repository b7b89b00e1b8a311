"""The ways over a medium: read it into the copy, read what a killed run kept, and read both again side by side.

Reading, hashing and writing of neighbouring blocks go on at the same time. The second reading goes past every cache:
the copy must give the digest that its piece had, and the source the same bytes as the copy.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from threading import Condition
from typing import Any

from forensics.acquisition.imaging.error_map import Bad, joined
from forensics.acquisition.imaging.journal import Journal, Piece
from forensics.acquisition.imaging.lanes import BLOCK, Lanes, Ring, first_difference, same
from forensics.acquisition.imaging.medium import Advance, Plan
from forensics.acquisition.imaging.recovery import Recovery
from forensics.acquisition.imaging.sums import Digests, Sums
from forensics.acquisition.imaging.target import Target
from forensics.errors import IntegrityError

_DEPTH = 6
_AHEAD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What all passes need."""

    plan: Plan
    recovery: Recovery
    target: Target
    journal: Journal
    lanes: Lanes
    advance: Advance

    def blocks(self, number: int) -> list[tuple[int, int]]:
        """The transfers of a piece."""
        return self.plan.blocks(*self.plan.piece_span(number), BLOCK)


@dataclass(slots=True)
class Again:
    """What the second reading of the source found: pieces that differ, by the first place, and what failed now only."""

    differs: dict[int, int] = field(default_factory=dict)
    unread: list[Bad] = field(default_factory=list)


class Gate:
    """Lets the second reading begin with a piece when that is on the disk; or, if not ``early``, when all are.

    Two readings at a time are for media without heads that would go to and fro, and for healthy ones: what can still be
    read of a failing one is read first.
    """

    def __init__(self, *, early: bool) -> None:
        self._state = Condition()
        self._early = early
        self._kept = 0
        self._open = self._stopped = False

    def keep(self, pieces: int, *, healthy: bool) -> None:
        """So many pieces are on the disk."""
        with self._state:
            self._kept = pieces
            self._early &= healthy
            self._state.notify_all()

    def end(self, *, whole: bool) -> None:
        """The first reading is over, or failed."""
        with self._state:
            self._open, self._stopped = whole, not whole
            self._state.notify_all()

    def wait(self, number: int) -> bool:
        """Whether the piece may be read again, as soon as that is known."""
        with self._state:
            self._state.wait_for(lambda: self._open or self._stopped or (self._early and self._kept > number))
            return not self._stopped


def copy(work: Work, sums: Sums, gate: Gate, check: Callable[[], object]) -> None:
    """Read the medium from the first piece that the journal does not have, into the target; ``check`` after each."""
    gate.keep(len(work.journal.pieces), healthy=not any(piece.bad for piece in work.journal.pieces))
    ring = Ring(_DEPTH)
    synced: deque[Future[None]] = deque()
    for number in range(len(work.journal.pieces), work.plan.pieces):
        bad: list[Bad] = []
        for offset, length in work.blocks(number):
            view = ring.next()[:length]
            bad += work.recovery.read(offset, view)
            ring.busy([*_sum(work, sums, offset, view), work.lanes.hand("write", work.target.write, offset, view)])
            work.advance(length)
        synced.append(work.lanes.hand("write", _keep, work, gate, sums.end_piece(), joined(bad)))
        while synced and synced[0].done():
            synced.popleft().result()
        check()
    ring.drain()
    for each in synced:
        each.result()
    work.target.end()


def _sum(work: Work, sums: Sums, offset: int, view: memoryview) -> list[Future[Any]]:
    found = sums.feed(view)
    if offset + len(view) == work.plan.segment_span(work.plan.segment_at(offset))[1]:
        sums.end_segment()
    return found


def _keep(work: Work, gate: Gate, digests: Callable[[], Digests], bad: list[Bad]) -> None:
    """In the lane of the writer, so that all of the piece was written before."""
    work.target.sync()
    number = len(work.journal.pieces)
    work.journal.add(Piece(number=number, digests=digests(), bad=tuple(bad)))
    gate.keep(number + 1, healthy=not bad)


def kept(work: Work, sums: Sums) -> int:
    """Read what an earlier run kept; the answer is the first piece that is not what it was, -1 if all are."""
    ring = Ring(_DEPTH)
    for piece in work.journal.pieces:
        for offset, length in work.blocks(piece.number):
            view = ring.next()[:length]
            try:
                work.target.read(offset, view)
            except OSError:
                return piece.number
            ring.busy(_sum(work, sums, offset, view))
        if sums.end_piece()() != piece.digests:
            return piece.number
    ring.drain()
    return -1


@dataclass(slots=True)
class _Pair:
    """One block, read from the source and from the copy at the same time."""

    piece: int
    offset: int
    source: memoryview
    copy: memoryview
    bad: Future[list[Bad]]
    there: Future[None]


def read_again(work: Work, gate: Gate) -> Again:
    """Read source and copy once more: a copy that differs is an :class:`IntegrityError`, a source is named."""
    found = Again()
    sources, copies = Ring(_AHEAD + 2), Ring(_AHEAD + 2)
    sums = [hashlib.sha256() for _ in range(work.plan.pieces)]
    pairs: deque[_Pair] = deque()
    for number, offset, length in _all_blocks(work, gate):
        if len(pairs) > _AHEAD:
            _compare(work, pairs.popleft(), sums, found)
        source, copied = sources.next()[:length], copies.next()[:length]
        bad = work.lanes.hand("source", partial(_read_source, work, number, offset, source))
        there = work.lanes.hand("copy", work.target.read, offset, copied)
        hashed = work.lanes.hand("again", _hash, there, sums[number], copied)
        copies.busy([hashed])
        sources.busy([bad])
        pairs.append(_Pair(piece=number, offset=offset, source=source, copy=copied, bad=bad, there=there))
    while pairs:
        _compare(work, pairs.popleft(), sums, found)
    copies.drain()
    if not gate.wait(work.plan.pieces):
        return found
    _hold(work.journal.pieces, [each.hexdigest() for each in sums], work.target)
    found.unread = joined(found.unread)
    return found


def _all_blocks(work: Work, gate: Gate) -> Iterator[tuple[int, int, int]]:
    for number in range(work.plan.pieces):
        if not gate.wait(number):
            return
        for offset, length in work.blocks(number):
            yield number, offset, length


def _read_source(work: Work, number: int, offset: int, view: memoryview) -> list[Bad]:
    end = offset + len(view)
    known = [each for each in work.journal.pieces[number].bad if each.offset < end and each.end > offset]
    return work.recovery.read_around(offset, view, known)


def _hash(there: Future[None], running: Any, view: memoryview) -> None:
    there.result()
    running.update(view)


def _compare(work: Work, pair: _Pair, sums: Sequence[Any], found: Again) -> None:
    bad = pair.bad.result()
    pair.there.result()
    for each in bad:
        # What fails only now can be held against nothing.
        begin, end = each.offset - pair.offset, each.end - pair.offset
        pair.source[begin:end] = pair.copy[begin:end]
    found.unread += bad
    if not same(pair.source, pair.copy):
        found.differs.setdefault(pair.piece, pair.offset + first_difference(pair.source, pair.copy))
    work.advance(len(pair.source))


def _hold(pieces: Sequence[Piece], digests: Sequence[str], target: Target) -> None:
    wrong = [
        f"piece {piece.number}: written {piece.digests.sha256}, read back {found}"
        for piece, found in zip(pieces, digests, strict=True)
        if piece.digests.sha256 != found
    ]
    if wrong:
        raise IntegrityError(
            "the image reads back otherwise than it was written",
            place=str(target.path(0).parent),
            todo="do not trust this disk or this memory; acquire onto another machine",
            differences=tuple(wrong),
        )
