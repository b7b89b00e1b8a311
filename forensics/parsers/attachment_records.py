"""What lies in an attachment: its CRC-32, what its file says of itself, and the members of an archive, as records.

Every time in a file is a claim of the file (basis *embedded*), and belongs to the attachment by its address. The limits
on unpacking stand in :mod:`forensics.formats.archives.limits`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from forensics.absent import Absent
from forensics.address import Address, record_id
from forensics.errors import FormatError
from forensics.formats import filetype
from forensics.formats.archives import Budget, Listed, Member, is_zip, list_members
from forensics.formats.archives.listing import is_document
from forensics.formats.attachment_clocks import Claims, claims_of
from forensics.moments import Meaning, Moment
from forensics.records import ArchiveMember, Attachment, MomentRecord, Problem, Record, Text

_MOST_MOMENTS = 1_000
"""So many clocks of one attachment stand on the timeline; the rows of the members have their times all the same."""
_LONGEST_NAME = 120
_UNLISTED = {
    "application/x-7z-compressed": "7z",
    "application/vnd.rar": "RAR",
    "application/x-lzh-compressed": "LZH",
    "application/gzip": "gzip",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
    "application/x-tar": "tar",
    "application/vnd.ms-cab-compressed": "cabinet",
}


def inside(attachment: Attachment, data: bytes) -> tuple[Attachment, list[Record]]:
    """The attachment with what was learnt from its bytes, and the records of what lies in it."""
    reader = _Reader(attachment)
    found = list(reader.records(data))
    known = replace(attachment, crc32=f"{zlib.crc32(data):08x}", facts=reader.facts)
    return known, found


class _Reader:
    """One attachment on its way to records."""

    def __init__(self, attachment: Attachment) -> None:
        self.attachment = attachment
        self.facts: tuple[str, ...] = ()
        self._moments = 0
        self._members = 0

    def records(self, data: bytes) -> Iterator[Record]:
        kind = self.attachment.detected_type
        if is_zip(data) and not is_document(data):
            yield from self._archive(data)
        elif isinstance(kind, str) and kind in _UNLISTED:
            self.facts = (f"unread=archives of the kind {_UNLISTED[kind]} are not opened",)
        else:
            claims, problems = self._claims(data, self.attachment.address)
            self.facts = _facts(claims)
            yield from problems
            yield from self._clocks(claims.clocks, self.attachment.address, self.attachment.name)
        if self._moments > _MOST_MOMENTS:
            what = f"the files of this attachment state {self._moments} times"
            yield self._problem(self.attachment.address, what, f"those after the first {_MOST_MOMENTS}", "limit")

    def _archive(self, data: bytes) -> Iterator[Record]:
        places: dict[tuple[int, ...], Address] = {(): self.attachment.address}
        for listed in list_members(data, Budget()):
            if listed.member is None:
                what = "not everything in this archive could be listed"
                yield self._problem(places[listed.path], what, "members of the archive", listed.why_not)
                continue
            at = places[listed.path[:-1]].child(f"member:{listed.member.number}")
            places[listed.path] = at
            yield from self._member(listed, listed.member, at)

    def _member(self, listed: Listed, member: Member, at: Address) -> Iterator[Record]:
        self._members += 1
        data, problems = listed.data, list[Problem]()
        claims = Claims()
        if data is not None and (not is_zip(data) or is_document(data)):
            claims, problems = self._claims(data, at)
        parent = at.parent()
        owner = ArchiveMember.KIND if len(listed.path) > 1 else Attachment.KIND
        best = next((each for each in member.clocks if each.meaning is Meaning.MODIFIED), None)
        yield ArchiveMember(
            address=at,
            recovery=self.attachment.recovery,
            message_id_ref=self.attachment.message_id_ref,
            position=self._members,
            attachment_ref=self.attachment.identity(),
            within=record_id(owner, str(parent)),
            depth=len(listed.path),
            name=member.name or Absent.NOT_RECORDED,
            raw_name=member.raw_name,
            name_charset=member.charset,
            size=member.size,
            packed_size=member.packed_size,
            crc32=Absent.NOT_RECORDED if member.crc32 is None else f"{member.crc32:08x}",
            sha256=listed.sha256 or (Absent.NOT_APPLICABLE if member.is_folder else Absent.UNREADABLE),
            locked=member.locked or Absent.NOT_APPLICABLE,
            packing=member.packing,
            detected_type=Absent.NOT_APPLICABLE if data is None else filetype.detect(data),
            modified_utc=best.utc if best else Absent.NOT_RECORDED,
            zone=str(best.zone) if best else Absent.NOT_APPLICABLE,
            facts=(*((f"unread={listed.why_not}",) if listed.why_not else ()), *_facts(claims)),
        )
        yield from problems
        if listed.why_not and not member.locked:
            what = "a member of this archive could not be unpacked"
            yield self._problem(at, what, "the hash of its content and what lies in it", listed.why_not)
        yield from self._clocks((*member.clocks, *claims.clocks), at, member.name)

    def _claims(self, data: bytes, at: Address) -> tuple[Claims, list[Problem]]:
        try:
            return claims_of(data), []
        except FormatError as error:
            what = "what this file says of itself could not be read"
            return Claims(), [self._problem(at, what, "the times that the file states", error.what)]

    def _clocks(self, clocks: Iterable[Moment], at: Address, name: Text) -> Iterator[MomentRecord]:
        for position, moment in enumerate(clocks, start=1):
            self._moments += 1
            if self._moments > _MOST_MOMENTS:
                continue
            shown = name[:_LONGEST_NAME] if isinstance(name, str) else "without a name"
            yield MomentRecord(
                address=at.child(f"moment:{position}"),
                recovery=self.attachment.recovery,
                message_id_ref=self.attachment.message_id_ref,
                position=position,
                moment=replace(moment, says=f"{moment.says}, file {shown}"),
            )

    def _problem(self, at: Address, what: str, lost: str, cause: str) -> Problem:
        return Problem(address=at, recovery=self.attachment.recovery, what=what, lost=lost, cause=cause)


def _facts(claims: Claims) -> tuple[str, ...]:
    return tuple(f"{name}={text}" for name, text in claims.facts)
