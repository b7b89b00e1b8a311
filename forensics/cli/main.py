"""Where the process ``forensics`` begins and ends: its streams, its signals, its exit code (DESIGN 7)."""

from __future__ import annotations

import sys

try:
    import signal
    from types import FrameType
    from typing import NoReturn

    from forensics.cli import failures
    from forensics.cli.toolkit import VERBS, run, toolkit
    from forensics.errors import INTERRUPTED
except KeyboardInterrupt:
    # Whoever stops the command before it has begun gets the sentence too, and no traceback; nothing was done yet.
    sys.stderr.write("Error: the work was stopped before it began\n  What to do: run the same command again\n")
    sys.exit(130)

__all__ = ["VERBS", "main", "run", "toolkit"]


def main() -> None:
    """Run the command line of this process and exit."""
    try:
        _prepare()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # Between the lines of ``run``, or while a failure was being told.
        code = INTERRUPTED
    _leave(code)


def _prepare() -> None:
    sys.excepthook = failures.show_unexpected
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):
        # Whoever started this with nohup has decided that a closed terminal is no reason to stop.
        known = getattr(signal, name, None)
        if known is not None and signal.getsignal(known) == signal.SIG_DFL:
            signal.signal(known, _stop)


def _leave(code: int) -> NoReturn:
    """The command has ended and said so; a signal while the interpreter winds up changes nothing about it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _stop(number: int, frame: FrameType | None) -> None:
    """A polite kill is handled like Ctrl-C: workers are seen off and the ledger gets its line. A second one waits."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
