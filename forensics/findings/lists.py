"""The lists that this program brings: dated, with their source, and replaceable by a file of the same columns.

Each is a CSV file in ``data/`` beside this module, whose first lines, beginning with ``#``, say what it is, of which
day it is, where it comes from and under which licence.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib import resources

from forensics.findings.finding import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKind:
    """One list: what it holds and its columns."""

    title: Pair
    columns: tuple[str, ...]


LISTS = {
    "freemail": ListKind(title=("フリーメール等のドメイン", "domains of free, provider and carrier mail"),
                         columns=("domain", "class")),
    "shorteners": ListKind(title=("短縮URLのホスト", "hosts that shorten links"), columns=("host",)),
    "default_words": ListKind(title=("既定の検索語", "keywords by default"),
                              columns=("list", "word", "weight", "language")),
}  # fmt: skip


@cache
def rows(name: str) -> list[dict[str, str]]:
    """The rows of a list."""
    assert name in LISTS
    return _read(name)


def _read(name: str) -> list[dict[str, str]]:
    text = (resources.files("forensics.findings") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [{key: value or "" for key, value in row.items()} for row in csv.DictReader(io.StringIO("\n".join(lines)))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the catalogue of questions; ``kind`` and ``where`` are empty where a rule card answers it."""

    id: str
    item: str
    kind: str
    where: Pair


@cache
def catalogue() -> tuple[Row, ...]:
    """Every row of the catalogue, in its order."""
    found = _read("catalogue")
    return tuple(
        Row(id=each["row"], item=each["item"], kind=each["kind"], where=(each["where_ja"], each["where_en"]))
        for each in found
    )
