"""DKIM (RFC 6376, 8463) and ARC (RFC 8617) signatures of one message, checked offline with keys that are evidence.

The body hash and the signature over the header are checked each by itself, so a changed body and a changed header are
told apart. No clock is asked: whether a signature had expired is told by the message's own last Received field.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dkim
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dkim.canonicalization import CanonicalizationPolicy, InvalidCanonicalizationPolicyError, Relaxed
from dkim.crypto import (
    DigestTooLargeError,
    RSASSA_PKCS1_v1_5_verify,
    UnparsableKeyError,
    parse_public_key,
)
from dkim.util import InvalidTagValueList, parse_tag_value

from forensics.findings.arc_chain import with_chain
from forensics.findings.signature_results import Checked, Result
from forensics.formats.clocks.tags import tag_list
from forensics.formats.dates import parse_date
from forensics.formats.dkim_keys import Key
from forensics.formats.received import parse_received

__all__ = ["FIELD_NAMES", "Checked", "Result", "check"]

_FIELDS = (b"dkim-signature", b"arc-message-signature", b"arc-seal")
FIELD_NAMES = tuple(name.decode() for name in _FIELDS)
_HASHES = {b"rsa-sha1": hashlib.sha1, b"rsa-sha256": hashlib.sha256, b"ed25519-sha256": hashlib.sha256}
_ED25519_SINCE = 1_535_760_000
"""September 2018: RFC 8463 gave DKIM these keys."""
_LONGEST = 16_384
_MOST = 60
"""So many signatures of a message are checked."""
_QUOTED = re.compile(rb"(?m)^>(>*From )")
_BLANKS = re.compile(rb"\s+")
_ARC = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")
"""The fields of an instance in the order in which a seal covers them (RFC 8617 5.1.1)."""
_Headers = list[tuple[bytes, bytes]]


class _Unsupported(Exception):
    """The signature cannot be checked; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    headers: _Headers
    bodies: tuple[bytes, ...]
    """The body as stored and, from an mbox, without the quotes that the store may have put there."""
    delivered: int | None


def check(raw: bytes, keys: Sequence[Key], *, from_mbox: bool = False) -> list[Checked]:
    """Every signature of a message in the order of its fields, then its ARC chain; never raises on what is in it."""
    try:
        parsed, body = dkim.rfc822_parse(raw)
    except (dkim.DKIMException, IndexError) as error:
        said = str(error)[:120]
        return [Checked(field="", nth=0, result=Result.UNREADABLE, detail=f"the header cannot be taken apart: {said}")]
    headers: _Headers = [(bytes(name), bytes(value)) for name, value in parsed]
    unquoted = _QUOTED.sub(rb"\1", body) if from_mbox else body
    bodies = (body,) if unquoted == body else (body, unquoted)
    message = _Message(headers=headers, bodies=bodies, delivered=_delivered(headers))
    named = [(_text(name), _text(value)) for name, value in headers]
    return with_chain(named, list(_checked(message, keys)))


def _checked(message: _Message, keys: Sequence[Key]) -> Iterator[Checked]:
    counted: dict[bytes, int] = {}
    for place, (name, value) in enumerate(message.headers):
        lowered = name.lower()
        if lowered not in _FIELDS or sum(counted.values()) >= _MOST:
            continue
        nth = counted.get(lowered, 0)
        counted[lowered] = nth + 1
        yield _one(message, place, lowered, nth, value, keys)


def _one(message: _Message, place: int, name: bytes, nth: int, value: bytes, keys: Sequence[Key]) -> Checked:
    field, tags = name.decode(), {}
    try:
        tags = _tags(value, name)
        result, detail, source = _judged(message, place, name, tags, keys)
    except _Unsupported as error:
        result, detail, source = Result.UNSUPPORTED, str(error), ""
    instance = f" i={_text(tags.get(b'i', b''))[:3]}" if name.startswith(b"arc-") else ""
    return Checked(
        field=field + instance,
        nth=nth,
        result=result,
        domain=_text(tags.get(b"d", b"")),
        selector=_text(tags.get(b"s", b"")),
        detail=detail,
        key_source=source,
    )


