"""The JSON objects of a log with their place in the file: one a line, in an array, or one after another.

Objects are found by their braces before anything is decoded, so a broken one costs itself alone, and a file of any size
is read a block at a time. The objects inside a wrapper such as ``{"value": [...]}`` (Microsoft Graph) or
``{"items": [...]}`` (Google Reports) count, the wrapper does not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from forensics.formats.logs.lines import LONGEST

_BLOCK = 1 << 20
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


def read_objects(handle: BinaryIO, start: int = 0) -> Iterator[Found]:
    """Every outermost object, or every object inside the one wrapper that the file consists of."""
    handle.seek(start)
    head = handle.read(4096)
    wrapper = _WRAPPER.match(head.removeprefix(b"\xef\xbb\xbf"))
    skipped = (3 if head.startswith(b"\xef\xbb\xbf") else 0) + (wrapper.end() if wrapper else 0)
    handle.seek(start + skipped)
    yield from _Scan(handle, start + skipped, head[:skipped].count(b"\n") + 1).run()


class _Scan:
    """Follows braces outside of texts. What is longer than :data:`LONGEST` is given up at its next line end."""

    def __init__(self, handle: BinaryIO, at: int, line: int) -> None:
        self._handle = handle
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
                if not self._more(kept):
                    if depth:
                        yield self._broken(0, len(self._data), begin_line, "the file ends inside this object")
                    return
                at, begin = at - kept, begin - kept
                continue
            at, kind = mark.end(), mark.group()
            if kind == b"\n":
                self._line += 1
                if in_text or (depth and at - begin > LONGEST):
                    # No text of JSON holds a raw line end (RFC 8259 7): a quote is missing; the next line may be whole.
                    yield self._broken(begin, mark.start(), begin_line, "this line is not closed as JSON")
                    depth, in_text = 0, False
            elif kind == b'"':
                in_text = not in_text if depth else False
            elif not in_text and kind == b"{":
                if depth == 0:
                    begin, begin_line = mark.start(), self._line
                depth += 1
            elif not in_text and depth:
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
        try:
            value = json.loads(raw.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            return self._broken(begin, end, line, f"this is not JSON: {error}")
        return Found(number=line, start=self._base + begin, end=self._base + end, raw=raw, value=value)

    def _broken(self, begin: int, end: int, line: int, why: str) -> Found:
        return Found(number=line, start=self._base + begin, end=self._base + end, raw=self._data[begin:end], broken=why)
