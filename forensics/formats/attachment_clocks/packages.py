"""Office files that are ZIP files: Office Open XML (ECMA-376 part 2, 11) and OpenDocument (OASIS ODF 1.2 part 1, 4.3).

Core properties are in UTC by their notation. The dates of OpenDocument mostly state no zone.
"""

from __future__ import annotations

from collections.abc import Iterator

from forensics.errors import FormatError
from forensics.formats.archives.limits import Budget
from forensics.formats.archives.member import Member
from forensics.formats.archives.unpacking import content
from forensics.formats.archives.zip_directory import read_directory
from forensics.formats.attachment_clocks.claims import Claims, fact, w3c
from forensics.formats.attachment_clocks.xml_fields import fields
from forensics.moments import Meaning, Moment

_CORE = {
    "created": (Meaning.CREATED, "created"),
    "modified": (Meaning.MODIFIED, "modified"),
    "lastPrinted": (Meaning.ACCESSED, "lastPrinted"),
}
_OPEN = {
    "creation-date": (Meaning.CREATED, "creation-date"),
    "date": (Meaning.MODIFIED, "date"),
    "print-date": (Meaning.ACCESSED, "print-date"),
}
_FACTS = {
    "docProps/core.xml": {
        "creator": "author", "lastModifiedBy": "last_modified_by", "title": "title", "revision": "revision",
    },
    "docProps/app.xml": {
        "Application": "program", "AppVersion": "program_version", "Company": "company", "Manager": "manager",
        "Template": "template", "TotalTime": "minutes_edited",
    },
    "meta.xml": {
        "initial-creator": "author", "creator": "last_modified_by", "printed-by": "printed_by", "title": "title",
        "generator": "program", "editing-cycles": "revision", "editing-duration": "time_edited",
    },
}  # fmt: skip
_TIMES = {"docProps/core.xml": _CORE, "meta.xml": _OPEN}


def of_package(data: bytes) -> Claims:
    """What the parts with properties say. Raises ``FormatError`` where one cannot be read."""
    clocks: list[Moment] = []
    facts: list[tuple[str, str]] = []
    for name, path, text in _texts(data, Budget()):
        last = path.rpartition("/")[2]
        if last in _TIMES.get(name, {}):
            meaning, word = _TIMES[name][last]
            clocks.append(w3c(meaning, f"{name} {word}", text))
        elif last in _FACTS[name]:
            facts.extend(fact(_FACTS[name][last], text))
    return Claims(clocks=tuple(clocks), facts=tuple(dict.fromkeys(facts)))


def _texts(data: bytes, budget: Budget) -> Iterator[tuple[str, str, str]]:
    """Part, path and text of every property, in the order of the directory."""
    for member in read_directory(data):
        if member.name in _FACTS:
            for path, text in fields(_part(data, member, budget)):
                yield member.name, path, text


def _part(data: bytes, member: Member, budget: Budget) -> bytes:
    refused = "it is locked" if member.locked else budget.refusal(member.packed_size, member.size)
    if refused:
        raise FormatError(f"the part {member.name} is not read: {refused}")
    budget.spend(member.size)
    return content(data, member).data or b""
