"""As much of the syntax of PDF as its document information takes: dictionaries with their texts (ISO 32000-1, 7.3).

Objects are found by their ``n g obj``, not by the table of the file's end, because that is what is damaged, and because
older versions of a dictionary stay in a file that was saved again.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import islice

from forensics.formats import charsets

_NAMED = re.compile(rb"/(CreationDate|ModDate|Author|Creator|Producer|Title)\s*(?=[(<])")
_STREAM = re.compile(rb"stream\r?\n")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_LONGEST = 1 << 13
_LONGEST_PACKED = 1 << 20
_MOST_TEXTS = 30
LONGEST_DICTIONARY = 1 << 16


def texts(data: bytes, start: int) -> Iterator[tuple[str, str]]:
    """The named texts of the dictionary that begins at ``start``."""
    end = _end(data, start)
    for found in islice(_NAMED.finditer(data, start, end), _MOST_TEXTS):
        raw = _literal(data, found.end()) if data[found.end()] == 0x28 else _hexadecimal(data, found.end())
        if raw is not None:
            yield found[1].decode("ascii"), _decoded(raw)


def stream(data: bytes, start: int, most: int) -> bytes | None:
    """The stream of the object at ``start``, inflated up to ``most`` bytes; ``None`` where it is packed otherwise."""
    found = _STREAM.search(data, start, start + LONGEST_DICTIONARY)
    if found is None:
        return None
    head, begin = data[start : found.start()], found.end()
    end = data.find(b"endstream", begin, begin + _LONGEST_PACKED)
    if end < 0:
        return None
    raw = data[begin:end]
    if b"/Filter" not in head:
        return raw[:most]
    if head.count(b"FlateDecode") != 1 or b"/DecodeParms" in head or b"/Predictor" in head:
        return None
    engine = zlib.decompressobj()
    try:
        return engine.decompress(raw, most)
    except zlib.error:
        return None


def _end(data: bytes, start: int) -> int:
    """Where the object ends: at ``endobj`` or at the next object, and not too far away."""
    limit = min(len(data), start + LONGEST_DICTIONARY)
    end = data.find(b"endobj", start, limit)
    return limit if end < 0 else end


def _literal(data: bytes, start: int) -> bytes | None:
    """A text in parentheses, which may stand in it in pairs or behind a backslash."""
    depth, at, end = 0, start, min(len(data), start + _LONGEST)
    while at < end:
        byte = data[at]
        if byte == 0x5C:
            at += 1
        elif byte == 0x28:
            depth += 1
        elif byte == 0x29:
            depth -= 1
            if depth == 0:
                return _ESCAPE.sub(_unescaped, data[start + 1 : at])
        at += 1
    return None


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1].isdigit():
        return bytes((int(found[1], 8) & 0xFF,))
    return _ESCAPED.get(found[1], found[1])


def _hexadecimal(data: bytes, start: int) -> bytes | None:
    end = data.find(b">", start, start + _LONGEST)
    digits = b"".join(data[start + 1 : end].split()) if end >= 0 else b"<"
    if not re.fullmatch(rb"[0-9A-Fa-f]*", digits):
        return None
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


def _decoded(raw: bytes) -> str:
    """A text string (7.9.2.2): UTF-16 or UTF-8 with its mark, else PDFDocEncoding, or what a careless program wrote."""
    if raw.startswith((b"\xfe\xff", b"\xff\xfe")):
        return charsets.decode(raw, "utf-16").text.lstrip("\ufeff")
    return charsets.decode(raw.removeprefix(b"\xef\xbb\xbf")).text
