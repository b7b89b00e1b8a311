"""The public keys of a case as files, for whoever checks with other tools: they follow from the lines of the ledger.

    keys/log.vkey         every key of the log, one vkey a line, oldest first
    keys/allowed_signers  persons, in the form of OpenSSH; a revoked key is valid until it was revoked
    keys/tsa/*.pem        certificates of time-stamping authorities, each named by a ``key.add`` line

A line is written before its file, so after a crash a file may be one key behind; the next session writes it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from forensics.casefile.acts import Act
from forensics.casefile.custody import Custody, custody, params_of
from forensics.casefile.ledger import Line, replace_file
from forensics.errors import IntegrityError
from forensics.evidence.durable import sync_folder
from forensics.evidence.readback import read_stored
from forensics.evidence.verification import Difference

LOG, SIGNERS, TSA = "keys/log.vkey", "keys/allowed_signers", "keys/tsa"
_OF_OTHERS = ("keys/recipients.json", "keys/envelopes")
_KEY_ACTS = (Act.KEY_ADD, Act.KEY_REVOKE)


def rendered(state: Custody) -> dict[str, bytes]:
    """The two files as the lines say they are; one without any key is not there."""
    files = {
        LOG: "".join(f"{key.vkey}\n" for key in state.log_keys),
        SIGNERS: "".join(f"{person.line()}\n" for person in state.people),
    }
    return {name: text.encode() for name, text in files.items() if text}


def write(case: Path, state: Custody) -> None:
    """Bring the files up to the lines."""
    for name, data in rendered(state).items():
        path = case / name
        if not path.is_file() or read_stored(path) != data:
            path.parent.mkdir(exist_ok=True)
            replace_file(path, data)
            sync_folder(case)


def check(case: Path, lines: tuple[Line, ...]) -> Iterator[tuple[Difference, bool]]:
    """What differs; with ``True`` where a crash, not a person, can have left it so."""
    now = rendered(custody(lines))
    last = max((line.number for line in lines if line.act in _KEY_ACTS), default=0)
    before = rendered(custody(lines[: max(last - 1, 0)]))
    for name in (LOG, SIGNERS):
        found = _read(case / name)
        if found != now.get(name):
            what = "is one key behind the ledger: the next command that works on the case completes it"
            cut_short = found == before.get(name)
            differs = "is missing" if found is None else "does not hold the keys that the ledger names"
            yield Difference(place=name, what=what if cut_short else differs), cut_short
    yield from ((each, False) for each in _others(case, lines))


def _others(case: Path, lines: tuple[Line, ...]) -> Iterator[Difference]:
    added = (params_of(line) for line in lines if line.act == Act.KEY_ADD)
    named = {str(each["tsa"]): str(each.get("sha256")) for each in added if "tsa" in each}
    for name, sha256 in named.items():
        data = _read(case / name) if name.startswith(f"{TSA}/") and ".." not in name else None
        if data is None or hashlib.sha256(data).hexdigest() != sha256:
            yield Difference(place=name, what="is missing or not the certificate that the ledger names")
    folder = case / "keys"
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        inside = path.relative_to(case).as_posix()
        known = inside in (LOG, SIGNERS, TSA, *named) or inside.startswith(_OF_OTHERS) or path.name.endswith(".new")
        if not known:
            yield Difference(place=inside, what="is named by no line of the ledger")


def _read(path: Path) -> bytes | None:
    try:
        return read_stored(path)
    except (OSError, IntegrityError):
        return None
