"""DKIM signatures (RFC 6376, relaxed/relaxed, rsa-sha256) with keys that follow from the seed.

The keys are made here because a library's keys are never the same twice; RSA is PKCS #1 1.5 (RFC 8017 8.2), so the
same key and message give the same signature, and any verifier can check it.
"""

from __future__ import annotations

import base64
import hashlib
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_PUBLIC = 65537
_BITS = 1024
_SMALL = math.prod(n for n in range(3, 400, 2) if all(n % d for d in range(3, n, 2)))
Field = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A private key, its selector and its domain."""

    domain: str
    selector: str
    p: int
    q: int

    @property
    def modulus(self) -> int:
        return self.p * self.q

    def sign(self, message: bytes) -> bytes:
        size = _BITS // 8
        tail = b"\x00" + _DIGEST_INFO + hashlib.sha256(message).digest()
        block = int.from_bytes(b"\x00\x01" + b"\xff" * (size - 2 - len(tail)) + tail, "big")
        exponent = pow(_PUBLIC, -1, (self.p - 1) * (self.q - 1))
        first, second = pow(block, exponent % (self.p - 1), self.p), pow(block, exponent % (self.q - 1), self.q)
        whole = second + self.q * ((first - second) * pow(self.q, -1, self.p) % self.p)
        return whole.to_bytes(size, "big")

    def record(self) -> str:
        """The TXT record: SubjectPublicKeyInfo in DER (RFC 5280 4.1)."""
        inner = _der(0x30, _der_number(self.modulus) + _der_number(_PUBLIC))
        algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
        whole = _der(0x30, algorithm + _der(0x03, b"\x00" + inner))
        return f"v=DKIM1; k=rsa; p={base64.b64encode(whole).decode()}"


def make_key(domain: str, selector: str, seed: str) -> Key:
    """The key of a selector; the same seed gives the same key."""
    rng = random.Random(f"{seed}:{selector}:{domain}")
    p = _prime(rng)
    q = _prime(rng)
    while q == p:
        q = _prime(rng)
    return Key(domain=domain, selector=selector, p=p, q=q)


def _prime(rng: random.Random) -> int:
    half = _BITS // 2
    while True:
        number = rng.getrandbits(half) | 3 << (half - 2) | 1
        if math.gcd(number, _SMALL) == 1 and (number - 1) % _PUBLIC and _is_prime(number, rng):
            return number


def _is_prime(number: int, rng: random.Random) -> bool:
    """Miller and Rabin, 20 rounds."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(20):
        value = pow(rng.randrange(2, number - 1), odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def _der_number(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def signature(key: Key, fields: Sequence[Field], body: bytes, seconds: int) -> Field:
    """The DKIM-Signature of a message as it leaves; From, Reply-To and Cc are signed once more than they are there."""
    names = [name.lower() for name, _ in fields]
    wanted = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "content-type")
    signed = [name for name in wanted if name in names] + ["from", "cc", "reply-to"]
    digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode()
    tags = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={key.domain}; s={key.selector};\r\n\tt={seconds}; "
        f"h={':'.join(signed)};\r\n\tbh={digest};\r\n\tb="
    )
    left = list(fields)
    text = ""
    for name in signed:
        at = next((i for i in range(len(left) - 1, -1, -1) if left[i][0].lower() == name), None)
        if at is not None:
            text += _relaxed(*left.pop(at)) + "\r\n"
    text += _relaxed("DKIM-Signature", tags)
    value = base64.b64encode(key.sign(text.encode("utf-8"))).decode()
    return "DKIM-Signature", tags + "\r\n\t ".join(value[at : at + 70] for at in range(0, len(value), 70))


def _relaxed(name: str, value: str) -> str:
    plain = re.sub(r"[ \t]+", " ", value.replace("\r\n", "")).strip()
    return f"{name.lower()}:{plain}"


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 3.4.4."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    text = b"\r\n".join(lines).rstrip(b"\r\n")
    return text + b"\r\n" if text else b""
