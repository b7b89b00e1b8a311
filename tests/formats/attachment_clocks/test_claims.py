"""The clocks of files: vectors of their specifications, files of independent writers, and real ones of the corpus."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from datetime import UTC, datetime

import docx
import olefile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.absent import Absent
from forensics.errors import FormatError
from forensics.formats.attachment_clocks import Claims, claims_of
from forensics.formats.attachment_clocks.claims import exif_date, pdf_date, w3c
from forensics.formats.attachment_clocks.xml_fields import fields
from forensics.moments import Basis, Meaning, Moment, Zone, iso
from tests.corpus import corpus, needs_corpus
from tests.formats.attachment_clocks import makers

TICKS = 134_247_493_930_000_000
"""2026-06-01T01:03:13Z."""
_GPS = {1: b"N", 2: ((35, 1), (40, 1), (5244, 100)), 3: b"E", 4: ((139, 1), (46, 1), (12, 1)),
        7: ((1, 1), (3, 1), (13, 1)), 29: b"2026:06:01"}  # fmt: skip
_EXIF = makers.tiff(
    {0x010F: b"Aoba", 0x0110: b"K-100", 0x0132: b"2026:06:02 09:00:00"},
    {0x9003: b"2026:06:01 10:03:13", 0x9004: b"2026:06:01 10:03:14", 0x9011: b"+09:00", 0x9291: b"25"},
    _GPS,
)
_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:xmp="x" xmlns:dc="d" '
    b'xmp:CreateDate="2026-06-01T10:03:13+09:00" xmp:CreatorTool="Aoba Writer">'
    b"<xmp:ModifyDate>2026-06-02</xmp:ModifyDate><dc:creator><rdf:Seq><rdf:li>Sato</rdf:li></rdf:Seq></dc:creator>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def told(claims: Claims) -> list[tuple[str, str, Zone]]:
    assert all(each.basis is Basis.EMBEDDED for each in claims.clocks)
    return [(each.says, shown(each), each.zone) for each in claims.clocks]


def shown(moment: Moment) -> str:
    return iso(moment.utc) if isinstance(moment.utc, int) else moment.utc.value


# -- notations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "zone"),
    [
        # The examples of the W3C's note on date and time formats.
        ("1997", "1997-01-01T00:00:00Z", Zone.UNKNOWN),
        ("1997-07-16", "1997-07-16T00:00:00Z", Zone.UNKNOWN),
        ("1997-07-16T19:20+01:00", "1997-07-16T18:20:00Z", Zone.STATED),
        ("1997-07-16T19:20:30.45+01:00", "1997-07-16T18:20:30.45Z", Zone.STATED),
        ("2026-06-01T01:03:13Z", "2026-06-01T01:03:13Z", Zone.STATED),
        ("2026-13-01T01:03:13Z", "unparsable", Zone.UNKNOWN),
        ("yesterday", "unparsable", Zone.UNKNOWN),
    ],
)
def test_a_date_of_xml(text: str, expected: str, zone: Zone) -> None:
    found = w3c(Meaning.CREATED, "x", text)
    assert (shown(found), found.zone, found.raw) == (expected, zone, text)


@pytest.mark.parametrize(
    ("text", "expected", "zone"),
    [
        # The example of ISO 32000-1, 7.9.4: December 23, 1998, 7:52 PM, Pacific time.
        ("D:199812231952-08'00'", "1998-12-24T03:52:00Z", Zone.STATED),
        ("D:199812231952-08'00", "1998-12-24T03:52:00Z", Zone.STATED),
        ("D:20010620101217", "2001-06-20T10:12:17Z", Zone.UNKNOWN),
        ("D:20260601010313Z", "2026-06-01T01:03:13Z", Zone.STATED),
        ("D:20260601010313Z00'00'", "2026-06-01T01:03:13Z", Zone.STATED),
        ("D:2026", "2026-01-01T00:00:00Z", Zone.UNKNOWN),
        ("1 June 2026", "unparsable", Zone.UNKNOWN),
    ],
)
def test_a_date_of_pdf(text: str, expected: str, zone: Zone) -> None:
    found = pdf_date(Meaning.CREATED, "x", text)
    assert (shown(found), found.zone) == (expected, zone)


def test_a_date_of_exif_has_its_zone_in_another_tag() -> None:
    found = exif_date(Meaning.CREATED, "x", "2026:06:01 10:03:13\0", "+09:00\0", "25")
    assert (shown(found), found.zone, found.offset_minutes) == ("2026-06-01T01:03:13.25Z", Zone.STATED, 540)
    found = exif_date(Meaning.CREATED, "x", "2026:06:01 10:03:13")
    assert (shown(found), found.zone, found.offset_minutes) == (
        "2026-06-01T10:03:13Z",
        Zone.UNKNOWN,
        Absent.NOT_RECORDED,
    )


# -- Office -------------------------------------------------------------------------------------------------------


def test_a_document_of_another_writer_tells_its_properties() -> None:
    document, held = docx.Document(), io.BytesIO()
    core = document.core_properties
    core.author, core.last_modified_by, core.revision = "佐藤", "K. Tanaka", 4
    core.created = datetime(2026, 6, 1, 1, 3, 13, tzinfo=UTC)
    core.modified = datetime(2026, 6, 2, 1, 3, 13, tzinfo=UTC)
    core.last_printed = datetime(2026, 6, 3, 1, 3, 13, tzinfo=UTC)
    document.save(held)
    found = claims_of(held.getvalue())
    assert sorted(told(found)) == [
        ("docProps/core.xml created", "2026-06-01T01:03:13Z", Zone.STATED),
        ("docProps/core.xml lastPrinted", "2026-06-03T01:03:13Z", Zone.STATED),
        ("docProps/core.xml modified", "2026-06-02T01:03:13Z", Zone.STATED),
    ]
    assert {("author", "佐藤"), ("last_modified_by", "K. Tanaka"), ("revision", "4")} <= set(found.facts)


def test_an_open_document_tells_its_properties_mostly_without_a_zone() -> None:
    meta = (
        '<o:document-meta xmlns:o="o" xmlns:m="m" xmlns:d="d"><o:meta><m:creation-date>2026-06-01T10:03:13.120000000'
        "</m:creation-date><d:date>2026-06-02T10:03:13</d:date><m:initial-creator>Sato</m:initial-creator>"
        "<d:creator>Tanaka</d:creator></o:meta></o:document-meta>"
    )
    found = claims_of(makers.office({"meta.xml": meta}))
    assert told(found) == [
        ("meta.xml creation-date", "2026-06-01T10:03:13.12Z", Zone.UNKNOWN),
        ("meta.xml date", "2026-06-02T10:03:13Z", Zone.UNKNOWN),
    ]
    assert found.facts == (("author", "Sato"), ("last_modified_by", "Tanaka"))


def test_entities_that_unfold_are_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><a>&d;</a>'
    with pytest.raises(FormatError, match="entities"):
        list(fields(bomb))
    with pytest.raises(FormatError, match="deeply"):
        list(fields(b"<a>" * 200))
    with pytest.raises(FormatError, match="entities"):
        claims_of(makers.office({"docProps/core.xml": bomb.decode()}))


def test_a_property_set_tells_its_times_and_its_texts_by_its_code_page() -> None:
    texts = {4: "佐藤".encode("cp932"), 8: b"Tanaka", 18: b"Microsoft Word 9.0"}
    data = makers.word(makers.property_set(932, texts, {10: 600_000_000, 12: TICKS, 13: TICKS + 10**7}))
    found = claims_of(data)
    assert told(found) == [
        ("SummaryInformation created", "2026-06-01T01:03:13Z", Zone.STATED),
        ("SummaryInformation last saved", "2026-06-01T01:03:14Z", Zone.STATED),
    ]
    assert found.facts == (("author", "佐藤"), ("last_modified_by", "Tanaka"), ("program", "Microsoft Word 9.0"))
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        other = ole.get_metadata()
    assert other.create_time == datetime(2026, 6, 1, 1, 3, 13)


# -- PDF ----------------------------------------------------------------------------------------------------------


def test_every_version_of_the_document_information_counts() -> None:
    first = b"/CreationDate (D:20260601100313+09'00') /ModDate (D:20260601100313+09'00') /Author (Sato \\(A\\))"
    second = b"/CreationDate (D:20260601100313+09'00') /ModDate (D:20260605100313) /Author <FEFF4F5085E4>"
    found = claims_of(makers.pdf(first, second))
    assert told(found) == [
        ("PDF CreationDate", "2026-06-01T01:03:13Z", Zone.STATED),
        ("PDF ModDate", "2026-06-01T01:03:13Z", Zone.STATED),
        ("PDF ModDate", "2026-06-05T10:03:13Z", Zone.UNKNOWN),
    ]
    assert found.facts == (("author", "Sato (A)"), ("author", "佐藤"))


def test_information_in_an_object_stream_is_found() -> None:
    found = claims_of(makers.packed_pdf(b"<< /CreationDate (D:20260601010313Z) /Producer (Aoba PDF) >>"))
    assert told(found) == [("PDF CreationDate", "2026-06-01T01:03:13Z", Zone.STATED)]
    assert found.facts == (("producer", "Aoba PDF"),)


@pytest.mark.parametrize("packed", [False, True])
def test_an_xmp_packet_is_read_in_the_clear_and_deflated(packed: bool) -> None:
    held = zlib.compress(_XMP) if packed else _XMP
    head = b"/Filter /FlateDecode " if packed else b""
    data = b"%PDF-1.4\n2 0 obj\n<< /Type /Metadata " + head + b">>\nstream\n" + held + b"\nendstream\nendobj\n"
    found = claims_of(data)
    assert told(found) == [
        ("XMP CreateDate", "2026-06-01T01:03:13Z", Zone.STATED),
        ("XMP ModifyDate", "2026-06-02T00:00:00Z", Zone.UNKNOWN),
    ]
    assert found.facts == (("program", "Aoba Writer"), ("author", "Sato"))


def test_of_an_encrypted_pdf_nothing_is_guessed() -> None:
    data = makers.pdf(b"/CreationDate (D:20260601100313)").replace(b"/Root", b"/Encrypt 8 0 R /Root")
    found = claims_of(data)
    assert (found.clocks, found.facts[0][0]) == ((), "locked")


# -- pictures -----------------------------------------------------------------------------------------------------

_TAKEN = [
    ("EXIF DateTimeOriginal", "2026-06-01T01:03:13.25Z", Zone.STATED),
    ("EXIF DateTimeDigitized", "2026-06-01T10:03:14Z", Zone.UNKNOWN),
    ("EXIF DateTime", "2026-06-02T09:00:00Z", Zone.UNKNOWN),
    ("EXIF GPS time", "2026-06-01T01:03:13Z", Zone.STATED),
]


@pytest.mark.parametrize(
    "data",
    [
        _EXIF,
        makers.jpeg(b"Exif\0\0" + _EXIF),
        makers.heif(_EXIF),
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(_EXIF)) + b"eXIf" + _EXIF + bytes(4),
    ],
    ids=["tiff", "jpeg", "heif", "png"],
)
def test_exif_is_found_in_every_kind_of_picture(data: bytes) -> None:
    found = claims_of(data)
    assert told(found) == _TAKEN
    assert found.facts == (("camera_maker", "Aoba"), ("camera", "K-100"), ("gps", "35.681233 N, 139.770000 E"))


def test_the_byte_order_of_exif_is_that_of_its_header() -> None:
    data = makers.tiff({0x0132: b"2026:06:02 09:00:00"}, {0x9003: b"2026:06:01 10:03:13"}, _GPS, order=">")
    assert [each[0] for each in told(claims_of(data))] == [
        "EXIF DateTimeOriginal",
        "EXIF DateTime",
        "EXIF GPS time",
    ]


def test_a_time_of_zeros_is_none() -> None:
    assert claims_of(makers.tiff({0x0132: b"0000:00:00 00:00:00"}, {}, {})).clocks == ()


def test_xmp_in_a_picture_and_the_time_of_a_png() -> None:
    found = claims_of(makers.jpeg(b"http://ns.adobe.com/xap/1.0/\0" + _XMP))
    assert told(found)[0] == ("XMP CreateDate", "2026-06-01T01:03:13Z", Zone.STATED)
    chunk = struct.pack(">I4sH5BI", 7, b"tIME", 2026, 6, 1, 1, 3, 13, 0)
    assert told(claims_of(b"\x89PNG\r\n\x1a\n" + chunk)) == [("PNG tIME", "2026-06-01T01:03:13Z", Zone.STATED)]


# -- real files and hostile ones ----------------------------------------------------------------------------------


@needs_corpus
def test_real_files_tell_what_other_programs_read_in_them() -> None:
    folder = corpus() / "msg/jstedfast+MimeKit/tnef/MAPI_ATTACH_DATA_OBJ"
    data = (folder / "VIA_Nytt_1402.doc").read_bytes()
    found = claims_of(data)
    with olefile.OleFileIO(io.BytesIO(data)) as ole:
        other = ole.get_metadata()
    assert [shown(each)[:19] for each in found.clocks] == [
        each.isoformat() for each in (other.last_printed, other.create_time, other.last_saved_time)
    ]
    assert ("author", other.author.decode()) in found.facts
    scanned = claims_of((folder / "VIA_Nytt_1402.pdf").read_bytes())
    assert told(scanned) == [
        ("PDF ModDate", "2002-08-20T07:08:43Z", Zone.STATED),
        ("PDF CreationDate", "2002-08-20T08:08:29Z", Zone.STATED),
    ]


_FILES = (
    _EXIF,
    makers.jpeg(b"Exif\0\0" + _EXIF, b"http://ns.adobe.com/xap/1.0/\0" + _XMP),
    makers.heif(_EXIF),
    makers.word(makers.property_set(932, {4: b"Sato"}, {12: TICKS})),
    makers.pdf(b"/CreationDate (D:20260601100313+09'00') /Author (Sato \\(A\\))"),
    makers.packed_pdf(b"<< /CreationDate (D:20260601010313Z) /Producer (Aoba PDF) >>"),
    makers.office({"docProps/core.xml": "<a><created>2026-06-01T01:03:13Z</created></a>"}),
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_changed_file_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(_FILES)))
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        claims_of(bytes(whole[: data.draw(st.integers(1, len(whole)))]))


@pytest.mark.parametrize(
    "data",
    [
        b"/Info 7 0 R\n" + b"obj /Type /ObjStm /N 1 /First 3 /FlateDecode stream\n" * 20_000,
        b"obj /Type /Metadata /FlateDecode stream\n" * 20_000,
        b"/Info 7 0 R 7 0 obj " + b"/Author (" * 50_000,
        b"<x:xmpmeta>" * 20_000,
    ],
    ids=["object streams", "metadata", "open texts", "packets"],
)
def test_a_pdf_that_repeats_itself_comes_to_an_end(data: bytes) -> None:
    assert claims_of(b"%PDF-1.4\n" + data).clocks == ()
