"""Archives that lie in mail, listed and unpacked within limits that stand in one place."""

from __future__ import annotations

from forensics.formats.archives.limits import DEEPEST, MOST_BYTES, MOST_MEMBERS, RATIO, Budget
from forensics.formats.archives.listing import Listed, list_members
from forensics.formats.archives.member import Member
from forensics.formats.archives.zip_directory import is_zip, read_directory

__all__ = [
    "DEEPEST",
    "MOST_BYTES",
    "MOST_MEMBERS",
    "RATIO",
    "Budget",
    "Listed",
    "Member",
    "is_zip",
    "list_members",
    "read_directory",
]
