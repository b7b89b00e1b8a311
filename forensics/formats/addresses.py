"""The mailboxes of an address field, with display names as text, from lists that are often broken.

Follows RFC 5322 section 3.4 and its obsolete forms (4.4); what cannot be told apart is kept as a name, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.formats.charsets import decode
from forensics.formats.parameters import looks_shift_jis
from forensics.formats.words import decode_header


# An encoded word, a two-byte escape sequence and a quoted string may hold separators without meaning them.
def _tokens(quoted_pair: bytes) -> re.Pattern[bytes]:
    return re.compile(
        rb"(?P<word>=\?[^?\s]{1,100}\?[BbQq]\?[^?]*+\?=)"
        rb'|(?P<quoted>"(?:\x1b\$[@B][^\x1b]*+|' + quoted_pair + rb'|\\.|[^"\\])*+")'
        rb"|(?P<angle><[^<>]*+>|<[^<>,;]*+)"
        rb"|(?P<open>\()|(?P<close>\))|(?P<separator>[,;])|(?P<colon>:)"
        rb"|(?P<text>(?:\x1b\$[@B][^\x1b]*+(?:\x1b\([BJ])?+|[^\x1b\"<(),;:\\=]++|=(?!\?)|\\.)++|\x1b\([BJI]|.)",
        re.S,
    )


_TOKEN = _tokens(rb"[^\W\w]")
_TOKEN_SHIFT_JIS = _tokens(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]")
_ESCAPE = re.compile(rb"(?P<keep>\x1b\$[@B][^\x1b]*+|[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc])|\\(?P<char>.)", re.S)
_UTF8_ESCAPE = re.compile(rb"(?P<keep>\x1b\$[@B][^\x1b]*+)|\\(?P<char>.)", re.S)
_SPEC = re.compile(rb"[^\s<>,;()\"]++")
_PLAIN = re.compile(
    rb'\s*+(?:(?:"(?P<quoted>[ !#-<>-\[\]-~]*+)"|(?P<words>[A-Za-z0-9 ._-]*+))\s*+'
    rb"<(?P<angle>[A-Za-z0-9._+-]++@[A-Za-z0-9.-]++)>|(?P<bare>[A-Za-z0-9._+-]++@[A-Za-z0-9.-]++))\s*+(?P<separator>,|\Z)"
)
_ROUTE = re.compile(rb"\s*@[^:]*+:")
_SPACE = re.compile(rb"\s++")
_IN_NAME = re.compile(r"<([^<>@\s]+@[^<>@\s]+)>")
_SCHEME = re.compile(r"(?i)(?:mailto|smtp):")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One addressee. ``address`` is empty where only a name was given, ``name`` where only an address was.

    A bare word among addresses with a domain is a name; among none but bare words it is an address of that machine.
    """

    name: str
    address: str
    raw: bytes


@dataclass(slots=True, kw_only=True)
class _Chunk:
    """What stands between two separators, sorted by what it is."""

    start: int
    end: int = 0
    words: list[bytes]
    comments: list[bytes]
    angles: list[bytes]
    separator: bytes = b""


def parse_addresses(raw: bytes) -> tuple[Mailbox, ...]:
    """Every mailbox of the field in order; a group without members gives one entry with its name alone."""
    plain = _parse_plain(raw)
    return _parse_any(raw) if plain is None else plain


def _parse_plain(raw: bytes) -> tuple[Mailbox, ...] | None:
    """Lists without anything unusual, which are most, in a fifth of the time; None for all others."""
    found: list[Mailbox] = []
    at, end = 0, len(raw)
    while at < end:
        one = _PLAIN.match(raw, at)
        if one is None:
            return None
        quoted, words, angle, bare = one.group("quoted", "words", "angle", "bare")
        name = " ".join((quoted or words or b"").decode("ascii").split())
        stored = raw[at : one.start("separator")].strip()
        found.append(Mailbox(name=name, address=(angle or bare).decode("ascii"), raw=stored))
        at = one.end()
    return tuple(found)


def _parse_any(raw: bytes) -> tuple[Mailbox, ...]:
    found: list[Mailbox] = []
    pending: _Chunk | None = None
    for chunk in _chunks(raw):
        if pending is not None:
            if chunk.angles and pending.separator == b"," and _is_inverted(pending, chunk):
                chunk = _merged(pending, chunk)
            else:
                found += _mailboxes(raw, pending)
            pending = None
        if _is_name_only(chunk):
            pending = chunk
        else:
            found += _mailboxes(raw, chunk)
    if pending is not None:
        found += _mailboxes(raw, pending)
    return tuple(found)


def _is_name_only(chunk: _Chunk) -> bool:
    """Perhaps the first half of ``Yamada, Taro <taro@example.jp>``, a display name whose quotes are missing."""
    return bool(chunk.words) and not chunk.angles and not any(b"@" in word or b"=?" in word for word in chunk.words)


def _is_inverted(first: _Chunk, second: _Chunk) -> bool:
    """Whether a comma stands inside one name, surname first, or company and form: both parts begin with a capital.

    Where they do not, as in ``alice, bob <bob@example.jp>``, the comma separates two mailboxes (RFC 5322 3.4).
    """
    surname, given = _name(first.words).split(), _name(second.words).split()
    return bool(surname and given) and surname[-1][0].isupper() and given[0].strip('"')[:1].isupper()


def _merged(first: _Chunk, second: _Chunk) -> _Chunk:
    return _Chunk(
        start=first.start,
        end=second.end,
        words=[*first.words, b", ", *second.words],
        comments=first.comments + second.comments,
        angles=second.angles,
        separator=second.separator,
    )


