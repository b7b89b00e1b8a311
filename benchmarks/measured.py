"""Runs a command on given cores and says what it took: clock, processor, memory."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Seconds on the clock and of processors, ``memory`` in bytes; what the command itself counted."""

    seconds: float
    processor: float
    memory: int
    counts: dict[str, int] = field(default_factory=dict)


def measured(command: list[str], cores: set[int]) -> Measured:
    """Run it and watch its memory; a last line of output in JSON with ``seconds`` and ``processor`` counts instead."""

    def pin() -> None:
        os.sched_setaffinity(0, cores & os.sched_getaffinity(0))

    root = Path(__file__).resolve().parents[1]
    before, began = _children(), time.perf_counter()
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, preexec_fn=pin)
    highest = [0]
    watcher = threading.Thread(target=_watch, args=(process, highest))
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - began
    watcher.join()
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    said = output.strip().splitlines()
    if said and said[-1].startswith("{"):
        return Measured(memory=highest[0], **json.loads(said[-1]))
    return Measured(seconds=seconds, processor=_children() - before, memory=highest[0])


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(process: subprocess.Popen[str], highest: list[int]) -> None:
    while process.poll() is None:
        highest[0] = max(highest[0], sum(map(_resident, _family(process.pid))))
        time.sleep(0.05)


def _family(root: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _read(f"/proc/{name}/stat")):
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(name))
    found = [root]
    for each in found:
        found.extend(children.get(each, []))
    return found


def _resident(process: int) -> int:
    fields = _read(f"/proc/{process}/statm").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") if fields else 0


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
