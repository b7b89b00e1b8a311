"""Requests to see content and what the approvers said of them: the values that are signed, and their files.

    request file    {"v":1, "kind":"request", "request":{...}, "messages":[id, ...], "envelopes":{approver: base64}}
    approval file   {"v":1, "kind":"approval", "approval":{..., "request":{...}}, "signature":SSHSIG, "handover":base64}

The signature (SSHSIG, email-forensics-approve@v1) is over the canonical bytes of ``approval``, which hold the whole
request. What is handed over opens with the requester's identity alone, so it stays out of the case: the signed part has
its SHA-256 only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from forensics import canonical
from forensics.casefile import merkle, sshsig
from forensics.casefile.two_person import People
from forensics.errors import FormatError, IntegrityError, UsageError

METADATA, EXCERPT, FULL = "metadata", "excerpt", "full"
STAGES = (METADATA, EXCERPT, FULL)
"""What may be seen, each with all before it: the records, the words around a hit, everything."""
GRANT, DENY = "grant", "deny"
_VERSION = 1


def scope_root(messages: Iterable[str]) -> str:
    """The root of the tree (RFC 9162) over the ids of the messages in their order."""
    return merkle.root([merkle.leaf_hash(each.encode()) for each in sorted(set(messages))]).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asks to see what, how far, why, with what right, from when until when, and how often."""

    id: str
    case: str
    requester: str
    stage: str
    purpose: str
    basis: str
    from_ns: int
    until_ns: int
    max_views: int
    root: str
    count: int

    def check(self) -> None:
        """Refuse what nobody could approve."""
        if self.stage not in STAGES:
            raise UsageError(f"there is no stage {self.stage!r}", todo=f"name one of: {', '.join(STAGES)}")
        if not self.purpose.strip() or not self.basis.strip():
            raise UsageError("a request says what for and with what right", todo="give --purpose and --basis")
        if self.until_ns <= self.from_ns:
            raise UsageError("the request would expire before it begins", todo="give a later --until")
        if self.max_views < 1 or self.count < 1:
            raise UsageError("a request is for one message and one view at least")

    def to_json(self) -> dict[str, Any]:
        """As it is signed and stored."""
        value = asdict(self)
        scope = {"root": value.pop("root"), "count": value.pop("count")}
        return {"v": _VERSION, **value, "scope": scope}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read back; anything else is a :class:`FormatError`."""
        try:
            plain = {key: item for key, item in value.items() if key not in ("v", "scope")}
            made = cls(**plain, root=value["scope"]["root"], count=value["scope"]["count"])
            made.check()
            numbers = (made.from_ns, made.until_ns, made.max_views, made.count)
            sound = made.to_json() == value and all(type(each) is int for each in numbers)
        except (AttributeError, KeyError, TypeError, UsageError) as error:
            raise FormatError(f"this is not a request: {error}") from error
        if not sound:
            raise FormatError("this request holds something else than it should")
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What an approver said of a request, and when; ``handover_sha256`` names what was handed over beside it."""

    request: Request
    decision: str
    approver: str
    at_ns: int
    why: str = ""
    handover_sha256: str = ""

    def encode(self) -> bytes:
        """The bytes that are signed."""
        value = asdict(self) | {"v": _VERSION, "request": self.request.to_json()}
        return canonical.encode(value)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read back; anything else is a :class:`FormatError`."""
        value = canonical.decode(data)
        try:
            plain = {key: item for key, item in value.items() if key not in ("v", "request")}
            made = cls(request=Request.from_json(value["request"]), **plain)
            sound = made.encode() == data and made.decision in (GRANT, DENY)
        except (AttributeError, KeyError, TypeError) as error:
            raise FormatError(f"this is not an approval: {error}") from error
        if not sound:
            raise FormatError("this approval holds something else than it should")
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request on its way to the approvers, with the ids it is about and an envelope for each who may approve."""

    request: Request
    messages: tuple[str, ...]
    envelopes: Mapping[str, bytes]

    def encode(self) -> bytes:
        """The bytes of the file."""
        sealed = {name: base64.b64encode(data).decode("ascii") for name, data in self.envelopes.items()}
        value = {"v": _VERSION, "kind": "request", "request": self.request.to_json()}
        return canonical.encode({**value, "messages": list(self.messages), "envelopes": sealed}) + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read back; the ids must be those that the request names by their root."""
        value = _file(data, "request")
        try:
            messages = tuple(value["messages"])
            sealed = {name: _bytes(text) for name, text in value["envelopes"].items()}
            made = cls(request=Request.from_json(value["request"]), messages=messages, envelopes=sealed)
        except (AttributeError, KeyError, TypeError) as error:
            raise FormatError(f"this is not a request: {error}") from error
        check_scope(made.request, messages)
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An approval on its way back: the signed bytes, the signature, and the inner envelope if one was handed over."""

    approval: Approval
    signature: str
    handover: bytes = b""

    def encode(self) -> bytes:
        """The bytes of the file."""
        said = canonical.decode(self.approval.encode())
        value = {"v": _VERSION, "kind": "approval", "approval": said, "signature": self.signature}
        return canonical.encode({**value, "handover": base64.b64encode(self.handover).decode("ascii")}) + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read back; nothing is verified yet."""
        value = _file(data, "approval")
        try:
            approval = Approval.decode(canonical.encode(value["approval"]))
            return cls(approval=approval, signature=str(value["signature"]), handover=_bytes(value["handover"]))
        except (KeyError, TypeError) as error:
            raise FormatError(f"this is not an approval: {error}") from error


def _file(data: bytes, kind: str) -> dict[str, Any]:
    value = canonical.decode(data)
    if not isinstance(value, dict) or (value.get("v"), value.get("kind")) != (_VERSION, kind):
        raise FormatError(f"this is not the file of a{'n' if kind == 'approval' else ''} {kind}")
    return value


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise FormatError("an envelope in this file is not base64") from error


def check_scope(request: Request, messages: Iterable[str]) -> None:
    """The ids must be those whose root the request names."""
    ids = list(messages)
    if not all(isinstance(each, str) for each in ids) or ids != sorted(set(ids)):
        raise FormatError("the ids of a request are not in order")
    if (len(ids), scope_root(ids)) != (request.count, request.root):
        raise IntegrityError("the messages are not those that the request names by their number and root")


def check_signed(people: People, approval: Approval, signature: str) -> str:
    """The fingerprint of the approver's key, or why this approval does not count."""
    request = approval.request
    if request.case != people.case:
        raise IntegrityError(f"the approval is for another case: {request.case}")
    asks, approves = people.named(request.requester), people.named(approval.approver)
    if asks.name == approves.name:
        raise IntegrityError(f"{asks.name} approved a request of {asks.name}'s own")
    if not asks.asks or not approves.approves:
        raise IntegrityError(f"{asks.name} and {approves.name} are not on the two sides that have to agree")
    return sshsig.verify(signature, approval.encode(), "approve", approves.signers(), approves.name, approval.at_ns)


def check_answer(people: People, answer: Answered) -> str:
    """The same for a file that came back, with what was handed over in it."""
    found = check_signed(people, answer.approval, answer.signature)
    handed = hashlib.sha256(answer.handover).hexdigest() if answer.handover else ""
    if handed and handed != answer.approval.handover_sha256:
        raise IntegrityError("what was handed over is not what the approver signed")
    return found
