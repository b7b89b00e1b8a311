"""Length-prefixed JSON over pipes: what parent, zygote and child say to one another, checked before it is believed.

Strict I-JSON (RFC 7493): one object, UTF-8, no duplicate names, no NaN, no lone surrogates. Never pickle.

    offset  size  field
    0       4     length of the body, big-endian
    4       1     tag, one of the tags below
    5       n     body: one JSON object
"""

from __future__ import annotations

import json
import os
import re
import struct
from typing import Any, NoReturn

from forensics.errors import ForensicsError

HEAD = struct.Struct(">IB")
CAP = 64 << 20
PROGRESS_CAP = 64 << 10
# Each mark opens or separates a value; the count bounds the memory that 64 MiB of "[[],[],..." would take once decoded.
MARKS_CAP = 2_000_000

REQUEST, READY, GUARDS, PROGRESS, VALUE, FAILURE, END = b"QRGPVXE"
TAGS = frozenset(b"QRGPVXE")

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class BrokenFrame(ForensicsError):
    """What came over the pipe is not a frame, or not the JSON that a frame may hold."""


def encode(value: dict[str, Any]) -> bytes:
    """The one JSON form of an object; raises BrokenFrame for what JSON or UTF-8 cannot say."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise BrokenFrame(f"a value cannot be written as JSON: {error}") from error


def decode(body: bytes) -> dict[str, Any]:
    """The object in a body, or BrokenFrame; safe on anything a hostile child may have written."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MARKS_CAP:
        raise BrokenFrame(f"more than {MARKS_CAP} values in one frame")
    try:
        value = json.loads(body.decode(), object_pairs_hook=_distinct, parse_constant=_refuse)
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BrokenFrame(f"not the JSON it should be: {error}") from error
    if not isinstance(value, dict):
        raise BrokenFrame(f"a JSON object was expected, not {type(value).__name__}")
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same name twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number that JSON knows")


def pack(tag: int, body: bytes, cap: int = CAP) -> bytes:
    """One frame, ready to be written."""
    if len(body) > min(cap, CAP):
        raise BrokenFrame(f"a frame of {len(body)} bytes, more than the {min(cap, CAP)} allowed")
    return HEAD.pack(len(body), tag) + body


def write(fd: int, data: bytes) -> None:
    """Write all of it, however little the pipe takes at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read(fd: int) -> tuple[int, bytes] | None:
    """The next frame from a blocking pipe, or None when the other end has gone, even in mid-frame."""
    head = _exactly(fd, HEAD.size)
    if head is None:
        return None
    length, tag = HEAD.unpack(head)
    if length > CAP or tag not in TAGS:
        raise BrokenFrame(f"a frame head of {length} bytes with tag {tag}")
    body = _exactly(fd, length)
    return None if body is None else (tag, body)


def _exactly(fd: int, size: int) -> bytes | None:
    held = bytearray()
    while len(held) < size:
        piece = os.read(fd, min(size - len(held), 1 << 20))
        if not piece:
            return None
        held += piece
    return bytes(held)


class Splitter:
    """Cuts what a child writes into frames; the length is checked before a byte of the body is kept."""

    def __init__(self, cap: int = CAP) -> None:
        self._cap = min(cap, CAP)
        self._held = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The frames that are complete now; raises BrokenFrame at the first head that lies."""
        self._held += data
        found = []
        while len(self._held) >= HEAD.size:
            length, tag = HEAD.unpack_from(self._held)
            self._check(length, tag)
            end = HEAD.size + length
            if len(self._held) < end:
                break
            found.append((tag, bytes(self._held[HEAD.size : end])))
            del self._held[:end]
        return found

    def _check(self, length: int, tag: int) -> None:
        cap = PROGRESS_CAP if tag == PROGRESS else self._cap
        if tag not in (GUARDS, PROGRESS, VALUE, FAILURE):
            raise BrokenFrame(f"an unknown kind of frame ({tag})")
        if length > cap:
            raise BrokenFrame(f"an answer of {length} bytes, more than the {cap} allowed")

    @property
    def unfinished(self) -> int:
        """How many bytes of a frame that never ended are held."""
        return len(self._held)
