"""Compression of RTF bodies: [MS-OXRTFCP] 2.1.3 and 3.2.1."""

from __future__ import annotations

import struct
from typing import Final

from forensics.formats.pst.writer.layout import crc

_DICTIONARY: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    b"\\b\\i\\u\\tab\\tx"
)
_WINDOW: Final = 4096
_LONGEST: Final = 17
_LZFU: Final = 0x75465A4C


def compressed(rtf: bytes) -> bytes:
    """RTF as LZFu, with header: COMPSIZE, RAWSIZE, COMPTYPE, CRC."""
    contents = b"".join(_runs(_tokens(rtf)))
    return struct.pack("<IIII", len(contents) + 12, len(rtf), _LZFU, crc(contents)) + contents


def _tokens(rtf: bytes) -> list[tuple[bool, bytes]]:
    """Literals, and references (offset in the window, length) to what stands there; the last one ends the stream."""
    text = _DICTIONARY + rtf
    at, tokens = len(_DICTIONARY), []
    while at < len(text):
        found, length = _match(text, at)
        if length >= 2:
            tokens.append((True, struct.pack(">H", (found % _WINDOW) << 4 | length - 2)))
        else:
            length = 1
            tokens.append((False, text[at : at + 1]))
        at += length
    tokens.append((True, struct.pack(">H", (at % _WINDOW) << 4)))
    return tokens


def _match(text: bytes, at: int) -> tuple[int, int]:
    # The window's write position is never referred to: such a reference means the end.
    start = max(0, at - _WINDOW + _LONGEST + 1)
    found, length = -1, 1
    while length < _LONGEST and at + length < len(text):
        here = text.rfind(text[at : at + length + 1], start, at)
        if here < 0:
            break
        found, length = here, length + 1
    return found, length


def _runs(tokens: list[tuple[bool, bytes]]) -> list[bytes]:
    """Eight tokens after a byte that says which are references."""
    runs = []
    for at in range(0, len(tokens), 8):
        group = tokens[at : at + 8]
        control = sum(1 << number for number, (reference, _) in enumerate(group) if reference)
        runs.append(bytes((control,)) + b"".join(raw for _, raw in group))
    return runs
