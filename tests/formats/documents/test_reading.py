"""Attachments of every kind are read for their text, with its place, and for what locks them."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import py7zr
import pypdf
import pytest

from forensics.formats.documents import Document, Room, State, read, xls
from forensics.formats.documents.xlsx import is_day, shown_number
from tests.formats.compound_builder import compound_file

SAMPLES = Path(__file__).parent / "samples"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def package(**parts: str) -> bytes:
    """A ZIP file with these members; ``__`` in a name stands for a slash, and the ending is .xml."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for name, text in parts.items():
            path = name.replace("__", "/") + ("" if name.endswith("rels") else ".xml")
            archive.writestr(path.replace("workbookrels", "workbook.xml.rels"), text)
    return made.getvalue()


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_dot_", "."), data)
    return made.getvalue()


def texts(found: Document) -> dict[str, str]:
    return {part.place: part.text for part in found.parts}


def test_a_word_file_is_read_with_headers_comments_and_deleted_text() -> None:
    data = package(
        word__document=f"<w:document {W}><w:p><w:r><w:t>&#39015;&#x5BA2;</w:t></w:r></w:p><w:p><w:del><w:delText>消した"
        "</w:delText></w:del></w:p></w:document>",
        word__header1=f"<w:hdr {W}><w:p><w:t>社外秘</w:t></w:p></w:hdr>",
        word__comments=f"<w:comments {W}><w:p><w:t>注釈</w:t></w:p></w:comments>",
    )
    found = read(data, "a.docx")
    assert (found.kind, found.state) == ("docx", State.OPEN)
    assert texts(found) == {"": "顧客", "deleted text": "消した", "header 1": "社外秘", "comments": "注釈"}


def test_a_workbook_is_read_with_hidden_sheets_days_and_without_reading_aids() -> None:
    data = package(
        xl__workbook=f'<workbook {S} {R}><sheets><sheet name="表" r:id="r1"/>'
        '<sheet name="裏" state="veryHidden" r:id="r2"/>'
        "</sheets></workbook>",
        xl___rels__workbookrels="<Relationships>"
        '<Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="r2" Type="x/worksheet" Target="worksheets/sheet2.xml"/></Relationships>',
        xl__sharedStrings=f"<sst {S}><si><t>佐藤</t><rPh><t>サトウ</t></rPh></si></sst>",
        xl__styles=f'<styleSheet {S}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        xl__worksheets__sheet1=f'<worksheet {S}><sheetData><row r="2"><c r="A2" t="s"><v>0</v></c>'
        '<c r="B2" s="1"><v>29221</v></c><c r="C2"><v>1.23456789018E11</v></c></row></sheetData></worksheet>',
        xl__worksheets__sheet2=f'<worksheet {S}><sheetData><row><c t="inlineStr"><is><t>原価</t></is></c></row>'
        "</sheetData></worksheet>",
    )
    assert texts(read(data, "a.xlsx")) == {
        "表!A1:C2": "佐藤\t1980-01-01\t123456789018",
        "裏 (very hidden)!A1:A1": "原価",
    }


def test_a_presentation_is_read_with_notes_and_hidden_slides() -> None:
    data = package(
        ppt__slides__slide1='<p:sld xmlns:p="p" xmlns:a="a" show="0"><a:p><a:t>計画</a:t></a:p></p:sld>',
        ppt__notesSlides__notesSlide1='<p:notes xmlns:p="p" xmlns:a="a"><a:p><a:t>口外無用</a:t></a:p></p:notes>',
    )
    assert texts(read(data, "a.pptx")) == {"slide 1 (hidden)": "計画", "notes 1": "口外無用"}


def test_entities_that_unfold_are_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    found = read(package(word__document=f"{bomb}<w:document {W}><w:t>&b;</w:t></w:document>"), "a.docx")
    assert not found.parts
    assert "document type" in found.problems[0]


