"""The process that jobs are forked from: it has imported what they need, has one thread, and reads no evidence itself.

One request in, one ``END`` out, with what the child wrote passed on between them, uninterpreted. Started by ``slot`` as
``python -m forensics.workers.zygote PARENT MODE MODULE...``; it ends when its input does, or on SIGTERM.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import mmap
import os
import selectors
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from forensics.workers import child, frames, same_code, sandbox

if sys.platform != "win32":
    import resource

FORK, INLINE = "fork", "inline"
_OWN = "forensics"
_TICK = 0.02
_PROGRESS_EVERY = 0.02
_NOISE_KEPT = 8192
_CHUNK = 1 << 16


class _Stop(BaseException):
    """SIGTERM, or the end of the input in the middle of a job."""


class Watch:
    """One child, from fork to burial."""

    def __init__(
        self, request: dict[str, Any], always: Iterable[Path], wires: tuple[int, int], page: mmap.mmap
    ) -> None:
        self._requests, self._replies = wires
        self._page = page
        self._wall = float(request["limits"]["wall"])
        self._splitter = frames.Splitter(int(request["limits"]["reply"]))
        self._noise = bytearray()
        self._seen: set[int] = set()
        self._progress_due = 0.0
        self._end: dict[str, Any] = {"timeout": False, "fault": ""}
        self._waited: tuple[int, resource.struct_rusage] | None = None
        self._fork(request, always)

    def _fork(self, request: dict[str, Any], always: Iterable[Path]) -> None:
        page = self._page
        page[:] = bytes(child.PAGE)
        self._answer, answer = os.pipe()
        self._chatter, chatter = os.pipe()
        self._began = time.monotonic()
        zygote = os.getpid()
        with _undisturbed():
            self._pid = os.fork()
            if self._pid == 0:
                signal.pthread_sigmask(signal.SIG_SETMASK, ())
                child.run_forked(request, page, always, (answer, chatter), zygote)
        os.close(answer)
        os.close(chatter)

    def until_over(self) -> dict[str, Any]:
        """Follow the child to its end, or bring it about; then say how it was."""
        try:
            self._follow()
        finally:
            status, used = self._bury()
        code = os.waitstatus_to_exitcode(status)
        unit = 1 if sys.platform == "darwin" else 1024
        if code >= 0 and self._splitter.unfinished and not self._end["fault"]:
            self._end["fault"] = "the answer broke off in the middle of a frame"
        return self._end | {
            "status": max(code, 0),
            "signal": max(-code, 0),
            "wall": time.monotonic() - self._began,
            "cpu": used.ru_utime + used.ru_stime,
            "memory": used.ru_maxrss * unit,
            "at": child.position(self._page),
            "noise": self._noise.decode("utf-8", "backslashreplace"),
        }

    def _bury(self) -> tuple[int, resource.struct_rusage]:
        if self._waited is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._waited = os.wait4(self._pid, 0)[1:]
        self._drain_all()
        os.close(self._answer)
        os.close(self._chatter)
        return self._waited

    def _follow(self) -> None:
        with selectors.DefaultSelector() as selector, _process_handle(self._pid) as handle:
            for fd in (self._answer, self._chatter):
                os.set_blocking(fd, False)
                selector.register(fd, selectors.EVENT_READ)
            selector.register(self._requests, selectors.EVENT_READ)
            if handle >= 0:
                selector.register(handle, selectors.EVENT_READ)
            while not self._end["fault"] and not self._over(selector, handle):
                pass

    def _over(self, selector: selectors.BaseSelector, handle: int) -> bool:
        left = self._began + self._wall - time.monotonic()
        if left <= 0:
            self._end["timeout"] = True
            return True
        ready = {key.fd for key, _ in selector.select(left if handle >= 0 else min(left, _TICK))}
        if self._requests in ready:
            # Nothing is asked while a job runs: the parent has gone.
            raise _Stop
        for fd in ready - {handle}:
            if not self._drain(fd):
                selector.unregister(fd)
        if handle >= 0:
            return handle in ready
        pid, status, used = os.wait4(self._pid, os.WNOHANG)
        if pid:
            self._waited = status, used
        return bool(pid)

    def _drain_all(self) -> None:
        for fd in (self._answer, self._chatter):
            with contextlib.suppress(BlockingIOError):
                while self._drain(fd):
                    pass

    def _drain(self, fd: int) -> bool:
        """Take one piece from a pipe; False once it has ended."""
        piece = os.read(fd, _CHUNK)
        if fd == self._chatter:
            self._noise += piece
            del self._noise[:-_NOISE_KEPT]
        elif not self._end["fault"]:
            try:
                for tag, body in self._splitter.feed(piece):
                    self._pass_on(tag, body)
            except frames.BrokenFrame as error:
                self._end["fault"] = str(error)
        return bool(piece)

    def _pass_on(self, tag: int, body: bytes) -> None:
        if tag == frames.PROGRESS:
            now = time.monotonic()
            if now < self._progress_due:
                return
            self._progress_due = now + _PROGRESS_EVERY
        else:
            # A failure after a value is one answer too many, as is a second value.
            kind = frames.GUARDS if tag == frames.GUARDS else frames.VALUE
            if kind in self._seen:
                raise frames.BrokenFrame("more than one answer")
            self._seen.add(kind)
        frames.write(self._replies, frames.pack(tag, body))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """No SIGTERM between a fork and knowing whom it made."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _process_handle(pid: int) -> Iterator[int]:
    """A pidfd, or -1 where there is none and the child must be asked after now and then."""
    handle = -1
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        if handle >= 0:
            os.close(handle)


