"""The secrets of one case, kept outside the case: the seed of the log's key and the master of all salts.

A folder for each case holds ``keyring.json`` (mode 0600) or, under a passphrase, ``keyring.age`` (age, scrypt):
``{"case":id,"log_seed":hex,"salt_master":hex,"v":1}``. Salt keys follow from the master by HKDF (RFC 5869), so a replay
finds the same salts. Whoever rotates the log's key keeps the master.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

import pyrage

from forensics import canonical
from forensics.casefile import signing
from forensics.casefile.notes import Signer
from forensics.errors import FormatError, UsageError
from forensics.evidence.durable import make_folder, open_new, sync_folder, write_all
from forensics.evidence.readback import read_stored

VERSION = 1
PLAIN, PROTECTED = "keyring.json", "keyring.age"
_SIZE = 32
_FIELDS = {"v", "case", "log_seed", "salt_master"}


def origin(case_id: str) -> str:
    """The name of the log of a case and of its key."""
    return f"email-forensics/{case_id}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Keyring:
    """The opened secrets of one case; never shown, never stored in the case."""

    case: str
    log_seed: bytes
    salt_master: bytes

    @property
    def signer(self) -> Signer:
        """The log's key."""
        return Signer(origin(self.case), self.log_seed)

    def salt_key(self, item: str) -> bytes:
        """The key from which the salts of one evidence item follow."""
        info = b"email-forensics salt v1\x00" + self.case.encode() + b"\x00" + item.encode()
        return hkdf_sha256(self.salt_master, info)

    def rotated(self) -> Keyring:
        """The same salts with a new key for the log."""
        return replace(self, log_seed=signing.new_seed())


def hkdf_sha256(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 of RFC 5869 without salt, 32 bytes: one block of expansion."""
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def new(case_id: str) -> Keyring:
    """New secrets for a case."""
    return Keyring(case=case_id, log_seed=signing.new_seed(), salt_master=secrets.token_bytes(_SIZE))


def exists(folder: Path) -> bool:
    """Whether there are secrets in this folder."""
    return (folder / PLAIN).is_file() or is_protected(folder)


def is_protected(folder: Path) -> bool:
    """Whether they need a passphrase."""
    return (folder / PROTECTED).is_file()


def read(folder: Path, case_id: str, passphrase: str | None = None) -> Keyring:
    """The secrets of the case; :class:`UsageError` where they are missing, locked or another case's."""
    if is_protected(folder):
        data = _unlocked(folder / PROTECTED, passphrase)
    else:
        try:
            data = read_stored(folder / PLAIN)
        except FileNotFoundError as error:
            todo = "make them with 'forensics case key', or name the folder of the keys with --keys"
            raise UsageError("there are no keys for this case", place=str(folder), todo=todo) from error
    try:
        value = canonical.decode(data)
        if not isinstance(value, dict) or set(value) != _FIELDS or value["v"] != VERSION:
            raise FormatError("it does not have the fields of version 1")
        found = Keyring(
            case=str(value["case"]),
            log_seed=bytes.fromhex(value["log_seed"]),
            salt_master=bytes.fromhex(value["salt_master"]),
        )
    except (FormatError, TypeError, ValueError) as error:
        todo = "restore it from the copy that you keep apart from the case"
        raise UsageError(f"the keyring cannot be read: {error}", place=str(folder), todo=todo) from error
    if found.case != case_id or {len(found.log_seed), len(found.salt_master)} != {_SIZE}:
        raise UsageError("this keyring belongs to another case", place=str(folder), todo="name the right --keys DIR")
    return found


def write(folder: Path, keyring: Keyring, passphrase: str | None = None) -> Path:
    """Store the secrets, on the disk when this returns; the form that was there before goes away after that."""
    make_folder(folder, mode=0o700)
    secret = {"log_seed": keyring.log_seed.hex(), "salt_master": keyring.salt_master.hex()}
    data = canonical.encode({"v": VERSION, "case": keyring.case, **secret})
    name, other = (PROTECTED, PLAIN) if passphrase else (PLAIN, PROTECTED)
    beside = folder / (name + ".new")
    beside.unlink(missing_ok=True)
    descriptor = open_new(beside)
    try:
        write_all(descriptor, pyrage.passphrase.encrypt(data, passphrase) if passphrase else data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    beside.replace(folder / name)
    sync_folder(folder)
    (folder / other).unlink(missing_ok=True)
    return folder / name


def _unlocked(path: Path, passphrase: str | None) -> bytes:
    todo = "type it when asked, or give it with --passphrase-fd or in FORENSICS_PASSPHRASE"
    if not passphrase:
        raise UsageError("the keys of this case are protected by a passphrase", place=str(path), todo=todo)
    try:
        return bytes(pyrage.passphrase.decrypt(read_stored(path), passphrase))
    except pyrage.DecryptError as error:
        raise UsageError("this is not the passphrase of the keys", place=str(path), todo=todo) from error
