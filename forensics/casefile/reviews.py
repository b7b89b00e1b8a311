"""What the ledger says of requests, approvals and views of content; whether a view may happen, and each may have been.

approval.request   params {request, requester, stage, count, root, purpose, basis, from_ns, until_ns, max_views}
                   attach [the request as JSON, the ids of its messages one a line]
approval.grant     params {request, approver, key}        attach [the approval as signed, its SSHSIG]
approval.deny      the same, and why
approval.expire    params {request, reason}
content.view       params {request, message, part, stage, viewers, sha256[]}; before anything is shown
content.export     the same, for what leaves the case
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile import approvals
from forensics.casefile.approvals import STAGES, Approval, Request
from forensics.casefile.ledger import Line
from forensics.casefile.two_person import People
from forensics.errors import ForensicsError, FormatError, IntegrityError, UsageError
from forensics.evidence.readback import read_stored
from forensics.evidence.verification import Difference

REQUEST, EXPIRE = "approval.request", "approval.expire"
ANSWERS = {"approval.grant": approvals.GRANT, "approval.deny": approvals.DENY}
VIEW, EXPORT = "content.view", "content.export"
OPENINGS = (VIEW, EXPORT)
ACTS = (REQUEST, *ANSWERS, EXPIRE, *OPENINGS)


@dataclass(slots=True, kw_only=True)
class Review:
    """One request and everything that came of it, as the ledger tells it."""

    request: Request
    messages: frozenset[str]
    line: int
    answer: Approval | None = None
    expired: str = ""
    views: list[Line] = field(default_factory=list)

    @property
    def state(self) -> str:
        """``open``, ``granted``, ``denied`` or ``expired``."""
        if self.expired:
            return "expired"
        if self.answer is None:
            return "open"
        return "granted" if self.answer.decision == approvals.GRANT else "denied"

    @property
    def left(self) -> int:
        """So many views are left."""
        return max(0, self.request.max_views - len(self.views))

    def over(self, now_ns: int) -> str:
        """Why nothing more can be seen under this request for good, or an empty text."""
        if self.answer is not None and self.answer.decision == approvals.DENY:
            return f"{self.answer.approver} denied it: {self.answer.why}"
        if self.expired:
            return f"it has expired: {self.expired}"
        if now_ns >= self.request.until_ns:
            return "its time is over"
        return "" if self.left else f"all of its {self.request.max_views} views are used"

    def check(self, message: str, stage: str, now_ns: int) -> None:
        """Raise :class:`UsageError` unless this much of this message may be seen now."""
        why = self.over(now_ns)
        if not why and self.answer is None:
            why = "nobody has approved it yet"
        if not why and now_ns < self.request.from_ns:
            why = "its time has not begun"
        if not why and message not in self.messages:
            why = f"the message {message} is not among its {self.request.count}"
        if not why and STAGES.index(stage) > STAGES.index(self.request.stage):
            why = f"it is for {self.request.stage}, not for {stage}"
        if why:
            raise UsageError(
                f"the request {self.request.id} does not permit this: {why}",
                todo="make one: 'forensics review request'",
            )


class Reviews:
    """Every request of a case, by its id, in the order of the ledger."""

    def __init__(self, folder: Path, lines: Iterable[Line]) -> None:
        self._folder = folder
        self.by_id: dict[str, Review] = {}
        for line in lines:
            if line.act in ACTS:
                self._take(line)

    def of(self, name: str) -> Review:
        """The request of this id, or of the one id that begins so."""
        found = [
            review for key, review in self.by_id.items() if key == name or (len(name) > 7 and key.startswith(name))
        ]
        if len(found) != 1:
            raise UsageError(f"there is no request {name!r} in this case", todo="see 'forensics review log'")
        return found[0]

    def _take(self, line: Line) -> None:
        params = line.value.get("params", {})
        if line.act == REQUEST:
            self._asked(line)
            return
        review = self.by_id.get(str(params.get("request")))
        if review is None:
            raise IntegrityError(f"line {line.number} of the ledger is about a request that was never made")
        if line.act in ANSWERS:
            review.answer = Approval.decode(attached(self._folder, line, 0))
        elif line.act == EXPIRE:
            review.expired = str(params.get("reason"))
        else:
            review.views.append(line)

    def _asked(self, line: Line) -> None:
        request = Request.from_json(canonical.decode(attached(self._folder, line, 0)))
        messages = attached(self._folder, line, 1).decode().split("\n")[:-1]
        approvals.check_scope(request, messages)
        self.by_id[request.id] = Review(request=request, messages=frozenset(messages), line=line.number)


def attached(folder: Path, line: Line, index: int) -> bytes:
    """The bytes of something that a line has attached."""
    try:
        named: dict[str, Any] = line.value["attach"][index]
        data = read_stored(folder / "ledger" / "attached" / str(named["sha256"]))
    except (IndexError, KeyError, TypeError, OSError, ValueError) as error:
        raise IntegrityError(f"what line {line.number} of the ledger attaches cannot be read") from error
    if hashlib.sha256(data).hexdigest() != named["sha256"]:
        raise IntegrityError(f"what line {line.number} of the ledger attaches is not what it was")
    return data


def check(folder: Path, people: People, lines: Iterable[Line]) -> Iterator[Difference]:
    """Every answer without a valid signature of the other side, and every view that no approval permits.

    Needs no key: everything that it reads is in clear.
    """
    known, latest = Reviews(folder, ()), 0
    for line in lines:
        # A clock that was set back between two lines makes no approval last longer.
        latest = max(latest, int(line.value.get("ts_ns", 0)))
        if line.act not in ACTS:
            continue
        try:
            _check_line(folder, known, people, line, latest)
            known._take(line)
        except (ForensicsError, UnicodeDecodeError, TypeError, ValueError) as error:
            what = error.what if isinstance(error, ForensicsError) else str(error)
            yield Difference(place="ledger/events.jsonl", what=f"line {line.number}, {line.act}: {what}")


def _check_line(folder: Path, known: Reviews, people: People, line: Line, now_ns: int) -> None:
    params = line.value["params"]
    if line.act in ANSWERS:
        review = known.of(str(params["request"]))
        approval = Approval.decode(attached(folder, line, 0))
        if (approval.request, approval.decision) != (review.request, ANSWERS[line.act]):
            raise IntegrityError("the approval that it attaches is not for this request, or says something else")
        if review.answer is not None:
            raise IntegrityError("this request was answered already")
        approvals.check_signed(people, approval, attached(folder, line, 1).decode("ascii"))
    elif line.act in OPENINGS:
        review = known.of(str(params["request"]))
        review.check(str(params["message"]), str(params["stage"]), now_ns)
    elif line.act == REQUEST:
        request = Request.from_json(canonical.decode(attached(folder, line, 0)))
        if request.id in known.by_id or request.case != people.case or not people.named(request.requester).asks:
            raise IntegrityError("this request is there twice, or for another case, or by someone who may not ask")
        said = {"request": request.id, "root": request.root, "count": request.count, "stage": request.stage}
        if any(params.get(key) != value for key, value in said.items()):
            raise FormatError("the line and the request that it attaches say different things")
