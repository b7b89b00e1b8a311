"""The steps that put keys on the ledger and take them off: the key of the log, persons with role and dates, TSAs.

The secret half of the log's key is stored outside the case before its line is written, so no line names a key that
nobody has. When it is rotated, the old key signs the line that adds the new one.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from forensics.casefile import keyfiles, keyring, signing, sshsig
from forensics.casefile.acts import Act
from forensics.casefile.case import read_facts
from forensics.casefile.custody import Custody, PersonKey, custody
from forensics.casefile.keyring import Keyring
from forensics.casefile.ledger import replace_file
from forensics.errors import ForensicsError, FormatError, UsageError
from forensics.evidence.durable import sync_folder
from forensics.examination.conductor import Examination

_NEXT = "next"
HeldKeys = Keyring
"""The opened secrets of a case, as the command line hands them on."""
is_protected = keyring.is_protected
ROLES = ("examiner", "witness", "approver", "custodian", "counsel", "client")
_PRINCIPAL = re.compile(r"[A-Za-z0-9._@-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySummary:
    """The keys of the case as they are now, and what was done: added, revoked, rotated, known already."""

    done: str
    log_key: str
    people: tuple[tuple[str, str, str], ...] = ()
    """Who, in which role, the fingerprint."""
    stored: str = ""
    protected: bool = False
    exit_code: int = 0


def make_log_key(examination: Examination, folder: Path, passphrase: str | None) -> KeySummary:
    """Make the log's key, unless the case has it; a key that a killed run stored is taken up."""
    state = custody(examination.view().lines)
    valid = [key.vkey for key in state.log_keys if not key.revoked]
    _finish_rotation(examination, folder, passphrase, valid)
    held = keyring.exists(folder)
    ring = keyring.read(folder, examination.facts.id, passphrase) if held else keyring.new(examination.facts.id)
    vkey = ring.signer.verifier.vkey
    if vkey in valid:
        return _summary(state, "known", folder)
    if valid:
        raise UsageError(
            "this case has a key of the log already, and its secret half is not in this folder",
            place=str(folder),
            todo="name the folder that holds it with --keys DIR, or restore it from your copy",
        )
    if not held:
        keyring.write(folder, ring, passphrase)
    examination.keyring = ring
    examination.note(Act.KEY_ADD, params={"vkey": vkey})
    return _summary(examination.keys_changed(), "added", folder)


def rotate_log_key(examination: Examination, folder: Path, passphrase: str | None, why: str) -> KeySummary:
    """A new key for the log: the old one signs its coming, then its own end is put on the ledger.

    The new secret lies beside the old one until the lines are written, so that a cut leaves no line without its key.
    """
    old = _held(examination)
    new = old.rotated()
    examination.sign()
    keyring.write(folder / _NEXT, new, passphrase)
    examination.note(Act.KEY_ADD, params={"vkey": new.signer.verifier.vkey}, why=why)
    examination.keys_changed()
    examination.sign()
    examination.note(Act.KEY_REVOKE, params={"vkey": old.signer.verifier.vkey}, why=why)
    _promote(examination, folder, new, passphrase)
    return _summary(examination.keys_changed(), "rotated", folder)


def _finish_rotation(examination: Examination, folder: Path, passphrase: str | None, valid: list[str]) -> None:
    """Take up a rotation that was cut short: its key counts if its line is on the ledger, else it never came to be."""
    if not keyring.exists(folder / _NEXT):
        return
    new = keyring.read(folder / _NEXT, examination.facts.id, passphrase)
    if new.signer.verifier.vkey not in valid:
        shutil.rmtree(folder / _NEXT)
        return
    for vkey in valid:
        if vkey != new.signer.verifier.vkey:
            examination.note(Act.KEY_REVOKE, params={"vkey": vkey}, why="a rotation that was cut short is completed")
            examination.keys_changed()
    _promote(examination, folder, new, passphrase)
    examination.keys_changed()


def _promote(examination: Examination, folder: Path, new: Keyring, passphrase: str | None) -> None:
    keyring.write(folder, new, passphrase)
    shutil.rmtree(folder / _NEXT)
    examination.keyring = new


def _held(examination: Examination) -> Keyring:
    if examination.keyring is None:
        raise UsageError("the key of the log is not at hand", todo="name its folder with --keys DIR")
    return examination.keyring


