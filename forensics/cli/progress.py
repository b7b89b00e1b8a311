"""What is shown while long work runs: a live line on a terminal, else a plain line every ten seconds.

``advance`` is called for every block that is read, from several threads, so it only adds up; a thread of its own looks
at the sums and shows them. Work that is over within a second shows nothing.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forensics.cli.screen import complain, has_colour
from forensics.cli.text import clean, many, seconds, size

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

PATIENCE = 1.0
EVERY = 10.0
REFRESH = 5


@dataclass(slots=True)
class Work:
    """One piece of work: what it is, how much of it there is (0: not known), and how much is done."""

    title: str
    all_bytes: int = 0
    all_items: int = 0
    done_bytes: int = 0
    done_items: int = 0
    began: float = field(default_factory=time.monotonic)

    def took(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def part(self) -> float:
        """How much of it is done, from 0 to 1; 0 where its whole is not known."""
        if self.all_bytes:
            return min(1.0, self.done_bytes / self.all_bytes)
        return min(1.0, self.done_items / self.all_items) if self.all_items else 0.0

    def words(self) -> str:
        """Bytes, items, rate and time, as far as they are known."""
        took = self.took()
        said = []
        if self.done_bytes or self.all_bytes:
            said.append(size(self.done_bytes) + (f" of {size(self.all_bytes)}" if self.all_bytes else ""))
        if self.done_items or self.all_items:
            said.append(many(self.done_items, "item") + (f" of {self.all_items:,}" if self.all_items else ""))
        if took >= PATIENCE and self.done_bytes:
            said.append(f"{size(self.done_bytes / took)}/s")
        elif took >= PATIENCE and self.done_items:
            said.append(f"{self.done_items / took:.1f} items/s")
        return ", ".join([*said, f"{seconds(took)} so far", *self._left(took)])

    def _left(self, took: float) -> list[str]:
        part = self.part()
        return [f"about {seconds(took / part - took)} left"] if 0.01 < part < 1 and took > PATIENCE else []


class Shown:
    """Progress on standard error; also usable as ``with Shown():``, so that nothing stays behind."""

    def __init__(self) -> None:
        self._work: Work | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, title: str, size: int = 0, items: int = 0) -> None:
        """Show a new piece of work from its second second on."""
        self.end()
        self._work = Work(clean(title), size, items)
        self._over = threading.Event()
        look = self._on_terminal if sys.stderr.isatty() else self._on_lines
        self._thread = threading.Thread(target=look, args=(self._work, self._over), daemon=True)
        self._thread.start()

    def expect(self, size: int, items: int) -> None:
        """The whole became known after the work began."""
        if self._work is not None:
            self._work.all_bytes, self._work.all_items = size, items

    def advance(self, size: int, items: int) -> None:
        """Add to what is done."""
        work = self._work
        if work is not None:
            with self._lock:
                work.done_bytes += size
                work.done_items += items

    def end(self) -> None:
        """The piece of work is over, done or not."""
        if self._thread is not None:
            self._over.set()
            self._thread.join()
        self._thread = self._work = None

    def _on_lines(self, work: Work, over: threading.Event) -> None:
        while not over.wait(EVERY):
            complain(f"{work.title}: {work.words()}")
        if work.took() > PATIENCE:
            complain(f"{work.title}: {_ended(work)}")

    def _on_terminal(self, work: Work, over: threading.Event) -> None:
        if over.wait(PATIENCE):
            return
        with _live(work):
            over.wait()
        complain(f"{work.title}: {_ended(work)}")


def _ended(work: Work) -> str:
    return work.words().replace(" so far", "").partition(", about ")[0]


def _live(work: Work) -> Live:
    """A line that rich draws anew some times a second; no text in it is read as markup."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, markup=False, highlight=False, no_color=not has_colour(sys.stderr))
    return Live(
        console=console,
        get_renderable=lambda: _bar(work),
        refresh_per_second=REFRESH,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _bar(work: Work) -> Text:
    from rich.text import Text

    line = Text(no_wrap=True, overflow="ellipsis")
    if work.all_bytes or work.all_items:
        full = round(work.part() * 20)
        line.append("━" * full, style="green").append("━" * (20 - full), style="dim").append(f" {work.part():4.0%} ")
    return line.append(work.words()).append(f"  {work.title}", style="bold")
