"""Runs the command as a process of its own, as a person would, and makes small mail to run it on."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.cli.main import run
from tests.architecture.source import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The sentence that says what went wrong; a slow machine may show progress before it."""
        return next(line for line in self.err.splitlines() if line.startswith("Error: "))

    @property
    def object(self) -> dict[str, Any]:
        """The one JSON object on standard output; fails where there is anything else."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


def forensics(*words: object, before: str = "") -> Answer:
    """Run one command line; ``before`` is code that puts a stand-in in place first."""
    code = f"{before}\nimport sys\nsys.argv[0] = 'forensics'\nfrom forensics.cli.main import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    return Answer(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def here(*words: object) -> Answer:
    """Run one command line in this process, which is quicker; for what does not depend on how a process ends."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(word) for word in words])
    return Answer(code=code, out=out.getvalue(), err=err.getvalue())


def mailbox(path: Path, *subjects: str) -> Path:
    """A mailbox file with one short message for each subject."""
    path.parent.mkdir(parents=True, exist_ok=True)
    letters = [
        f"From a@example.jp Mon Jun  1 10:0{number}:00 2026\n"
        f"From: Sato <a@example.jp>\nTo: b@example.jp\nSubject: {subject}\nMessage-ID: <{number}@example.jp>\n"
        f"Date: Mon, 1 Jun 2026 10:0{number}:00 +0900\n\nhello {number}\n\n"
        for number, subject in enumerate(subjects or ("first", "second"))
    ]
    path.write_text("".join(letters), encoding="utf-8")
    return path


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
