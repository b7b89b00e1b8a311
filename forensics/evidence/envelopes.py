"""A secret that two people can open together and neither alone: age(B, age(A, secret)), with age v1 (C2SP age).

A list of recipients in one age file means *any one of them*; two layers mean *both*. ``age --decrypt`` opens them too.
"""

from __future__ import annotations

from typing import Any

import pyrage

from forensics.errors import IntegrityError, UsageError

_ENCRYPTED = (b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----")


class Identity:
    """The secret side of one person's age key, for as long as a session lasts."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self.recipient = str(key.to_public())
        """The public side: ``age1...``."""

    def open(self, envelope: bytes, place: str = "") -> bytes:
        """Take off one layer; it must have been sealed for this identity."""
        try:
            return bytes(pyrage.decrypt(envelope, [self._key]))
        except pyrage.DecryptError as error:
            raise IntegrityError(
                "this envelope does not open with the identity that was given",
                place=place,
                todo="check whose identity file it is; an envelope is for one requester and one approver",
            ) from error


def read_identity(data: bytes, passphrase: str = "", place: str = "") -> Identity:
    """The identity in a file that ``age-keygen`` wrote, encrypted with a passphrase or not."""
    if is_encrypted(data):
        try:
            data = bytes(pyrage.passphrase.decrypt(data, passphrase))
        except pyrage.DecryptError as error:
            raise UsageError("the passphrase does not open this identity file", place=place) from error
    lines = [line.strip() for line in data.decode("utf-8", "backslashreplace").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if len(keys) != 1:
        raise UsageError("this is not an identity file of age with one identity", place=place)
    try:
        return Identity(pyrage.x25519.Identity.from_str(keys[0]))
    except pyrage.IdentityError as error:
        raise UsageError("this is not an identity file of age", place=place, todo="make one with age-keygen") from error


def is_encrypted(data: bytes) -> bool:
    """Whether an identity file is itself encrypted with a passphrase."""
    return data.startswith(_ENCRYPTED)


def seal_pair(secret: bytes, *, inner: str, outer: str) -> bytes:
    """Seal for the age recipient ``inner`` (A) and around that for ``outer`` (B)."""
    return _sealed_for(_sealed_for(secret, inner), outer)


def check_recipient(text: str) -> str:
    """The recipient as given, once it is known to be one."""
    _recipient(text)
    return text


def _sealed_for(data: bytes, recipient: str) -> bytes:
    return bytes(pyrage.encrypt(data, [_recipient(recipient)]))


def _recipient(text: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UsageError(
            f"{text!r} is not an age recipient", todo="give the public key that 'age-keygen' showed: age1..."
        ) from error
