"""ARC chains (RFC 8617, 5.2): made by hand, judged by us and, as a second opinion, by dkimpy."""

from __future__ import annotations

import base64
import hashlib

import dkim
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from dkim.canonicalization import Relaxed

from forensics.findings.dkim_check import Checked, Result, check
from tests.findings.test_dkim import LETTER, key, private, public, seal_of


def sealed(letter: bytes, claim: bytes = b"none", selector: bytes = b"k1") -> bytes:
    """The letter with one more instance, by hand after RFC 8617, 5.1; ``claim`` is the cv of the seal."""
    headers, body = dkim.rfc822_parse(letter)
    before = [(name.lower(), value) for name, value in headers if name.lower().startswith(b"arc-")]
    number = sum(name == b"arc-seal" for name, _ in before) + 1
    start = b"i=%d; a=rsa-sha256; d=example.jp; s=%s; " % (number, selector)
    bh = base64.b64encode(hashlib.sha256(Relaxed.canonicalize_body(body)).digest())
    ams = start + b"c=relaxed/relaxed; h=from:subject; bh=" + bh + b"; b="
    ams += seal_of(letter, b"ARC-Message-Signature", ams)
    results = b"i=%d; lists.example.jp; dkim=pass; arc=%s" % (number, claim)
    seal = start + b"cv=" + claim + b"; b="
    own = [(b"ARC-Authentication-Results", results), (b"ARC-Message-Signature", ams), (b"ARC-Seal", seal)]
    # They stand newest first, each set as seal, signature, results.
    chained = [*reversed(before), *((name, b" " + value) for name, value in own)]
    lines = Relaxed.canonicalize_headers(chained)
    whole = b"".join(name + b":" + value for name, value in lines).rstrip()
    seal += base64.b64encode(private().sign(whole, padding.PKCS1v15(), hashes.SHA256()))
    head = (b"ARC-Seal: " + seal, b"ARC-Message-Signature: " + ams, b"ARC-Authentication-Results: " + results)
    return b"\r\n".join(head) + b"\r\n" + letter


def dns(name: bytes, timeout: int = 5) -> bytes:
    return f"v=DKIM1; k=rsa; p={public()}".encode() if name.startswith(b"k1.") else b""


def chain(raw: bytes) -> Checked:
    (found,) = [each for each in check(raw, [key()]) if each.field == "arc-chain"]
    return found


def others(raw: bytes) -> str:
    return str((dkim.arc_verify(raw, dnsfunc=dns)[0] or b"fail").decode())


def test_a_message_without_arc_has_no_chain() -> None:
    assert not [each for each in check(LETTER, [key()]) if each.field == "arc-chain"]


@pytest.mark.parametrize("instances", [1, 2, 3])
def test_a_whole_chain_holds_and_says_since_when_nothing_changed(instances: int) -> None:
    raw = LETTER
    for number in range(instances):
        raw = sealed(raw, b"pass" if number else b"none")
    found = chain(raw)
    assert (found.result, others(raw)) == (Result.CHAIN_HOLDS, "pass")
    assert found.detail == f"{instances} instances; unchanged since instance 1"
    assert (found.domain, found.selector) == ("example.jp", "k1")


def test_a_footer_that_the_next_instance_was_made_after_breaks_nothing() -> None:
    raw = sealed(sealed(LETTER) + b"-- \r\na list\r\n", b"pass")
    found = {each.field: each for each in check(raw, [key()])}
    assert (found["arc-chain"].result, others(raw)) == (Result.CHAIN_HOLDS, "pass")
    assert found["arc-chain"].detail.endswith("unchanged since instance 2")
    assert found["arc-message-signature i=1"].result == Result.CHANGED_ON_THE_WAY
    assert found["arc-message-signature i=1"].detail.startswith("body_changed; ")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"Dear", b"Dead", "arc-message-signature i=2: body_changed"),
        (b"Subject: plans", b"Subject: plane", "arc-message-signature i=2: header_changed"),
        (b"cv=none", b"cv=pass", "the seal of instance 1 says cv=pass, not cv=none"),
        (b"cv=pass", b"cv=none", "the seal of instance 2 says cv=none, not cv=pass"),
        (b"cv=pass", b"cv=fail", "the seal of instance 2 itself says that the chain was broken (cv=fail)"),
        (b"dkim=pass; arc=none", b"dkim=fail; arc=none", "arc-seal i=2: header_changed"),
    ],
)
def test_what_broke_a_chain_is_told(old: bytes, new: bytes, why: str) -> None:
    whole = sealed(sealed(LETTER), b"pass")
    raw = whole.replace(old, new)
    found = chain(raw)
    assert (found.result, found.detail, others(raw)) == (Result.CHAIN_BROKEN, why, "fail")


def test_an_instance_that_is_missing_is_named() -> None:
    one = sealed(LETTER)
    three = sealed(sealed(one, b"pass"), b"pass")
    kept = [line for line in three.split(b"\r\n") if line]
    without, skip = [], False
    for line in kept[: three.split(b"\r\n").index(b"")]:
        skip = (skip and line[:1] in b" \t") or (line.startswith(b"ARC-") and b"i=2" in line)
        if not skip:
            without.append(line)
    raw = b"\r\n".join([*without, b"", three.partition(b"\r\n\r\n")[2]])
    found = chain(raw)
    assert (found.result, others(raw)) == (Result.CHAIN_BROKEN, "fail")
    assert found.detail == "instance 2 of 3 has 0 fields arc-authentication-results, not one"


def test_a_missing_key_is_told_from_a_change() -> None:
    raw = sealed(sealed(LETTER, selector=b"k2"), b"pass")
    found = chain(raw)
    assert (found.result, found.detail) == (Result.CHAIN_UNPROVEN, "arc-seal i=1: key_missing")
    assert chain(raw.replace(b"Dear", b"Dead")).detail == "arc-message-signature i=2: body_changed"


def test_instances_out_of_range_are_no_chain() -> None:
    raw = sealed(LETTER).replace(b"i=1;", b"i=51;")
    assert "1 to 50" in chain(raw).detail
    assert "1 to 50" in chain(sealed(LETTER).replace(b"i=1;", b"i=x;")).detail
