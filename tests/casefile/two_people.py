"""People for tests of two-person control: identities of age, SSH keys, and the file that declares them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyrage
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forensics.casefile.two_person import Person
from forensics.evidence.envelopes import Identity, read_identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One person with the files of their secrets."""

    person: Person
    identity_file: Path
    ssh_file: Path

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def identity(self) -> Identity:
        return read_identity(self.identity_file.read_bytes())


def actor(folder: Path, name: str, role: str) -> Actor:
    """A person whose keys lie in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    age = pyrage.x25519.Identity.generate()
    identity = folder / f"{name}.age.txt"
    identity.write_text(f"# public key: {age.to_public()}\n{age}\n")
    ssh = Ed25519PrivateKey.generate()
    key = folder / f"{name}.ssh"
    form = serialization.PrivateFormat.OpenSSH
    key.write_bytes(ssh.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    key.chmod(0o600)
    wire = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    public = ssh.public_key().public_bytes(*wire).decode()
    person = Person(name=name, role=role, age=str(age.to_public()), ssh=public)
    return Actor(person=person, identity_file=identity, ssh_file=key)


def people_toml(*actors: Actor) -> bytes:
    """The file that ``case new --people`` reads."""
    rows = []
    for each in actors:
        one = each.person
        rows.append(f'[[person]]\nname = "{one.name}"\nrole = "{one.role}"\nage = "{one.age}"\nssh = "{one.ssh}"\n')
    return "\n".join(rows).encode()
