"""Requests and approvals: what is signed counts, and nothing else; a view happens only inside it and after its line."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import canonical
from forensics.casefile import approvals, reviews, sshsig, two_person
from forensics.casefile.approvals import DENY, EXCERPT, FULL, GRANT, METADATA, Answered, Approval, Asked, Request
from forensics.casefile.ledger import Line
from forensics.casefile.reviews import Review, Reviews
from forensics.casefile.sessions import Session
from forensics.casefile.two_person import APPROVER, BOTH, REQUESTER, People, Secrets
from forensics.errors import ForensicsError, FormatError, IntegrityError, UsageError
from tests.casefile.two_people import Actor, actor, people_toml

CASE = "019a0000-0000-7000-8000-000000000001"
IDS = tuple(f"{n:032x}" for n in range(5))
NOON, DAY = 1_780_275_792 * 10**9, 86_400 * 10**9


def _request(**changed: Any) -> Request:
    given: dict[str, Any] = {"id": "019a0000-0000-7000-8000-0000000000aa", "case": CASE, "requester": "sato"}
    given |= {"stage": FULL, "purpose": "question 3 of the order", "basis": "order of 1 June", "max_views": 3}
    given |= {"from_ns": NOON, "until_ns": NOON + DAY, "root": approvals.scope_root(IDS), "count": len(IDS)}
    return Request(**{**given, **changed})


class Room:
    """A requester, an approver, someone of both sides, and a ledger that lives in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "case"
        self.sato = actor(folder / "home", "sato", REQUESTER)
        self.tanaka = actor(folder / "home", "tanaka", APPROVER)
        self.mori = actor(folder / "home", "mori", BOTH)
        self.secrets = Secrets.new(CASE)
        declared = two_person.declared(people_toml(self.sato, self.tanaka, self.mori))
        self.people: People = two_person.read_people(
            self.folder, two_person.establish(self.folder, declared, self.secrets)
        )
        self.lines: list[Line] = []
        self.now = NOON + 1

    def line(self, act: str, params: dict[str, Any], *attach: bytes, ts_ns: int = 0) -> Line:
        named = []
        (self.folder / "ledger" / "attached").mkdir(parents=True, exist_ok=True)
        for data in attach:
            sha256 = hashlib.sha256(data).hexdigest()
            (self.folder / "ledger" / "attached" / sha256).write_bytes(data)
            named.append({"path": f"ledger/attached/{sha256}", "sha256": sha256, "size": len(data)})
        value = {"act": act, "ts_ns": ts_ns or self.now, "params": params, "attach": named}
        self.lines.append(Line(number=len(self.lines) + 1, sha256="", value=value))
        return self.lines[-1]

    def ask(self, request: Request, ids: tuple[str, ...] = IDS) -> None:
        said = {"request": request.id, "root": request.root, "count": request.count, "stage": request.stage}
        text = "".join(f"{each}\n" for each in ids).encode()
        self.line("approval.request", said, canonical.encode(request.to_json()), text)

    def answer(self, request: Request, who: Actor | None = None, decision: str = GRANT, **changed: Any) -> Answered:
        who = who or self.tanaka
        approval = Approval(request=request, decision=decision, approver=who.name, at_ns=self.now)
        approval = dataclasses.replace(approval, **changed)
        signature = sshsig.sign_with(approval.encode(), "approve", who.ssh_file)
        return Answered(approval=approval, signature=signature)

    def note_answer(self, answer: Answered) -> None:
        act = "approval.grant" if answer.approval.decision == GRANT else "approval.deny"
        params = {"request": answer.approval.request.id}
        self.line(act, params, answer.approval.encode(), answer.signature.encode())

    def reviews(self) -> Reviews:
        return Reviews(self.folder, self.lines)

    def session(self, review: Review | None) -> Session:
        together = two_person.open_together(self.folder, self.people, (self.sato.identity, self.tanaka.identity))
        return Session(together, review=review, note=self.line, now=lambda: self.now)

    def differences(self) -> list[str]:
        return [str(each) for each in reviews.check(self.folder, self.people, self.lines)]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_request_and_an_approval_survive_their_files(room: Room) -> None:
    asked = Asked(request=_request(), messages=IDS, envelopes={"tanaka": b"sealed"})
    assert Asked.decode(asked.encode()) == asked
    answer = room.answer(_request(), why="ok", handover_sha256=hashlib.sha256(b"inner").hexdigest())
    answer = dataclasses.replace(answer, handover=b"inner")
    assert Answered.decode(answer.encode()) == answer
    assert approvals.check_answer(room.people, answer).startswith("SHA256:")


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="the command 'ssh-keygen' is not installed")
def test_openssh_accepts_the_signature_of_an_approval(room: Room, tmp_path: Path) -> None:
    answer = room.answer(_request())
    (tmp_path / "signers").write_text(f"tanaka {room.tanaka.person.ssh}\n")
    (tmp_path / "signature").write_text(answer.signature)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "signers"), "-I", "tanaka"]
    command += ["-n", "email-forensics-approve@v1", "-s", str(tmp_path / "signature")]
    assert subprocess.run(command, input=answer.approval.encode(), capture_output=True, check=False).returncode == 0
    more = subprocess.run(command, input=answer.approval.encode() + b" ", capture_output=True, check=False)
    assert more.returncode != 0


