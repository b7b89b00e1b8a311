"""Progress is shown for long work only, live on a terminal and in plain lines elsewhere, and never costs the work."""

from __future__ import annotations

import os
import subprocess
import sys
from threading import Thread

import pytest

from forensics.cli import progress
from forensics.cli.progress import Shown, Work


def test_words_tell_bytes_items_rate_and_time_left() -> None:
    work = Work("reading", all_bytes=4_000_000, all_items=8, done_bytes=1_000_000, done_items=2)
    work.began -= 10
    assert work.words() == "1.0 MB of 4.0 MB, 2 items of 8, 100.0 kB/s, 10 s so far, about 30 s left"


def test_words_without_totals_tell_what_is_known() -> None:
    work = Work("reading", done_items=3)
    work.began -= 2
    assert work.words() == "3 items, 1.5 items/s, 2 s so far"


def test_short_work_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Shown()
    shown.begin("short")
    shown.advance(1, 1)
    shown.end()
    assert capsys.readouterr().err == ""


def test_long_work_ends_with_one_plain_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    shown = Shown()
    shown.begin("long \x1b[31m", size=0)
    shown.expect(10, 2)
    shown.advance(10, 2)
    shown.begin("next")
    shown.end()
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("long \\x1b[31m: 10 bytes of 10 bytes, 2 items of 2")
    assert second.startswith("next: ")


def test_threads_lose_no_count() -> None:
    shown = Shown()
    shown.begin("many")
    threads = [Thread(target=lambda: [shown.advance(1, 1) for _ in range(5000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work = shown._work
    assert work is not None
    assert (work.done_bytes, work.done_items) == (20_000, 20_000)
    shown.end()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
def test_on_a_terminal_a_line_is_drawn_and_no_title_is_read_as_markup() -> None:
    leader, follower = os.openpty()
    code = (
        "import threading\n"
        "from forensics.cli import progress\n"
        "progress.PATIENCE = 0.0\n"
        "shown = progress.Shown()\n"
        "shown.begin('EV-0001: [/x] [link=file:///etc/passwd]z\\x1b]0;owned\\x07', size=100)\n"
        "shown.advance(50, 1)\n"
        "threading.Event().wait(0.3)\n"
        "shown.end()\n"
    )
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen([sys.executable, "-c", code], stderr=follower, env=env) as process:
        os.close(follower)
        seen = b""
        while chunk := _read(leader):
            seen += chunk
        assert process.wait() == 0
    os.close(leader)
    drawn = seen.decode()
    assert "50 bytes of 100 bytes" in drawn
    assert "[/x] [link=file:///etc/passwd]z" in drawn
    assert "\x1b]" not in drawn


def _read(terminal: int) -> bytes:
    """What the terminal shows next; an error says that nobody writes to it any more."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
