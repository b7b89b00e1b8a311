"""The parent's side of one zygote: start it, ask it one job at a time, notice when it is gone, end it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO, Any

from forensics.errors import ForensicsError
from forensics.workers import frames, same_code
from forensics.workers.job import Job, Limits, Listener, Outcome
from forensics.workers.outcome import Heard, guards_of, judge, plain

# An interpreter that starts in minimal surroundings, wherever the package lies and whatever folder this is run from.
# The package is loaded from the very folder of the parent's, because an installed copy would win on any search path.
# The folder around it goes last, so that nothing beside it can stand in for the standard library.
_BOOT = """
import importlib.util, os, runpy, sys
package = sys.argv.pop(1)
sys.path.append(os.path.dirname(package))
start = os.path.join(package, "__init__.py")
spec = importlib.util.spec_from_file_location("forensics", start, submodule_search_locations=[package])
sys.modules["forensics"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["forensics"])
runpy.run_module("forensics.workers.zygote", run_name="__main__", alter_sys=True)
"""
_SURROUNDINGS = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # A zygote must have one thread only, and arenas are counted as memory used.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
}
# Without these some interpreters do not start at all.
_PASSED_ON = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_START_LIMIT, _GRACE, _PARTING = 60.0, 5.0, 2.0
_STARTS = 2
FORK, INLINE = "fork", "inline"
MODE = FORK if hasattr(os, "fork") else INLINE


class NoWorkers(ForensicsError):
    """This machine cannot start what jobs run in."""


class Slot:
    """One zygote at a time, replaced when it dies. Other threads may only call ``stop`` and ``end_if_overdue``."""

    def __init__(self, limits: Limits, preload: Sequence[str], mode: str = MODE) -> None:
        self._limits = limits
        self._preload = tuple(preload)
        self._mode = mode
        self._process: subprocess.Popen[bytes] | None = None
        self._noise: IO[bytes] | None = None
        self._deadline = float("inf")
        self._overdue = False
        self.stopping = False

    def run(self, job: Job, listener: Listener | None) -> Outcome:
        """Do one job; whatever becomes of it, the slot is fit for the next."""
        limits = job.limits or self._limits
        try:
            # A request that cannot be written is the caller's mistake, and raises here.
            request = frames.pack(frames.REQUEST, frames.encode(job.request(limits)))
            return self._ask(request, limits, listener)
        except BaseException:
            # What this job still has to say must not be taken for the answer to the next.
            self.close()
            raise
        finally:
            self._deadline = float("inf")
            if self._mode == INLINE:
                self.close()

    def _ask(self, request: bytes, limits: Limits, listener: Listener | None) -> Outcome:
        heard = Heard()
        try:
            process = self._started()
            self._give(limits.wall + (_GRACE if self._mode == FORK else 0))
            frames.write(_fd(process.stdin), request)
            self._hear(process, heard, listener)
        except (frames.BrokenFrame, OSError) as error:
            return self._lost(heard, limits, str(error))
        return judge(heard, limits) if heard.end else self._lost(heard, limits, "")

    def _hear(self, process: subprocess.Popen[bytes], heard: Heard, listener: Listener | None) -> None:
        while not heard.end and (frame := frames.read(_fd(process.stdout))) is not None:
            tag, body = frame
            if tag == frames.END:
                heard.end = frames.decode(body)
            elif tag == frames.VALUE:
                heard.value = body
            elif tag == frames.FAILURE:
                heard.failure = body
            elif tag == frames.GUARDS:
                heard.guards = body
            elif tag == frames.PROGRESS and listener is not None:
                with contextlib.suppress(frames.BrokenFrame):
                    listener(frames.decode(body))

    def _lost(self, heard: Heard, limits: Limits, why: str) -> Outcome:
        overdue, self._overdue = self._overdue, False
        words = self.close()
        guards = guards_of(heard)
        if overdue:
            return Outcome(cause="timeout", detail=f"no answer after {limits.wall:g} seconds", guards=guards)
        detail = plain("\n".join(filter(None, ("the worker process went away", why, words))))
        return Outcome(cause="lost", detail=detail, guards=guards)

    def _started(self) -> subprocess.Popen[bytes]:
        """A zygote that is ready. No job has reached it yet, so that it does not start is no fault of the evidence."""
        why = ""
        for _ in range(_STARTS):
            try:
                return self._ready()
            except (frames.BrokenFrame, OSError) as error:
                if self.stopping:
                    raise
                self._overdue = False
                last = [line for line in self.close().splitlines() if line.strip()][-1:]
                why = plain(": ".join((str(error), *last)))
        raise NoWorkers(
            f"the worker processes that read evidence cannot be started: {why}",
            todo="see what 'forensics doctor' says of this machine, then run the same command again",
        )

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._give(_START_LIMIT)
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the zygote lives
        arguments = [str(same_code.PACKAGE), str(os.getpid()), self._mode, *self._preload]
        self._process = process = subprocess.Popen(
            [sys.executable, "-P", "-s", "-c", _BOOT, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._noise, bufsize=0,
            cwd=os.path.abspath(os.sep), env=_surroundings(), start_new_session=MODE == FORK,
        )  # fmt: skip
        if self.stopping:
            process.terminate()
        first = frames.read(_fd(process.stdout))
        if first is None or first[0] != frames.READY:
            raise frames.BrokenFrame("it did not start")
        same_code.compare(frames.decode(first[1]).get("code", {}))
        return process

    def _give(self, seconds: float) -> None:
        self._deadline = time.monotonic() + (_PARTING if self.stopping else seconds)

    def end_if_overdue(self) -> None:
        """End a zygote that should have answered long ago; its job then counts as timed out."""
        if time.monotonic() > self._deadline:
            self._deadline = float("inf")
            self._overdue = True
            _kill(self._process)

    def stop(self) -> None:
        """Ask the zygote to end its child and itself; the thread of this slot then hears the end of the pipe."""
        self.stopping = True
        self._give(_PARTING)
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()

    def close(self) -> str:
        """See the zygote off, by force if it lingers; returns its last words."""
        process, self._process = self._process, None
        noise, self._noise = self._noise, None
        if process is not None:
            _part(process)
        if noise is None:
            return ""
        with noise:
            noise.seek(0)
            return noise.read()[-2000:].decode("utf-8", "backslashreplace")


def _part(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(_PARTING)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()


def _kill(process: subprocess.Popen[bytes] | None) -> None:
    if process is None or process.poll() is not None:
        return
    if MODE == FORK:
        # With its child, which is in the same session and, where the system has no parent-death signal, would live on.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _surroundings() -> dict[str, str]:
    return _SURROUNDINGS | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def _fd(pipe: IO[Any] | None) -> int:
    if pipe is None:
        raise ForensicsError("a worker was started without its pipes")
    return pipe.fileno()
