"""The stores that are damaged: generated ones of every family, the sample archive, and the real ones of the corpus."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.corpus import CORPUS
from tests.tools.pst_families import ANSI14, CYCLIC, NONE, PAGES_4K, PERMUTE, UNICODE, Family, relaid
from tests.tools.pst_stories import deleted, store

_ROOT = Path(__file__).resolve().parents[2]
_ARCHIVE = _ROOT / "sample_data" / "case" / "outlook" / "kenta.sato" / "archive.pst"
_LARGEST = 20 << 20


@cache
def _plain(messages: int) -> bytes:
    return store(messages)


def _relaid(family: Family, crypt: int) -> Callable[[], bytes]:
    return lambda: relaid(_plain(40), family, crypt)


GENERATED: dict[str, Callable[[], bytes]] = {
    "ansi-permute": _relaid(ANSI14, PERMUTE),
    "ansi-cyclic": _relaid(ANSI14, CYCLIC),
    "unicode-none": _relaid(UNICODE, NONE),
    "unicode-cyclic": _relaid(UNICODE, CYCLIC),
    "4k-permute": _relaid(PAGES_4K, PERMUTE),
    "4k-none": _relaid(PAGES_4K, NONE),
    "written": lambda: _plain(60),
    "deleted": lambda: deleted(80, 24, "some", edits=6, orphans=6).data,
    "sample": _ARCHIVE.read_bytes,
}


def real() -> dict[str, Path]:
    """The PST and OST files of the corpus, each content once."""
    found: dict[str, Path] = {}
    for path in sorted(CORPUS.glob("pst/**/*")) if CORPUS else ():
        if path.suffix.lower() in (".pst", ".ost") and path.stat().st_size < _LARGEST:
            mark = hashlib.sha256(path.read_bytes()).hexdigest()
            found.setdefault(mark, path)
    return {f"{path.name}-{mark[:6]}": path for mark, path in found.items()}


@cache
def content(name: str) -> bytes:
    """The bytes of a seed."""
    return GENERATED[name]() if name in GENERATED else real()[name].read_bytes()
