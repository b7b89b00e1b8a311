"""What ``verify`` checks of a case under two-person control: all ciphertext, and with the keys what it opens to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile import reviews, two_person
from forensics.casefile.acts import Act
from forensics.casefile.ledger import Line
from forensics.casefile.two_person import People
from forensics.casefile.view import CaseView
from forensics.errors import FormatError, IntegrityError
from forensics.evidence.content import ContentStore
from forensics.evidence.item import payload_name
from forensics.evidence.readback import open_stored
from forensics.evidence.sealed_content import SealedContentStore, unlisted, verify_listed
from forensics.evidence.vault import EVIDENCE, TEXT, Vault
from forensics.evidence.verification import Difference, Told

Manifest = dict[str, Any]


def check_content(view: CaseView, told: Told) -> tuple[list[Difference], tuple[str, ...]]:
    """What differs among the contents, and what could not be checked because it takes a key."""
    root = view.folder / "content"
    if view.vault is None:
        return ContentStore(root).verify(told), ()
    manifests = list(_manifests(view))
    listed = {name: value for manifest in manifests for name, value in manifest.get("stored", {}).items()}
    left = tuple(
        f"content/{name} is listed by no finished parse, and nothing says what it should be"
        for name in unlisted(root, listed)
    )
    return verify_listed(root, listed, told), (*_closed(view, manifests), *left)


def _closed(view: CaseView, manifests: Sequence[Manifest]) -> Iterator[str]:
    """In numbers, what stays closed without two people."""
    if view.session is not None:
        return
    try:
        files = sum(1 for item in view.evidence for entry in item.files if entry.ciphertext is not None)
    except IntegrityError:
        files = 0
    contents = sum(len(manifest.get("stored", {})) for manifest in manifests)
    tables = sum(1 for manifest in manifests for part in manifest["parts"] if "plain_sha256" in part)
    if files or contents or tables:
        yield (
            f"{files} stored files, {contents} contents and {tables} tables of texts were checked as ciphertext; that "
            "they open to what the papers say takes the identities of two people"
        )


def check_control(view: CaseView, lines: Sequence[Line]) -> Iterator[Difference]:
    """The people, the envelopes, every approval and every opening; needs no key."""
    if view.vault is None:
        return
    try:
        people = two_person.read_people(view.folder, view.facts.people_sha256)
    except IntegrityError as error:
        yield Difference(place=two_person.PEOPLE_FILE, what=error.what)
        return
    yield from _envelopes(view.folder, people)
    yield from reviews.check(view.folder, people, lines)


def _envelopes(folder: Path, people: People) -> Iterator[Difference]:
    for pair in people.envelopes:
        try:
            two_person.read_envelope(folder, pair)
        except IntegrityError as error:
            yield Difference(place=pair.file, what=error.what)
    known = {pair.file for pair in people.envelopes}
    for path in sorted((folder / two_person.ENVELOPES).iterdir()):
        name = f"{two_person.ENVELOPES}/{path.name}"
        if name not in known:
            yield Difference(place=name, what=f"is not named in {two_person.PEOPLE_FILE}")


def check_plaintext(view: CaseView, told: Told) -> Iterator[Difference]:
    """Open everything and compare it with the plaintext hashes of the papers; takes the session of two people."""
    if view.session is None or view.vault is None:
        return
    vault, folder = view.vault, view.folder
    for item in view.evidence:
        for entry in item.files:
            if entry.ciphertext is not None and entry.number is not None:
                place = f"evidence/{item.name}/{payload_name(entry.number)}"
                yield from _opens(folder, vault, EVIDENCE, str(entry.sha256), place, told)
    store = SealedContentStore(folder / "content", vault)
    for manifest in _manifests(view):
        for sha256 in manifest["content"]:
            yield from _content_opens(store, sha256, told)
        for part in manifest["parts"]:
            if "plain_sha256" in part:
                yield from _opens(folder, vault, TEXT, part["plain_sha256"], part["path"], told)


def _opens(folder: Path, vault: Vault, purpose: str, sha256: str, place: str, told: Told) -> Iterator[Difference]:
    try:
        with vault.open(purpose, sha256, open_stored(folder / place), place) as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
            told(handle.tell(), 0)
    except (OSError, IntegrityError) as error:
        yield Difference(place=place, what=f"does not open: {error}")
        return
    if found != sha256:
        yield Difference(place=place, what=f"opens to something else: its plaintext has the SHA-256 {found}")


def _content_opens(store: SealedContentStore, sha256: str, told: Told) -> Iterator[Difference]:
    place = f"content/{store.path(sha256).name}"
    try:
        with store.open(sha256) as handle:
            found = hashlib.sha256()
            while piece := handle.read(1 << 20):
                found.update(piece)
                told(len(piece), 0)
    except (OSError, IntegrityError) as error:
        yield Difference(place=place, what=f"does not open: {error}")
        return
    if found.hexdigest() != sha256:
        yield Difference(place=place, what="opens to something else than its name and its records say")


def _manifests(view: CaseView) -> Iterator[Manifest]:
    """What the newest parses list; one that was changed is named by the check of all results."""
    for name in view.evidence_names():
        line = view.newest(Act.PARSE, evidence=name)
        for output in line.value.get("out", []) if line is not None else []:
            try:
                yield canonical.decode(view.read_output(output))
            except (IntegrityError, FormatError):
                continue
