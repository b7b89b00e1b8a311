"""One guarded process that reads damaged stores: capped in memory, ended when it hangs, its death noticed."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

MEMORY = 1 << 30
WALL = 60.0
_ROOT = Path(__file__).resolve().parents[2]


class Guard:
    """Asks the process for one mutation after another, and starts another process where one died."""

    def __init__(self, wall: float = WALL) -> None:
        self._wall = wall
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, seed: str, mode: str, number: int) -> dict[str, Any]:
        """What came of one mutation; ``death`` says how the process ended where it did."""
        process = self._process or self._start()
        began = time.monotonic()
        line = json.dumps([seed, mode, number]).encode() + b"\n"
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
        raw = _line(process.stdout, began + self._wall)
        if raw.endswith(b"\n"):
            answer: dict[str, Any] = json.loads(raw)
            return answer
        hung = process.poll() is None and not raw
        self._end()
        death = f"no answer after {self._wall:g} seconds" if hung else f"it ended with {process.returncode}"
        return {"death": death}

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile_stores.guarded"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )  # fmt: skip
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def _line(pipe: IO[bytes], deadline: float) -> bytes:
    raw = b""
    while not raw.endswith(b"\n"):
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(pipe.fileno(), 1 << 16) if ready else b""
        if not piece:
            break
        raw += piece
    return raw
