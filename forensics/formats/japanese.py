"""Japanese mail as it was really written: ISO-2022-JP as Windows extends it (CP50220 to 50222), CP51932, eucJP-ms.

Follows RFC 1468, RFC 1554 and RFC 2237 for the escapes, JIS X 0208/0201/0212 for the sets, and Microsoft code page 932
for what each character is (``～－∥￠￡￢``, NEC row 13, NEC-selected IBM rows 89 to 92).

| escape              | set                          | escape            | set                              |
|---------------------|------------------------------|-------------------|----------------------------------|
| ESC ( B, ESC ( H    | ASCII                        | ESC $ ( D         | JIS X 0212                       |
| ESC ( J             | JIS X 0201 Roman (as ASCII)  | ESC $ ( O, ( Q    | JIS X 0213 plane 1               |
| ESC ( I, SO         | JIS X 0201 kana              | ESC $ ( P         | JIS X 0213 plane 2               |
| ESC $ @, $ B, $ ( B | JIS X 0208, Windows-extended | ESC $ A, $ ( C    | GB 2312, KS C 5601 (RFC 1554)    |
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from functools import cache
from sys import byteorder

from forensics.formats.eucjp_ms import extension

Spans = list[tuple[int, int]]
BAD = "\ufffd"

_TO_KANA = bytes((*range(0x21), *range(0xA1, 0xE0), *range(0x60, 256)))
_TO_HIGH = bytes(byte | 0x80 for byte in range(256))
_TO_LOW = bytes(byte & 0x7F for byte in range(256))

DESIGNATION = re.compile(rb"\x1b(?:&@\x1b)?(?:\$[@AB]|\$\([@-DO-Q]|\([@A-KLTYZ]|\)[@A-KLTYZ]|\$\)[@-DO-Q])")
_TOKEN = re.compile(
    rb"(?P<set>" + DESIGNATION.pattern + rb")"
    rb"|(?P<shift>[\x0e\x0f])|(?P<line>[\r\n]+)|(?P<run>[^\x1b\x0e\x0f\r\n]+|\x1b)"
)
_PAIRS = re.compile(
    rb"(?P<pairs>(?:[\x21-\x97][\x21-\x7e])+)|(?P<plain>[\x00-\x20]+)|(?P<high>[\x80-\xff]+)|(?P<odd>.)", re.S
)
_HIGH_RUN = re.compile(rb"[\x80-\xff][\x40-\x7e\x80-\xff]*")
_KANA_ONLY = re.compile(rb"[\xa1-\xdf]+\Z")
_EUC = re.compile(
    rb"(?P<ascii>[\x00-\x7f]+)|(?P<pairs>(?:[\xa1-\xfe][\xa1-\xfe])+)|(?P<kana>(?:\x8e[\xa1-\xdf])+)"
    rb"|(?P<triples>(?:\x8f[\xa1-\xfe][\xa1-\xfe])+)|(?P<odd>.)",
    re.S,
)
# What Python's own iso2022_jp codec reads differently or not at all, a line that ends in a two-byte set included.
_UNUSUAL = re.compile(rb"\x1b(?!\$[@B]|\(B)|[\x0e\x0f]|\x1b\$[@B][^\x1b]*+(?:[\r\n]|\Z)")
_SETS = {
    b"(I": "kana",
    b"$@": "jis", b"$B": "jis", b"$(@": "jis", b"$(B": "jis",
    b"$(D": "0212", b"$(O": "0213", b"$(Q": "0213", b"$(P": "0213-2",
    b"$A": "gb", b"$(A": "gb", b"$(C": "ks",
}  # fmt: skip
_NOTES = {"0212": "jis-x-0212", "0213": "jis-x-0213", "0213-2": "jis-x-0213", "gb": "gb-2312", "ks": "ks-c-5601"}


def _one(raw: bytes, codec: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return BAD


def _jis_pair(lead: int, trail: int) -> str:
    """JIS X 0208 by arithmetic to Shift_JIS; leads from 0x7F on reach the user-defined and IBM rows as CP5022x does."""
    row, cell = lead - 0x21, trail - 0x21
    first = row // 2 + (0x81 if row < 62 else 0xC1)
    second = cell + 0x9F if row % 2 else cell + (0x40 if cell < 63 else 0x41)
    return _one(bytes((first, second)), "cp932")


def _euc3_pair(lead: int, trail: int) -> str:
    """JIS X 0212 with the eucJP-ms additions: IBM characters in rows 83 and 84, user-defined rows 85 to 94."""
    row, cell = lead - 0x20, trail - 0x20
    if row >= 85:
        return chr(0xE3AC + (row - 85) * 94 + cell - 1) if row <= 94 else BAD
    known = _one(bytes((0x8F, lead | 0x80, trail | 0x80)), "euc_jp")
    return {"~": "～", "¦": "￤"}.get(known, known) if known != BAD else extension(row, cell) or BAD


def _euc_pair(lead: int, trail: int) -> str:
    """CP51932; rows that it leaves empty (85 to 88, 93 and 94) are the user-defined ones of eucJP-ms."""
    known = _jis_pair(lead, trail)
    return chr(0xE000 + (lead - 0x75) * 94 + trail - 0x21) if known == BAD and lead >= 0x75 else known


def _ms_pair(lead: int, trail: int) -> str:
    return chr(0xE000 + (lead - 0x75) * 94 + trail - 0x21) if lead >= 0x75 else _jis_pair(lead, trail)


def _through(codec: str, prefix: bytes = b"") -> Callable[[int, int], str]:
    return lambda lead, trail: _one(prefix + bytes((lead | 0x80, trail | 0x80)), codec)


_READERS: dict[str, Callable[[int, int], str]] = {
    "jis": _jis_pair,
    "euc": _euc_pair,
    "euc-ms": _ms_pair,
    "0212": _euc3_pair,
    "0213": _through("euc_jis_2004"),
    "0213-2": _through("euc_jis_2004", b"\x8f"),
    "gb": _through("gb2312"),
    "ks": _through("euc_kr"),
}


@cache
def table(name: str) -> list[str]:
    """Every two-byte code of a set, indexed by the pair as this machine reads a 16-bit number."""
    read, top = _READERS[name], 0x98 if name == "jis" else 0x7F
    cells = [BAD] * 65536
    for lead in range(0x21, top):
        for trail in range(0x21, 0x7F):
            cells[int.from_bytes((lead, trail), byteorder)] = read(lead, trail)
    return cells


@cache
def everyday_kanji() -> frozenset[str]:
    """JIS X 0208 level 1 (rows 16 to 47): the characters that ordinary Japanese text is written with."""
    cells = table("jis")
    return frozenset(
        cells[int.from_bytes((lead, trail), byteorder)] for lead in range(0x30, 0x50) for trail in range(0x21, 0x7F)
    ) - {BAD}


class _Writer:
    """Collects text, bad byte ranges and notes in the order of the bytes."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.bad: Spans = []
        self.notes: dict[str, None] = {}

    def wrong(self, start: int, end: int) -> None:
        self.text.append(BAD)
        if self.bad and self.bad[-1][1] == start:
            self.bad[-1] = (self.bad[-1][0], end)
        else:
            self.bad.append((start, end))

    def pairs(self, raw: bytes, start: int, name: str) -> None:
        """Bytes of a two-byte set, already in 7-bit form."""
        cells = table(name)
        chars = [cells[pair] for pair in array("H", raw)]
        self.text.append("".join(chars))
        for index in (at for at, char in enumerate(chars) if char == BAD):
            self.bad.append((start + 2 * index, start + 2 * index + 2))

    def latin(self, raw: bytes) -> None:
        self.text.append(raw.decode("ascii"))


