"""The side of a job that runs in the guarded child: take the guards, call the function, say what came of it."""

from __future__ import annotations

import faulthandler
import importlib
import mmap
import os
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from forensics.errors import ForensicsError
from forensics.workers import frames, sandbox
from forensics.workers.job import Limits, unhex

REPLY_FD = 3
PAGE = 4096
_HALF, _TEXT = 2044, 2040
_LENGTH = struct.Struct("=H")
_PROGRESS_EVERY = 0.1
_TAIL_FRAMES = 6

Page = mmap.mmap | bytearray
Function = Callable[[dict[str, Any], tuple[Path, ...], Path, "Report"], dict[str, Any]]


class Report:
    """Given to every job. ``report.at(text)`` marks the item begun, ``report(dict)`` tells how far it is.

    The mark lies in memory shared with the zygote and survives a crash. Two halves take turns, so that a crash in
    the middle of a mark leaves the one before it.

        offset   size   field
        0        1      which half holds (0 or 1)
        4        2      length of the text, half 0;  6: its UTF-8
        2048     2      length of the text, half 1;  2050: its UTF-8
    """

    def __init__(self, page: Page, send: Callable[[bytes], None]) -> None:
        self._page = page
        self._send = send
        self._half = 0
        self._due = 0.0

    def at(self, text: str) -> None:
        """Remember where the work is; costs about a microsecond, so call it for every item."""
        raw = text.encode("utf-8", "backslashreplace")[:_TEXT]
        self._half ^= 1
        start = 4 + self._half * _HALF
        self._page[start + 2 : start + 2 + len(raw)] = raw
        _LENGTH.pack_into(self._page, start, len(raw))
        self._page[0] = self._half

    def __call__(self, progress: dict[str, Any]) -> None:
        """Tell the parent; at most ten times a second, what comes sooner is dropped."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _PROGRESS_EVERY
            self._send(frames.pack(frames.PROGRESS, frames.encode(progress), frames.PROGRESS_CAP))


def position(page: Page) -> str:
    """The last mark on a page."""
    start = 4 + (page[0] & 1) * _HALF
    length = min(_LENGTH.unpack_from(page, start)[0], _TEXT)
    return bytes(page[start + 2 : start + 2 + length]).decode("utf-8", "backslashreplace")


def run_forked(
    request: dict[str, Any], page: Page, always: Iterable[Path], pipes: tuple[int, int], zygote: int
) -> NoReturn:
    """The whole life of a forked child; it leaves by ``os._exit`` and runs none of the zygote's code."""
    status = 1
    try:
        _take_files(*pipes)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        faulthandler.enable(all_threads=False)
        status = perform(request, page, always, lambda data: frames.write(REPLY_FD, data), zygote)
    finally:
        os._exit(status)


def _take_files(reply: int, noise: int) -> None:
    """Leave open an empty input, the pipe for whatever is printed, and the pipe for the answer; nothing else."""
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(noise, 1)
    os.dup2(noise, 2)
    os.dup2(reply, REPLY_FD)
    os.closerange(REPLY_FD + 1, os.sysconf("SC_OPEN_MAX"))


def perform(
    request: dict[str, Any], page: Page, always: Iterable[Path], send: Callable[[bytes], None], parent: int | None
) -> int:
    """Guard this process (when it is one of its own), call the function, send one answer; returns the exit status."""
    try:
        limits = Limits(**request["limits"])
        reads, spool = tuple(map(unhex, request["reads"])), unhex(request["spool"])
        os.chdir(spool)
        tempfile.tempdir = os.environ["TMPDIR"] = str(spool)
        if parent is not None:
            places = (*always, *sandbox.package_of("forensics:"), *sandbox.package_of(request["call"]), *reads)
            held = sandbox.apply(reads=places, spool=spool, limits=limits, parent=parent)
            names = [*held, "empty network"] if request["alone"] else held
            send(frames.pack(frames.GUARDS, frames.encode({"guards": names})))
        value = _function(request["call"])(request["args"], reads, spool, Report(page, send))
        send(frames.pack(frames.VALUE, frames.encode(value), limits.reply))
    except BaseException as error:
        # The one place where everything is caught: whatever a job raises must cost that job only, and be told.
        _confess(error, send)
    return 0


def _function(call: str) -> Function:
    module, _, name = call.partition(":")
    function: Function = getattr(importlib.import_module(module), name)
    return function


def _confess(error: BaseException, send: Callable[[bytes], None]) -> None:
    cause = "reply" if isinstance(error, frames.BrokenFrame) else "error"
    if isinstance(error, MemoryError):
        cause = "memory"
        # The frames on the way here still hold what filled the memory; telling needs some of it.
        traceback.clear_frames(error.__traceback__)
    text = "".join(traceback.format_exception_only(error)).strip()[:4000]
    where = "".join(traceback.format_tb(error.__traceback__, -_TAIL_FRAMES))[-4000:]
    if isinstance(error, ForensicsError) and error.place:
        text += f" ({error.place})"
    told = {"cause": cause, "text": text, "where": where}
    send(frames.pack(frames.FAILURE, frames.encode(_plain(told))))
    sys.stderr.flush()


def _plain(told: dict[str, str]) -> dict[str, Any]:
    return {name: text.encode("utf-8", "backslashreplace").decode() for name, text in told.items()}
