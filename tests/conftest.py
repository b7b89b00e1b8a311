"""What holds for every test: no network, a time zone that is nobody's default, and the same examples on every run."""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import Any

import hypothesis
import pytest

# Neither UTC nor Tokyo, and with a quarter of an hour in its offset: code that reads the local zone fails its test.
os.environ["TZ"] = "Pacific/Chatham"
if hasattr(time, "tzset"):
    time.tzset()

# Help texts and tables are compared, so the terminal has one width and no colour.
os.environ.update({"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
os.environ.pop("FORCE_COLOR", None)

# Started in the background of a script, everything ignores these, and what is tested here would inherit that.
for each, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(each) is signal.SIG_IGN:
        signal.signal(each, usual)

hypothesis.settings.register_profile("same-every-run", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("same-every-run")

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails at once, with the address it wanted."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in _LOOPBACK:
            raise AssertionError(f"a test reached for the network: {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def code_as_it_is_now() -> None:
    """Workers refuse to run code that is not the parent's; whoever edits while tests run gets that per test only."""
    from forensics.examination.station import tool
    from forensics.workers import same_code

    same_code.digest.cache_clear()
    tool.cache_clear()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how long the files and functions are, so that growth is seen before it reaches the limit."""
    from tests.architecture.source import lengths

    terminalreporter.write_line(lengths())