def _serve(requests: int, replies: int, alone: bool) -> None:
    always = sandbox.readable_by_all()
    page = mmap.mmap(-1, child.PAGE)
    while (asked := frames.read(requests)) is not None:
        request = frames.decode(asked[1]) | {"alone": alone}
        end = Watch(request, always, (requests, replies), page).until_over()
        frames.write(replies, frames.pack(frames.END, frames.encode(end)))


def _serve_inline(requests: int, replies: int) -> None:
    """Without fork the zygote is itself the guarded process, for one job."""
    asked = frames.read(requests)
    if asked is None:
        return
    page = bytearray(child.PAGE)
    began = time.monotonic()
    child.perform(frames.decode(asked[1]), page, (), lambda data: frames.write(replies, data), None)
    end: dict[str, Any] = {"timeout": False, "fault": "", "status": 0, "signal": 0, "memory": 0, "noise": ""}
    end |= {"at": child.position(page), "wall": time.monotonic() - began, "cpu": time.process_time()}
    frames.write(replies, frames.pack(frames.END, frames.encode(end)))


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stop


def _own_pipes() -> tuple[int, int]:
    """Take the two pipes away from stdin and stdout, so that nothing a library prints can enter the conversation."""
    requests, replies = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return requests, replies


def _preload(modules: Iterable[str]) -> None:
    for module in modules:
        try:
            importlib.import_module(module)
        except (ImportError, OSError) as error:
            # A library that is not installed is the concern of the job that asks for it; it will say so. A module of
            # our own that cannot be loaded, as while the program is being updated, would be blamed on the evidence.
            if str(getattr(error, "name", "") or "").partition(".")[0] == _OWN:
                raise
    gc.collect()
    # What is loaded now stays shared with every child instead of being copied when the collector touches it.
    gc.freeze()


class _NoPandas:
    """pyarrow imports pandas the first time it looks at a list; no job needs it, and each fork would pay a second."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("workers do without pandas", name=name)


def main() -> None:
    """Import what the jobs need, say so, and serve until the input ends."""
    parent, mode, modules = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    requests, replies = _own_pipes()
    sandbox.die_with_parent(parent)
    if sys.platform != "win32":
        signal.signal(signal.SIGTERM, _stop)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024 if hard < 0 else min(1024, hard), hard))
    with contextlib.suppress(_Stop, BrokenPipeError):
        alone = sandbox.leave_network()
        sys.meta_path.insert(0, _NoPandas())
        before = same_code.digest()
        _preload(modules)
        if same_code.digest.__wrapped__() != before:
            # Half of what was loaded may be of another version than the rest.
            raise SystemExit("the files of this program changed while a worker was loading them")
        frames.write(replies, frames.pack(frames.READY, frames.encode({"alone": alone, "code": same_code.loaded()})))
        if mode == FORK:
            _serve(requests, replies, alone)
        else:
            _serve_inline(requests, replies)


if __name__ == "__main__":
    main()
