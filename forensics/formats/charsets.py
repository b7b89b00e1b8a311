"""Turn mail bytes into text whatever charset they claim; say which reader was used, why, and which bytes made no sense.

Follows the WHATWG Encoding Standard where mail in the wild does (Shift_JIS is code page 932, ISO-8859-1 may be
Windows-1252); a declaration that the bytes contradict is replaced and the result says so.
"""

from __future__ import annotations

import codecs
import re
import threading
from collections import Counter
from typing import NamedTuple

from forensics.formats.charset_labels import resolve
from forensics.formats.japanese import BAD, DESIGNATION, Spans, decode_euc, decode_iso2022, everyday_kanji

ASCII = "ascii"
DECLARED = "declared"
DETECTED = "detected"
GUESSED = "guessed"


class Decoded(NamedTuple):
    """Text, and how it was read. ``bad`` are byte ranges that the reader could not read, U+FFFD in the text.

    A NamedTuple, because one is made for every header field and a frozen dataclass takes twice the time.
    """

    text: str
    declared: str
    charset: str
    method: str
    bad: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()


_JIS = re.compile(rb"\x1b(?:\$[@B]|\$\([BD]|\([IJ])")
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_C1 = re.compile(rb"[\x80-\x9f]")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_JAPANESE = frozenset({"cp932", "euc-jp", "eucjp-ms", "iso-2022-jp"})
_NOT_ASCII = ("utf-16", "utf-32", "utf-7", "hz")
_WIDE = ("utf-16", "utf-32")
_WESTERN = frozenset({"latin-1", "cp1252"})
_CODEC = {"latin-1": "latin_1", "cp950": "cp950", "utf-8": "utf_8"}
_UNMARKED = frozenset({"", "ascii"})
_SAMPLE = 8192
_SURE = 1.2


def decode(raw: bytes, declared: str = "") -> Decoded:
    """The text of ``raw``, for any bytes and any label; the declared charset is believed until they contradict it."""
    known = resolve(declared) if declared else ""
    quiet = b"\x1b" not in raw and b"\x0e" not in raw and b"\x0f" not in raw
    if quiet and known == "utf-8" and (read := _utf8(raw, declared, known)):
        return read
    if quiet and raw.isascii() and not known.startswith(_NOT_ASCII):
        return Decoded(
            text=raw.decode("ascii"),
            declared=declared,
            charset=known or ASCII,
            method=DECLARED if known else ASCII,
            notes=() if known or not declared else ("unknown-label",),
        )
    return _decode(bytes(raw), declared, known)


