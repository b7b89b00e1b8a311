"""Stands in for the job of the workers: parsers that do what a message's ``X-Deed`` asks, and answers that lie.

It runs inside the guarded worker, as the real one does; the tests point ``tasks`` at this module.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from forensics.examination import parsejob
from forensics.parsers.eml import EmlParser
from forensics.parsers.mbox import MboxParser
from forensics.workers import Report

Reads = tuple[Path, ...]
_MARK = b"X-Deed: "


def _recurse() -> None:
    _recurse()


def _spin() -> None:
    while True:
        pass


def _raise() -> None:
    raise RuntimeError("a fault of a parser that names no error of ours")


def _swell(megabytes: int) -> None:
    held = [b"\1" * (1 << 20) for _ in range(megabytes)]
    held.clear()


DEEDS: dict[bytes, Callable[[], object]] = {
    b"crash": lambda: ctypes.string_at(0),
    b"abort": os.abort,
    b"leave": lambda: os._exit(0),
    b"raise": _raise,
    b"recurse": _recurse,
    b"hang": lambda: time.sleep(600),
    b"dawdle": lambda: time.sleep(1.6),
    b"spin": _spin,
    b"swell": lambda: _swell(4_000),
    b"swell a little": lambda: _swell(700),
    b"write outside": lambda: Path("/tmp/hostile-was-here").write_bytes(b""),
}


def _do(raw: bytes) -> None:
    if _MARK in raw:
        DEEDS[raw.partition(_MARK)[2].splitlines()[0]]()


class _Mbox(MboxParser):
    def _message(self, unit: Any, at: Any, keep: Any, raw: bytes, *more: Any) -> Iterator[Any]:
        _do(raw)
        return super()._message(unit, at, keep, raw, *more)


class _Eml(EmlParser):
    """Falls before it has begun an item."""

    def parse(self, unit: Any, at: Any, keep: Any) -> Iterator[Any]:
        _do(unit.handle.read())
        unit.handle.seek(0)
        return super().parse(unit, at, keep)


def run(args: dict[str, Any], reads: Reads, spool: Path, report: Report) -> dict[str, Any]:
    parsers = {**parsejob._available(), "mbox": _Mbox(), "eml": _Eml()}
    parsejob._available = lambda: parsers  # type: ignore[assignment]
    answer = parsejob.run(args, reads, spool, report)
    lie = next((lie for lie in LIES if any(lie in path.read_bytes() for path in reads)), None)
    return LIES[lie](answer, spool) if lie else answer


def _other_bytes(answer: dict[str, Any], spool: Path) -> dict[str, Any]:
    for path in spool.rglob("*"):
        if path.is_file() and path.suffix != ".parquet":
            path.write_bytes(b"other bytes than the name says")
    return answer


LIES: dict[bytes, Callable[[dict[str, Any], Path], dict[str, Any]]] = {
    b"X-Lie: a kind that does not exist": lambda answer, _: {
        **answer,
        "parts": [{"kind": "../../../../case", "rows": 1, "digest": "0" * 64}],
    },
    b"X-Lie: a part that was not written": lambda answer, _: {
        **answer,
        "parts": [*answer["parts"], {"kind": "folder", "rows": 1, "digest": "0" * 64}],
    },
    b"X-Lie: content with a path": lambda answer, _: {**answer, "content": {"../../../../case.toml": 1}},
    b"X-Lie: content that is not there": lambda answer, _: {**answer, "content": {"ab" * 32: 1}},
    b"X-Lie: content of other bytes": _other_bytes,
    b"X-Lie: nothing that was asked": lambda answer, _: {"hello": 7},
    b"X-Lie: rows that are no number": lambda answer, _: {
        **answer,
        "parts": [{**part, "rows": "7"} for part in answer["parts"]],
    },
}
