"""The JSON objects of a log with their place in the file: one a line, in an array, or one after another.

Objects are found by their braces before anything is decoded, so a broken one costs itself alone, and a file of any size
is read a block at a time. The objects inside a wrapper such as ``{"value": [...]}`` (Microsoft Graph) or
``{"items": [...]}`` (Google Reports) count, the wrapper does not.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from forensics.formats.logs.lines import LONGEST

_BLOCK = 1 << 20
_OPEN = "this object is never closed"
_MOST_STARTS = 10_000
"""So many broken objects are looked behind; more are no log."""
_MARKS = re.compile(rb'\\.|[{}"\n]', re.DOTALL)
_WRAPPER = re.compile(
    rb'\s*\{\s*(?:"(?:@odata\.[a-zA-Z.]+|kind|etag|nextPageToken)"\s*:\s*"[^"]*"\s*,\s*)*'
    rb'"(?:value|items|Records|records|events)"\s*:\s*\['
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One object: the line it begins on, its place, its bytes, its value; ``broken`` says why it has none."""

    number: int
    start: int
    end: int
    raw: bytes
    value: dict[str, Any] | None = None
    broken: str = ""


def read_objects(handle: BinaryIO) -> Iterator[Found]:
    """Every outermost object, or every object inside the one wrapper that the file consists of."""
    handle.seek(0)
    head = handle.read(4096)
    wrapper = _WRAPPER.match(head.removeprefix(b"\xef\xbb\xbf"))
    at = (3 if head.startswith(b"\xef\xbb\xbf") else 0) + (wrapper.end() if wrapper else 0)
    line = head[:at].count(b"\n") + 1
    for _ in range(_MOST_STARTS):
        again: Found | None = None
        for found in _one_a_line(handle, at, line) if _is_lines(handle, at) else _Scan(handle, at, line).run():
            if found.broken == _OPEN:
                again = found
            yield found
        if again is None:
            return
        # What was left open may have hidden whole objects: they are looked for behind its first line.
        at, line = again.end + 1, again.number + 1


def _is_lines(handle: BinaryIO, at: int) -> bool:
    """Whether there is an object for each line, as the first line that holds anything tells."""
    handle.seek(at)
    line = handle.readline(LONGEST)
    while line and not line.strip():
        line = handle.readline(LONGEST)
    return not _parsed(line)[1]


def _one_a_line(handle: BinaryIO, at: int, number: int) -> Iterator[Found]:
    handle.seek(at)
    while raw := handle.readline(LONGEST):
        text = raw.strip()
        if text:
            start = at + raw.index(text)
            value, why = _parsed(text)
            yield Found(number=number, start=start, end=start + len(text), raw=text, value=value, broken=why)
        at += len(raw)
        number += 1


def json_value(text: str) -> Any:
    """The value of a JSON text (RFC 8259). A number that JSON cannot write, such as NaN or 1e999, stays a text.

    :class:`ValueError` or :class:`RecursionError` where the text is none.
    """
    return json.loads(text, parse_constant=str, parse_float=_number)


def _number(text: str) -> float | str:
    found = float(text)
    return found if math.isfinite(found) else text


def _parsed(raw: bytes) -> tuple[dict[str, Any] | None, str]:
    """The object, or why there is none."""
    try:
        value = json_value(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return None, f"this is not JSON: {error}"
    return (value, "") if isinstance(value, dict) else (None, "this is no JSON object")


class _Scan:
    """Follows braces outside of texts. What stays open to the end, or for :data:`LONGEST` bytes, is broken."""

    def __init__(self, handle: BinaryIO, at: int, line: int) -> None:
        self._handle = handle
        self._handle.seek(at)
        self._base = at
        self._data = b""
        self._line = line

    def run(self) -> Iterator[Found]:
        depth = begin = begin_line = at = 0
        in_text = False
        while True:
            mark = _MARKS.search(self._data, at)
            if mark is None:
                # A backslash at the end of a block takes the byte that is read next with it.
                at = len(self._data) - self._data[at:].endswith(b"\\")
                kept = begin if depth else at
                ended = depth > 0 and at - begin > LONGEST
                if ended or not self._more(kept):
                    if depth:
                        yield self._open(begin if ended else 0, begin_line)
                    return
                at, begin = at - kept, begin - kept
                continue
            at, kind = mark.end(), mark.group()
            if kind == b"\n":
                self._line += 1
                if in_text:
                    # No text of JSON holds a raw line end (RFC 8259 7): a quote is missing.
                    yield self._open(begin, begin_line)
                    return
            elif kind == b'"':
                in_text = not in_text if depth else False
            elif not in_text and kind == b"{":
                if depth == 0:
                    begin, begin_line = mark.start(), self._line
                depth += 1
            elif not in_text and kind == b"}" and depth:
                depth -= 1
                if depth == 0:
                    yield self._object(begin, at, begin_line)

    def _more(self, kept: int) -> bool:
        """Read on; what lies before ``kept`` is forgotten."""
        block = self._handle.read(_BLOCK)
        self._data = self._data[kept:] + block
        self._base += kept
        return bool(block)

    def _object(self, begin: int, end: int, line: int) -> Found:
        raw = self._data[begin:end]
        value, why = _parsed(raw)
        return Found(number=line, start=self._base + begin, end=self._base + end, raw=raw, value=value, broken=why)

    def _open(self, begin: int, line: int) -> Found:
        """The first line of what is never closed."""
        stop = self._data.find(b"\n", begin)
        end = stop if stop >= 0 else len(self._data)
        raw = self._data[begin:end]
        return Found(number=line, start=self._base + begin, end=self._base + end, raw=raw, broken=_OPEN)
