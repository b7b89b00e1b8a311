"""From what a zygote saw and a child said to one outcome: the rules, in the order in which they outrank one another.

the zygote ended the child for what it wrote      reply
the clock ran out                                 timeout
the system ended it for its processor time        cpu
a signal ended it                                 memory, if its last words say so, else signal N
it raised                                         memory, reply or error
no answer, or not the JSON it should be           reply
it answered
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import Any

from forensics.workers import frames
from forensics.workers.job import Limits, Outcome, Usage

_LAST_LINES = 20
# How C++ and Rust say that memory ran out, before they abort.
_OUT_OF_MEMORY = ("std::bad_alloc", "memory allocation of", "out of memory", "Cannot allocate memory", "MemoryError")
_SIGXCPU, _SIGKILL, _SIGABRT = 24, 9, int(signal.SIGABRT)


@dataclass(slots=True, kw_only=True)
class Heard:
    """The bodies of the frames of one job, as they came in."""

    guards: bytes = b""
    value: bytes = b""
    failure: bytes = b""
    end: dict[str, Any] = field(default_factory=dict)


def judge(heard: Heard, limits: Limits) -> Outcome:
    """The outcome of a job whose ``END`` has come."""
    end = heard.end
    usage = Usage(wall=round(end["wall"], 3), cpu=round(end["cpu"], 3), memory=end["memory"])
    value: dict[str, Any] | None = None
    cause, detail = _stopped(end, limits)
    if not cause:
        try:
            cause, detail = _raised(heard.failure)
            if not cause:
                value, detail = _answered(heard, end["status"]), ""
        except (frames.BrokenFrame, KeyError) as error:
            cause, detail = "reply", str(error)
    noise = end["noise"] if cause else ""
    said = plain("\n".join(filter(None, (detail, *noise.splitlines()[-_LAST_LINES:]))))
    return Outcome(value=value, cause=cause, detail=said, at=plain(end["at"]), usage=usage, guards=guards_of(heard))


def _stopped(end: dict[str, Any], limits: Limits) -> tuple[str, str]:
    number = end["signal"]
    if end["fault"]:
        return "reply", end["fault"]
    if end["timeout"]:
        return "timeout", f"not done after {limits.wall:g} seconds"
    if number == _SIGXCPU or (number == _SIGKILL and end["cpu"] >= limits.cpu):
        return "cpu", f"more than {limits.cpu} seconds of processor time"
    if number == _SIGABRT and any(words in end["noise"] for words in _OUT_OF_MEMORY):
        return "memory", f"more than {limits.memory} bytes of memory"
    return (f"signal {number}", "") if number else ("", "")


def _raised(failure: bytes) -> tuple[str, str]:
    if not failure:
        return "", ""
    told = frames.decode(failure)
    text, where, cause = str(told["text"]), str(told["where"]), str(told["cause"])
    if cause not in ("memory", "error", "reply"):
        raise frames.BrokenFrame("a failure of no known kind")
    return cause, f"{text}\n{where}".strip()


def _answered(heard: Heard, status: int) -> dict[str, Any]:
    if status or not heard.value:
        raise frames.BrokenFrame(f"it ended with status {status} and without an answer")
    return frames.decode(heard.value)


def guards_of(heard: Heard) -> tuple[str, ...]:
    """The guards that the child said it took, before it did anything else."""
    if not heard.guards:
        return ()
    try:
        told = frames.decode(heard.guards).get("guards", ())
    except frames.BrokenFrame:
        return ()
    return tuple(plain(str(name)) for name in told) if isinstance(told, list) else ()


def plain(text: str) -> str:
    """Text that no terminal takes for a command: every character that does not print stands as its escape."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
