"""The local engine: one thread and one zygote per slot, jobs in the order they were submitted."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from forensics.errors import InterruptedWork, UsageError
from forensics.workers.job import Job, Limits, Listener, Outcome
from forensics.workers.slot import MODE, Slot

_Work = tuple[Job, Listener | None, Future[Outcome]]
_LOOK_EVERY = 0.25


class LocalEngine:
    """Runs each job in a guarded process of its own on this machine.

    Leaving the ``with`` block waits for what was submitted; leaving it by an exception, or ``close``, ends what runs.
    """

    def __init__(self, workers: int, limits: Limits, preload: Sequence[str] = (), *, mode: str = MODE) -> None:
        if workers < 1:
            raise UsageError(f"{workers} workers cannot do any work", todo="ask for one or more")
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._door = threading.Lock()
        self._slots = tuple(Slot(limits, preload, mode) for _ in range(workers))
        self._threads = [threading.Thread(target=self._serve, args=(slot,), daemon=True) for slot in self._slots]
        self._threads.append(threading.Thread(target=self._look, daemon=True))
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job, *, listener: Listener | None = None) -> Future[Outcome]:
        """Queue a job. The future holds its outcome, good or bad; it raises only if the work was stopped."""
        future: Future[Outcome] = Future()
        # Between the question and the queue nobody may close, or the future would never be settled.
        with self._door:
            if self._closed.is_set():
                raise InterruptedWork("the workers have been stopped")
            self._work.put((job, listener, future))
        return future

    def finish(self) -> None:
        """Wait until every submitted job has ended, then see the workers off."""
        for _ in self._slots:
            self._work.put(None)
        for thread in self._threads[:-1]:
            thread.join()
        self.close()

    def close(self) -> None:
        """Stop now: what runs is ended, what waits is cancelled, no process is left."""
        with self._door:
            self._closed.set()
        for slot in self._slots:
            slot.stop()
        with contextlib.suppress(queue.Empty):
            while True:
                work = self._work.get_nowait()
                if work is not None:
                    work[2].cancel()
        for _ in self._slots:
            self._work.put(None)
        while any(thread.is_alive() for thread in self._threads):
            for thread in self._threads:
                thread.join(_LOOK_EVERY)
            for slot in self._slots:
                slot.end_if_overdue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if error is None:
                self.finish()
        finally:
            self.close()

    def _serve(self, slot: Slot) -> None:
        try:
            while (work := self._work.get()) is not None:
                job, listener, future = work
                if future.set_running_or_notify_cancel():
                    self._settle(slot, job, listener, future)
        finally:
            slot.close()

    def _settle(self, slot: Slot, job: Job, listener: Listener | None, future: Future[Outcome]) -> None:
        try:
            outcome = slot.run(job, listener)
        except BaseException as error:
            # As in concurrent.futures: a future that is never settled would hang whoever waits for it.
            future.set_exception(error)
            return
        if self._closed.is_set() and outcome.cause in ("lost", "timeout"):
            future.set_exception(InterruptedWork("the work was stopped", todo="run the same command again to resume"))
        else:
            future.set_result(outcome)

    def _look(self) -> None:
        while not self._closed.wait(_LOOK_EVERY):
            for slot in self._slots:
                slot.end_if_overdue()
