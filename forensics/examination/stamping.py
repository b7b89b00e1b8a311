"""The step that has a checkpoint stamped by a third party (RFC 3161): over the network, or by files that are carried.

A station without network writes the query to a file, somebody brings it to the authority and the reply back. The lag
between the checkpoint and the stamp is shown, not hidden.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forensics.casefile import checkpoints, keyfiles, timestamps
from forensics.casefile.acts import Act
from forensics.casefile.custody import params_of
from forensics.casefile.ledger import replace_file
from forensics.errors import UsageError
from forensics.evidence.readback import read_stored
from forensics.examination.conductor import Examination


@dataclass(frozen=True, slots=True, kw_only=True)
class StampSummary:
    """The checkpoint, what the reply says of it, and how long after the last covered line it was given."""

    size: int
    time_ns: int = 0
    serial: str = ""
    trusted: bool = False
    openssl: str = ""
    lag_s: int = 0
    query: str = ""
    exit_code: int = 0


def ask(examination: Examination) -> tuple[int, bytes]:
    """A checkpoint of all lines and the query over it; a query that waits for its reply is given again."""
    size = examination.sign().size
    path = _path(examination, size, "tsq")
    if not path.is_file():
        replace_file(path, timestamps.query(_note(examination, size)))
    return size, read_stored(path)


def export_query(examination: Examination, out: Path) -> StampSummary:
    """Write the query to a file that is carried to the authority."""
    size, asked = ask(examination)
    out.write_bytes(asked)
    return StampSummary(size=size, query=str(out))


def stamp_over_network(examination: Examination, url: str, roots: Sequence[bytes]) -> StampSummary:
    """Ask the authority at this address."""
    size, asked = ask(examination)
    return take_reply(examination, timestamps.fetch(url, asked), roots, size=size, source=url)


def take_reply(
    examination: Examination, reply: bytes, roots: Sequence[bytes], *, size: int = 0, source: str = ""
) -> StampSummary:
    """Check a reply, keep it raw beside its checkpoint, and put it on the ledger.

    Without ``size`` it is the checkpoint whose query the reply answers.
    """
    known = [*roots, *_kept_roots(examination)]
    size = size or _answered(examination, reply)
    asked = _path(examination, size, "tsq")
    found = timestamps.check(reply, _note(examination, size), read_stored(asked) if asked.is_file() else None, known)
    path = _path(examination, size, "tsr")
    if path.is_file() and read_stored(path) != reply:
        raise UsageError("this checkpoint has a time stamp already", place=str(path), todo="stamp a newer checkpoint")
    replace_file(path, reply)
    covered = int(examination.view().lines[size - 1].value["ts_ns"])
    result = {"serial": found.serial, "policy": found.policy, "time_ns": found.time_ns, "trusted": found.trusted}
    output = {"path": _inside(path), "sha256": hashlib.sha256(reply).hexdigest(), "size": len(reply)}
    params = {"size": size, **({"tsa": source} if source else {})}
    examination.note(Act.CHECKPOINT_STAMP, params=params, outputs=(output,), result=result)
    return StampSummary(
        size=size,
        time_ns=found.time_ns,
        serial=found.serial,
        trusted=found.trusted,
        openssl=found.openssl,
        lag_s=(found.time_ns - covered) // 10**9,
    )


def _answered(examination: Examination, reply: bytes) -> int:
    """The newest checkpoint with a query whose nonce and imprint the reply has."""
    for each in reversed(checkpoints.stored(examination.folder / "ledger")):
        asked = _path(examination, each.size, "tsq")
        if asked.is_file() and timestamps.answers(reply, each.data, read_stored(asked)):
            return each.size
    raise UsageError(
        "this reply answers no query of this case",
        todo="export one with 'forensics case timestamp DIR --query FILE' and have that stamped",
    )


def _kept_roots(examination: Examination) -> list[bytes]:
    named = (str(params_of(line).get("tsa", "")) for line in examination.view().lines if line.act == Act.KEY_ADD)
    return [read_stored(examination.folder / name) for name in named if name.startswith(f"{keyfiles.TSA}/")]


def _note(examination: Examination, size: int) -> bytes:
    return read_stored(examination.folder / "ledger" / checkpoints.FOLDER / checkpoints.note_name(size))


def _path(examination: Examination, size: int, kind: str) -> Path:
    return examination.folder / "ledger" / checkpoints.FOLDER / f"{checkpoints.note_name(size)}.{kind}"


def _inside(path: Path) -> str:
    return f"ledger/{checkpoints.FOLDER}/{path.name}"
