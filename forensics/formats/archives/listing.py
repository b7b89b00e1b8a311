"""Lists an archive with the archives in it, each member hashed where it is not locked and no limit forbids it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forensics.errors import FormatError
from forensics.formats.archives.limits import DEEPEST, Budget
from forensics.formats.archives.member import Member
from forensics.formats.archives.unpacking import content
from forensics.formats.archives.zip_directory import is_zip, read_directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A member, or what was lost.

    ``path`` are the numbers of the members from the attached archive to this one. ``data`` is there for a member that
    was unpacked and is not too large, ``why_not`` says why one was not. Without ``member`` it is the archive at
    ``path`` of which something could not be read.
    """

    path: tuple[int, ...]
    member: Member | None = None
    sha256: str = ""
    data: bytes | None = None
    why_not: str = ""


def list_members(data: bytes, budget: Budget, path: tuple[int, ...] = ()) -> Iterator[Listed]:
    """Every member in the order of the directory, those of an archive in it right after it; never raises."""
    try:
        for member in read_directory(data):
            if budget.members_left <= 0:
                yield Listed(path=path, why_not="it has more members than are listed here")
                return
            budget.members_left -= 1
            found = _listed(data, member, budget, (*path, member.number))
            yield found
            if found.data is not None and is_zip(found.data):
                yield from _inside(found.data, budget, found.path)
    except FormatError as error:
        yield Listed(path=path, why_not=error.what)


def _inside(data: bytes, budget: Budget, path: tuple[int, ...]) -> Iterator[Listed]:
    """The members of an archive in an archive; not those of an Office file, which is a ZIP file only by its packing."""
    if is_document(data):
        return
    if len(path) >= DEEPEST:
        yield Listed(path=path, why_not=f"archives in archives go deeper than {DEEPEST} levels")
        return
    yield from list_members(data, budget, path)


def _listed(data: bytes, member: Member, budget: Budget, path: tuple[int, ...]) -> Listed:
    if member.is_folder:
        return Listed(path=path, member=member)
    if member.locked:
        return Listed(path=path, member=member, why_not=f"locked ({member.locked})")
    refused = budget.refusal(member.packed_size, member.size)
    if refused:
        return Listed(path=path, member=member, why_not=refused)
    budget.spend(member.size)
    try:
        found = content(data, member)
    except FormatError as error:
        return Listed(path=path, member=member, why_not=error.what)
    return Listed(path=path, member=member, sha256=found.sha256, data=found.data)


def is_document(data: bytes) -> bool:
    """Whether a ZIP file is one document: Open Packaging (ECMA-376 part 2) or OpenDocument (part 2, 3.3)."""
    try:
        for member in read_directory(data):
            if member.name == "[Content_Types].xml" or (member.number == 1 and member.name == "mimetype"):
                return True
    except FormatError:
        return False
    return False
