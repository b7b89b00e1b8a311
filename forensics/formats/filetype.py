"""What kind of file some bytes are, by their first bytes (never by a name): a media type for each known signature.

Signatures as published by their formats' owners; where a container says more inside (ZIP, OLE), a second look follows.
"""

from __future__ import annotations

import re

UNKNOWN = "application/octet-stream"

_OOXML = "application/vnd.openxmlformats-officedocument."

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (2, b"-lh", "application/x-lzh-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"MSCF", "application/vnd.ms-cab-compressed"),
    (257, b"ustar", "application/x-tar"),
    (0, b"!BDN", "application/vnd.ms-outlook-pst"),
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"L\0\0\0\x01\x14\x02\0", "application/x-ms-shortcut"),
    (0, b"OggS", "application/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftyp", "video/mp4"),
    (0, b"RIFF", "application/x-riff"),
    (0, b"BM", "image/bmp"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"AC10", "image/vnd.dwg"),
    (0, b"BEGIN:VCARD", "text/vcard"),
    (0, b"BEGIN:VCALENDAR", "text/calendar"),
)
_ZIP_INSIDE: tuple[tuple[bytes, str], ...] = (
    (b"word/", _OOXML + "wordprocessingml.document"),
    (b"xl/", _OOXML + "spreadsheetml.sheet"),
    (b"ppt/", _OOXML + "presentationml.presentation"),
    (b"META-INF/MANIFEST.MF", "application/java-archive"),
)
_OLE_INSIDE: tuple[tuple[str, str], ...] = (
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("EncryptedPackage", "application/x-ole-encrypted-package"),
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
)
_HTML = re.compile(rb"\s{0,64}<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_FIELD = re.compile(rb"(?:Received|Return-Path|From|To|Date|Subject|Message-ID|MIME-Version|Delivered-To):[ \t]", re.I)
_TEXT_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def detect(data: bytes) -> str:
    """The media type of ``data``; ``application/octet-stream`` where no signature fits and it is not text."""
    for offset, signature, kind in _SIGNATURES:
        if data.startswith(signature, offset):
            return _inside(data, kind)
    head = data[:4096]
    if not head:
        return "application/x-empty"
    if _HTML.match(head):
        return "text/html"
    if _FIELD.match(head) and b"\n" in head:
        return "message/rfc822"
    return UNKNOWN if _TEXT_CONTROL.search(head) else "text/plain"


def _inside(data: bytes, kind: str) -> str:
    if kind == "application/zip":
        return next((found for name, found in _ZIP_INSIDE if name in data[:65536] or name in data[-65536:]), kind)
    if kind == "application/x-ole-storage":
        return next((found for name, found in _OLE_INSIDE if name.encode("utf-16-le") in data), kind)
    return kind
