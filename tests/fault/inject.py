"""Runs a command while strace makes one system call fail, or kills the program at it: nothing in the program has a say.

A process that has imported everything forks a child for each run, and strace takes hold of the child before it begins:
an interpreter that starts costs fifty times as much as the work. What the program gives to several threads is done by
one, so that the same number of a call is the same moment on every run.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.cli import toolkit
from forensics.evidence import content, writer
from tests.fault.trace import ROOT

CHANGING = (
    "openat", "write", "fsync", "fdatasync", "syncfs", "rename", "renameat", "link", "linkat", "unlink", "unlinkat",
    "mkdir", "mkdirat", "rmdir", "ftruncate", "truncate", "chmod", "fchmod", "fchmodat",
)  # fmt: skip
"""The calls between which what lies on the disk can differ."""
KILLED = -9
_ANYBODY = ctypes.c_ulong(-1)
_SET_TRACER = 0x59616D61


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended (the negative number of a signal, or an exit code), and what it wrote."""

    code: int
    said: str
    errors: str


class Forks:
    """The process that forks; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Forks:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.fault.inject"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(60)
        assert self._server.stdout is not None
        self._server.stdout.close()

    def run(self, command: list[str], *strace: str) -> Ended:
        """Run ``forensics COMMAND``; with options of strace, under its eyes."""
        files = [self._folder / name for name in ("said", "errors")]
        pid = int(self._told(json.dumps({"command": command, "files": list(map(str, files))})))
        tracer = _attached(pid, strace) if strace else None
        code = int(self._told("go"))
        if tracer is not None:
            tracer.communicate(timeout=60)
        said, errors = (path.read_text() for path in files)
        return Ended(code=code, said=said, errors=errors)

    def _told(self, line: str) -> str:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(line + "\n")
        self._server.stdin.flush()
        return self._server.stdout.readline()

    def calls(self, command: list[str], folder: Path) -> list[tuple[str, int]]:
        """Every call about the folder in order: its name, and which of that name it is, counted from 1."""
        log = self._folder / "calls"
        done = self.run(command, "-y", "-o", str(log), "-e", f"trace={_wanted(CHANGING)}")
        assert done.code == 0, done.errors
        seen: Counter[str] = Counter()
        found = []
        for line in log.read_text(errors="surrogateescape").splitlines():
            match = re.match(r"(?:\d+ +)?(\w+)\(", line)
            if match is not None:
                seen[match[1]] += 1
                if str(folder) in line:
                    found.append((match[1], seen[match[1]]))
        return found

    def faulty(self, command: list[str], call: str, number: int, fault: str) -> Ended:
        """Run it with this fault at this call."""
        only = ("-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={number}")
        return self.run(command, "-o", str(self._folder / "faulty"), *only)


def _wanted(calls: Iterable[str]) -> str:
    return ",".join(f"?{each}" for each in calls)


def _attached(pid: int, options: tuple[str, ...]) -> subprocess.Popen[str]:
    tracer = subprocess.Popen(["strace", "-p", str(pid), *options], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    line = tracer.stderr.readline()
    assert "attached" in line, line
    return tracer


class _Inline:
    """A pool of no threads."""

    def __init__(self, *_: object, **__: object) -> None:
        """Takes what a pool of threads takes."""

    def __enter__(self) -> _Inline:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing runs any more."""

    def submit(self, call: Callable[..., Any], *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(call(*args))
        return future

    def map(self, call: Callable[..., Any], *given: Iterable[Any]) -> Iterator[Any]:
        return iter([call(*args) for args in zip(*given, strict=False)])

    def shutdown(self, **_: object) -> None:
        """Nothing runs any more."""


def _serve() -> None:
    for name in ("cli.acquire", "cli.case", "examination.acquiring", "examination.keys", "examination.opening_images"):
        importlib.import_module(f"forensics.{name}")
    for module in (content, writer):
        module.ThreadPoolExecutor = _Inline  # type: ignore[assignment,misc]
    for line in sys.stdin:
        request = json.loads(line)
        wait, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(go)
            _child(toolkit.run, request, wait)
        os.close(wait)
        say(pid)
        sys.stdin.readline()
        os.write(go, b"go")
        os.close(go)
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _child(run: Callable[[list[str]], int], request: dict[str, Any], wait: int) -> None:
    # Where only a parent may trace, the tracer is let in.
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(_SET_TRACER, _ANYBODY, 0, 0, 0)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    for number, path in enumerate(request["files"], start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.read(wait, 2)
    try:
        code = run(request["command"])
    except BaseException as error:
        os.write(2, f"the program has a fault: {error!r}\n".encode())
        code = 99
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