def _tags(value: bytes, name: bytes) -> dict[bytes, bytes]:
    if len(value) > _LONGEST:
        raise _Unsupported("the field is too long")
    try:
        tags: dict[bytes, bytes] = parse_tag_value(value)
    except (InvalidTagValueList, UnicodeDecodeError) as error:
        raise _Unsupported(f"the tags are broken: {type(error).__name__}") from error
    needed = (b"a", b"b", b"d", b"s", *((b"i", b"cv") if name == b"arc-seal" else (b"bh", b"h")))
    missing = [each.decode() for each in needed if each not in tags]
    if missing:
        raise _Unsupported(f"there is no tag {missing[0]}=")
    if tags[b"a"].lower() not in _HASHES:
        raise _Unsupported(f"the algorithm {_text(tags[b'a'])[:40]} is not known")
    if name == b"dkim-signature" and tags.get(b"v", b"1") != b"1":
        raise _Unsupported("the version is not 1")
    if tags.get(b"q", b"dns/txt") != b"dns/txt":
        raise _Unsupported("the key is not asked of the DNS")
    return tags


def _judged(
    message: _Message, place: int, name: bytes, tags: dict[bytes, bytes], keys: Sequence[Key]
) -> tuple[Result, str, str]:
    """The result, what else is to be said, and whose key it was."""
    body_holds, note = (True, "") if name == b"arc-seal" else _body(message, tags)
    hashed = _seal_hash(message, tags) if name == b"arc-seal" else _header_hash(message, place, name, tags)
    signature = _base64(tags[b"b"], "b")
    named = (_text(tags[b"s"]).lower(), _text(tags[b"d"]).lower().rstrip("."))
    offered = [key for key in keys if (key.selector, key.domain) == named]
    if not offered:
        if body_holds:
            return Result.KEY_MISSING, note, ""
        return Result.BODY_CHANGED, "the key is missing, so the hash in the field is not proven", ""
    tried = [(_fault(key, tags), _verifies(key, tags, hashed, signature), key) for key in offered]
    good = next((key for fault, holds, key in tried if holds and not fault), None)
    if good is not None:
        result, more = _settled(body_holds, tags, message.delivered)
        return result, more or note, good.source
    fault, holds, key = next((each for each in tried if each[1]), tried[0])
    if fault and (holds or all(each[0] for each in tried)):
        return Result.KEY_NOT_VALID_THEN, fault, key.source
    return Result.HEADER_CHANGED if body_holds else Result.BOTH_CHANGED, note, key.source


def _settled(body_holds: bool, tags: dict[bytes, bytes], delivered: int | None) -> tuple[Result, str]:
    if not body_holds:
        return Result.BODY_CHANGED, ""
    expires, signed = (_number(tags.get(name, b"")) for name in (b"x", b"t"))
    if expires is not None and signed is not None and expires < signed:
        return Result.EXPIRED, "x= lies before t="
    if expires is not None and delivered is not None and expires < delivered:
        return Result.EXPIRED, f"it expired {delivered - expires} s before the last relay had the message"
    return Result.VALID, ""


def _body(message: _Message, tags: dict[bytes, bytes]) -> tuple[bool, str]:
    wanted, policy = _base64(tags[b"bh"], "bh"), _policy(tags)
    length = _number(tags.get(b"l", b""))
    for number, body in enumerate(message.bodies):
        whole = policy.canonicalize_body(body)
        covered = whole if length is None else whole[:length]
        if _HASHES[tags[b"a"].lower()](covered).digest() == wanted:
            if length is not None and length < len(whole):
                return True, f"l={length}: {len(whole) - length} bytes at the end were never signed"
            return True, "without the quotes of the mbox" if number else ""
    return False, ""


def _policy(tags: dict[bytes, bytes]) -> Any:
    # ARC knows only relaxed; a missing tag is simple/simple for DKIM (RFC 6376 3.5).
    try:
        return CanonicalizationPolicy.from_c_value(
            tags.get(b"c", b"relaxed/relaxed" if b"cv" in tags else b"simple/simple")
        )
    except InvalidCanonicalizationPolicyError as error:
        raise _Unsupported("the canonicalization is not known") from error


def _header_hash(message: _Message, place: int, name: bytes, tags: dict[bytes, bytes]) -> Any:
    included = [each.strip().lower() for each in tags[b"h"].split(b":")][:1000]
    if b"from" in included:
        # One From more than there are: a second one that somebody put there breaks the signature.
        included.append(b"from")
    if name == b"arc-message-signature" and b"c" not in tags:
        tags = {**tags, b"c": b"relaxed/relaxed"}
    policy = _policy(tags)
    hasher = _HASHES[tags[b"a"].lower()]()
    dkim.hash_headers(
        hasher, policy, policy.canonicalize_headers(message.headers), included, message.headers[place], tags
    )
    return hasher


