"""Small files of each kind, made by hand from their specifications."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from tests.formats.compound_builder import compound_file


def office(parts: Mapping[str, str]) -> bytes:
    """An Office Open XML file with these parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {"[Content_Types].xml": "<Types/>", **parts}.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return held.getvalue()


def property_set(page: int, texts: Mapping[int, bytes], times: Mapping[int, int]) -> bytes:
    """A property set of a code page, some texts (VT_LPSTR) and some times (VT_FILETIME), [MS-OLEPS] 2.21."""
    values = {1: struct.pack("<HHHH", 2, 0, page, 0)}
    values |= {number: struct.pack("<II", 0x1E, len(text) + 1) + text + b"\0" for number, text in texts.items()}
    values |= {number: struct.pack("<IQ", 0x40, ticks) for number, ticks in times.items()}
    at, table, held = 8 + 8 * len(values), b"", b""
    for number, value in values.items():
        padded = value.ljust(-(-len(value) // 4) * 4, b"\0")
        table += struct.pack("<II", number, at)
        held += padded
        at += len(padded)
    head = struct.pack("<HHI16sI", 0xFFFE, 0, 0x00020105, bytes(16), 1) + bytes(16) + struct.pack("<I", 48)
    return head + struct.pack("<II", at, len(values)) + table + held


def word(summary: bytes) -> bytes:
    """An OLE file with this summary."""
    return compound_file({"WordDocument": b"\xec\xa5" + bytes(510), "\x05SummaryInformation": summary})


def pdf(*versions: bytes) -> bytes:
    """A PDF whose document information was written anew by each version."""
    data = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
    for number, version in enumerate(versions):
        data += b"7 %d obj\n<< %s >>\nendobj\ntrailer << /Root 1 0 R /Info 7 %d R >>\nstartxref\n0\n%%%%EOF\n" % (
            number,
            version,
            number,
        )
    return data


def packed_pdf(information: bytes) -> bytes:
    """A PDF 1.5 whose document information lies in an object stream (ISO 32000-1, 7.5.7)."""
    pairs = b"3 0 7 20 "
    held = zlib.compress(pairs + b"<< /Other /Thing >>".ljust(20) + information)
    stream = (
        b"5 0 obj\n<< /Type /ObjStm /N 2 /First %d /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    )
    cross = b"9 0 obj\n<< /Type /XRef /Root 1 0 R /Info 7 0 R /Size 10 >>\nstream\n\nendstream\nendobj\n%%EOF\n"
    return b"%PDF-1.5\n" + stream % (len(pairs), len(held), held) + cross


def tiff(main: Mapping[int, bytes], inner: Mapping[int, bytes], gps: Mapping[int, object], order: str = "<") -> bytes:
    """A TIFF structure with three directories; values are ASCII, or three pairs of numbers."""
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8))
    sizes = [len(main) + 2, len(inner), len(gps)]
    starts = [8, 8 + 2 + sizes[0] * 12 + 4, 0]
    starts[2] = starts[1] + 2 + sizes[1] * 12 + 4
    at = starts[2] + 2 + sizes[2] * 12 + 4
    held = b""
    links = {0x8769: starts[1], 0x8825: starts[2]}
    directories: tuple[Mapping[int, object], ...] = (main, inner, gps)
    for index, directory in enumerate(directories):
        body = b""
        entries: dict[int, object] = dict(directory)
        entries.update(links if index == 0 else {})
        for tag, value in sorted(entries.items()):
            if isinstance(value, int):
                body += struct.pack(f"{order}HHII", tag, 4, 1, value)
                continue
            if isinstance(value, bytes):
                kind, count, raw = 2, len(value) + 1, value + b"\0"
            else:
                assert isinstance(value, tuple)
                numbers = [number for pair in value for number in pair]
                kind, count, raw = 5, len(value), struct.pack(f"{order}{len(numbers)}I", *numbers)
            if len(raw) <= 4:
                body += struct.pack(f"{order}HHI4s", tag, kind, count, raw)
            else:
                body += struct.pack(f"{order}HHII", tag, kind, count, at + len(held))
                held += raw
        out += struct.pack(f"{order}H", len(entries)) + body + bytes(4)
    return bytes(out) + held


def jpeg(*segments: bytes) -> bytes:
    """A JPEG with these APP1 segments and no picture."""
    inner = b"".join(b"\xff\xe1" + struct.pack(">H", len(each) + 2) + each for each in segments)
    return b"\xff\xd8" + inner + b"\xff\xda\0\2\xff\xd9"


def heif(structure: bytes) -> bytes:
    """A HEIF picture that has nothing but an item of type Exif (ISO 14496-12, 8.11)."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I4s", len(body) + 8, kind) + body

    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    entry = box(b"infe", b"\2\0\0\0" + struct.pack(">HH", 1, 0) + b"Exif\0")
    held = struct.pack(">I", 6) + b"Exif\0\0" + structure

    def meta(offset: int) -> bytes:
        place = b"\0\0\0\0\x44\0" + struct.pack(">H", 1) + struct.pack(">HHHII", 1, 0, 1, offset, len(held))
        return box(b"meta", bytes(4) + box(b"iinf", bytes(4) + struct.pack(">H", 1) + entry) + box(b"iloc", place))

    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", held)
