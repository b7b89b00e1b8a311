"""Small real files for the attachments: XLSX, CSV, PDF and ZIP, stored without compression so that no zlib version changes a byte.

The password-protected ZIP follows APPNOTE.TXT 6.1 (traditional PKWARE encryption), which ``zipfile`` can read but not write.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape

Rows = Sequence[Sequence[str]]
_DOS_DATE = (2026, 4, 1, 9, 0, 0)


def archive(members: dict[str, bytes]) -> bytes:
    """A plain ZIP; names in UTF-8 with the language flag, as ``zipfile`` sets it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _DOS_DATE)
            info.create_system = 0  # the default differs between Windows and the rest
            info.external_attr = 0o600 << 16
            made.writestr(info, data)
    return out.getvalue()


_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def xlsx(rows: Rows) -> bytes:
    """A workbook of one sheet with inline strings (ECMA-376)."""
    cells = "".join(
        f'<row r="{at}">' + "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row) + "</row>"
        for at, row in enumerate(rows, 1)
    )
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>'
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    parts = {**_PARTS, "xl/worksheets/sheet1.xml": sheet}
    return archive({name: (head + body).encode() for name, body in parts.items()})


def csv(rows: Rows, encoding: str = "cp932") -> bytes:
    return "".join(",".join(row) + "\r\n" for row in rows).encode(encoding)


def pdf(lines: Sequence[str]) -> bytes:
    """One page of ASCII lines in Helvetica, uncompressed (ISO 32000-1)."""
    drawn = "BT /F1 12 Tf 60 780 Td 16 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj{body}endobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 6\n0000000000 65535 f \n{table}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
    return out.encode("ascii")


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    return table


class _Keys:
    """The three keys of APPNOTE.TXT 6.1.5."""

    def __init__(self, password: bytes) -> None:
        self._table = _crc_table()
        self._keys = [0x12345678, 0x23456789, 0x34567890]
        for byte in password:
            self._update(byte)

    def _update(self, byte: int) -> None:
        one, two, three = self._keys
        one = (one >> 8) ^ self._table[(one ^ byte) & 0xFF]
        two = ((two + (one & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        three = (three >> 8) ^ self._table[(three ^ (two >> 24)) & 0xFF]
        self._keys = [one, two, three]

    def encrypt(self, plain: bytes) -> bytes:
        out = bytearray()
        for byte in plain:
            key = (self._keys[2] | 2) & 0xFFFF
            out.append(byte ^ (key * (key ^ 1) >> 8) & 0xFF)
            self._update(byte)
        return bytes(out)


def locked_archive(name: bytes, data: bytes, password: bytes, at: datetime) -> bytes:
    """A ZIP of one encrypted member; the name as bytes, because Japanese tools write it in CP932 without a flag.

    | local header field        | here                          |
    |---------------------------|-------------------------------|
    | general purpose bit flag  | bit 0: encrypted              |
    | compression method        | 0: stored                     |
    | encryption header         | 12 bytes, the last from CRC-32 |
    """
    crc = zlib.crc32(data)
    lead = hashlib.sha256(data + password).digest()[:11] + bytes((crc >> 24,))
    sealed = _Keys(password).encrypt(lead + data)
    time = at.hour << 11 | at.minute << 5 | at.second // 2
    date = (at.year - 1980) << 9 | at.month << 5 | at.day
    common = struct.pack("<HHHHHIIIHH", 20, 1, 0, time, date, crc, len(sealed), len(data), len(name), 0)
    local = b"PK\x03\x04" + common + name + sealed
    central = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