def test_whoever_asks_cannot_approve(room: Room) -> None:
    request = _request(requester="mori")
    with pytest.raises(IntegrityError, match="own"):
        approvals.check_answer(room.people, room.answer(request, room.mori))
    with pytest.raises(IntegrityError, match="two sides"):
        approvals.check_answer(room.people, room.answer(request, room.sato))
    approvals.check_answer(room.people, room.answer(request, room.tanaka))


def test_what_was_not_signed_by_the_approver_does_not_count(room: Room) -> None:
    answer = room.answer(_request())
    more = dataclasses.replace(_request(), max_views=100)
    forged = (
        dataclasses.replace(answer, approval=dataclasses.replace(answer.approval, request=more)),
        dataclasses.replace(answer, approval=dataclasses.replace(answer.approval, approver="mori")),
        dataclasses.replace(room.answer(_request(), room.mori, approver="tanaka")),
        dataclasses.replace(answer, signature=answer.signature.replace("SSH", "SSG", 1)),
        dataclasses.replace(answer, handover=b"something else"),
    )
    for each in forged:
        with pytest.raises(ForensicsError):
            approvals.check_answer(room.people, each)
    other = room.answer(_request(case=CASE[:-1] + "2"))
    with pytest.raises(IntegrityError, match="another case"):
        approvals.check_answer(room.people, other)


@pytest.mark.parametrize(
    "changed",
    [
        {"stage": "everything"},
        {"purpose": " "},
        {"basis": ""},
        {"until_ns": NOON},
        {"max_views": 0},
        {"count": 0},
    ],
)
def test_a_request_that_nobody_could_approve_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        _request(**changed).check()
    with pytest.raises(FormatError):
        Request.from_json(_request(**changed).to_json())


def test_the_ids_are_those_of_the_root(room: Room) -> None:
    for ids in (IDS[:-1], (*IDS, "f" * 32), IDS[::-1], (*IDS, IDS[-1]), (*IDS[:-1], "f" * 32)):
        with pytest.raises((FormatError, IntegrityError)):
            Asked.decode(Asked(request=_request(), messages=ids, envelopes={}).encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"v":1,"kind":"request"}', b'{"v":1,"kind":"approval"}'])
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    for kind in (Asked, Answered):
        with pytest.raises(FormatError):
            kind.decode(data)
    with pytest.raises(FormatError):
        Approval.decode(data)


def test_an_envelope_that_is_no_base64_is_refused(room: Room) -> None:
    value = canonical.decode(Asked(request=_request(), messages=IDS, envelopes={"tanaka": b"x"}).encode())
    value["envelopes"]["tanaka"] = base64.b64encode(b"x").decode() + "\n!"
    with pytest.raises(FormatError, match="base64"):
        Asked.decode(canonical.encode(value))


# -- the ledger ----------------------------------------------------------------------------------------------------


def _granted(room: Room, **changed: Any) -> Review:
    request = _request(**changed)
    room.ask(request)
    room.note_answer(room.answer(request))
    return room.reviews().of(request.id)


def test_a_view_is_on_the_ledger_before_anything_is_shown_and_counts(room: Room) -> None:
    session = room.session(_granted(room, max_views=2))
    session.show(IDS[0], "body", FULL, ["ab" * 32])
    assert [line.act for line in room.lines] == ["approval.request", "approval.grant", "content.view"]
    session.show(IDS[1], "attachment:1", FULL, export="a.pdf")
    assert room.lines[-1].act == "content.export"
    with pytest.raises(UsageError, match="all of its 2 views are used") as caught:
        session.show(IDS[1], "body", FULL)
    assert caught.value.exit_code == 2
    assert len(room.lines) == 4
    assert room.differences() == []


def test_a_view_whose_line_cannot_be_written_does_not_happen(room: Room) -> None:
    session = room.session(_granted(room))

    def full_disk(act: str, params: dict[str, Any]) -> Line:
        raise OSError("no space left")

    session._note = full_disk
    with pytest.raises(OSError, match="no space"):
        session.show(IDS[0], "body", FULL)


