"""``case.toml``: who, what, legal basis and scope, time zone, language and policy of one case (TOML 1.0).

The hash of its bytes stands in every ``begun`` line of the ledger, so a change that did not go through ``case set`` is
seen. A fact that nobody has given yet stays an empty text: reports show it as missing.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from zoneinfo import ZoneInfo

from forensics.casefile.ledger import replace_file
from forensics.errors import IntegrityError, UsageError
from forensics.evidence.readback import read_stored

FORMAT_VERSION = 1
FILE_NAME = "case.toml"
TWO_PERSON = "two-person"

_HEADINGS = {
    "format": ("version", "id"),
    "case": ("title", "client", "language", "time_zone", "code_page"),
    "examiner": ("examiner", "organisation", "role"),
    "authority": ("legal_basis", "scope", "purpose"),
    "policy": ("immutable_flag",),
}
_REVIEW = ("review", "people_sha256")
"""The heading of two-person control; it stands only in the file of a case that is under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """The facts of a case. ``code_page`` is the Windows code page of texts that state none (932: Japanese).

    ``review`` is ``two-person`` where content opens to two people together only; ``people_sha256`` is the hash of
    ``keys/recipients.json``, which says who. Neither changes after the case was made.
    """

    id: str
    version: int = FORMAT_VERSION
    title: str = ""
    client: str = ""
    language: str = "ja"
    time_zone: str = "Asia/Tokyo"
    code_page: int = 932
    examiner: str = ""
    organisation: str = ""
    role: str = ""
    legal_basis: str = ""
    scope: str = ""
    purpose: str = ""
    immutable_flag: bool = False
    review: str = ""
    people_sha256: str = ""

    def missing(self) -> tuple[str, ...]:
        """The facts that a person still has to supply."""
        wanted = ("title", "client", "examiner", "organisation", "legal_basis", "scope", "purpose")
        return tuple(name for name in wanted if not getattr(self, name))


def check_facts(facts: CaseFacts) -> None:
    """Refuse facts that nothing could work with."""
    try:
        ZoneInfo(facts.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"there is no time zone named {facts.time_zone!r}", todo="give one such as Asia/Tokyo or UTC"
        ) from error
    if facts.language not in ("ja", "en"):
        raise UsageError(f"the language {facts.language!r} is not known", todo="give ja or en")


def write_facts(folder: Path, facts: CaseFacts) -> str:
    """Write ``case.toml`` and return the SHA-256 of its bytes."""
    values = asdict(facts)
    lines = ["# Written by 'forensics case'; change it with 'forensics case set', which puts the change on the ledger."]
    for heading, names in _HEADINGS.items():
        lines += ["", f"[{heading}]", *(f"{name} = {_literal(values[name])}" for name in names)]
    if facts.review:
        lines += ["", "[review]", *(f"{name} = {_literal(values[name])}" for name in _REVIEW)]
    data = ("\n".join(lines) + "\n").encode()
    replace_file(folder / FILE_NAME, data)
    return hashlib.sha256(data).hexdigest()


def read_facts(folder: Path) -> tuple[CaseFacts, str]:
    """The facts of the case in ``folder`` and the SHA-256 of ``case.toml``."""
    path = folder / FILE_NAME
    try:
        data = read_stored(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(
            f"{folder} is not a case: it has no {FILE_NAME}",
            place=str(folder),
            todo=f"make one with 'forensics case new {folder}', or name the right folder",
        ) from error
    try:
        parsed = tomllib.loads(data.decode())
        _check_version(parsed["format"]["version"], path)
        values = {name: parsed[heading][name] for heading, names in _HEADINGS.items() for name in names}
        if "review" in parsed:
            values |= {name: parsed["review"][name] for name in _REVIEW}
        facts = CaseFacts(**values)
        check_types(facts)
        _check_review(facts)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError(
            f"{FILE_NAME} cannot be read: {error}", place=str(path), todo="restore it from a copy of the case"
        ) from error
    return facts, hashlib.sha256(data).hexdigest()


def _check_version(version: object, path: Path) -> None:
    """Asked before all else, because another format may have other facts."""
    if isinstance(version, int) and version != FORMAT_VERSION:
        raise UsageError(f"this case has format {version}; this program knows format {FORMAT_VERSION}", place=str(path))


def _check_review(facts: CaseFacts) -> None:
    """A mode that this program does not know could only be taken for no control at all."""
    if (facts.review, bool(facts.people_sha256)) not in (("", False), (TWO_PERSON, True)):
        raise ValueError(f"its review {facts.review!r} is not known, or it does not name the people")


def check_types(facts: CaseFacts) -> None:
    """Raise :class:`TypeError` where a fact is not of its type."""
    for each in fields(facts):
        value = getattr(facts, each.name)
        if type(value).__name__ != each.type:
            raise TypeError(f"{each.name} is {value!r}, not a value of type {each.type}")


def _literal(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
