"""Threads in which blocks are hashed, written and read again, one after the other in each, and the buffers they share.

hashlib, read(2), write(2) and memcmp(3) let go of the interpreter lock, so lanes run side by side; the order inside a
lane is what makes a digest that of the stream.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

Given = TypeVar("Given")

BLOCK = 1 << 22
"""One transfer; a multiple of the page, as direct transfers want it."""


class Lanes:
    """Named threads; each does what it is handed in turn. ``with Lanes()`` ends them."""

    def __init__(self) -> None:
        self._threads: dict[str, ThreadPoolExecutor] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for thread in self._threads.values():
            thread.shutdown(cancel_futures=kind is not None)

    def hand(self, lane: str, call: Callable[..., Given], *args: Any) -> Future[Given]:
        """Have it done in that lane after what was handed there before."""
        if lane not in self._threads:
            self._threads[lane] = ThreadPoolExecutor(1, thread_name_prefix=lane)
        return self._threads[lane].submit(call, *args)


class Ring:
    """Buffers in turn; one is handed out again when everything that was to be done with it is done."""

    def __init__(self, depth: int) -> None:
        self._buffers = [memoryview(mmap.mmap(-1, BLOCK)) for _ in range(depth)]
        self._busy: list[list[Future[Any]]] = [[] for _ in range(depth)]
        self._turn = -1

    def next(self) -> memoryview:
        """The next free buffer, page-aligned; a failure of what was done with it is raised here."""
        self._turn = (self._turn + 1) % len(self._buffers)
        _settle(self._busy[self._turn])
        return self._buffers[self._turn]

    def busy(self, futures: list[Future[Any]]) -> None:
        """The buffer handed out last is needed until these are done."""
        self._busy[self._turn] += futures

    def drain(self) -> None:
        """Wait for everything."""
        for futures in self._busy:
            _settle(futures)


def _settle(futures: list[Future[Any]]) -> None:
    while futures:
        futures.pop(0).result()


_LIBRARY = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
_MEMCMP = _LIBRARY.memcmp
_MEMCMP.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_MEMCMP.restype = ctypes.c_int
_ZEROS = memoryview(mmap.mmap(-1, BLOCK))


def same(one: memoryview, other: memoryview) -> bool:
    """Whether two writable views of the same length hold the same bytes."""
    length = len(one)
    return length == len(other) and (length == 0 or not _MEMCMP(_address(one), _address(other), length))


def all_zero(view: memoryview) -> bool:
    """Whether a writable view of at most a block holds nothing but zeros."""
    return same(view, _ZEROS[: len(view)])


def first_difference(one: memoryview, other: memoryview) -> int:
    """The first place at which two views differ; their length where they do not."""
    begin, end = 0, len(one)
    if same(one, other):
        return end
    while end - begin > 1:
        middle = (begin + end) // 2
        if same(one[begin:middle], other[begin:middle]):
            begin = middle
        else:
            end = middle
    return begin


def _address(view: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(view))
