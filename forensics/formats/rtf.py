"""Compressed RTF ([MS-OXRTFCP]), and the text or the HTML that RTF carries ([MS-OXRTFEX]).

Every pass is linear in the bytes and keeps its own stack, so that neither deep nesting nor length can stop it.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from forensics.errors import FormatError
from forensics.formats import charsets
from forensics.formats.codepages import charset_of

SIZE_CAP: Final = 64 << 20
"""Bytes of decompressed RTF at most; what a header states beyond that is cut and stated."""

_LZFU, _MELA = 0x75465A4C, 0x414C454D
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    b"\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_DEPTH_CAP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Decompressed:
    """``raw`` is the RTF. ``crc_matches`` is ``None`` for MELA, which has none; ``problems`` says what did not hold."""

    raw: bytes
    crc_matches: bool | None
    problems: tuple[str, ...] = ()


def decompress(raw: bytes) -> Decompressed:
    """The RTF behind PidTagRtfCompressed; raises ``FormatError`` if the header is none.

    Header, [MS-OXRTFCP] 2.1.3.1:

        offset  size  field
        0       4     COMPSIZE: bytes after this field
        4       4     RAWSIZE: bytes when decompressed
        8       4     COMPTYPE: 0x75465A4C "LZFu", 0x414C454D "MELA" (not compressed)
        12      4     CRC of what follows; 0 for MELA
    """
    if len(raw) < 16:
        raise FormatError("compressed RTF is shorter than its header", place="PR_RTF_COMPRESSED", offset=0)
    stored, size, kind, crc = struct.unpack_from("<IIII", raw)
    if kind not in (_LZFU, _MELA):
        raise FormatError(f"compressed RTF of unknown type {kind:08X}", place="PR_RTF_COMPRESSED", offset=8)
    problems = []
    end = min(stored + 4, len(raw))
    if stored + 4 > len(raw):
        problems.append(f"the header states {stored + 4} bytes, {len(raw)} are there")
    if kind == _MELA:
        return Decompressed(raw=raw[16 : 16 + min(size, SIZE_CAP)], crc_matches=None, problems=tuple(problems))
    # The checksum is CRC-32 without the two inversions that zlib makes ([MS-OXRTFCP] 3.1.3.2).
    matches = zlib.crc32(raw[16:end], 0xFFFFFFFF) ^ 0xFFFFFFFF == crc
    if not matches:
        problems.append("the checksum of the compressed RTF does not match")
    text = _unpacked(raw, end, min(size, SIZE_CAP))
    if len(text) < size:
        problems.append(f"{len(text)} of {size} bytes of RTF could be decompressed")
    return Decompressed(raw=bytes(text), crc_matches=matches, problems=tuple(problems))


def _unpacked(raw: bytes, end: int, size: int) -> bytearray:
    """Runs of a control byte and its eight tokens: a literal, or offset (12 bits) and length - 2 (4 bits)."""
    # The window is a ring that starts full of the dictionary: position p of the ring is the newest byte written there,
    # so kept as one growing buffer, the byte of ring position p is the last one at an index equal to p modulo 4096.
    out = bytearray(_DICTIONARY)
    wanted = len(_DICTIONARY) + size
    at = 16
    while at < end and len(out) < wanted:
        control = raw[at]
        at += 1
        for bit in range(8):
            if at >= end or len(out) >= wanted:
                break
            if not control >> bit & 1:
                out.append(raw[at])
                at += 1
                continue
            if at + 1 >= end:
                return out[len(_DICTIONARY) : wanted]
            token = raw[at] << 8 | raw[at + 1]
            at += 2
            back = (len(out) - (token >> 4)) % _WINDOW
            if back == 0:
                return out[len(_DICTIONARY) : wanted]
            _copy(out, back, (token & 15) + 2)
    return out[len(_DICTIONARY) : wanted]


def _copy(out: bytearray, back: int, length: int) -> None:
    start = len(out) - back
    if start < 0:
        # A place of the window that nothing has been written to yet reads as zero.
        out += (bytes(-start) + out[: max(length + start, 0)])[:length]
    elif back >= length:
        out += out[start : start + length]
    else:
        piece = out[start:]
        out += (piece * (length // back + 1))[:length]


class Carried(NamedTuple):
    """What RTF carries: ``kind`` is html or plain if it was made from that, else rtf, and the text is a rendering."""

    kind: str
    text: str


_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\", re.DOTALL
)
_SPECIAL = {
    b"par": "\n", b"line": "\n", b"tab": "\t", b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c",
    b"rdblquote": "\u201d", b"bullet": "\u2022", b"endash": "\u2013", b"emdash": "\u2014", b"cell": "\t", b"row": "\n",
    b"sect": "\n", b"page": "\n", b"emspace": "\u2003", b"enspace": "\u2002", b"qmspace": "\u2005", b"zwj": "\u200d",
    b"zwnj": "\u200c",
}  # fmt: skip
_UNSHOWN = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata header footer headerl headerr headerf footerl footerr "
    b"footerf ftnsep ftnsepc aftnsep aftnsepc listtable listoverridetable rsidtbl generator themedata "
    b"colorschememapping latentstyles datastore xmlnstbl mmathPr fldinst bkmkstart bkmkend pntext pntxta pntxtb".split()
)
_CHARSETS = {
    0: 1252, 77: 10000, 128: 932, 129: 949, 130: 1361, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255,
    178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250,
}  # fmt: skip


@dataclass(slots=True)
class _Group:
    """What a brace opens and the next one closes."""

    shown: bool = True
    font_table: bool = False
    html_off: bool = False
    after_unicode: int = 1
    codepage: int = 0


class _Reader:
    """One pass over the tokens; text of one code page is gathered and decoded together."""

    def __init__(self) -> None:
        self.kind = "rtf"
        self.codepage = 1252
        self.fonts: dict[int, int] = {}
        self.font = 0
        self.group = _Group()
        self.above: list[_Group] = []
        self.deeper = 0
        self.skip = 0
        self.starred = False
        self.pending = bytearray()
        self.pending_codepage = 0
        self.out: list[str] = []

    def read(self, raw: bytes) -> Carried:
        at = 0
        while match := _TOKEN.match(raw, at):
            at = match.end()
            if match[1] == b"bin":
                at += max(int(match[2] or 0), 0)
            else:
                self._token(match)
        self._flush()
        text = "".join(self.out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "backslashreplace")
        return Carried(self.kind, text)

    def _token(self, match: re.Match[bytes]) -> None:
        word, number, byte, symbol, brace, text = match.groups()
        starred, self.starred = self.starred, False
        if word is not None:
            self._word(word, None if number is None else int(number), starred)
        elif brace == b"{":
            self._open()
        elif brace == b"}":
            self._close()
        elif byte is not None:
            self._bytes(bytes.fromhex(byte.decode("ascii")))
        elif symbol is not None:
            self._symbol(symbol)
        elif text is not None:
            self._bytes(text)

    def _open(self) -> None:
        self.skip = 0
        if len(self.above) >= _DEPTH_CAP:
            self.deeper += 1
            return
        self.above.append(self.group)
        self.group = replace(self.group)

    def _close(self) -> None:
        self.skip = 0
        if self.deeper:
            self.deeper -= 1
        elif self.above:
            self.group = self.above.pop()

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self.starred = True
        elif symbol == b"~":
            self._say("\u00a0")
        elif symbol == b"_":
            self._say("\u2011")
        elif symbol in b"\r\n":
            self._say("\n")
        elif symbol in b"\\{}":
            self._bytes(symbol)

    def _word(self, word: bytes, number: int | None, starred: bool) -> None:
        group = self.group
        if word == b"u" and number is not None:
            self._say(chr(number & 0xFFFF))
            self.skip = group.after_unicode
        elif word == b"uc":
            group.after_unicode = min(max(number if number is not None else 1, 0), 16)
        elif word in _SPECIAL:
            text = _SPECIAL[word]
            self._say("\r\n" if self.kind == "html" and text == "\n" else text)
        elif not self._header(word, number) and starred:
            group.shown = False

    def _header(self, word: bytes, number: int | None) -> bool:
        """Words that say how the rest is to be read; whether this was one."""
        group = self.group
        if word == b"ansicpg" and number:
            self.codepage = number
        elif word == b"fromhtml":
            self.kind = "html"
        elif word == b"fromtext":
            self.kind = "plain"
        elif word == b"htmltag":
            group.shown = self.kind == "html"
        elif word == b"mhtmltag":
            group.shown = False
        elif word == b"htmlrtf":
            group.html_off = number != 0
        elif word == b"fonttbl":
            group.font_table, group.shown = True, False
        elif word in (b"f", b"fcharset"):
            self._font(word, number or 0)
        elif word in (b"plain", b"pard"):
            group.codepage = 0 if word == b"plain" else group.codepage
        elif word in _UNSHOWN:
            group.shown = False
        else:
            return False
        return True

    def _font(self, word: bytes, number: int) -> None:
        if self.group.font_table:
            self.font = number if word == b"f" else self.font
            if word == b"fcharset" and number in _CHARSETS and len(self.fonts) < 4096:
                self.fonts[self.font] = _CHARSETS[number]
        elif word == b"f":
            self.group.codepage = self.fonts.get(number, 0)

    def _bytes(self, raw: bytes) -> None:
        if self.skip:
            self.skip, raw = max(self.skip - len(raw), 0), raw[self.skip :]
        if not raw or not self._visible():
            return
        codepage = self.group.codepage or self.codepage
        if codepage != self.pending_codepage:
            self._flush()
            self.pending_codepage = codepage
        self.pending += raw

    def _say(self, text: str) -> None:
        if self._visible():
            self._flush()
            self.out.append(text)

    def _visible(self) -> bool:
        group = self.group
        return group.shown and (self.kind != "html" or not group.html_off)

    def _flush(self) -> None:
        if self.pending:
            self.out.append(charsets.decode(bytes(self.pending), charset_of(self.pending_codepage)).text)
            self.pending.clear()


def carried(raw: bytes) -> Carried:
    """The HTML or plain text that this RTF was made from, or else its visible text. Never raises."""
    return _Reader().read(raw)


def is_rtf(raw: bytes) -> bool:
    """Whether the bytes begin as RTF does."""
    return raw.lstrip(b"\r\n\t \0")[:5] == rb"{\rtf"