def _utf8(raw: bytes, declared: str, known: str) -> Decoded | None:
    """What most mail is, read in one step."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if text.isascii():
        notes = ("unknown-label",) if declared and not known else ()
        return Decoded(text, declared, known or ASCII, DECLARED if known else ASCII, (), notes)
    return None if _PRIVATE.search(text) else Decoded(text, declared, "utf-8", DECLARED)


def _decode(raw: bytes, declared: str, known: str) -> Decoded:
    charset, method, notes = _choose(raw, known)
    text, bad, found = _read(raw, charset)
    marks = dict.fromkeys(notes) | found
    if declared and not known:
        marks["unknown-label"] = None
    if known and charset != known and method != DECLARED:
        marks["wrong-declaration"] = None
    if _PRIVATE.search(text):
        marks["private-use"] = None
    return Decoded(text=text, declared=declared, charset=charset, method=method, bad=tuple(bad), notes=tuple(marks))


def _choose(raw: bytes, known: str) -> tuple[str, str, tuple[str, ...]]:
    """Which reader, on what ground, with notes."""
    if raw.isascii():
        return _choose_seven_bit(raw, known)
    if known == "iso-2022-jp" and (DESIGNATION.search(raw) or b"\x0e" in raw):
        return known, DECLARED, ()
    if known in _UNMARKED | _WESTERN | {"utf-8"} and b"\x1b" in raw and _JIS.search(raw):
        return "iso-2022-jp", DETECTED, ()
    if known.startswith(_WIDE):
        return known, DECLARED, ()
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff") and known in _UNMARKED and b"\0" in raw:
        return "utf-16", DETECTED, ("byte-order-mark",)
    if _fits(raw, "utf-8"):
        return _choose_beside_utf8(raw, known)
    if known in _UNMARKED or known in ("utf-8", "iso-2022-jp"):
        return _guess(raw, known)
    return _choose_declared(raw, known)


def _choose_seven_bit(raw: bytes, known: str) -> tuple[str, str, tuple[str, ...]]:
    if known == "iso-2022-jp":
        return known, DECLARED, ()
    if known.startswith(_WIDE) and b"\0" not in raw:
        return ASCII, DETECTED, ()
    if known not in ("iso2022-kr", "hz") and _JIS.search(raw):
        return "iso-2022-jp", DETECTED, ()
    return known or ASCII, DECLARED if known else ASCII, ()


def _choose_beside_utf8(raw: bytes, known: str) -> tuple[str, str, tuple[str, ...]]:
    """The bytes are valid UTF-8: is the other charset that was declared still believable?"""
    if known == "utf-8":
        return "utf-8", DECLARED, ()
    enough = 1 if known in _UNMARKED | _WESTERN | {"iso-2022-jp"} else 3
    if len(_MULTIBYTE.findall(raw[:_SAMPLE])) >= enough or not _fits(raw, known):
        return "utf-8", DETECTED, ()
    return known, DECLARED, ("also-valid-utf-8",)


def _choose_declared(raw: bytes, known: str) -> tuple[str, str, tuple[str, ...]]:
    """An 8-bit charset was declared and the bytes are not UTF-8."""
    if known in ("cp932", "euc-jp", "eucjp-ms"):
        if _fits(raw, known):
            other = "euc-jp" if known == "cp932" else "cp932"
            better = _score(raw, other)
            return (other, DETECTED, ()) if better > max(_SURE, _score(raw, known) + 1.5) else (known, DECLARED, ())
        best, sure = _japanese(raw)
        return (best, DETECTED, ()) if sure > max(0.0, _score(raw, known) + 0.5) else (known, DECLARED, ())
    best, sure = _japanese(raw)
    if known in _WESTERN:
        if sure >= _SURE and (best == "cp932" or _kana_share(raw, best) > 0.2):
            return best, DETECTED, ()
        if known == "latin-1" and _C1.search(raw) and _fits(raw, "cp1252"):
            return "cp1252", DECLARED, ("windows-1252-bytes",)
    elif sure >= _SURE and (not _fits(raw, known) or (best == "cp932" and _kana_share(raw, best) > 0.3)):
        return best, DETECTED, ()
    return known, DECLARED, ()


def _guess(raw: bytes, known: str) -> tuple[str, str, tuple[str, ...]]:
    best, sure = _japanese(raw)
    if known == "utf-8":
        text, bad, _ = _read(raw[:_SAMPLE], "utf-8")
        good = sum(char >= "\x80" and char != BAD for char in text)
        if good > sum(end - start for start, end in bad) or sure < 0.5:
            return "utf-8", DECLARED, ()
    if sure >= 0.5:
        return best, DETECTED, ()
    return "latin-1", GUESSED, ()


def _japanese(raw: bytes) -> tuple[str, float]:
    """The likelier of the two 8-bit Japanese charsets, and how good its text looks."""
    sjis, euc = _score(raw, "cp932"), _score(raw, "euc-jp")
    return ("cp932", sjis) if sjis >= euc else ("euc-jp", euc)


def _score(raw: bytes, charset: str) -> float:
    """How much the 8-bit part of the text looks like written Japanese: about 2 for prose, below 0 for noise."""
    sample = raw[:_SAMPLE]
    # No character of these charsets goes beyond its line, so lines of ASCII, often nearly all, need not be read.
    telling = b"\n".join(line for line in sample.split(b"\n") if not line.isascii())
    text, bad, _ = _read(telling, charset)
    if bad and len(sample) == _SAMPLE and sample.endswith(telling[bad[-1][0] :]) and bad[-1][1] >= len(telling) - 2:
        bad = bad[:-1]
    everyday = everyday_kanji()
    total = count = 0
    for char, times in Counter(text).items():
        if char >= "\x80":
            count += times
            total += times * _worth(char, everyday)
    return (total - 60 * len(bad)) / (10 * max(count, 1))


def _worth(char: str, everyday: frozenset[str]) -> int:
    """In tenths, so that the order of adding cannot decide between two charsets."""
    if "\u3041" <= char <= "\u30fe":
        return 30
    if char in everyday or "\u3000" <= char <= "\u3020":
        return 20
    if "\uff61" <= char <= "\uff9f":
        return 4
    if char == BAD or char < "\xa0" or "\ue000" <= char <= "\uf8ff":
        return -40
    return 3 if "\u4e00" <= char <= "\ufaff" else 10


def _kana_share(raw: bytes, charset: str) -> float:
    text = _read(raw[:_SAMPLE], charset)[0]
    wide = [char for char in text if char >= "\x80"]
    return sum("\u3041" <= char <= "\u30fe" for char in wide) / max(len(wide), 1)


def _fits(raw: bytes, charset: str) -> bool:
    if charset in ("euc-jp", "eucjp-ms", "iso-2022-jp"):
        return not _read(raw, charset)[1]
    try:
        raw.decode(_CODEC.get(charset, charset))
    except (UnicodeError, LookupError):
        return False
    return True


def _read(raw: bytes, charset: str) -> tuple[str, Spans, dict[str, None]]:
    if charset == "iso-2022-jp":
        return decode_iso2022(raw)
    if charset in ("euc-jp", "eucjp-ms"):
        return decode_euc(raw, open_rows=charset == "eucjp-ms")
    codec = _CODEC.get(charset, charset)
    try:
        return raw.decode(codec), [], {}
    except UnicodeError:
        return _read_marking(raw, codec)


_marks = threading.local()


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    start, end = error.start, max(error.end, error.start + 1)
    spans: Spans = _marks.spans
    if spans and spans[-1][1] == start:
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))
    return BAD, end


codecs.register_error("forensics.mark", _mark)


def _read_marking(raw: bytes, codec: str) -> tuple[str, Spans, dict[str, None]]:
    """Python's decoders tell an error handler where each bad byte is; the ranges are collected per thread."""
    spans: Spans = []
    _marks.spans = spans
    try:
        text = raw.decode(codec, "forensics.mark")
    except UnicodeError:
        return BAD, [(0, len(raw))], {"unreadable": None}
    return text, spans, {}
