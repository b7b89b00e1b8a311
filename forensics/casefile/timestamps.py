"""Time stamps by a third party over a checkpoint (RFC 3161): the query, the reply, and two independent checks of it.

The raw reply is kept. It is parsed from a copy whose certificates are sorted by their bytes (X.690 11.6), because
OpenSSL writes chains in another order, which a strict reader refuses. ``rfc3161-client`` checks signature, chain, nonce
and imprint; where there is an ``openssl`` command, it must come to the same verdict.
"""

from __future__ import annotations

import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError

from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from forensics import digests
from forensics.casefile import signing
from forensics.errors import ForensicsError, FormatError, IntegrityError, UsageError

_CONTENT_TYPE = "application/timestamp-query"
_LARGEST = 1 << 20
_PATIENCE_S = 30
_GOOD = "Verification: OK"
# X.690 identifier octets.
_INTEGER, _SEQUENCE, _CONTEXT_0 = 0x02, 0x30, 0xA0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a reply says. ``trusted`` where its chain ends at a given root; ``openssl`` is the second verdict."""

    time_ns: int
    accuracy_ms: int
    serial: str
    policy: str
    trusted: bool
    openssl: str = ""


def query(data: bytes) -> bytes:
    """The query over these bytes: SHA-256, a new nonce, certificates asked for."""
    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    return bytes(builder.cert_request(cert_request=True).nonce(nonce=True).build().as_bytes())


def fetch(url: str, asked: bytes) -> bytes:
    """The reply of an authority over HTTP, the one thing here that uses the network."""
    if not url.startswith(("http://", "https://")):
        raise UsageError("the address of an authority begins with http:// or https://", place=url)
    request = urllib.request.Request(url, data=asked, headers={"Content-Type": _CONTENT_TYPE})  # noqa: S310 - see above
    todo = "check the address and the network, or export the query with --query and bring it there by other means"
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as reply:  # noqa: S310
            data: bytes = reply.read(_LARGEST + 1)
    except (URLError, TimeoutError, ConnectionError) as error:
        raise ForensicsError(f"the authority did not answer: {error}", place=url, todo=todo) from error
    if len(data) > _LARGEST:
        raise ForensicsError("the answer of the authority is too long to be a time stamp", place=url, todo=todo)
    return data


def check(reply: bytes, data: bytes, asked: bytes | None = None, roots: Sequence[bytes] = ()) -> Stamp:
    """What the reply says of ``data``, after everything that can be checked was; ``roots`` are PEM texts.

    Without a root, nobody vouches for the reply: only its imprint and its nonce are held against ours.
    """
    response = _decoded(reply)
    info = response.tst_info
    if info.message_imprint.message.hex() != _hashed(data, info.message_imprint.hash_algorithm.dotted_string):
        raise IntegrityError("this time stamp is over other bytes")
    nonce = nonce_of(asked) if asked is not None else None
    if nonce is not None and info.nonce != nonce:
        raise IntegrityError("this time stamp answers another query: its nonce differs")
    second = ""
    if roots:
        _verify(response, data, nonce, roots)
        second = _second_verdict(reply, data, roots, info.gen_time)
    return Stamp(
        time_ns=_ns(info.gen_time),
        accuracy_ms=_accuracy(response),
        serial=f"{info.serial_number:x}",
        policy=info.policy.dotted_string,
        trusted=bool(roots),
        openssl=second,
    )


def answers(reply: bytes, data: bytes, asked: bytes) -> bool:
    """Whether the reply is over these bytes and has the nonce of this query."""
    try:
        check(reply, data, asked)
    except IntegrityError:
        return False
    return True


def _decoded(reply: bytes) -> TimeStampResponse:
    try:
        response = decode_timestamp_response(normalised(reply))
        if response.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
            said = "; ".join(response.status_string)
            raise IntegrityError(f"the authority refused to stamp: {said or PKIStatus(response.status).name}")
        response.tst_info.message_imprint  # noqa: B018 - a token that cannot be read shows itself here
    except ValueError as error:
        raise FormatError(f"this is no time stamp: {error}") from error
    return response


def _verify(response: TimeStampResponse, data: bytes, nonce: int | None, roots: Sequence[bytes]) -> None:
    """The builder's own add methods share their lists between builders, so the lists are given whole."""
    found = [each for pem in roots for each in signing.certificates(pem)]
    ends = [each for each in found if each.issuer == each.subject]
    between = [each for each in found if each.issuer != each.subject]
    builder = VerifierBuilder(roots=ends, intermediates=between, nonce=nonce)
    try:
        builder.build().verify_message(response, data)
    except (VerificationError, ValueError) as error:
        raise IntegrityError(f"this time stamp does not hold: {error}") from error