def _seal_hash(message: _Message, tags: dict[bytes, bytes]) -> Any:
    """Over the sets of all instances up to this one, each in the order results, signature, seal (RFC 8617 5.1.1)."""
    last = _number(tags[b"i"])
    if last is None or not 1 <= last <= 50:
        raise _Unsupported("the instance is not one of 1 to 50")
    hasher = _HASHES[tags[b"a"].lower()]()
    sets: dict[tuple[bytes, str], _Headers] = {}
    for header in message.headers:
        if header[0].lower() in _ARC:
            instance = tag_list(header[1][:_LONGEST].decode("latin-1")).get("i", "")
            sets.setdefault((header[0].lower(), instance), []).append(header)
    for instance, name in ((str(number), name) for number in range(1, last + 1) for name in _ARC):
        found = sets.get((name, instance), [])
        if len(found) != 1:
            raise _Unsupported(f"the set of instance {instance} is not whole")
        final = instance == str(last) and name == b"arc-seal"
        value = dkim.RE_BTAG.sub(b"\\1", found[0][1]) if final else found[0][1]
        ((plain, text),) = Relaxed.canonicalize_headers([(found[0][0], value)])
        hasher.update(plain + b":" + (text.rstrip() if final else text))
    return hasher


def _verifies(key: Key, tags: dict[bytes, bytes], hashed: Any, signature: bytes) -> bool:
    try:
        public = base64.b64decode(_key_tags(key).get(b"p", b""), validate=False)
        if tags[b"a"].lower().startswith(b"ed25519"):
            Ed25519PublicKey.from_public_bytes(public).verify(signature, hashed.digest())
            return True
        return bool(RSASSA_PKCS1_v1_5_verify(hashed, signature, parse_public_key(public)))
    except (ValueError, TypeError, IndexError, KeyError, binascii.Error, UnparsableKeyError, DigestTooLargeError):
        return False
    except InvalidSignature:
        return False


def _fault(key: Key, tags: dict[bytes, bytes]) -> str:
    """Why this key could not have been used for this signature, or ``""``."""
    said, algorithm, signed = _key_tags(key), tags[b"a"].lower(), _number(tags.get(b"t", b""))
    if not said.get(b"p", b""):
        return "the key was revoked when it was fetched (p= is empty)"
    if not algorithm.startswith(said.get(b"k", b"rsa").lower() + b"-"):
        return f"the key is of the kind {_text(said.get(b'k', b'rsa'))[:20]}"
    if b"h" in said and algorithm.rpartition(b"-")[2] not in [each.strip() for each in said[b"h"].lower().split(b":")]:
        return "the key does not allow this hash"
    if b"s" in said and not {b"*", b"email"} & {each.strip() for each in said[b"s"].lower().split(b":")}:
        return "the key is not for mail"
    if algorithm.startswith(b"ed25519") and signed is not None and signed < _ED25519_SINCE:
        return "keys of this kind came up in September 2018"
    if signed is not None and key.first_seen is not None and signed < key.first_seen:
        return "the key was first seen after the time of signing"
    if signed is not None and key.last_seen is not None and signed > key.last_seen:
        return "the key was last seen before the time of signing"
    return ""


def _key_tags(key: Key) -> dict[bytes, bytes]:
    try:
        found: dict[bytes, bytes] = parse_tag_value(key.record.encode("utf-8", "backslashreplace"))
    except InvalidTagValueList:
        return {}
    return {name: _BLANKS.sub(b"", value) for name, value in found.items()}


def _delivered(headers: _Headers) -> int | None:
    """When the last relay had the message, by the uppermost Received field, else by Date; seconds since 1970."""
    for name in (b"received", b"date"):
        for field, value in headers:
            if field.lower() == name:
                found = parse_date(parse_received(value).date if name == b"received" else value.strip())
                if found is not None:
                    return found.utc_ns // 10**9
                break
    return None


def _base64(text: bytes, name: str) -> bytes:
    try:
        return base64.b64decode(_BLANKS.sub(b"", text), validate=True)
    except (ValueError, binascii.Error) as error:
        raise _Unsupported(f"the tag {name}= is no base64") from error


def _number(text: bytes) -> int | None:
    return int(text) if re.fullmatch(rb"\d{1,18}", text) else None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
