"""Rows as the timeline page carries them: columns of dictionary codes, gzip (RFC 1952), base64 (RFC 4648).

A code is also the rank of its text, so that the page sorts numbers. Base64 holds nothing that could end a script
element.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from forensics.reports.visible import visible

CUT = 1000


class Coded:
    """A column of texts: each text once, each row its number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._rows: list[int] = []

    def append(self, text: str) -> None:
        """Add the text of the next row."""
        self._rows.append(self._numbers.setdefault(text, len(self._numbers)))

    def pack(self, show: Callable[[str], str] = visible) -> dict[str, Any]:
        """Texts in order as ``d``, their numbers row by row as ``i``."""
        ordered = sorted(self._numbers)
        rank = [0] * len(ordered)
        for new, text in enumerate(ordered):
            rank[self._numbers[text]] = new
        return {"d": [show(_short(text)) for text in ordered], "i": [rank[number] for number in self._rows]}


def _short(text: str) -> str:
    return text if len(text) <= CUT else f"{text[:CUT]}… [{len(text)}]"


def columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """Every column of texts, coded; a missing value is an empty text."""
    coded = [Coded() for _ in names]
    appends = [each.append for each in coded]
    for row in rows:
        for append, value in zip(appends, row, strict=True):
            append("" if value is None else str(value))
    return {name: each.pack() for name, each in zip(names, coded, strict=True)}


def packed(value: Any) -> str:
    """A JSON value as it stands in the page; the same value gives the same text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return base64.b64encode(gzip.compress(text.encode("utf-8", "backslashreplace"), 6, mtime=0)).decode()