def _as_windows(raw: bytes, codec: str) -> str | None:
    """Python's strict codec where it suffices, with the six characters that Windows reads differently."""
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        return None
    for theirs, windows in zip("〜‖−¢£¬", "～∥－￠￡￢", strict=True):
        text = text.replace(theirs, windows)
    return text


def decode_iso2022(raw: bytes) -> tuple[str, Spans, dict[str, None]]:
    """Text, bad byte ranges and notes of ISO-2022-JP in any of its written forms; never raises."""
    if not _UNUSUAL.search(raw) and (text := _as_windows(raw, "iso2022_jp")) is not None:
        return text, [], {}
    return read_iso2022(raw)


def read_iso2022(raw: bytes) -> tuple[str, Spans, dict[str, None]]:
    """The same without a short cut."""
    out, current, shifted = _Writer(), "ascii", False
    for token in _TOKEN.finditer(raw):
        piece, start = token.group(), token.start()
        if token.lastgroup == "set":
            current = _designate(out, piece, current)
        elif token.lastgroup == "shift":
            shifted = piece == b"\x0e"
            out.notes["so-si"] = None
        elif token.lastgroup == "line":
            if current != "ascii":
                out.notes["line-ends-outside-ascii"] = None
            current, shifted = "ascii", False
            out.latin(piece)
        elif shifted or current == "kana":
            _kana(out, piece, start)
        elif current == "ascii":
            _ascii(out, piece, start)
        else:
            _two_byte(out, piece, start, current)
    return "".join(out.text), out.bad, out.notes


