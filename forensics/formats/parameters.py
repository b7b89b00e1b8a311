"""Content-Type and Content-Disposition with every parameter as written, and every name that an attachment was given.

Follows RFC 2045 section 5.1, RFC 2183 and RFC 2231; two different names for one attachment are both kept, because the
recipient's program decides which one the recipient saw.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from forensics.formats.charsets import decode
from forensics.formats.words import decode_header, unfold

MOST_PARAMETERS = 10_000

# A two-byte escape sequence or Shift_JIS pair may contain the bytes of " ; and \ without meaning them.
_JIS_RUN = rb"\x1b\$[@B][^\x1b]*+"
_PAIR = rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]"
_QUOTED = re.compile(rb'"(?P<inner>(?:' + _JIS_RUN + rb'|\\.|[^"\\\x1b]++|\x1b|\\)*+)"', re.S)
_QUOTED_PAIRS = re.compile(rb'"(?P<inner>(?:' + _JIS_RUN + rb"|" + _PAIR + rb'|\\.|[^"\\])*+)"', re.S)
_ESCAPE = re.compile(rb"(?P<keep>" + _JIS_RUN + rb")|\\(?P<char>.)", re.S)
_ESCAPE_PAIRS = re.compile(rb"(?P<keep>" + _JIS_RUN + rb"|" + _PAIR + rb")|\\(?P<char>.)", re.S)
_BARE = re.compile(rb"(?:" + _JIS_RUN + rb"|[^;\x1b]++|\x1b)*+")
_BETWEEN = re.compile(rb"[\s;]++")
_NAME = re.compile(rb"(?P<name>[^=;\s\"]++)\s*+=\s*+")
_TO_SEMICOLON = re.compile(rb"[^;]*+")
_STAR = re.compile(r"(?P<base>.+?)(?:\*(?P<section>\d{1,6}))?(?P<star>\*)?\Z")
_PLAIN_VALUE = re.compile(rb"[ \t]*+([!#-'*-~]++)[ \t]*+\Z")
_COMMENT = re.compile(rb"\([^()]*+\)")
_TOKEN = re.compile(r"[^\s;,()\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One ``name=value`` as written; ``section`` and ``encoded`` come from the asterisks of RFC 2231."""

    name: str
    section: int | None
    encoded: bool
    raw: bytes
    stored: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The value in front of the first semicolon in lower case, and all parameters in order, repetitions included."""

    value: str
    all: tuple[Parameter, ...]
    notes: tuple[str, ...] = ()

    def raw(self, name: str) -> bytes:
        """The bytes of the parameter that readers agree on: the first plain one, else the joined RFC 2231 form."""
        plain = next((each.raw for each in self.all if each.name == name and not _is_extended(each)), None)
        return plain if plain is not None else _extended(self, name)[1]

    def token(self, name: str) -> str:
        """A parameter that is a single word, such as a charset, without trailing comments."""
        found = _TOKEN.search(self.raw(name).decode("latin-1"))
        return found.group() if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileName:
    """One of the names that a part gives its content; ``source`` is the parameter it stands in."""

    source: str
    text: str
    raw: bytes
    charset: str
    bad: bool = False


def parameters(raw: bytes) -> Parameters:
    """A structured value and its parameters, in time that grows with the length and no faster."""
    flat = unfold(raw)
    paired = looks_shift_jis(flat)
    head = _TO_SEMICOLON.match(flat)
    assert head is not None
    value, at = _value(head.group()), head.end()
    found: list[Parameter] = []
    notes: dict[str, None] = {}
    if "=" in value and "/" not in value:
        value, at = "", 0
        notes["no value before the parameters"] = None
    while at < len(flat) and len(found) < MOST_PARAMETERS:
        between = _BETWEEN.match(flat, at)
        at = between.end() if between else at
        if name := _NAME.match(flat, at):
            each, at = _parameter(flat, name, paired)
            found.append(each)
        else:
            at = _next(flat, at + 1)
    if at < len(flat):
        notes["too many parameters"] = None
    return Parameters(value=value, all=tuple(found), notes=tuple(notes))


def looks_shift_jis(flat: bytes) -> bool:
    """Whether a backslash in these bytes may be the second half of a Shift_JIS character."""
    if flat.isascii() or b"\\" not in flat:
        return False
    try:
        flat.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _value(head: bytes) -> str:
    if plain := _PLAIN_VALUE.match(head):
        return plain[1].decode("ascii").lower()
    while b"(" in head and (bare := _COMMENT.sub(b" ", head)) != head and len(head) < 1000:
        head = bare
    return "".join(head.decode("latin-1").split()).strip('"').lower()


def _next(flat: bytes, at: int) -> int:
    semicolon = flat.find(b";", at)
    return len(flat) if semicolon < 0 else semicolon


def _parameter(flat: bytes, name: re.Match[bytes], paired: bool) -> tuple[Parameter, int]:
    at = name.end()
    quoted = (_QUOTED_PAIRS if paired else _QUOTED).match(flat, at) if flat[at : at + 1] == b'"' else None
    if quoted:
        end = _next(flat, quoted.end())
        raw, stored = _unescaped(quoted["inner"], paired), quoted.group()
    else:
        bare = _BARE.match(flat, at)
        assert bare is not None
        end, stored = bare.end(), bare.group().rstrip()
        raw = stored[1:] if stored[:1] == b'"' else stored
    star = _STAR.match(name["name"].decode("latin-1").lower())
    assert star is not None
    section = None if star["section"] is None else int(star["section"])
    each = Parameter(name=star["base"], section=section, encoded=bool(star["star"]), raw=raw, stored=stored)
    return each, end


def _unescaped(inner: bytes, paired: bool) -> bytes:
    if b"\\" not in inner:
        return inner
    pattern = _ESCAPE_PAIRS if paired else _ESCAPE
    return pattern.sub(lambda found: found["char"] if found["keep"] is None else found["keep"], inner)


def _is_extended(each: Parameter) -> bool:
    return each.encoded or each.section is not None


def _extended(found: Parameters, name: str) -> tuple[str, bytes, bytes]:
    """Charset label, bytes and stored bytes of a RFC 2231 parameter, continuations in the order of their numbers."""
    pieces = [each for each in found.all if each.name == name and _is_extended(each)]
    sections: dict[int, Parameter] = {}
    for each in pieces:
        sections.setdefault(-1 if each.section is None else each.section, each)
    if -1 in sections:
        return _opened([sections[-1]])
    return _opened([sections[number] for number in sorted(sections)])


def _opened(pieces: list[Parameter]) -> tuple[str, bytes, bytes]:
    label, content = "", []
    for index, each in enumerate(pieces):
        raw = each.raw
        if index == 0 and each.encoded and raw.count(b"'") >= 2:
            charset, _, raw = raw.split(b"'", 2)
            label = charset.decode("latin-1")
        content.append(unquote_to_bytes(raw) if each.encoded else raw)
    return label, b"".join(content), b"".join(each.stored for each in pieces)


def filenames(content_disposition: bytes, content_type: bytes) -> tuple[FileName, ...]:
    """Every name given to a part, those of Content-Disposition first; the same name twice is kept twice."""
    return names(parameters(content_disposition), parameters(content_type))


def names(disposition: Parameters | None, content_type: Parameters | None) -> tuple[FileName, ...]:
    """The same, of fields that have been taken apart already."""
    every: list[FileName] = []
    for found, wanted in ((disposition, "filename"), (content_type, "name")):
        named = [each for each in found.all if each.name == wanted] if found else []
        every += [_plain(wanted, each) for each in named if not _is_extended(each)]
        if found and any(map(_is_extended, named)):
            every.append(_encoded(wanted, *_extended(found, wanted)))
    return tuple(every)


def _plain(source: str, each: Parameter) -> FileName:
    text = decode_header(each.raw)
    return FileName(source=source, text=text.text, raw=each.stored, charset=text.charset, bad=bool(text.bad))


def _encoded(name: str, label: str, content: bytes, stored: bytes) -> FileName:
    text = decode(content, label) if label or b"=?" not in content else decode_header(content)
    return FileName(source=f"{name}*", text=text.text, raw=stored, charset=text.charset, bad=bool(text.bad))