def test_a_part_that_unfolds_too_much_is_refused() -> None:
    found = read(package(word__document=f"<w:document {W}><w:t>{' ' * 30_000_000}</w:t></w:document>"), "a.docx")
    assert "unfolds to more than 100 times" in found.problems[0]


def test_an_old_word_file_is_read_by_its_piece_table() -> None:
    found = read((SAMPLES / "office.doc").read_bytes(), "a.doc")
    assert found.kind == "doc"
    assert "髙﨑① 社外秘" in found.parts[0].text
    assert "佐藤太郎\t03-1234-5678" in found.parts[0].text


def test_a_locked_old_word_file_is_told_by_its_flags() -> None:
    header = bytearray(0x400)
    struct.pack_into("<HH", header, 0, 0xA5EC, 193)
    struct.pack_into("<H", header, 0x0A, 0x0100)
    assert read(compound_file({"WordDocument": bytes(header)})).state is State.ENCRYPTED


def test_an_old_presentation_is_walked_for_its_atoms() -> None:
    text = "顧客".encode("utf-16-le")
    atom = struct.pack("<HHI", 0, 0x0FA0, len(text)) + text
    low = struct.pack("<HHI", 0, 0x0FA8, 4) + b"plan"
    slide = struct.pack("<HHI", 0xF, 0x03EE, len(atom + low)) + atom + low
    found = read(compound_file({"PowerPoint Document": slide}))
    assert texts(found) == {"slide 1": "顧客\nplan"}


def test_a_locked_old_presentation_is_told_by_its_token() -> None:
    user = struct.pack("<HHIII", 0, 0x0FF6, 24, 20, 0xF3D1C4DF)
    assert read(compound_file({"PowerPoint Document": b"", "Current User": user})).state is State.ENCRYPTED


def test_a_locked_old_workbook_is_told_by_filepass() -> None:
    head = struct.pack("<HHHH", 0x0809, 4, 0x0600, 5)
    stream = head + struct.pack("<HHH", 0x002F, 2, 1) + bytes(52)
    assert xls.lock_of(stream) == "RC4 or CryptoAPI encryption"
    assert xls.lock_of(head + struct.pack("<HH", 0x000A, 0)) == ""
    found = read(compound_file({"Workbook": stream}))
    assert (found.kind, found.state) == ("xls", State.ENCRYPTED)


@pytest.mark.parametrize("stream", ["EncryptedPackage", "\x06DataSpaces"])
def test_a_locked_new_office_file_is_a_compound_file(stream: str) -> None:
    found = read(compound_file({stream: b"x" * 64}), "見積.xlsx")
    assert (found.kind, found.state) == ("office", State.ENCRYPTED)


@pytest.mark.parametrize(("user", "state"), [("", State.OWNER_ONLY), ("secret", State.ENCRYPTED)])
def test_a_pdf_that_opens_with_the_empty_password_is_not_locked(user: str, state: State) -> None:
    writer, made = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.encrypt(user, "owner", algorithm="AES-128")
    writer.write(made)
    assert read(made.getvalue(), "a.pdf").state is state


def test_a_zip_file_is_locked_if_all_of_it_is() -> None:
    data = bytearray(zipped(a_dot_txt=b"one", b_dot_txt=b"two"))
    places = [at for at in range(len(data)) if data[at : at + 4] == b"PK\x01\x02"]
    data[places[0] + 8] |= 1
    found = read(bytes(data))
    assert found.state is State.OPEN
    assert "1 of 2" in found.detail
    data[places[1] + 8] |= 1
    found = read(bytes(data))
    assert (found.state, found.detail) == (State.ENCRYPTED, "ZipCrypto")


def test_files_in_a_zip_file_are_read_with_their_path_three_levels_deep() -> None:
    inner = zipped(名簿_dot_txt="顧客".encode("cp932"))
    found = read(zipped(in_dot_zip=inner))
    assert texts(found)["in.zip > 名簿.txt"] == "顧客"
    deep = read(zipped(a_dot_zip=zipped(b_dot_zip=zipped(c_dot_zip=inner))))
    assert any("deeper than 3 levels" in each for each in deep.problems)


