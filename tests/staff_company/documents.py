# ruff: noqa: E501 - a line of a log or a letter stays one line
"""Small real files: docx, xlsx, pdf, zip with and without a password, an encrypted workbook, a drawing, a program.

The locked archives use the stream cipher of APPNOTE.TXT 6.1; the encrypted workbook is a compound file with the two
streams that ECMA-376 puts there (MS-OFFCRYPTO 2.3.4.4), whose content is noise.
"""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from xml.sax.saxutils import escape

_STAMP = (2026, 1, 5, 9, 0, 0)
TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "png": "image/png",
    "csv": "text/csv",
    "ics": "text/calendar",
    "exe": "application/x-msdownload",
    "dwg": "image/vnd.dwg",
}


@dataclass(frozen=True)
class File:
    """An attachment: its name and content; ``inline`` is an image that belongs to the text."""

    name: str
    data: bytes
    inline: bool = False

    @property
    def mime(self) -> str:
        return TYPES.get(self.name.rpartition(".")[2].lower(), "application/octet-stream")

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def encoded(self) -> bytes:
        return base64.encodebytes(self.data)


def zipped(parts: Sequence[tuple[str, bytes]], *, deflate: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as archive:
        for name, data in parts:
            archive.writestr(zipfile.ZipInfo(name, _STAMP), data)
    return out.getvalue()


_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "application/vnd.openxmlformats-officedocument"


def _package(main: str, kind: str, body: str, author: str, more: Sequence[tuple[str, str]] = ()) -> bytes:
    overrides = f'<Override PartName="/{main}" ContentType="{_MAIN}.{kind}.main+xml"/>'
    for name, content_type in (
        (n, t)
        for n, t in (("xl/worksheets/sheet1.xml", f"{_MAIN}.spreadsheetml.worksheet+xml"),)
        if any(each == n for each, _ in more)
    ):
        overrides += f'<Override PartName="/{name}" ContentType="{content_type}"/>'
    overrides += (
        '<Override PartName="/docProps/core.xml" ContentType='
        '"application/vnd.openxmlformats-package.core-properties+xml"/>'
    )
    types = (
        '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )
    rels = (
        f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_RELS}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="{main}"/><Relationship Id="r2" '
        'Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" '
        'Target="docProps/core.xml"/></Relationships>'
    )
    core = (
        '<?xml version="1.0" encoding="UTF-8"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/'
        '2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms='
        '"http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:creator>{escape(author)}</dc:creator><cp:lastModifiedBy>{escape(author)}</cp:lastModifiedBy>"
        '<dcterms:created xsi:type="dcterms:W3CDTF">2026-01-05T00:00:00Z</dcterms:created></cp:coreProperties>'
    )
    parts = [("[Content_Types].xml", types), ("_rels/.rels", rels), ("docProps/core.xml", core), (main, body), *more]
    return zipped([(name, text.encode()) for name, text in parts])


def docx(lines: Sequence[str], author: str = "") -> bytes:
    text = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{space}"><w:body>{text}</w:body></w:document>'
    return _package("word/document.xml", "wordprocessingml.document", body, author)


def xlsx(rows: Sequence[Sequence[str]], author: str = "") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{escape(each)}</t></is></c>' for each in row) + "</row>"
        for row in rows
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    sheet = f'{head}<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'
    book = (
        f'{head}<workbook xmlns="{space}" xmlns:r="{_OFFICE}"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>"
    )
    rels = (
        f'{head}<Relationships xmlns="{_RELS}"><Relationship Id="r1" Type="{_OFFICE}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    )
    more = (("xl/_rels/workbook.xml.rels", rels), ("xl/worksheets/sheet1.xml", sheet))
    return _package("xl/workbook.xml", "spreadsheetml.sheet", book, author, more)


def pdf(lines: Sequence[str], *, more: str = "", trailer: str = "") -> bytes:
    """One page of ASCII text; ``more`` goes into the catalogue, ``trailer`` into the trailer."""
    said = "".join(f"({line}) Tj 0 -14 Td " for line in lines)
    stream = f"BT /F1 10 Tf 50 780 Td {said}ET"
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {more}>>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    return (
        out
        + (
            f"xref\n0 6\n0000000000 65535 f \n{table}trailer\n<< /Size 6 /Root 1 0 R {trailer}>>\nstartxref\n{len(out)}\n%%EOF\n"
        ).encode()
    )


def _encrypt_pdf_trailer() -> str:
    owner, user = "4f" * 32, "55" * 32
    return (
        f"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <{owner}> /U <{user}> >> "
        f"/ID [<{'ab' * 16}> <{'ab' * 16}>] "
    )


def locked_pdf(lines: Sequence[str]) -> bytes:
    return pdf(lines, trailer=_encrypt_pdf_trailer())


class _Cipher:
    """The three keys of the traditional encryption (APPNOTE.TXT 6.1.5)."""

    def __init__(self, password: bytes) -> None:
        self.keys = [0x12345678, 0x23456789, 0x34567890]
        for each in password:
            self._next(each)

    def _next(self, byte: int) -> None:
        one, two, three = self.keys
        one = _crc(one, byte)
        two = ((two + (one & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        self.keys = [one, two, _crc(three, two >> 24)]

    def lock(self, data: bytes) -> bytes:
        out = bytearray()
        for each in data:
            mask = (self.keys[2] & 0xFFFF) | 2
            out.append(each ^ ((mask * (mask ^ 1)) >> 8 & 0xFF))
            self._next(each)
        return bytes(out)


_TABLE = [zlib.crc32(bytes([n])) for n in range(256)]
_BASE = [0] * 256
for _n in range(256):
    _c = _n
    for _ in range(8):
        _c = _c >> 1 ^ 0xEDB88320 if _c & 1 else _c >> 1
    _BASE[_n] = _c


def _crc(value: int, byte: int) -> int:
    return value >> 8 ^ _BASE[(value ^ byte) & 0xFF]


def locked_zip(name: str, data: bytes, password: str) -> bytes:
    """One member, stored, locked with the password."""
    check = zlib.crc32(data)
    cipher = _Cipher(password.encode())
    head = hashlib.sha256(data + b"salt").digest()[:11] + bytes([check >> 24])
    body = cipher.lock(head + data)
    path = name.encode()
    shared = struct.pack(
        "<HHHHHIII HH".replace(" ", ""), 20, 0x801, 0, 0x4800, 0x5C25, check, len(body), len(data), len(path), 0
    )
    local = b"PK\3\4" + shared + path + body
    central = b"PK\1\2" + struct.pack("<H", 20) + shared + struct.pack("<HHHII", 0, 0, 0, 0x20, 0) + path
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def locked_xlsx(seed: str) -> bytes:
    """A compound file with EncryptionInfo and EncryptedPackage, as Excel writes a workbook with a password."""
    noise = b"".join(hashlib.sha256(f"{seed}{n}".encode()).digest() for n in range(192))
    info = (
        struct.pack("<HHI", 4, 4, 0x40) + b'<?xml version="1.0"?><encryption xmlns="http://schemas.microsoft.com/'
        b'office/2006/encryption"/>'
    ).ljust(4096, b" ")
    package = (struct.pack("<Q", 6000) + noise)[:6144].ljust(6144, b"\0")
    names = (
        ("Root Entry", 5, 1, 0xFFFFFFFE, 0),
        ("EncryptionInfo", 2, 0xFFFFFFFF, 2, 4096),
        ("EncryptedPackage", 2, 0xFFFFFFFF, 10, 6144),
    )
    directory = b""
    for number, (name, kind, child, start, size) in enumerate(names):
        text = name.encode("utf-16-le")
        right = 2 if number == 1 else 0xFFFFFFFF
        directory += (
            text.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(text) + 2, kind, 1, 0xFFFFFFFF, right, child)
            + bytes(36)
            + struct.pack("<IQ", start, size)
        )
    directory += bytes(64) + struct.pack("<HBBIII", 0, 0, 0, *[0xFFFFFFFF] * 3) + bytes(48)
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    fat = [0xFFFFFFFD, end, *range(3, 10), end, *range(11, 22), end]
    header = (
        bytes.fromhex("d0cf11e0a1b11ae1")
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
        + struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0, 0)
    )
    header += b"\xff" * (512 - len(header) - 0)
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    assert free == 0xFFFFFFFF
    return header + table + directory + info + package


def drawing(seed: str) -> bytes:
    return b"AC1032" + bytes(5) + hashlib.sha512(seed.encode()).digest() * 30


def program(seed: str) -> bytes:
    """The head of a PE file: MZ, the offset of PE, and filling."""
    return (
        b"MZ"
        + bytes(58)
        + struct.pack("<I", 64)
        + b"PE\0\0"
        + struct.pack("<HH", 0x14C, 1)
        + hashlib.sha512(seed.encode()).digest() * 8
    )


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
