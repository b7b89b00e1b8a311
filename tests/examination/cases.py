"""Cases for the tests of the examination: sources, a clock that only counts, the whole way, and what a folder holds."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from forensics.casefile.ledger import Line, read_lines
from forensics.casefile.view import CaseView
from forensics.examination.conductor import Examination
from forensics.examination.examining import ExamineSummary, examine
from forensics.examination.station import Station
from forensics.examination.verifying import VerifySummary, verify

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_data" / "case"
MAIL = (
    b"From: Aoki <a%d@example.jp>\r\nTo: b@example.jp\r\nSubject: number %d\r\n"
    b"Date: Mon, 1 Jun 2026 10:%02d:00 +0900\r\n"
    b"Message-ID: <%d@example.jp>\r\n\r\nbody %d\r\n"
)
ATTACHED = (
    b"From: a@example.jp\r\nTo: b@example.jp\r\nSubject: with a file\r\nDate: Mon, 1 Jun 2026 11:00:00 +0900\r\n"
    b'Message-ID: <file@example.jp>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain\r\n\r\nsee the file\r\n--x\r\nContent-Type: application/octet-stream\r\n"
    b'Content-Disposition: attachment; filename="list.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    b"AAECAwQFBgcICQ==\r\n--x--\r\n"
)
_TICKS = itertools.count(1_780_000_000 * 10**9, 10**9)


def mail(number: int) -> bytes:
    return MAIL % (number, number, number % 60, number, number)


def mbox(numbers: Sequence[int]) -> bytes:
    return b"".join(b"From a@example.jp Mon Jun  1 10:00:00 2026\n" + mail(n) + b"\n" for n in numbers)


def lay_mail(folder: Path, messages: int = 5) -> Path:
    """A mailbox, a Maildir, a message file with an attachment, and something that is not mail."""
    for name in ("Maildir/cur", "Maildir/new", "Maildir/tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "archive.mbox").write_bytes(mbox(range(1, messages + 1)))
    (folder / "Maildir/cur/1780000000.M1P1.host,S=1:2,S").write_bytes(mail(40))
    (folder / "Maildir/new/1780000001.M1P1.host").write_bytes(mail(41))
    (folder / "見積.eml").write_bytes(ATTACHED)
    (folder / "notes.txt").write_bytes(b"nothing of interest\n")
    return folder


def station(workers: int = 1) -> Station:
    """One worker, because each costs half a second to start; a test of several asks for them."""
    return Station(now=lambda: next(_TICKS), argv=("a test",), workers=workers)


def open_case(folder: Path, workers: int = 1) -> Examination:
    """The case as it is, or a new one."""
    if (folder / "case.toml").exists():
        return Examination(folder, station(workers))
    return Examination.create(folder, {"title": "架空の件"}, station(workers))


def examined(folder: Path, *sources: Path, workers: int = 1) -> ExamineSummary:
    """``forensics examine SOURCES --case folder``."""
    with open_case(folder, workers) as examination:
        return examine(examination, sources)


def sound(folder: Path) -> VerifySummary:
    """The case, verified; any difference fails the test with its name."""
    found = verify(folder)
    assert (found.ledger, found.differences) == ((), ())
    return found


def copy_of(case: Path, target: Path) -> Path:
    shutil.copytree(case, target, symlinks=True)
    return target


def lines(folder: Path) -> list[Line]:
    return list(read_lines(folder / "ledger"))


def newer(folder: Path, than: int) -> list[str]:
    """The acts and phases of the lines after line ``than``."""
    return [f"{line.act} {line.phase}" for line in lines(folder) if line.number > than]


def files_of(folder: Path, *parts: str) -> dict[str, str]:
    """The SHA-256 of every file below these parts of a case, by its path."""
    found = {}
    for part in parts:
        for path in sorted((folder / part).rglob("*")):
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def rows(folder: Path, sql: str) -> list[dict[str, Any]]:
    return CaseView(folder).rows(sql)


def stored_files(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Address, path as found and SHA-256 of every stored file of every item."""
    for item in CaseView(folder).evidence:
        for entry in item.files:
            if entry.number is not None:
                yield f"{item.name}/{entry.number:06d}", os.fsdecode(entry.path), entry.sha256 or ""


def parse_errors(folder: Path) -> dict[str, list[str]]:
    """What the parses wrote down about tasks that did not end well at once: a crash, a limit, an unnamed exception."""
    found: dict[str, list[str]] = {}
    for line in lines(folder):
        if line.act == "parse" and line.phase == "finished":
            found |= {f"{line.value['params']['evidence']}/{k}": v for k, v in line.value["result"]["errors"].items()}
    return found


def forensics(*arguments: str | Path, prefix: tuple[str, ...] = (), **options: Any) -> subprocess.CompletedProcess[str]:
    """The command line, in a process of its own."""
    command = [*prefix, sys.executable, "-m", "forensics.cli.main", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False, **options)
