"""The steps of a review: ask, approve or deny, open content under the approval, and tell who saw what.

Every answer is signed by its approver and checked before it counts; every opening is on the ledger before it happens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile import approvals, reviews, sshsig, two_person
from forensics.casefile.acts import Act
from forensics.casefile.approvals import GRANT, Approval, Request
from forensics.casefile.approvals import Answered as Answered
from forensics.casefile.approvals import Asked as Asked
from forensics.casefile.ledger import Line, entry_id, replace_file
from forensics.casefile.reviews import Review, Reviews
from forensics.casefile.sessions import Session
from forensics.casefile.two_person import Together
from forensics.casefile.view import CaseView as CaseView
from forensics.errors import FormatError, UsageError
from forensics.evidence.durable import sync_folder
from forensics.evidence.envelopes import Identity
from forensics.examination.conductor import Examination
from forensics.examination.control import people_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to see, as typed."""

    requester: str
    stage: str
    purpose: str
    basis: str
    from_ns: int
    until_ns: int
    max_views: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """A request that is on the ledger; ``file`` are the bytes that go to the approvers."""

    request: str
    messages: int
    root: str
    line: int
    approvers: tuple[str, ...]
    file: bytes
    exit_code: int = 0


def request(examination: Examination, wish: Wish, messages: Sequence[str]) -> RequestSummary:
    """Put a request for these messages on the ledger."""
    people = people_of(examination.folder)
    asks = people.named(wish.requester)
    if not asks.asks:
        raise UsageError(f"{asks.name} is not on the side that requests", todo="see keys/recipients.json in the case")
    ids = tuple(sorted(set(messages)))
    unknown = sorted(set(ids) - set(examination.view().chosen("")))
    if unknown:
        raise UsageError(f"there is no message {unknown[0]!r} in this case", todo="see column id of messages.csv")
    made = Request(
        id=entry_id(examination.station.now()),
        case=people.case,
        requester=asks.name,
        stage=wish.stage,
        purpose=wish.purpose,
        basis=wish.basis,
        from_ns=wish.from_ns,
        until_ns=wish.until_ns,
        max_views=wish.max_views,
        root=approvals.scope_root(ids),
        count=len(ids),
    )
    made.check()
    pairs = [pair for pair in people.envelopes if pair.requester == asks.name]
    sealed = {pair.approver: two_person.read_envelope(examination.folder, pair) for pair in pairs}
    told = made.to_json()
    params = {key: told[key] for key in ("requester", "stage", "from_ns", "until_ns", "max_views", "purpose", "basis")}
    params |= {"request": made.id, "root": made.root, "count": made.count}
    attach = _attached(examination.folder, canonical.encode(told), "".join(f"{each}\n" for each in ids).encode())
    line = examination.note(Act.APPROVAL_REQUEST, params=params, why=made.purpose, attach=attach)
    file = Asked(request=made, messages=ids, envelopes=sealed).encode()
    return RequestSummary(
        request=made.id, messages=len(ids), root=made.root, line=line.number, approvers=tuple(sealed), file=file
    )


def answer(
    asked: Asked, approver: str, key: Path, now_ns: int, *, deny: str = "", identity: Identity | None = None
) -> Answered:
    """Sign what an approver says; with their identity the inner envelope is handed over. Needs no case."""
    if approver not in asked.envelopes:
        named = ", ".join(asked.envelopes)
        raise UsageError(f"{approver!r} is none of those who may approve this request", todo=f"name one of: {named}")
    inner = identity.open(asked.envelopes[approver]) if identity is not None and not deny else b""
    approval = Approval(
        request=asked.request,
        decision=approvals.DENY if deny else GRANT,
        approver=approver,
        at_ns=now_ns,
        why=deny,
        handover_sha256=hashlib.sha256(inner).hexdigest() if inner else "",
    )
    signature = sshsig.sign_with(approval.encode(), "approve", key)
    return Answered(approval=approval, signature=signature, handover=inner)


def record(examination: Examination, found: Answered) -> Line | None:
    """Check an answer and put it on the ledger, unless it stands there; what was handed over stays out of the case."""
    people = people_of(examination.folder)
    fingerprint = approvals.check_answer(people, found)
    approval = found.approval
    review = Reviews(examination.folder, examination.view().lines).of(approval.request.id)
    if review.request != approval.request:
        raise UsageError("this answer is for another request than the one on the ledger", todo="ask for a new one")
    if review.answer == approval:
        return None
    if review.answer is not None:
        raise UsageError(f"this request was answered already by {review.answer.approver}")
    act = Act.APPROVAL_GRANT if approval.decision == GRANT else Act.APPROVAL_DENY
    params = {"request": approval.request.id, "approver": approval.approver, "requester": approval.request.requester}
    attach = _attached(examination.folder, approval.encode(), found.signature.encode("ascii"))
    return examination.note(act, params={**params, "key": fingerprint}, why=approval.why, attach=attach)


def _attached(case: Path, *payloads: bytes) -> tuple[dict[str, Any], ...]:
    """Payloads under their own hash, on the disk before the line that names them."""
    folder = case / "ledger" / "attached"
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)
    named = []
    for data in payloads:
        sha256 = hashlib.sha256(data).hexdigest()
        replace_file(folder / sha256, data)
        named.append({"path": f"ledger/attached/{sha256}", "sha256": sha256, "size": len(data)})
    return tuple(named)


# -- opening -------------------------------------------------------------------------------------------------------


