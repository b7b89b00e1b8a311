"""Header values into text: unfolding, encoded words, and the raw 8-bit and ISO-2022-JP that mailers write without MIME.

Follows RFC 5322 section 2.2.3, RFC 2047 and RFC 2231 section 5; neighbouring words of one charset are joined as bytes
before they are decoded, because mailers split them inside a character or an escape sequence.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass

from forensics.formats.charset_labels import resolve
from forensics.formats.charsets import ASCII, DECLARED, DETECTED, GUESSED, Decoded, decode

MOST_WORDS = 10_000

_FOLD = re.compile(rb"[\r\n]+")
_OPENING = re.compile(rb"=\?(?P<label>[^?\s]{1,100})\?(?P<how>[BbQq])\?")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_PRINTABLE = bytes((9, *range(32, 127)))
_RANK = {ASCII: 0, DECLARED: 1, DETECTED: 2, GUESSED: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A stretch of the value: literal bytes, or the content of one or more encoded words of one charset."""

    raw: bytes
    label: str
    start: int
    end: int
    base64: bool = False


def unfold(raw: bytes) -> bytes:
    """The value without its line ends; the white space that followed each stays (RFC 5322 section 2.2.3)."""
    return raw.translate(None, b"\r\n")


def decode_header(raw: bytes) -> Decoded:
    """The text of an unstructured header value or display name; ``bad`` are ranges of ``raw``."""
    flat = raw
    odd = raw.translate(None, _PRINTABLE)
    if odd and not odd.strip(b"\r\n"):
        flat, odd = raw.translate(None, b"\r\n"), b""
    if not odd and b"=?" not in flat:
        return Decoded(flat.decode("ascii").strip(" \t"), "", ASCII, ASCII)
    flat = unfold(flat)
    value = flat.strip(b" \t")
    if b"=?" not in value:
        plain = decode(value)
        return plain if not plain.bad else _placed(raw, [(plain, _lead(flat))])
    parts: list[tuple[Decoded, int]] = []
    for piece in _joined(_pieces(value)):
        part = decode(piece.raw, piece.label)
        if piece.label and part.bad:
            part = _covering(part, piece)
        parts.append((part, _lead(flat) + (0 if piece.label else piece.start)))
    return _placed(raw, parts)


def _lead(flat: bytes) -> int:
    return len(flat) - len(flat.lstrip(b" \t"))


def _covering(part: Decoded, piece: _Piece) -> Decoded:
    """Bad bytes inside an encoded word have no place of their own in the header: the whole word is named."""
    return _with(part, bad=((piece.start, piece.end),))


def _with(part: Decoded, *, bad: tuple[tuple[int, int], ...]) -> Decoded:
    return Decoded(
        text=part.text, declared=part.declared, charset=part.charset, method=part.method, bad=bad, notes=part.notes
    )


def _pieces(value: bytes) -> Iterator[_Piece]:
    """Literals and encoded words in order. Each search begins behind the last, so the time is linear."""
    done = at = count = 0
    while count < MOST_WORDS and (opening := _OPENING.search(value, at)):
        body = opening.end()
        stop = value.find(b"?=", body)
        if stop < 0:
            break
        inner = _OPENING.search(value, body, stop)
        close = stop + 2
        if inner:
            stop = close = inner.start()
        if opening.start() > done:
            yield _Piece(raw=value[done : opening.start()], label="", start=done, end=opening.start())
        yield _word(opening, value[body:stop], close)
        done = at = close
        count += 1
    if done < len(value):
        yield _Piece(raw=value[done:], label="", start=done, end=len(value))


def _word(opening: re.Match[bytes], content: bytes, end: int) -> _Piece:
    label = opening["label"].decode("ascii", "backslashreplace")
    if opening["how"] in b"Qq":
        return _Piece(raw=a2b_qp(content, header=True), label=label, start=opening.start(), end=end)
    return _Piece(raw=_NOT_BASE64.sub(b"", content), label=label, start=opening.start(), end=end, base64=True)


def _joined(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """White space between encoded words dropped, words of the same charset side by side made one."""
    held: list[_Piece] = []
    gap: _Piece | None = None
    for piece in pieces:
        if not piece.label:
            if held and not piece.raw.strip(b" \t"):
                gap = piece
                continue
            if held:
                yield _one(held)
                held = []
            yield piece
            continue
        if held and _charset(held[-1]) != _charset(piece):
            yield _one(held)
            held = []
        held.append(piece)
        gap = None
    if held:
        yield _one(held)
    if gap:
        yield gap


def _charset(piece: _Piece) -> str:
    return resolve(piece.label) or piece.label.lower()


def _one(held: list[_Piece]) -> _Piece:
    raw = b"".join(_contents(held))
    return _Piece(raw=raw, label=held[0].label, start=held[0].start, end=held[-1].end)


def _contents(held: list[_Piece]) -> Iterator[bytes]:
    """The bytes of each word. One base64 digit too many makes no byte: it belongs to the word that goes on with it."""
    carried = b""
    for piece in held:
        if not piece.base64:
            yield piece.raw
            continue
        digits = carried + piece.raw
        carried = digits[-1:] if len(digits) % 4 == 1 else b""
        digits = digits[: len(digits) - len(carried)]
        yield b64decode(digits + b"=" * (-len(digits) % 4))


def _placed(raw: bytes, parts: list[tuple[Decoded, int]]) -> Decoded:
    """One result for the whole value, the bad ranges moved to where they stand in the folded bytes."""
    folds = [fold.span() for fold in _FOLD.finditer(raw)] if any(part.bad for part, _ in parts) else []
    labels = dict.fromkeys(part.declared for part, _ in parts if part.declared)
    charsets = dict.fromkeys(part.charset for part, _ in parts if part.charset != ASCII)
    notes = dict.fromkeys(note for part, _ in parts for note in part.notes)
    text = "".join(part.text for part, _ in parts)
    if labels and ("\n" in text or "\r" in text):
        notes["line-break-in-encoded-word"] = None
    return Decoded(
        text=text,
        declared=", ".join(labels),
        charset=", ".join(charsets) or ASCII,
        method=max((part.method for part, _ in parts), key=_RANK.__getitem__, default=ASCII),
        bad=tuple(
            (_refold(start + move, folds), _refold(end + move - 1, folds) + 1)
            for part, move in parts
            for start, end in part.bad
        ),
        notes=tuple(notes),
    )


def _refold(at: int, folds: list[tuple[int, int]]) -> int:
    for start, end in folds:
        if start > at:
            break
        at += end - start
    return at
