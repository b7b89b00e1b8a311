"""Which code runs: the SHA-256 of the package's files, as the ledger names it, and whether a worker runs the same.

A worker is loaded from the folder of the parent's package, whatever else is installed, and says at its start what it
really loaded; the parent compares and refuses, so that no record is made by code that the ledger does not name.
"""

from __future__ import annotations

import hashlib
import sys
from functools import cache
from pathlib import Path
from typing import Any

import forensics
from forensics.errors import ForensicsError

PACKAGE = Path(forensics.__file__).resolve().parent


class OtherCode(ForensicsError):
    """A worker runs other code than the process that writes the ledger."""


@cache
def digest() -> str:
    """SHA-256 over the path and content of every file of the package, in byte order of the paths.

    Asked for once in a process: what stands on the disk later is not what this process has loaded.
    """
    hasher = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*"), key=lambda each: each.as_posix().encode()):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(PACKAGE).as_posix().encode()
            data = path.read_bytes()
            hasher.update(b"%d:%s%d:" % (len(name), name, len(data)) + data)
    return hasher.hexdigest()


def loaded() -> dict[str, Any]:
    """What a worker says of itself: its package, the digest of it, and modules of this name from elsewhere."""
    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    ours = {name: file for name, file in files.items() if file and name.partition(".")[0] == "forensics"}
    strays = sorted(name for name, file in ours.items() if not Path(file).resolve().is_relative_to(PACKAGE))
    return {"package": str(PACKAGE), "sha256": digest(), "strays": strays}


def compare(said: dict[str, Any]) -> None:
    """Raise :class:`OtherCode` unless a worker loaded this very package, file by file."""
    place, sha256, strays = str(said.get("package")), str(said.get("sha256")), said.get("strays")
    if place != str(PACKAGE) or strays:
        what = f"a worker loaded {', '.join(map(str, strays)) if strays else 'this program'} from another place"
        raise OtherCode(
            f"{what}, not from {PACKAGE}, so nothing was read",
            place=place,
            todo="remove the second installation of this program, then run the same command again",
        )
    if sha256 != digest():
        raise OtherCode(
            "the files of this program changed while it was running, so that a worker would run other code than the "
            f"ledger names: {sha256[:16]}... instead of {digest()[:16]}...",
            place=place,
            todo="run the same command again, and do not update the program meanwhile",
        )