REFUSALS: dict[str, Callable[[Room], Session]] = {
    "nobody has approved": lambda room: (room.ask(_request()), room.session(room.reviews().of(_request().id)))[1],
    "denied it: not needed": lambda room: _denied(room),
    "time is over": lambda room: _at(room, NOON + DAY),
    "time has not begun": lambda room: _at(room, NOON - 1),
    "is for excerpt, not for full": lambda room: room.session(_granted(room, stage=EXCERPT)),
    "is for metadata, not for full": lambda room: room.session(_granted(room, stage=METADATA)),
    "needs an approval": lambda room: room.session(None),
}


def _denied(room: Room) -> Session:
    room.ask(_request())
    room.note_answer(room.answer(_request(), decision=DENY, why="not needed"))
    return room.session(room.reviews().of(_request().id))


def _at(room: Room, now: int) -> Session:
    session = room.session(_granted(room))
    room.now = now
    return session


@pytest.mark.parametrize("why", REFUSALS)
def test_what_no_approval_permits_is_refused_with_its_reason(room: Room, why: str) -> None:
    session = REFUSALS[why](room)
    before = len(room.lines)
    with pytest.raises(UsageError, match=why):
        session.show(IDS[0], "body", FULL)
    assert len(room.lines) == before


def test_a_message_outside_the_scope_is_refused(room: Room) -> None:
    session = room.session(_granted(room))
    with pytest.raises(UsageError, match="not among its 5"):
        session.show("f" * 32, "body", FULL)


def test_an_expired_request_stays_expired(room: Room) -> None:
    review = _granted(room)
    room.line("approval.expire", {"request": review.request.id, "reason": "its time is over"})
    with pytest.raises(UsageError, match="has expired"):
        room.session(room.reviews().of(review.request.id)).show(IDS[0], "body", FULL)


def test_a_session_tells_how_far_it_reaches(room: Room) -> None:
    assert not room.session(None).reaches(EXCERPT)
    session = room.session(_granted(room, stage=EXCERPT))
    assert session.reaches(EXCERPT)
    assert not session.reaches(FULL)
    assert session.people == ("sato", "tanaka")


def test_a_request_is_found_by_the_beginning_of_its_id(room: Room) -> None:
    room.ask(_request())
    assert room.reviews().of("019a0000-0").request == _request()
    for name in ("", "019a", "nonsense"):
        with pytest.raises(UsageError, match="no request"):
            room.reviews().of(name)


def _without_grant(room: Room) -> None:
    room.ask(_request())
    room.line("content.view", _view())


def _view(**changed: Any) -> dict[str, Any]:
    return {"request": _request().id, "message": IDS[0], "stage": FULL, **changed}


def _own_approval(room: Room) -> None:
    request = _request(requester="mori")
    room.ask(request)
    room.note_answer(room.answer(request, room.mori))


def _other_request(room: Room) -> None:
    room.ask(_request())
    answer = room.answer(_request(max_views=99))
    room.note_answer(answer)


def _too_many(room: Room) -> None:
    _granted(room, max_views=1)
    room.line("content.view", _view())
    room.line("content.export", _view())


def _forged_ids(room: Room) -> None:
    room.ask(_request(), IDS[:-1])


def _changed_attachment(room: Room) -> None:
    _granted(room)
    sha256 = room.lines[-1].value["attach"][0]["sha256"]
    (room.folder / "ledger" / "attached" / sha256).write_bytes(b"{}")


FORGERIES = {
    "nobody has approved it yet": _without_grant,
    "of mori's own": _own_approval,
    "not for this request": _other_request,
    "all of its 1 views are used": _too_many,
    "not those that the request names": _forged_ids,
    "is not what it was": _changed_attachment,
    "never made": lambda room: room.line("approval.expire", {"request": "x"}),
    "no request 'x'": lambda room: room.line("content.view", _view(request="x")),
    "answered already": lambda room: (_granted(room), room.note_answer(room.answer(_request()))),
    "time is over": lambda room: (_granted(room), room.line("content.view", _view(), ts_ns=NOON + DAY)),
    "not among": lambda room: (_granted(room), room.line("content.view", _view(message="f" * 32))),
    "there twice": lambda room: (room.ask(_request()), room.ask(_request())),
    "by someone who may not ask": lambda room: room.ask(_request(requester="tanaka")),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_ledger_that_tells_of_what_may_not_be_is_found_out_without_any_key(room: Room, what: str) -> None:
    FORGERIES[what](room)
    found = room.differences()
    assert any(what in each for each in found), found


def test_an_honest_ledger_has_no_differences(room: Room) -> None:
    _granted(room)
    room.line("content.view", _view())
    assert room.differences() == []
