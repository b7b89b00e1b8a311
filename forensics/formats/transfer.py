"""The content of a body part without its transfer encoding, and all that decoders usually drop on the way.

Follows RFC 2045 sections 6.7 (quoted-printable) and 6.8 (base64) and, for uuencode, POSIX ``uuencode``.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, a2b_qp, a2b_uu
from dataclasses import dataclass

from forensics.formats.headers import Buffer, Defect
from forensics.formats.mime import Part

_WHITE = b" \t\r\n\x0b\x0c"
_MOST_DEFECTS = 100
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/= \t\r\n\x0b\x0c]++")
_NOT_DIGITS = re.compile(rb"[^A-Za-z0-9+/]++")
_PADDING = re.compile(rb"=[=\s]*+")
_NO_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]{0,80}(?:\r?\n|\r|\Z))")
_BEGIN = re.compile(rb"(?m)^begin [0-7]{3,4} (?P<name>[^\r\n]{1,1024})(?:\r{0,2}\n|\r)")
_UU_LINE = re.compile(rb"(?P<line>[^\r\n]*+)(?:\r{0,2}\n|\r|\Z)")

_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
_UU = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Decoded bytes; ``hidden`` is what stood behind the end mark of the encoding, where readers stop."""

    data: bytes
    hidden: bytes = b""
    defects: tuple[Defect, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UuFile:
    """A file that was written into a text as uuencode, with the span of its lines."""

    name: bytes
    data: bytes
    start: int
    end: int
    defects: tuple[Defect, ...] = ()


def content(raw: Buffer | memoryview, part: Part) -> Content:
    """What the part carries; defects have offsets in ``raw``."""
    body = bytes(raw[part.body_start : part.end])
    if part.encoding == "base64":
        return _base64(body, part.body_start)
    if part.encoding == "quoted-printable":
        return Content(data=a2b_qp(body), defects=_bad_runs(_NO_QUOTED, body, part.body_start, "not quoted-printable"))
    if part.encoding in _UU:
        return _uu(body, part.body_start)
    if part.encoding in _PLAIN:
        return Content(data=body)
    return Content(data=body, defects=(Defect(what="unknown transfer encoding", start=part.start, end=part.end),))


def _base64(body: bytes, offset: int) -> Content:
    digits = body.translate(None, _WHITE)
    try:
        return Content(data=a2b_base64(digits, strict_mode=True))
    except Error:
        return _damaged_base64(body, offset)


def _damaged_base64(body: bytes, offset: int) -> Content:
    """Readers stop at the padding; what comes behind it is given apart, decoded where it is base64 again."""
    padding = _PADDING.search(body)
    stop, resume = padding.span() if padding else (len(body), len(body))
    data, whole = _digits(body[:stop])
    defects = list(_bad_runs(_NO_BASE64, body[:stop], offset, "not base64"))
    if not whole:
        defects.append(Defect(what="base64 ends inside a group", start=offset + stop, end=offset + stop))
    tail = body[resume:]
    if not tail:
        return Content(data=data, defects=tuple(defects))
    defects.append(Defect(what="data behind the base64 padding", start=offset + resume, end=offset + len(body)))
    hidden = tail if _NO_BASE64.search(tail) else b"".join(_digits(run)[0] for run in _PADDING.split(tail))
    return Content(data=data, hidden=hidden, defects=tuple(defects))


def _digits(run: bytes) -> tuple[bytes, bool]:
    """Decoded base64 digits, anything else skipped, and whether the last group was whole or rightly cut."""
    digits = _NOT_DIGITS.sub(b"", run)
    left = len(digits) % 4
    if left == 1:
        digits = digits[:-1]
    return a2b_base64(digits + b"=" * (-len(digits) % 4)), left != 1


def _bad_runs(pattern: re.Pattern[bytes], body: bytes, offset: int, what: str) -> tuple[Defect, ...]:
    """A defect for each run of bad characters; beyond a hundred, one for all the rest."""
    defects: list[Defect] = []
    for found in pattern.finditer(body):
        if len(defects) == _MOST_DEFECTS:
            defects.append(
                Defect(what=f"{what}, and more behind", start=offset + found.start(), end=offset + len(body))
            )
            break
        defects.append(Defect(what=what, start=offset + found.start(), end=offset + found.end()))
    return tuple(defects)


def _uu(body: bytes, offset: int) -> Content:
    begin = _BEGIN.search(body)
    if not begin:
        return Content(
            data=body, defects=(Defect(what="no uuencode begin line", start=offset, end=offset + len(body)),)
        )
    found = _uu_file(body, begin, offset)
    rest = body[found.end - offset :]
    return Content(data=found.data, hidden=rest if rest.strip() else b"", defects=found.defects)


def uuencoded(data: bytes) -> tuple[UuFile, ...]:
    """Every uuencoded file in a decoded text, with spans in that text."""
    files: list[UuFile] = []
    at = 0
    while (at == 0 or at < len(data)) and (begin := _BEGIN.search(data, at)):
        found = _uu_file(data, begin, 0)
        at = max(found.end, begin.end())
        if found.data:
            files.append(found)
    return tuple(files)


def _uu_file(body: bytes, begin: re.Match[bytes], offset: int) -> UuFile:
    data: list[bytes] = []
    defects: list[Defect] = []
    at, ended = begin.end(), False
    for line in _UU_LINE.finditer(body, begin.end()):
        text = line["line"]
        if text.rstrip() == b"end":
            at, ended = line.end(), True
            break
        decoded = _uu_line(text)
        if decoded is None:
            break
        data.append(decoded)
        at = line.end()
        if at == len(body):
            break
    if not ended:
        defects.append(Defect(what="uuencode without its end line", start=offset + at, end=offset + at))
    return UuFile(
        name=begin["name"].strip(),
        data=b"".join(data),
        start=offset + begin.start(),
        end=offset + at,
        defects=tuple(defects),
    )


def _uu_line(text: bytes) -> bytes | None:
    """One line, or None where it is none. Some encoders leave out or add trailing blanks; the length byte decides."""
    if not text or not 0x20 <= text[0] <= 0x60:
        return b"" if not text.strip() else None
    length = (text[0] - 0x20) & 0x3F
    needed = 1 + (length + 2) // 3 * 4
    if len(text) > needed + 2:
        return None
    try:
        return a2b_uu(text[:needed])
    except Error:
        return None