def open_under(examination: Examination, name: str, together: Together) -> CaseView:
    """The case as the two people may see it under one request; it is checked again at each opening."""
    review = Reviews(examination.folder, examination.view().lines).of(name)
    if together.requester != review.request.requester:
        raise UsageError(f"this request is by {review.request.requester}, not by {together.requester}")
    why = review.over(_now(examination))
    if why and review.answer is not None and review.answer.decision == GRANT and not review.expired:
        examination.note(Act.APPROVAL_EXPIRE, params={"request": review.request.id, "reason": why})
        review.expired = why
    session = Session(together, review=review, note=_noter(examination, review), now=lambda: _now(examination))
    return CaseView(examination.folder, session)


def together_of(
    examination: Examination, name: str, identities: Sequence[Identity], found: Answered | None = None
) -> Together:
    """The secrets: both people are here, or the requester has what the approver handed over."""
    people = people_of(examination.folder)
    if found is not None and found.handover and len(identities) == 1:
        return two_person.open_handed(people, found.handover, identities[0], found.approval.approver)
    review = Reviews(examination.folder, examination.view().lines).of(name)
    return two_person.open_together(examination.folder, people, identities, review.request.requester)


def _noter(examination: Examination, review: Review) -> Any:
    said = hashlib.sha256(review.answer.encode()).hexdigest() if review.answer is not None else ""
    named = ({"request": review.request.id, "sha256": said},)

    def note(act: str, params: dict[str, Any]) -> Line:
        return examination.note(Act(act), params=params, why=review.request.purpose, approvals=named)

    return note


def _now(examination: Examination) -> int:
    """Never before any line: a clock that is set back does not make an approval last longer."""
    return max([examination.station.now(), *(int(line.value["ts_ns"]) for line in examination.view().lines)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What of one message is shown: the records in clear always, the rest as far as the stage goes."""

    message: str
    head: tuple[tuple[str, str], ...]
    attachments: tuple[tuple[int, str, int | None, str], ...]
    texts: tuple[tuple[str, str], ...] = ()
    excerpts: tuple[str, ...] = ()
    line: int = 0
    left: int = 0
    exit_code: int = 0


_HEAD = ("subject", "sender", "to", "cc", "bcc", "date_raw", "message_id", "store_path", "recovery", "address")


def show(view: CaseView, message: str, term: str = "", *, whole: bool = True) -> Shown:
    """The records of a message and, if asked for, its texts or the words around a hit; those take an approval."""
    columns = ", ".join(f'"{name}"' for name in _HEAD)
    rows = view.rows(f"SELECT {columns} FROM message WHERE id = $1", [message])  # noqa: S608 - own column names
    if not rows:
        raise UsageError(f"there is no message {message!r} in this case", todo="see column id of messages.csv")
    texts = tuple((row["kind"], row["text"]) for row in view.texts(message)) if whole and not term else ()
    excerpts = tuple(view.excerpts(message, term)) if term else ()
    sql = "SELECT position, name, size, sha256 FROM attachment WHERE message_id_ref = $1 ORDER BY position, id"
    attachments = tuple(
        (row["position"], row["name"] or "", row["size"], row["sha256"] or "") for row in view.rows(sql, [message])
    )
    review = view.session.review if view.session is not None else None
    opened = review is not None and (whole or term)
    return Shown(
        message=message,
        head=tuple((name, str(rows[0][name])) for name in _HEAD if rows[0][name] not in (None, "")),
        attachments=attachments,
        texts=texts,
        excerpts=excerpts,
        line=review.views[-1].number if review is not None and opened else 0,
        left=review.left if review is not None else 0,
    )


# -- telling -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One request with its answer and its views, for a person to read."""

    request: str
    requester: str
    stage: str
    messages: int
    purpose: str
    basis: str
    state: str
    approver: str
    from_ns: int
    until_ns: int
    max_views: int
    views: tuple[dict[str, Any], ...]


def log(folder: Path) -> tuple[Told, ...]:
    """Who asked, who approved, who saw what and when; without any key."""
    people_of(folder)
    view = CaseView(folder)
    return tuple(_told(review) for review in Reviews(folder, view.lines).by_id.values())


def _told(review: Review) -> Told:
    asked = review.request
    return Told(
        request=asked.id,
        requester=asked.requester,
        stage=asked.stage,
        messages=asked.count,
        purpose=asked.purpose,
        basis=asked.basis,
        state=review.state,
        approver=review.answer.approver if review.answer is not None else "",
        from_ns=asked.from_ns,
        until_ns=asked.until_ns,
        max_views=asked.max_views,
        views=tuple(_view(line) for line in review.views),
    )


def _view(line: Line) -> dict[str, Any]:
    params = line.value["params"]
    names = ("message", "part", "stage", "viewers", "session", "file", "term", "sha256")
    kept = {name: params[name] for name in names if name in params}
    exported = line.act == reviews.EXPORT
    return {"line": line.number, "ts_ns": line.value["ts_ns"], "export": exported, **kept}


def read_asked(data: bytes, place: str) -> Asked:
    """The file of a request, or :class:`UsageError`."""
    try:
        return Asked.decode(data)
    except FormatError as error:
        raise UsageError(error.what, place=place, todo="give the file that 'review request --out' wrote") from error


def read_answered(data: bytes, place: str) -> Answered:
    """The file of an approval, or :class:`UsageError`."""
    try:
        return Answered.decode(data)
    except FormatError as error:
        raise UsageError(error.what, place=place, todo="give the file that 'review approve --out' wrote") from error