def _new(start: int) -> _Chunk:
    return _Chunk(start=start, words=[], comments=[], angles=[])


def _chunks(raw: bytes) -> Iterator[_Chunk]:
    """The field cut at its separators; group names are left out unless the group is empty."""
    last_semicolon = raw.rfind(b";")
    chunk, in_group, depth = _new(0), False, 0
    for token in (_TOKEN_SHIFT_JIS if looks_shift_jis(raw) else _TOKEN).finditer(raw):
        kind, piece = token.lastgroup, token.group()
        if depth or kind == "open":
            depth = _comment(chunk, kind, piece, depth)
        elif kind == "separator":
            chunk.end, chunk.separator = token.start(), piece
            if chunk.words or chunk.angles:
                yield chunk
            in_group = in_group and piece != b";"
            chunk = _new(token.end())
        elif kind == "colon" and not in_group and token.start() < last_semicolon and _is_group_name(chunk):
            in_group = True
            if _is_empty_group(raw, token.end()):
                continue
            chunk = _new(token.end())
        elif kind == "angle":
            chunk.angles.append(piece)
        elif kind == "close" or piece.strip() or chunk.words:
            chunk.words.append(piece)
    chunk.end = len(raw)
    if chunk.words or chunk.angles or (chunk.comments and chunk.start == 0):
        yield chunk


def _comment(chunk: _Chunk, kind: str | None, piece: bytes, depth: int) -> int:
    if kind == "open":
        if depth == 0:
            chunk.comments.append(b"")
            return 1
        depth += 1
    elif kind == "close":
        depth -= 1
        if depth == 0:
            return 0
    chunk.comments.append(piece)
    return depth


def _is_group_name(chunk: _Chunk) -> bool:
    return bool(chunk.words) and not chunk.angles and not any(b"@" in word for word in chunk.words)


def _is_empty_group(raw: bytes, at: int) -> bool:
    return raw[at : at + 64].lstrip()[:1] == b";"


def _mailboxes(raw: bytes, chunk: _Chunk) -> Iterator[Mailbox]:
    stored = raw[chunk.start : chunk.end].strip()
    comment = _name([b"".join(chunk.comments)])
    if chunk.angles:
        name = _name(chunk.words) or comment
        for index, angle in enumerate(chunk.angles):
            yield Mailbox(name=name if index == 0 else "", address=_angle(angle), raw=stored)
        return
    local, names = _bare(chunk.words)
    name = _SCHEME.sub("", _name(names)).strip() or comment
    if not local and (hidden := _IN_NAME.search(name)):
        name, local_text = name[: hidden.start()].strip(' "'), hidden[1]
        yield Mailbox(name=name, address=local_text, raw=stored)
        return
    if not local and _is_local(name, stored) and b"@" not in raw:
        name, local = "", name.encode()
    yield Mailbox(name=name, address=_SCHEME.sub("", _text(local), count=1), raw=stored)


def _is_local(name: str, stored: bytes) -> bool:
    """Perhaps the account of a single machine, such as ``root``, in a field where no address has a domain."""
    return bool(name) and name.isascii() and " " not in name and stored[:1] != b'"' and not stored.endswith(b":")


def _bare(words: list[bytes]) -> tuple[bytes, list[bytes]]:
    """The address among words without angle brackets, and what is left of them as a name."""
    for index, word in enumerate(words):
        if b"@" not in word or word[:2] == b"=?":
            continue
        if word[:1] == b'"':
            continue
        at = word.find(b"@")
        if not word[:at].strip() and index and words[index - 1][:1] == b'"':
            end = _SPEC.match(word, at)
            assert end is not None
            return words[index - 1] + end.group(), [*words[: index - 1], word[end.end() :], *words[index + 1 :]]
        return _around(words, index, at)
    return b"", words


def _around(words: list[bytes], index: int, at: int) -> tuple[bytes, list[bytes]]:
    word = words[index]
    if b" @" in word or b"@ " in word:
        word = word.replace(b" @", b"@").replace(b"@ ", b"@")
        at = word.find(b"@")
    start = max(word.rfind(space, 0, at) for space in (b" ", b"\t", b"\n", b"\r")) + 1
    end = _SPEC.match(word, at)
    assert end is not None
    return word[start : end.end()], [*words[:index], word[:start], word[end.end() :], *words[index + 1 :]]


def _angle(angle: bytes) -> str:
    inner = angle.strip(b"<>")
    route = _ROUTE.match(inner)
    if route and b"@" in inner[route.end() :]:
        inner = inner[route.end() :]
    text = _text(_SPACE.sub(b"", inner) if b'"' not in inner else inner.strip())
    return _SCHEME.sub("", text, count=1)


def _text(address: bytes) -> str:
    return decode_header(address).text if b"=?" in address else decode(address.strip()).text


def _name(words: list[bytes]) -> str:
    """A display name: quotes and their backslashes removed, folding as one space, encoded words as text."""
    parts = [_unquoted(word) if word[:1] == b'"' and len(word) > 1 else word for word in words]
    joined = _SPACE.sub(b" ", b"".join(parts)).strip(b" ")
    return decode_header(joined).text.strip() if joined else ""


def _unquoted(word: bytes) -> bytes:
    inner = word[1:-1]
    if b"\\" not in inner:
        return inner
    pattern = _ESCAPE if looks_shift_jis(inner) else _UTF8_ESCAPE
    return pattern.sub(lambda found: found["char"] if found["keep"] is None else found["keep"], inner)