def seven_zip(password: str = "", names_too: bool = False) -> bytes:
    made = io.BytesIO()
    with py7zr.SevenZipFile(made, "w", password=password or None, header_encryption=names_too) as archive:
        archive.writestr("顧客名簿".encode(), "名簿.txt")
    return made.getvalue()


def test_a_7z_archive_is_read_and_its_locks_are_told() -> None:
    assert texts(read(seven_zip()))["名簿.txt"] == "顧客名簿"
    assert read(seven_zip("pw")).state is State.ENCRYPTED
    hidden = read(seven_zip("pw", names_too=True))
    assert (hidden.state, hidden.detail) == (State.ENCRYPTED, "AES-256, names too")


def crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


def test_an_lzh_archive_is_read_with_its_japanese_names() -> None:
    name, data = "見積.txt".encode("cp932"), "原価".encode("cp932")
    head = b"-lh0-" + struct.pack("<IIIBBB", len(data), len(data), 0x5A215A21, 0x20, 0, len(name)) + name
    head += struct.pack("<H", crc16(data))
    found = read(bytes((len(head), sum(head) & 0xFF)) + head + data + b"\0", "a.lzh")
    assert texts(found)["見積.txt"] == "原価"


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "cp932", "euc-jp", "iso-2022-jp"])
def test_plain_text_is_read_in_its_charset(charset: str) -> None:
    text = "顧客リストを送付します。社外秘です。よろしくお願いします。"
    assert read(text.encode(charset), "a.txt").parts[0].text == text


def test_a_message_is_read_with_what_it_carries() -> None:
    raw = (
        b"From: a@b.example\r\nSubject: =?utf-8?B?6aGn5a6i?=\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b"--x\r\nContent-Type: text/csv; name=a.csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n"
        b"1,2\r\n--x--\r\n"
    )
    found = texts(read(raw, "m.eml"))
    assert "顧客" in found["header"]
    assert (found[""], found["a.csv"]) == ("hello", "1,2")


def test_a_page_and_rtf_are_read_as_they_are_seen() -> None:
    assert texts(read("<html><title>題</title><p>顧<b>客</b></p><!-- 隠し --></html>".encode())) == {
        "title": "題", "": "顧客", "comments": "隠し",
    }  # fmt: skip
    assert read(rb"{\rtf1\ansi\ansicpg932 \'8c\'da\'8b\'71}", "a.rtf").parts[0].text == "顧客"


def test_what_is_not_read_says_what_it_needs() -> None:
    assert "unrar" in read(b"Rar!\x1a\x07\x01\x00", "a.rar").problems[0]
    assert read(b"Rar!\x1a\x07\x01\x00", "a.rar").state is State.UNKNOWN


def test_more_text_than_there_is_room_for_is_cut_and_said() -> None:
    found = read(b"a" * 100, "a.txt", Room(text=10))
    assert found.parts[0].text == "a" * 10
    assert found.problems


@pytest.mark.parametrize("cut", [10, 100, 1000, 3000])
def test_a_file_that_was_cut_short_raises_nothing(cut: int) -> None:
    for data in ((SAMPLES / "office.doc").read_bytes(), package(word__document="<a/>"), seven_zip(), zipped(a=b"x")):
        read(data[:cut], "a")
        read(bytes(byte ^ (7 if at == cut else 0) for at, byte in enumerate(data[:20_000])), "a")


def test_a_number_is_shown_as_a_person_reads_it() -> None:
    assert shown_number("1.0", False, False) == "1"
    assert shown_number("45000.5", True, False) == "2023-03-15 12:00:00"
    assert is_day("yyyy/mm/dd")
    assert not is_day('#,##0"円"')
    assert not is_day("General")
