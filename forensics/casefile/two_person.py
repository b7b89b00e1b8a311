"""Two-person control: who may ask and who may approve, and the secrets that a requester and an approver share.

    keys/recipients.json    {"v":1, "case":id, "people":[{name, title, role, age, ssh}], "envelopes":[{requester,
                            approver, file, sha256}]}; its hash stands in case.toml
    keys/envelopes/*.age    age(approver, age(requester, secrets)), one for each pair that may work together

The secrets, {"v":1, "case":id, "data_key":hex, "salt_master":hex}, are stored nowhere else.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile import sshsig
from forensics.casefile.ledger import replace_file
from forensics.errors import FormatError, IntegrityError, UsageError
from forensics.evidence import envelopes
from forensics.evidence.durable import sync_folder
from forensics.evidence.envelopes import Identity
from forensics.evidence.readback import read_stored
from forensics.evidence.vault import KEY_SIZE, Vault, fresh_key

PEOPLE_FILE = "keys/recipients.json"
ENVELOPES = "keys/envelopes"
REQUESTER, APPROVER, BOTH = "requester", "approver", "both"
_VERSION = 1
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_FILE = re.compile(r"keys/envelopes/[0-9]{2,4}-[0-9]{2,4}\.age")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person: ``name`` as signatures use it, ``title`` as people read it, the side, and both public keys."""

    name: str
    role: str
    age: str
    ssh: str
    title: str = ""

    @property
    def asks(self) -> bool:
        """Whether this person may request."""
        return self.role in (REQUESTER, BOTH)

    @property
    def approves(self) -> bool:
        """Whether this person may approve."""
        return self.role in (APPROVER, BOTH)

    def signers(self) -> tuple[sshsig.Allowed, ...]:
        """What this person's key may sign here."""
        space = sshsig.namespace("approve")
        return (sshsig.Allowed(principals=self.name, public=sshsig.public_blob(self.ssh), namespaces=space),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairEnvelope:
    """Where the secrets lie for one pair."""

    requester: str
    approver: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everyone who may open content of a case, and the pairs that can."""

    case: str
    people: tuple[Person, ...]
    envelopes: tuple[PairEnvelope, ...]

    def named(self, name: str) -> Person:
        """The person of this name."""
        found = next((each for each in self.people if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in self.people)
            raise UsageError(f"{name!r} is none of the people of this case", todo=f"name one of: {known}")
        return found

    def pair(self, requester: str, approver: str) -> PairEnvelope:
        """The envelope of a pair."""
        for each in self.envelopes:
            if (each.requester, each.approver) == (requester, approver):
                return each
        raise UsageError(f"{requester} and {approver} are no pair that may open this case together")

    def owner(self, identity: Identity) -> Person:
        """Whose identity file this is."""
        found = next((each for each in self.people if each.age == identity.recipient), None)
        if found is None:
            raise UsageError(
                "this identity belongs to none of the people of this case", todo=f"see {PEOPLE_FILE} in the case"
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What an envelope holds: the key of all ciphertext and the master of the salts of the message tree."""

    case: str
    data_key: bytes
    salt_master: bytes

    @classmethod
    def new(cls, case: str, salt_master: bytes = b"") -> Secrets:
        """Fresh ones; the master of the salts is taken over where the case has one already."""
        return cls(case=case, data_key=fresh_key(), salt_master=salt_master or fresh_key())

    def vault(self) -> Vault:
        """The keys that they give."""
        return Vault(self.data_key)

    def encode(self) -> bytes:
        """As they are sealed."""
        value = {"v": _VERSION, "case": self.case, "data_key": self.data_key.hex()}
        return canonical.encode({**value, "salt_master": self.salt_master.hex()})

    @classmethod
    def decode(cls, data: bytes, case: str) -> Secrets:
        """Read back; those of another case are refused."""
        try:
            value = canonical.decode(data)
            keys = {name: bytes.fromhex(value[name]) for name in ("data_key", "salt_master")}
            known = value["v"] == _VERSION and all(len(key) == KEY_SIZE for key in keys.values())
        except (FormatError, KeyError, TypeError, ValueError):
            known = False
        if not known:
            raise IntegrityError("an envelope of this case holds something else than its secrets")
        if value["case"] != case:
            raise IntegrityError(f"the envelope holds the secrets of another case: {value['case']}")
        return cls(case=case, **keys)


# -- making --------------------------------------------------------------------------------------------------------


def declared(data: bytes, place: str = "") -> tuple[Person, ...]:
    """The people in a TOML file: tables ``[[person]]`` with name, role, age, ssh and, if wanted, title."""
    try:
        rows = tomllib.loads(data.decode())["person"]
        people = tuple(Person(**row) for row in rows)
        for each in people:
            _check_person(each)
    except (ValueError, KeyError, TypeError, FormatError) as error:
        raise UsageError(
            f"the file of people cannot be used: {error}", place=place, todo="see docs/how-to/two-person-review.md"
        ) from error
    _check_pools(people)
    return people


def _check_person(person: Person) -> None:
    if not all(isinstance(value, str) for value in asdict(person).values()):
        raise ValueError("every value is a text")
    if not _NAME.fullmatch(person.name):
        raise ValueError(f"the name {person.name!r} has other characters than letters, digits and . _ @ -")
    if person.role not in (REQUESTER, APPROVER, BOTH):
        raise ValueError(f"the role of {person.name} is {person.role!r}, not requester, approver or both")
    envelopes.check_recipient(person.age)
    sshsig.public_blob(person.ssh)


def _check_pools(people: Sequence[Person]) -> None:
    for what, values in (
        ("name", [each.name for each in people]),
        ("age recipient", [each.age for each in people]),
        ("SSH key", [sshsig.public_line(each.ssh) for each in people]),
    ):
        twice = next((value for value in values if values.count(value) > 1), "")
        if twice:
            raise UsageError(f"two people have the same {what}: {twice}", todo="give every person keys of their own")
    if not _pairs(people):
        raise UsageError("nobody can approve what another asks for", todo="name a requester and an approver at least")


def _pairs(people: Sequence[Person]) -> list[tuple[int, int]]:
    numbered = list(enumerate(people, start=1))
    return [(i, j) for (i, a), (j, b) in product(numbered, numbered) if i != j and a.asks and b.approves]


def establish(folder: Path, people: Sequence[Person], secrets: Secrets) -> str:
    """Seal the secrets for every pair and write who they are; returns the SHA-256 of ``recipients.json``."""
    (folder / ENVELOPES).mkdir(parents=True, exist_ok=True)
    for left in (folder / ENVELOPES).iterdir():
        # Of a run that was killed before the case was made: nothing was ever sealed with what they hold.
        left.unlink()
    listed = []
    for i, j in _pairs(people):
        asks, approves = people[i - 1], people[j - 1]
        data = envelopes.seal_pair(secrets.encode(), inner=asks.age, outer=approves.age)
        file = f"{ENVELOPES}/{i:02d}-{j:02d}.age"
        replace_file(folder / file, data)
        pair = PairEnvelope(
            requester=asks.name, approver=approves.name, file=file, sha256=hashlib.sha256(data).hexdigest()
        )
        listed.append(asdict(pair))
    value = {"v": _VERSION, "case": secrets.case, "people": [asdict(each) for each in people], "envelopes": listed}
    written = canonical.encode(value)
    replace_file(folder / PEOPLE_FILE, written)
    sync_folder(folder / "keys")
    return hashlib.sha256(written).hexdigest()


# -- reading -------------------------------------------------------------------------------------------------------


def read_people(folder: Path, sha256: str) -> People:
    """The people of a case; ``sha256`` is what case.toml says of the file."""
    path = folder / PEOPLE_FILE
    try:
        data = read_stored(path)
    except OSError as error:
        raise IntegrityError(f"{PEOPLE_FILE} cannot be read: {error.strerror}", place=str(path)) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise IntegrityError(f"{PEOPLE_FILE} is not the file that case.toml names", place=str(path))
    return _people(data)


def _people(data: bytes) -> People:
    try:
        value = canonical.decode(data)
        people = tuple(Person(**each) for each in value["people"])
        listed = tuple(PairEnvelope(**each) for each in value["envelopes"])
        if value["v"] != _VERSION or not all(_FILE.fullmatch(each.file) for each in listed):
            raise ValueError("its version or one of its files is not known")
        for each in people:
            _check_person(each)
    except (FormatError, UsageError, KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"{PEOPLE_FILE} cannot be read: {error}") from error
    return People(case=str(value["case"]), people=people, envelopes=listed)


def read_envelope(folder: Path, pair: PairEnvelope) -> bytes:
    """The stored envelope of a pair."""
    path = folder / pair.file
    try:
        data = read_stored(path)
    except OSError as error:
        raise IntegrityError(f"{pair.file} cannot be read: {error.strerror}", place=str(path)) from error
    if hashlib.sha256(data).hexdigest() != pair.sha256:
        raise IntegrityError(f"{pair.file} is not the envelope that {PEOPLE_FILE} names", place=str(path))
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """The secrets, opened by two people in one session."""

    requester: str
    approver: str
    secrets: Secrets


def open_together(folder: Path, people: People, identities: Sequence[Identity], requester: str = "") -> Together:
    """Both are here: the one opens the outer layer and the other the inner one.

    ``requester`` says who of them asks, where both could.
    """
    owners = [people.owner(each) for each in identities]
    if len({each.name for each in owners}) < 2:
        raise UsageError(
            "one person alone cannot open this case",
            todo="give two identity files: one of a requester and one of an approver",
        )
    for asks, approves in product(range(len(owners)), repeat=2):
        a, b = owners[asks], owners[approves]
        if a.name != b.name and a.asks and b.approves and requester in ("", a.name):
            pair = people.pair(a.name, b.name)
            inner = identities[approves].open(read_envelope(folder, pair), pair.file)
            secrets = Secrets.decode(identities[asks].open(inner, pair.file), people.case)
            return Together(requester=a.name, approver=b.name, secrets=secrets)
    named = " and ".join(each.name for each in owners)
    raise UsageError(f"{named} are no requester and approver", todo="one of each side has to take part")


def open_handed(people: People, inner: bytes, requester: Identity, approver: str) -> Together:
    """The approver took off the outer layer elsewhere and handed over the inner one."""
    asks = people.owner(requester)
    people.pair(asks.name, approver)
    secrets = Secrets.decode(requester.open(inner), people.case)
    return Together(requester=asks.name, approver=approver, secrets=secrets)


def key_lines(people: People) -> tuple[dict[str, Any], ...]:
    """What the ledger says of each person's key when the case is made."""
    return tuple(
        {
            "principal": each.name,
            "public_key": sshsig.public_line(each.ssh),
            "role": each.role,
            "age": each.age,
        }
        for each in people.people
    )