def add_person(
    examination: Examination, public: str, *, principal: str, role: str, after: str = "", before: str = ""
) -> KeySummary:
    """Put a person's public SSH key on the ledger: who it is, in which role, from when until when (YYYYMMDD...Z)."""
    if not _PRINCIPAL.fullmatch(principal):
        todo = "give an e-mail address or a short name, such as examiner@example.jp"
        raise UsageError(f"{principal!r} cannot name a person: letters, digits and . _ @ - only", todo=todo)
    if role not in ROLES:
        raise UsageError(f"there is no role {role!r}", todo=f"name one of: {', '.join(ROLES)}")
    try:
        line = sshsig.public_line(public)
        dates = {"valid_after": after and _stamp(after), "valid_before": before and _stamp(before)}
    except FormatError as error:
        raise UsageError(str(error), todo="give the .pub file that ssh-keygen made, and dates as 20261231") from error
    mark = sshsig.fingerprint(sshsig.public_blob(line))
    state = custody(examination.view().lines)
    if any((p.fingerprint, p.principal, p.revoked) == (mark, principal, 0) for p in state.people):
        return _summary(state, "known")
    given = {"principal": principal, "public_key": line, "fingerprint": mark, "role": role}
    examination.note(Act.KEY_ADD, params={**given, **{name: text for name, text in dates.items() if text}})
    return _summary(examination.keys_changed(), "added")


def revoke(examination: Examination, who: str, why: str) -> KeySummary:
    """Take a person's keys off, by principal or fingerprint; what was signed before stays signed."""
    state = custody(examination.view().lines)
    found = [p for p in state.people if who in (p.principal, p.fingerprint) and not p.revoked]
    if not found:
        raise UsageError(f"no valid key on the ledger belongs to {who!r}", todo="see 'forensics case key DIR'")
    for person in {each.fingerprint: each for each in found}.values():
        params = {"principal": person.principal, "public_key": person.public_key, "fingerprint": person.fingerprint}
        examination.note(Act.KEY_REVOKE, params=params, why=why)
        state = examination.keys_changed()
    return _summary(state, "revoked")


def add_authority(examination: Examination, pem: bytes) -> KeySummary:
    """Keep the certificates of a time-stamping authority with the case; trust in them comes from outside."""
    signing.certificates(pem)
    sha256 = hashlib.sha256(pem).hexdigest()
    name = f"{keyfiles.TSA}/{sha256[:16]}.pem"
    path = examination.folder / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        sync_folder(path.parent.parent)
        replace_file(path, pem)
    if not any(line.value.get("params", {}).get("tsa") == name for line in examination.view().lines):
        examination.note(Act.KEY_ADD, params={"tsa": name, "sha256": sha256})
    return _summary(custody(examination.view().lines), "added")


def key_of(state: Custody, who: str, now_ns: int) -> PersonKey:
    """The key with which a person may sign now."""
    for each in reversed(state.people):
        dated = each.valid_after_ns <= now_ns and (not each.valid_before_ns or now_ns < each.valid_before_ns)
        if each.principal == who and not each.revoked and dated:
            return each
    todo = "put it there with 'forensics case key DIR --add FILE.pub --as NAME --role ROLE'"
    raise UsageError(f"no key of {who!r} is valid on the ledger now", todo=todo)


def summary(examination: Examination) -> KeySummary:
    """The keys as they are; nothing is written."""
    return _summary(custody(examination.view().lines), "shown")


def _summary(state: Custody, done: str, folder: Path | None = None) -> KeySummary:
    valid = [key.vkey for key in state.log_keys if not key.revoked]
    return KeySummary(
        done=done,
        log_key=valid[-1] if valid else "",
        people=tuple((p.principal, p.role, p.fingerprint) for p in state.people if not p.revoked),
        stored=str(folder) if folder else "",
        protected=folder is not None and keyring.is_protected(folder),
    )


def _stamp(text: str) -> str:
    """A date as typed, as ``allowed_signers`` has it."""
    plain = text.replace("-", "").replace(":", "").replace("T", "").removesuffix("Z")
    return sshsig.stamp(sshsig.time_ns(plain + "Z"))


def keyring_folder(case: Path, base: Path) -> Path:
    """Where the secrets of this case lie below the folder of all keys."""
    return base / read_facts(case)[0].id


def open_keyring(case: Path, base: Path, passphrase: Callable[[Path], str | None]) -> Keyring | None:
    """The secrets of the case, where there are any; ``passphrase`` is asked for protected ones and may say no."""
    try:
        facts, _ = read_facts(case)
    except ForensicsError:
        return None  # whoever opens the case says what is wrong with it
    folder = base / facts.id
    if not keyring.exists(folder):
        return None
    said = passphrase(folder) if keyring.is_protected(folder) else None
    return None if said is None and keyring.is_protected(folder) else keyring.read(folder, facts.id, said)