def _designate(out: _Writer, escape: bytes, current: str) -> str:
    which = escape[escape.rindex(b"\x1b") + 1 :]
    if which[:1] == b")" or which[:2] == b"$)":
        return current
    chosen = _SETS.get(which, "ascii")
    if chosen in _NOTES:
        out.notes[_NOTES[chosen]] = None
    return chosen


def _kana(out: _Writer, piece: bytes, start: int) -> None:
    text = piece.translate(_TO_KANA)
    for run in re.finditer(rb"[\x00-\x7f\xa1-\xdf]+|[^\x00-\x7f\xa1-\xdf]+", text):
        if run.group()[0] in range(0x80, 0xA1) or run.group()[0] > 0xDF:
            out.wrong(start + run.start(), start + run.end())
        else:
            out.text.append(run.group().decode("cp932"))


def _ascii(out: _Writer, piece: bytes, start: int) -> None:
    done = 0
    for run in _HIGH_RUN.finditer(piece):
        out.latin(piece[done : run.start()])
        _high(out, run.group(), start + run.start())
        done = run.end()
    out.latin(piece[done:])


def _high(out: _Writer, run: bytes, start: int) -> None:
    """8-bit bytes between 7-bit ones: kana as old mailers sent it, else another charset mixed into the same text."""
    kana = _KANA_ONLY.match(run)
    for codec, note in (("cp932", "8-bit-kana"),) if kana else (("utf-8", "mixed-utf-8"), ("cp932", "mixed-cp932")):
        text = _one(run, codec)
        if text != BAD:
            out.text.append(text)
            out.notes[note] = None
            return
    for piece in re.finditer(rb"[\x00-\x7f]+|[\x80-\xff]+", run):
        if piece.group()[0] < 0x80:
            out.latin(piece.group())
        else:
            out.wrong(start + piece.start(), start + piece.end())


def _two_byte(out: _Writer, piece: bytes, start: int, name: str) -> None:
    for run in _PAIRS.finditer(piece):
        raw, at = run.group(), start + run.start()
        if run.lastgroup == "pairs":
            out.pairs(raw, at, name)
        elif run.lastgroup == "plain":
            out.latin(raw)
        elif run.lastgroup == "high" and raw[0] != 0x80:
            _high(out, raw, at)
        else:
            out.wrong(at, start + run.end())


def decode_euc(raw: bytes, *, open_rows: bool = False) -> tuple[str, Spans, dict[str, None]]:
    """EUC-JP as CP51932 reads it, or with ``open_rows`` as eucJP-ms does (rows 85 to 94 user-defined); never raises."""
    if b"\x8f" not in raw and (text := _as_windows(raw, "euc_jp")) is not None:
        return text, [], {}
    return read_euc(raw, open_rows=open_rows)


def read_euc(raw: bytes, *, open_rows: bool = False) -> tuple[str, Spans, dict[str, None]]:
    """The same without a short cut."""
    out = _Writer()
    for token in _EUC.finditer(raw):
        piece, start = token.group(), token.start()
        if token.lastgroup == "ascii":
            out.latin(piece)
        elif token.lastgroup == "pairs":
            out.pairs(piece.translate(_TO_LOW), start, "euc-ms" if open_rows else "euc")
        elif token.lastgroup == "kana":
            out.text.append(piece.replace(b"\x8e", b"").decode("cp932"))
        elif token.lastgroup == "triples":
            _triples(out, piece, start)
        else:
            out.wrong(start, token.end())
    return "".join(out.text), out.bad, out.notes


def _triples(out: _Writer, piece: bytes, start: int) -> None:
    out.notes["jis-x-0212"] = None
    cells = table("0212")
    for at, (lead, trail) in enumerate(_low_pairs(piece)):
        char = cells[int.from_bytes((lead, trail), byteorder)]
        if char == BAD:
            out.wrong(start + 3 * at, start + 3 * at + 3)
        else:
            out.text.append(char)


def _low_pairs(piece: bytes) -> Iterator[tuple[int, int]]:
    return zip(piece[1::3].translate(_TO_LOW), piece[2::3].translate(_TO_LOW), strict=True)
