"""Split the header block of a message or body part into fields, each with its exact bytes and place.

Follows RFC 5322 section 2.2 and its obsolete syntax (4.5); lines that are no field never end the block while fields
follow, so nothing behind a damaged line is taken for body text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from mmap import mmap
from typing import NamedTuple

Buffer = bytes | mmap

MOST_FIELDS = 10_000
LONGEST_FIELD = 1 << 20
_LOOK_AHEAD = 1 << 20

_LINE_END = rb"(?:\r{0,2}\n|\r)"
_FIELD = re.compile(
    rb"([!-9;-~]{1,256})[ \t]*:"
    rb"([^\r\n]*+(?:" + _LINE_END + rb"[ \t][^\r\n]*+)*+)(?:" + _LINE_END + rb"|\Z)"
)
_BLANK = re.compile(_LINE_END)
_BLANK_LINES = re.compile(_LINE_END + rb"+")
_LINE = re.compile(rb"[^\r\n]*+(?:" + _LINE_END + rb"|\Z)")
_BLANK_AFTER = re.compile(_LINE_END + rb"(?P<blank>" + _LINE_END + rb")")
_NULS = re.compile(rb"\0++")
_ENVELOPE = re.compile(rb">?From [^\r\n]*+(?:" + _LINE_END + rb"|\Z)")
_ADDRESS_OF_A_PAGE = re.compile(rb"(?i)(?:https?|ftp|mailto|file):(?://|[^ \t])")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """Something that breaks the format, and the bytes it concerns. Nothing is dropped without one."""

    what: str
    start: int
    end: int


class Field(NamedTuple):
    """One header field: ``raw`` is all after the colon, folding included, without the closing line end.

    A NamedTuple, because there are so many: a frozen dataclass takes twice the time.
    """

    name: str
    raw: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBlock:
    """The fields in their order; ``body_start`` is the first byte after the blank line."""

    fields: tuple[Field, ...]
    start: int
    body_start: int
    defects: tuple[Defect, ...] = ()
    _named: dict[str, list[Field]] = field(init=False, repr=False, compare=False)
    """The fields by their names in lower case: twenty of them are asked for in every message."""

    def __post_init__(self) -> None:
        named: dict[str, list[Field]] = {}
        for each in self.fields:
            named.setdefault(each.name.lower(), []).append(each)
        object.__setattr__(self, "_named", named)

    def first(self, name: str) -> bytes:
        """The raw value of the first field of that name, or b"" where there is none."""
        found = self._named.get(name.lower())
        return found[0].raw if found else b""

    def every(self, name: str) -> tuple[Field, ...]:
        """All fields of that name, in order."""
        return tuple(self._named.get(name.lower(), ()))


def split(raw: Buffer, start: int, end: int, *, nested: bool = False) -> HeaderBlock:
    """The header block of ``raw[start:end]``; ``nested`` for a body part, where a blank first line means no fields."""
    defects: list[Defect] = []
    at = start if nested else _skip_prologue(raw, start, end, defects)
    fields: list[Field] = []
    match = _FIELD.match
    while at < end:
        if found := match(raw, at, end):
            if len(fields) == MOST_FIELDS:
                at = _give_up(raw, at, end, defects)
                break
            name, value = found.group(1, 2)
            if len(value) > LONGEST_FIELD:
                value = _cut(found, value, defects)
            at = found.end()
            fields.append(Field(name.decode("ascii"), value, found.start(), at))
        elif blank := _BLANK.match(raw, at, end):
            at = blank.end()
            break
        else:
            resumed = _skip_garbage(raw, at, end, defects)
            if resumed == at:
                break
            at = resumed
    return HeaderBlock(fields=tuple(fields), start=start, body_start=at, defects=tuple(defects))


def _cut(found: re.Match[bytes], value: bytes, defects: list[Defect]) -> bytes:
    start, end = found.span(2)
    defects.append(Defect(what="field too long", start=start + LONGEST_FIELD, end=end))
    return value[:LONGEST_FIELD]


def _skip_prologue(raw: Buffer, start: int, end: int, defects: list[Defect]) -> int:
    """A byte order mark, blank lines or an mbox envelope line may stand before the first field of a stored message."""
    at = start
    if raw[at : at + 3] == _BYTE_ORDER_MARK and at + 3 <= end:
        defects.append(Defect(what="byte order mark before the header", start=at, end=at + 3))
        at += 3
    if (blank := _BLANK_LINES.match(raw, at, end)) and (
        _FIELD.match(raw, blank.end(), end) or _ENVELOPE.match(raw, blank.end(), end)
    ):
        defects.append(Defect(what="blank lines before the header", start=at, end=blank.end()))
        at = blank.end()
    if envelope := _ENVELOPE.match(raw, at, end):
        defects.append(Defect(what="envelope line", start=at, end=envelope.end()))
        at = envelope.end()
    return at


def _skip_garbage(raw: Buffer, start: int, end: int, defects: list[Defect]) -> int:
    """Where the next field begins behind lines that are none, or ``start`` where the body begins unannounced."""
    at, limit = start, min(end, start + _LOOK_AHEAD)
    while at < limit and not _BLANK.match(raw, at, end):
        nuls = _NULS.match(raw, at, end)
        field_start = nuls.end() if nuls else at
        if _FIELD.match(raw, field_start, end) and not _ADDRESS_OF_A_PAGE.match(raw, field_start, end):
            defects.append(Defect(what="lines that are no header field", start=start, end=field_start))
            return field_start
        line = _LINE.match(raw, at, end)
        assert line is not None
        at = line.end()
    if at < end and at > start and _only_noise(raw, start, at):
        defects.append(Defect(what="lines that are no header field", start=start, end=at))
        return at
    defects.append(Defect(what="no blank line before the body", start=start, end=start))
    return start


def _only_noise(raw: Buffer, start: int, end: int) -> bool:
    """NUL bytes between the last field and the blank line are padding, not the first line of a body."""
    return not bytes(raw[start : min(end, start + 4096)]).strip(b"\0\r\n\t ")


def _give_up(raw: Buffer, start: int, end: int, defects: list[Defect]) -> int:
    blank = _BLANK_AFTER.search(raw, start, end)
    stop, body = (blank.start("blank"), blank.end()) if blank else (end, end)
    defects.append(Defect(what="too many header fields", start=start, end=stop))
    return body
