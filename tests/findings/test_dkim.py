"""DKIM and ARC checked offline: valid, body or header changed, key missing or of another time, expired, unsupported."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from dkim.canonicalization import Relaxed

from forensics.errors import FormatError
from forensics.findings.dkim_check import Checked, Result, check
from forensics.formats.dkim_keys import Key, read_keys

LETTER = (
    b"Received: from a by mx.example.jp; Mon, 1 Jun 2026 10:03:15 +0900\r\n"
    b"From: Sato <sato@example.jp>\r\nTo: tanaka@example.jp\r\nSubject: plans\r\n"
    b"Date: Mon, 1 Jun 2026 10:03:12 +0900\r\nMessage-ID: <1@example.jp>\r\n\r\nDear Tanaka,\r\n\r\nFrom here on.\r\n"
)
DELIVERED = 1_780_275_795


@cache
def private() -> Any:
    return rsa.generate_private_key(65537, 2048)


def public() -> str:
    der = private().public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def key(record: str = "", **changed: Any) -> Key:
    given = {"selector": "k1", "domain": "example.jp", "fetched": "2026-06-02T00:00Z"}
    given |= {"by": "H. Abe", "resolver": "192.0.2.1"}
    return Key(**{**given, "record": record or f"v=DKIM1; k=rsa; p={public()}", **changed})


def signed(letter: bytes = LETTER, extra: bytes = b"", **options: Any) -> bytes:
    """The letter with a signature; ``extra`` tags are signed as well."""
    pem = private().private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption())
    if not extra:
        fields = [b"from", b"subject", b"date"]
        made: bytes = dkim.sign(letter, b"k1", b"example.jp", pem, include_headers=fields, **options)
        return made + letter
    body = dkim.rfc822_parse(letter)[1]
    bh = base64.b64encode(hashlib.sha256(Relaxed.canonicalize_body(body)).digest())
    field = b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.jp; s=k1; h=from:subject; "
    field += extra + b"; bh=" + bh + b"; b="
    return b"DKIM-Signature: " + field + seal_of(letter, b"DKIM-Signature", field) + b"\r\n" + letter


def seal_of(letter: bytes, name: bytes, field: bytes) -> bytes:
    headers = [(each, value) for each, value in dkim.rfc822_parse(letter)[0] if each.lower() in (b"from", b"subject")]
    lines = [n + b":" + v for n, v in Relaxed.canonicalize_headers(headers)]
    ((plain, own),) = Relaxed.canonicalize_headers([(name, b" " + field)])
    return base64.b64encode(
        private().sign(b"".join(lines) + plain + b":" + own.rstrip(), padding.PKCS1v15(), hashes.SHA256())
    )


def one(raw: bytes, *keys: Key, **options: Any) -> Checked:
    (found,) = check(raw, keys, **options)
    return found


def test_an_untouched_letter_is_valid_and_names_who_fetched_the_key() -> None:
    found = one(signed(), key())
    assert found.result == Result.VALID
    assert found.key_source == "fetched 2026-06-02T00:00Z by H. Abe from 192.0.2.1"


def test_a_changed_body_a_changed_header_and_both_are_told_apart() -> None:
    raw = signed()
    body, header = raw.replace(b"Dear", b"Dead"), raw.replace(b"Subject: plans", b"Subject: plane")
    assert one(body, key()).result == Result.BODY_CHANGED
    assert one(header, key()).result == Result.HEADER_CHANGED
    assert one(header.replace(b"Dear", b"Dead"), key()).result == Result.BOTH_CHANGED


def test_without_its_key_only_the_body_hash_is_told() -> None:
    assert one(signed()).result == Result.KEY_MISSING
    found = one(signed().replace(b"Dear", b"Dead"), key(selector="k2"))
    assert (found.result, found.key_source) == (Result.BODY_CHANGED, "")


def test_a_field_added_where_none_was_signed_breaks_nothing_and_a_second_from_does() -> None:
    assert one(b"X-Spam: no\r\n" + signed(), key()).result == Result.VALID
    assert one(b"From: forged@example.org\r\n" + signed(), key()).result == Result.HEADER_CHANGED


@pytest.mark.parametrize(
    ("record", "changed", "why"),
    [
        ("v=DKIM1; k=rsa; p=", {}, "revoked"),
        (f"v=DKIM1; h=sha1; p={'{p}'}", {}, "hash"),
        (f"v=DKIM1; s=tlsrpt; p={'{p}'}", {}, "not for mail"),
        ("", {"first_seen": DELIVERED + 86_400}, "first seen after"),
        ("", {"last_seen": DELIVERED - 86_400 * 30}, "last seen before"),
        ("v=DKIM1; k=ed25519; p=AAAA", {}, "kind"),
    ],
)
def test_a_key_that_could_not_have_been_used_is_told(record: str, changed: dict[str, int], why: str) -> None:
    raw = signed(extra=b"t=%d" % DELIVERED)
    assert one(raw, key()).result == Result.VALID
    found = one(raw, key(record.replace("{p}", public()), **changed))
    assert found.result == Result.KEY_NOT_VALID_THEN
    assert why in found.detail


def test_of_several_keys_under_one_selector_the_one_that_fits_counts() -> None:
    other = key("v=DKIM1; p=" + base64.b64encode(b"no key").decode())
    assert one(signed(), other, key()).result == Result.VALID
    assert one(signed(), other).result == Result.HEADER_CHANGED


def test_expiry_is_held_against_the_last_relay_and_no_clock() -> None:
    assert one(signed(extra=b"t=%d; x=%d" % (DELIVERED - 9, DELIVERED + 9)), key()).result == Result.VALID
    assert one(signed(extra=b"t=%d; x=%d" % (DELIVERED - 99, DELIVERED - 9)), key()).result == Result.EXPIRED
    assert one(signed(extra=b"t=%d; x=%d" % (DELIVERED, DELIVERED - 1)), key()).result == Result.EXPIRED


def test_the_quotes_of_an_mbox_are_not_a_change() -> None:
    raw = signed().replace(b"\r\nFrom here", b"\r\n>From here")
    assert one(raw, key()).result == Result.BODY_CHANGED
    assert one(raw, key(), from_mbox=True).result == Result.VALID
    assert one(signed().replace(b"\r\n", b"\n"), key()).result == Result.VALID


def test_what_stands_behind_a_signed_length_is_said() -> None:
    found = one(signed(length=True) + b"A footer.\r\n", key())
    assert found.result == Result.VALID
    assert "never signed" in found.detail


def test_ed25519_is_checked() -> None:
    pair = ed25519.Ed25519PrivateKey.generate()
    bh = base64.b64encode(hashlib.sha256(Relaxed.canonicalize_body(dkim.rfc822_parse(LETTER)[1])).digest())
    field = b"v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.jp; s=k1; h=from; "
    field += b"t=%d; bh=" % DELIVERED + bh + b"; b="
    headers = [(each, value) for each, value in dkim.rfc822_parse(LETTER)[0] if each.lower() == b"from"]
    lines = b"".join(n + b":" + v for n, v in Relaxed.canonicalize_headers(headers))
    ((plain, own),) = Relaxed.canonicalize_headers([(b"DKIM-Signature", b" " + field)])
    signature = base64.b64encode(pair.sign(hashlib.sha256(lines + plain + b":" + own.rstrip()).digest()))
    raw = b"DKIM-Signature: " + field + signature + b"\r\n" + LETTER
    text = base64.b64encode(pair.public_key().public_bytes_raw()).decode()
    record = key(f"v=DKIM1; k=ed25519; p={text}")
    assert one(raw, record).result == Result.VALID
    assert one(raw.replace(b"Sato", b"Seto"), record).result == Result.HEADER_CHANGED
    early = raw.replace(b"t=%d" % DELIVERED, b"t=1500000000")
    assert one(early, record).result == Result.KEY_NOT_VALID_THEN


def arc(letter: bytes) -> bytes:
    """The letter with one ARC set, put together from RFC 8617 5.1 by hand."""
    results = b"i=1; lists.example.org; dkim=pass"
    bh = base64.b64encode(hashlib.sha256(Relaxed.canonicalize_body(dkim.rfc822_parse(letter)[1])).digest())
    ams = b"i=1; a=rsa-sha256; c=relaxed/relaxed; d=example.jp; s=k1; h=from:subject; bh=" + bh + b"; b="
    ams += seal_of(letter, b"ARC-Message-Signature", ams)
    seal = b"i=1; a=rsa-sha256; cv=none; d=example.jp; s=k1; b="
    fields = ((b"ARC-Authentication-Results", results), (b"ARC-Message-Signature", ams), (b"ARC-Seal", seal))
    whole = b"".join(
        n + b":" + v for name, value in fields for n, v in Relaxed.canonicalize_headers([(name, b" " + value)])
    )
    seal += base64.b64encode(private().sign(whole.rstrip(), padding.PKCS1v15(), hashes.SHA256()))
    head = (b"ARC-Seal: " + seal, b"ARC-Message-Signature: " + ams, b"ARC-Authentication-Results: " + results)
    return b"\r\n".join(head) + b"\r\n" + letter


def test_an_arc_set_is_checked_field_by_field() -> None:
    raw = arc(LETTER)
    assert [each.result for each in check(raw, [key()])] == [Result.VALID, Result.VALID, Result.CHAIN_HOLDS]
    assert [each.field for each in check(raw, [key()])] == ["arc-seal i=1", "arc-message-signature i=1", "arc-chain"]
    changed = check(raw.replace(b"Dear", b"Dead"), [key()])
    assert [each.result for each in changed] == [Result.VALID, Result.BODY_CHANGED, Result.CHAIN_BROKEN]
    lied = check(raw.replace(b"dkim=pass", b"dkim=fail"), [key()])
    assert [each.result for each in lied] == [Result.HEADER_CHANGED, Result.VALID, Result.CHAIN_BROKEN]
    torn = check(raw.replace(b"ARC-Authentication-Results", b"X-Results"), [key()])
    assert [each.result for each in torn] == [Result.UNSUPPORTED, Result.VALID, Result.CHAIN_BROKEN]


def test_a_key_file_is_csv_or_json() -> None:
    csv = "\ufeffselector,domain,record,fetched,by,resolver,first_seen\n"
    csv += "K1,Example.JP.,v=DKIM1; p=AA,2026-06-02,H. Abe,192.0.2.1,2026-01-01\n"
    (found,) = read_keys(csv.encode())
    assert (found.selector, found.domain, found.first_seen) == ("k1", "example.jp", 1_767_225_600)
    assert read_keys(b'[{"selector": "k1", "domain": "example.jp", "record": "p=AA"}]')[0].record == "p=AA"


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"\xff\xfe", b"[1]", b"{", b"selector,domain,record\n,x,y\n", b"[" * 100_000]
)
def test_what_is_no_key_file_says_so(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_keys(data)