def _second_verdict(reply: bytes, data: bytes, roots: Sequence[bytes], at: datetime) -> str:
    """``openssl ts -verify`` of the raw reply: ``good``, or empty where there is no openssl; else it raises."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for each, content in (("reply", reply), ("data", data), ("roots", b"\n".join(roots))):
            (folder / each).write_bytes(content)
        command = ["openssl", "ts", "-verify", "-in", "reply", "-data", "data", "-CAfile", "roots"]
        try:
            done = subprocess.run(
                [*command, "-attime", str(int(at.timestamp()))], cwd=folder, capture_output=True, check=False
            )
        except FileNotFoundError:
            return ""
    said = (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
    if done.returncode or _GOOD not in said:
        raise IntegrityError(f"this time stamp does not hold before openssl: {said.strip().splitlines()[-1:]}")
    return "good"


def _hashed(data: bytes, oid: str) -> str:
    names = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
    if oid not in names:
        raise FormatError(f"this time stamp uses a hash that is not accepted: {oid}")
    return digests.digest_bytes(data, names[oid]).hex


def _ns(moment: datetime) -> int:
    whole = moment.replace(tzinfo=moment.tzinfo or UTC)
    return int(whole.timestamp()) * 10**9 + whole.microsecond * 1000


def _accuracy(response: TimeStampResponse) -> int:
    found = response.tst_info.accuracy  # None where the authority states none (RFC 3161 2.4.2), whatever its type says
    return (getattr(found, "seconds", 0) or 0) * 1000 + (getattr(found, "millis", 0) or 0)


# -- DER (X.690), as much as the two questions below need --------------------------------------------------------------


def nonce_of(asked: bytes) -> int | None:
    """The nonce of a stored query: the only INTEGER of TimeStampReq (RFC 3161 2.4.1) beside its version."""
    tag, start, end = next(_parts(asked, 0, len(asked)), (0, 0, 0))
    if tag != _SEQUENCE:
        raise FormatError("this is no time stamp query")
    numbers = [(s, e) for tag, s, e in _parts(asked, start, end) if tag == _INTEGER]
    return int.from_bytes(asked[slice(*numbers[1])], "big") if len(numbers) > 1 else None


def normalised(reply: bytes) -> bytes:
    """The reply with its set of certificates in the order that DER asks for; other bytes stay as they are."""
    try:
        first, last = _certificates(reply)
    except (FormatError, StopIteration, ValueError):
        return reply
    places = [(start, end) for start, _, end in _whole(reply, first, last)]
    return reply[:first] + b"".join(sorted(reply[start:end] for start, end in places)) + reply[last:]


def _certificates(reply: bytes) -> tuple[int, int]:
    """Where TimeStampResp . timeStampToken . content . SignedData . certificates [0] stands (RFC 5652 5.1)."""
    _, start, end = next(_parts(reply, 0, len(reply)))
    _, (_, start, end) = _parts(reply, start, end)
    _, (_, start, end) = _parts(reply, start, end)
    _, start, end = next(_parts(reply, start, end))
    return next((s, e) for tag, s, e in _parts(reply, start, end) if tag == _CONTEXT_0)


def _parts(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Tag, start and end of the content of each element."""
    yield from ((data[whole], start, stop) for whole, start, stop in _whole(data, at, end))


def _whole(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Where each element begins, where its content begins, where it ends."""
    while at < end:
        if at + 2 > end:
            raise FormatError("a DER element ends too early", offset=at)
        length, start = data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not count:
                raise FormatError("DER knows no indefinite length", offset=at)
            length, start = int.from_bytes(data[start : start + count], "big"), start + count
        if start + length > end:
            raise FormatError("a DER element is longer than what holds it", offset=at)
        yield at, start, start + length
        at = start + length
