"""Logs on disk, each in the shape its system exports, and the number of every line in its file."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

from tests.company import exchange, google, microsoft, postfix
from tests.company.stamps import DAY, HOUR, JST, iso, when
from tests.company.traffic import START
from tests.company.world import Line, World

_Written = tuple[bytes, int]
"""The content of a file, and the number of the first line that holds an event."""


def write_logs(world: World, out: Path) -> list[str]:
    """Writes every log; each line learns its file and number."""
    files: dict[str, list[Line]] = {}
    for line in sorted(world.lines, key=lambda each: (each.at, each.order)):
        line.file = _NAMES[line.source](line.at)
        files.setdefault(line.file, []).append(line)
    for name, lines in files.items():
        content, first = _WRITERS[lines[0].source](lines)
        for at, line in enumerate(lines):
            line.number = first + at
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        last = (lines[-1].at + HOUR) * 1000
        os.utime(path, ns=(last, last))
    return sorted(files)


def _weekly(at: int) -> str:
    """Rotated on Sunday night: the name is the day of the rotation."""
    week = (at - START) // (7 * DAY) + 1
    return f"aoba-seiki/log/maillog-{when(START + week * 7 * DAY, JST):%Y%m%d}"


def _ten_days(at: int) -> str:
    first = START + (at - START) // (10 * DAY) * 10 * DAY
    return f"aoba-global/MessageTrace_{when(first, JST):%Y%m%d}.csv"


_NAMES: dict[str, Callable[[int], str]] = {
    postfix.SOURCE: _weekly,
    exchange.SOURCE: lambda at: f"aoba-shoji/MessageTracking/MSGTRK{when(at):%Y%m%d}00-1.LOG",
    microsoft.TRACE: _ten_days,
    microsoft.AUDIT: lambda at: f"aoba-global/AuditLog_{when(at):%Y-%m}.csv",
    google.SEARCH: lambda at: f"aoba-lab/admin/email-log-search-{when(at):%Y-%m}.csv",
    google.LOGIN: lambda at: f"aoba-lab/admin/login-{when(at):%Y-%m}.json",
}


def _syslog(lines: list[Line]) -> _Written:
    return "".join(f"{line.text}\n" for line in lines).encode(), 1


def _rows(lines: list[Line], columns: list[str], *, header: bool = True) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if header:
        writer.writerow(columns)
    writer.writerows([[line.cells.get(name, "") for name in columns] for line in lines])
    return text.getvalue()


def _tracking(lines: list[Line]) -> _Written:
    head = (
        "#Software: Microsoft Exchange Server",
        f"#Version: {exchange.BUILD}",
        "#Log-type: Message Tracking Log",
        f"#Date: {iso(lines[0].at)}",
        f"#Fields: {','.join(exchange.COLUMNS)}",
    )
    text = "".join(f"{each}\r\n" for each in head) + _rows(lines, exchange.COLUMNS, header=False)
    return text.encode("utf-8-sig"), len(head) + 1


def _activities(lines: list[Line]) -> _Written:
    rows = ",\n".join(json.dumps(line.cells, ensure_ascii=False) for line in lines)
    return f'{{"kind": "admin#reports#activities", "items": [\n{rows}\n]}}\n'.encode(), 2


_WRITERS: dict[str, Callable[[list[Line]], _Written]] = {
    postfix.SOURCE: _syslog,
    exchange.SOURCE: _tracking,
    microsoft.TRACE: lambda lines: (b"\xff\xfe" + _rows(lines, microsoft.TRACE_COLUMNS).encode("utf-16-le"), 2),
    microsoft.AUDIT: lambda lines: (_rows(lines, microsoft.AUDIT_COLUMNS).encode("utf-8-sig"), 2),
    google.SEARCH: lambda lines: (_rows(lines, google.COLUMNS).encode("utf-8"), 2),
    google.LOGIN: _activities,
}
