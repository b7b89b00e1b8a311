"""File types are told by their bytes, whatever they are called."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.formats.filetype import UNKNOWN, detect
from tests.formats.compound_builder import compound_file
from tests.samples.outlook import MESSAGES


def _zip(*names: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x")
    return sink.getvalue()


def _tar() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return sink.getvalue()


_OOXML = "application/vnd.openxmlformats-officedocument."


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (_zip("a.txt"), "application/zip"),
        (_zip(), "application/zip"),
        (_zip("[Content_Types].xml", "word/document.xml"), _OOXML + "wordprocessingml.document"),
        (_zip("[Content_Types].xml", "xl/workbook.xml"), _OOXML + "spreadsheetml.sheet"),
        (_tar(), "application/x-tar"),
        (MESSAGES["unicode.msg"], "application/vnd.ms-outlook"),
        (compound_file({"WordDocument": b"x"}), "application/msword"),
        (compound_file({"EncryptedPackage": b"x"}), "application/x-ole-encrypted-package"),
        (compound_file({"other": b"x"}), "application/x-ole-storage"),
        (b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\x21\x0f-lh5-", "application/x-lzh-compressed"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"<!DOCTYPE HTML><html>", "text/html"),
        (b"\r\n <html>", "text/html"),
        (b"Received: from a by b; x\r\n\r\n", "message/rfc822"),
        (b"Subject: only one line", "text/plain"),
        ("日本語".encode(), "text/plain"),
        ("日本語".encode("cp932"), "text/plain"),
        ("日本語".encode("iso-2022-jp"), "text/plain"),
        (b"\0\1\2", UNKNOWN),
        (b"", "application/x-empty"),
    ],
)
def test_the_type_follows_from_the_bytes(data: bytes, kind: str) -> None:
    assert detect(data) == kind


@given(st.binary(max_size=300))
def test_any_bytes_have_a_type(data: bytes) -> None:
    assert "/" in detect(data)
