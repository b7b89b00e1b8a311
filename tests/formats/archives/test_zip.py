"""ZIP files: made by Info-ZIP 3.0 and by Python's zipfile, and by hand where neither writes what is wanted."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import FormatError
from forensics.formats.archives import Budget, Listed, list_members, read_directory
from forensics.formats.archives.limits import DEEPEST
from forensics.moments import Moment, Zone, iso
from tests.formats.archives.makers import LOCKED, PLAIN, entry


def made(*members: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", packing) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2026, 6, 1, 10, 3, 12)), data, packing)
    return held.getvalue()


def listed(data: bytes) -> list[Listed]:
    return list(list_members(data, Budget()))


def told(clocks: tuple[Moment, ...]) -> list[tuple[str, str, Zone]]:
    return [(each.says, iso(each.utc), each.zone) for each in clocks if isinstance(each.utc, int)]


def test_a_locked_member_keeps_the_crc_and_the_size_of_its_plain_bytes() -> None:
    (found,) = listed(LOCKED)
    assert found.member is not None
    assert found.member.crc32 == zlib.crc32(PLAIN)
    assert (found.member.size, found.member.locked, found.sha256) == (len(PLAIN), "ZipCrypto", "")
    assert found.why_not == "locked (ZipCrypto)"


def test_the_extended_timestamp_is_utc_and_the_dos_time_has_no_zone() -> None:
    (found,) = listed(LOCKED)
    assert found.member is not None
    assert told(found.member.clocks) == [
        ("ZIP extended timestamp, modified", "2026-06-01T01:03:13Z", Zone.STATED),
        ("ZIP extended timestamp, accessed", "2026-06-02T01:03:13Z", Zone.STATED),
        ("ZIP DOS time, modified", "2026-06-01T10:03:14Z", Zone.UNKNOWN),
    ]


def test_an_ntfs_field_holds_three_filetimes() -> None:
    ticks = 134_247_493_930_000_000
    extra = struct.pack("<HHIHHQQQ", 0x000A, 32, 0, 1, 24, ticks, ticks + 10**7, ticks - 10**7)
    (found,) = listed(entry(b"a", extra=extra))
    assert found.member is not None
    assert told(found.member.clocks)[:3] == [
        ("ZIP NTFS time, modified", "2026-06-01T01:03:13Z", Zone.STATED),
        ("ZIP NTFS time, accessed", "2026-06-01T01:03:14Z", Zone.STATED),
        ("ZIP NTFS time, created", "2026-06-01T01:03:12Z", Zone.STATED),
    ]


@pytest.mark.parametrize(
    ("name", "flags", "expected", "charset"),
    [
        ("見積書表.xlsx".encode("cp932"), 0, "見積書表.xlsx", "cp932"),
        ("見積書表.xlsx".encode(), 0x800, "見積書表.xlsx", "utf-8"),
        ("見積書表.xlsx".encode(), 0, "見積書表.xlsx", "utf-8"),
        (b"plain.txt", 0, "plain.txt", "utf-8"),
        ("Ünal.txt".encode("cp437"), 0, "Ünal.txt", "cp437"),
    ],
)
def test_a_name_is_read_by_what_it_is_and_not_as_cp437(name: bytes, flags: int, expected: str, charset: str) -> None:
    (found,) = listed(entry(name, flags=flags))
    assert found.member is not None
    assert (found.member.name, found.member.charset, found.member.raw_name) == (expected, charset, name)


def test_the_utf8_name_of_infozip_counts_for_the_name_that_it_was_made_of() -> None:
    name = "名簿.csv".encode("cp932")
    value = b"\1" + struct.pack("<I", zlib.crc32(name)) + "名簿（本物）.csv".encode()
    extra = struct.pack("<HH", 0x7075, len(value)) + value
    (found,) = listed(entry(name, extra=extra))
    assert found.member is not None
    assert found.member.name == "名簿（本物）.csv"
    (other,) = listed(entry(name + b"x", extra=extra))
    assert other.member is not None
    assert other.member.name == "名簿.csvx"


@pytest.mark.parametrize(("version", "has_crc"), [(1, True), (2, False)])
def test_of_aes_only_the_first_version_keeps_the_crc(version: int, has_crc: bool) -> None:
    extra = struct.pack("<HHH2sBH", 0x9901, 7, version, b"AE", 3, 8)
    (found,) = listed(entry(b"a", b"x" * 30, flags=1, method=99, extra=extra, crc=0x12345678))
    assert found.member is not None
    assert (found.member.locked, found.member.packing) == (f"AES-256 (AE-{version})", "deflated")
    assert (found.member.crc32 is not None) == has_crc


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_member_is_hashed_however_it_is_packed(packing: int) -> None:
    (found,) = listed(made(("a.csv", PLAIN * 50), packing=packing))
    assert found.sha256 == hashlib.sha256(PLAIN * 50).hexdigest()
    assert found.data == PLAIN * 50


def test_what_another_program_cannot_unpack_is_named() -> None:
    (found,) = listed(made(("a.csv", PLAIN * 50), packing=zipfile.ZIP_LZMA))
    assert (found.sha256, found.why_not) == ("", "a ZIP member is packed as lzma, which is not read here")


def test_archives_in_archives_are_listed_three_levels_deep() -> None:
    data = PLAIN
    for level in range(DEEPEST + 1):
        data = made((f"{level}.zip" if level else "a.csv", data))
    found = listed(data)
    assert [each.path for each in found if each.member] == [(1,), (1, 1), (1, 1, 1)]
    assert found[-1].path == (1, 1, 1)
    assert "deeper than 3" in found[-1].why_not


def test_an_office_file_in_an_archive_is_one_member() -> None:
    office = made(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"))
    assert [each.path for each in listed(made(("a.docx", office)))] == [(1,)]


def test_a_bomb_is_listed_and_not_unpacked() -> None:
    (found,) = listed(made(("bomb", bytes(5 << 20))))
    assert found.sha256 == ""
    assert "100 times" in found.why_not


def test_a_member_that_unfolds_to_more_than_is_stated_is_not_believed() -> None:
    data = bytearray(made(("a", b"x" * 1000)))
    at = data.rfind(b"PK\1\2")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    (found,) = listed(bytes(data))
    assert "has not the 10 bytes" in found.why_not


def test_a_changed_byte_is_seen_by_the_crc() -> None:
    data = entry(b"a", PLAIN).replace(b"Tanaka", b"Tanako")
    (found,) = listed(data)
    assert "CRC" in found.why_not


def test_a_budget_is_shared_by_all_members() -> None:
    budget = Budget(bytes_left=30)
    found = list(list_members(made(("a", PLAIN), ("b", PLAIN)), budget))
    assert [bool(each.sha256) for each in found] == [True, False]
    found = list(list_members(made(("a", PLAIN), ("b", PLAIN)), Budget(members_left=1)))
    assert "more members" in found[-1].why_not


def test_what_stands_before_an_archive_does_not_hide_it() -> None:
    assert [each.sha256[:4] for each in listed(b"MZ a program that unpacks itself" + made(("a", PLAIN)))] != [""]


@pytest.mark.parametrize("keep", [10, 100, -1])
def test_an_archive_without_its_end_says_so(keep: int) -> None:
    with pytest.raises(FormatError):
        list(read_directory(made(("a", PLAIN))[:keep]))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_changed_archive_is_listed_without_an_exception(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from((LOCKED, made(("a.csv", PLAIN), ("b.zip", made(("c", PLAIN))))))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    for found in listed(bytes(whole)):
        assert found.member or found.why_not
