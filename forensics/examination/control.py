"""Puts a new case under two-person control, and opens one for the work of two people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from forensics.casefile import two_person
from forensics.casefile.case import TWO_PERSON, CaseFacts, read_facts
from forensics.casefile.sessions import Session as Session
from forensics.casefile.two_person import People, Secrets, Together
from forensics.casefile.two_person import Person as Person
from forensics.errors import UsageError
from forensics.evidence import envelopes
from forensics.evidence.envelopes import Identity as Identity

Ask = Callable[[Path], str]
"""Asks the person who sits there for the passphrase of an identity file."""


def read_declared(path: Path) -> tuple[Person, ...]:
    """The people of a TOML file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"the file of people cannot be read: {error.strerror}", place=str(path)) from error
    return two_person.declared(data, str(path))


def put_under_control(folder: Path, facts: CaseFacts, people: Sequence[Person]) -> tuple[CaseFacts, Session]:
    """Make the secrets of a new case and seal them for every pair; they stay open for this process only."""
    secrets = Secrets.new(facts.id)
    sha256 = two_person.establish(folder, people, secrets)
    pair = two_person.read_people(folder, sha256).envelopes[0]
    together = Together(requester=pair.requester, approver=pair.approver, secrets=secrets)
    return replace(facts, review=TWO_PERSON, people_sha256=sha256), Session(together)


def people_of(folder: Path) -> People:
    """The people of a case that is under two-person control."""
    facts, _ = read_facts(folder)
    if not facts.review:
        raise UsageError(
            "this case is not under two-person control, so nothing of it needs an approval",
            place=str(folder),
            todo="a new case is put under it with 'forensics case new DIR --review two-person --people FILE'",
        )
    return two_person.read_people(folder, facts.people_sha256)


def read_identities(paths: Iterable[Path], ask: Ask) -> tuple[Identity, ...]:
    """The identities in these files; a passphrase is asked for where a file has one."""
    return tuple(_identity(path, ask) for path in paths)


def _identity(path: Path, ask: Ask) -> Identity:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"the identity file cannot be read: {error.strerror}", place=str(path)) from error
    return envelopes.read_identity(data, ask(path) if envelopes.is_encrypted(data) else "", str(path))


def open_for_work(folder: Path, identities: Sequence[Identity]) -> Session | None:
    """The session of two people who are both here; ``None`` for a case that needs none, or where nobody is named.

    It lets machines work. Whatever a person is to see takes an approval as well.
    """
    facts, _ = read_facts(folder)
    if not facts.review or not identities:
        return None
    return Session(two_person.open_together(folder, people_of(folder), identities))
