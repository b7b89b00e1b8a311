"""Signatures: Ed25519 (RFC 8032) for the ledger, and the kinds of key that OpenSSH has (RFC 4253 6.6, 5656, 8709).

The only module of the case file that uses ``cryptography`` for signatures; all others speak of bytes.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import struct
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from forensics.errors import FormatError, UsageError

SEED_SIZE = 32
PUBLIC_SIZE = 32
SIGNATURE_SIZE = 64

ED25519 = "ssh-ed25519"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
RSA = "ssh-rsa"
RSA_SHA512, RSA_SHA256 = "rsa-sha2-512", "rsa-sha2-256"
LEAST_RSA_BITS = 2048
_CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
    "ecdsa-sha2-nistp256": (ec.SECP256R1(), hashes.SHA256()),
    "ecdsa-sha2-nistp384": (ec.SECP384R1(), hashes.SHA384()),
    "ecdsa-sha2-nistp521": (ec.SECP521R1(), hashes.SHA512()),
}
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {RSA_SHA512: hashes.SHA512(), RSA_SHA256: hashes.SHA256()}
_PRESENT = 0x01
"""The flag by which a hardware key says that a person touched it."""


def new_seed() -> bytes:
    """The secret half of a new Ed25519 key."""
    return secrets.token_bytes(SEED_SIZE)


def public_of(seed: bytes) -> bytes:
    """The public half, 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """An Ed25519 signature, 64 bytes."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is one of this key over this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# -- OpenSSH -----------------------------------------------------------------------------------------------------------


def ssh_string(data: bytes) -> bytes:
    """``string`` of RFC 4251 section 5: a length of four bytes, then the bytes."""
    return struct.pack(">I", len(data)) + data


class Wire:
    """Reads the fields of RFC 4251 section 5 one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many bytes."""
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise FormatError("an OpenSSH structure ends too early", offset=self._at)
        self._at += count
        return found

    def number(self) -> int:
        """``uint32``."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """``string``."""
        return self.take(self.number())

    def text(self) -> str:
        """``string`` that holds a name in ASCII."""
        try:
            return self.string().decode("ascii")
        except UnicodeDecodeError as error:
            raise FormatError("a name in an OpenSSH structure is not ASCII", offset=self._at) from error

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._data):
            raise FormatError("an OpenSSH structure is followed by more bytes", offset=self._at)


class SshKey:
    """A private key out of an OpenSSH file."""

    def __init__(self, key: Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        form = serialization.PublicFormat.OpenSSH
        self.public_line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, form).decode("ascii")
        """Kind and base64, as in a ``.pub`` file."""

    def sign(self, message: bytes) -> bytes:
        """The signature as ``string format, string value``."""
        if isinstance(self._key, Ed25519PrivateKey):
            name, value = ED25519, self._key.sign(message)
        elif isinstance(self._key, rsa.RSAPrivateKey):
            name, value = RSA_SHA512, self._key.sign(message, padding.PKCS1v15(), hashes.SHA512())
        else:
            name = self.public_line.split()[0]
            r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(_CURVES[name][1])))
            value = _mpint(r) + _mpint(s)
        return ssh_string(name.encode()) + ssh_string(value)


def load_ssh_key(path: Path) -> SshKey | None:
    """The private key in an OpenSSH file; ``None`` where it is protected by a passphrase."""
    todo = "give the file of an OpenSSH private key, or its .pub file if the key is held by ssh-agent"
    try:
        key = serialization.load_ssh_private_key(path.read_bytes(), None)
    except TypeError:
        return None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"this key cannot be used: {error}", place=str(path), todo=todo) from error
    if not isinstance(key, (Ed25519PrivateKey, rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise UsageError("this kind of key is too old to sign with", place=str(path), todo="make one: ssh-keygen")
    return SshKey(key)


def is_signed_by_ssh(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (``string format, string value``) is one of the public key in wire form.

    Bytes that are no key or no signature raise :class:`FormatError`; a kind that is not known is no signature.
    """
    wire = Wire(signature)
    name, value = wire.text(), wire.string()
    kind = Wire(public).text()
    if kind == SK_ED25519:
        return _hardware(public, message, name, value, wire)
    wire.end()
    if kind == ED25519:
        return name == ED25519 and is_signed(_after_kind(public), message, value)
    return _with_library(public, kind, message, name, value)


def _after_kind(public: bytes) -> bytes:
    wire = Wire(public)
    wire.string()
    value = wire.string()
    wire.end()
    return value


def _hardware(public: bytes, message: bytes, name: str, value: bytes, rest: Wire) -> bool:
    """OpenSSH's PROTOCOL.u2f: the token signs hashes, a flag byte and its own counter."""
    flags, counter = rest.take(1), rest.take(4)
    rest.end()
    key = Wire(public)
    key.string()
    point, application = key.string(), key.string()
    key.end()
    signed = hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(message).digest()
    return name == SK_ED25519 and bool(flags[0] & _PRESENT) and is_signed(point, signed, value)


def _with_library(public: bytes, kind: str, message: bytes, name: str, value: bytes) -> bool:
    try:
        key = serialization.load_ssh_public_key(f"{kind} {base64.b64encode(public).decode()}".encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise FormatError(f"this public key cannot be used: {error}") from error
    try:
        if isinstance(key, rsa.RSAPublicKey) and name in _RSA_HASHES and key.key_size >= LEAST_RSA_BITS:
            key.verify(value, message, padding.PKCS1v15(), _RSA_HASHES[name])
            return True
        if isinstance(key, ec.EllipticCurvePublicKey) and name == kind and kind in _CURVES:
            wire = Wire(value)
            r, s = (int.from_bytes(wire.string(), "big") for _ in range(2))
            wire.end()
            key.verify(encode_dss_signature(r, s), message, ec.ECDSA(_CURVES[kind][1]))
            return True
    except InvalidSignature:
        return False
    return False


def _mpint(number: int) -> bytes:
    """``mpint`` of RFC 4251 section 5, of a number that is not negative."""
    return ssh_string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


# -- X.509 -------------------------------------------------------------------------------------------------------------


def certificates(pem: bytes) -> list[x509.Certificate]:
    """The certificates in a PEM text; :class:`UsageError` where there are none."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        todo = "give the certificate of the authority in PEM form (-----BEGIN CERTIFICATE-----)"
        raise UsageError(f"this is no certificate: {error}", todo=todo) from error
