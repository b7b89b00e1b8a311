"""What lies in attachments: clocks as claims of the file, members of archives, CRCs, and limits that are named."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator

import pytest

from forensics.absent import Absent
from forensics.address import Address
from forensics.moments import Basis
from forensics.parsers import attachment_records
from forensics.records import ArchiveMember, Attachment, MomentRecord, Problem, Record
from tests.formats.archives.makers import LOCKED, PLAIN, entry
from tests.formats.attachment_clocks import makers

_PDF = makers.pdf(b"/CreationDate (D:20260601100313+09'00') /Author (Sato)")


def inside(
    data: bytes, name: str = "a.bin", detected: str = "application/octet-stream"
) -> tuple[Attachment, list[Record]]:
    at = Address(evidence="EV-0001", steps=("000001", "message:1", "attachment:1"))
    attachment = Attachment(
        address=at,
        message_id_ref="m",
        position=1,
        name=name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        detected_type=detected,
    )
    return attachment_records.inside(attachment, data)


def members(found: list[Record]) -> Iterator[ArchiveMember]:
    return (each for each in found if isinstance(each, ArchiveMember))


def test_the_clocks_of_a_file_are_claims_of_the_file_at_the_address_of_its_attachment() -> None:
    known, found = inside(_PDF, "plan.pdf")
    (moment,) = [each for each in found if isinstance(each, MomentRecord)]
    assert str(moment.address) == "EV-0001/000001/message:1/attachment:1/moment:1"
    assert (moment.moment.basis, moment.moment.says) == (Basis.EMBEDDED, "PDF CreationDate, file plan.pdf")
    assert known.facts == ("author=Sato",)
    assert known.crc32 == f"{zlib.crc32(_PDF):08x}"


def test_a_locked_member_can_be_told_by_crc_and_size_from_a_file_that_was_sent_openly() -> None:
    known, _ = inside(PLAIN)
    _, found = inside(LOCKED)
    (member,) = members(found)
    assert (member.crc32, member.size) == (known.crc32, known.size)
    assert (member.sha256, member.locked) == (Absent.UNREADABLE, "ZipCrypto")
    assert not [each for each in found if isinstance(each, Problem)]


def test_an_open_member_has_the_hash_of_the_file_and_its_own_clocks() -> None:
    known, _ = inside(_PDF)
    _, found = inside(entry("見積.pdf".encode("cp932"), _PDF))
    (member,) = members(found)
    assert (member.sha256, member.name, member.name_charset) == (known.sha256, "見積.pdf", "cp932")
    assert (member.zone, member.facts, member.detected_type) == ("unknown", ("author=Sato",), "application/pdf")
    says = [each.moment.says for each in found if isinstance(each, MomentRecord)]
    assert says == ["ZIP DOS time, modified, file 見積.pdf", "PDF CreationDate, file 見積.pdf"]


def test_a_member_of_an_archive_in_an_archive_names_what_it_lies_in() -> None:
    _, found = inside(entry(b"in.zip", entry(b"a.csv", PLAIN)))
    outer, inner = members(found)
    assert (outer.depth, inner.depth) == (1, 2)
    assert str(inner.address).endswith("attachment:1/member:1/member:1")
    assert (inner.within, inner.attachment_ref) == (outer.identity(), outer.attachment_ref)
    assert outer.within == outer.attachment_ref


def test_what_could_not_be_read_is_a_problem_with_its_address() -> None:
    _, found = inside(entry(b"a", PLAIN)[:-30])
    (problem,) = found
    assert isinstance(problem, Problem)
    assert "cut short" in problem.cause
    _, found = inside(makers.office({"docProps/core.xml": "<broken"}))
    (problem,) = found
    assert isinstance(problem, Problem)
    assert "could not be read" in problem.what


def test_a_bomb_in_a_letter_is_named_and_costs_nothing() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(5 << 20))
    _, found = inside(held.getvalue())
    (problem,) = [each for each in found if isinstance(each, Problem)]
    assert "100 times" in problem.cause


def test_many_clocks_stop_at_a_limit_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachment_records, "_MOST_MOMENTS", 2)
    _, found = inside(LOCKED)
    assert len([each for each in found if isinstance(each, MomentRecord)]) == 2
    (problem,) = [each for each in found if isinstance(each, Problem)]
    assert "3 times" in problem.what


def test_archives_of_other_kinds_say_that_they_are_not_opened() -> None:
    known, found = inside(b"7z\xbc\xaf\x27\x1c" + bytes(30), detected="application/x-7z-compressed")
    assert (found, known.facts) == ([], ("unread=archives of the kind 7z are not opened",))
