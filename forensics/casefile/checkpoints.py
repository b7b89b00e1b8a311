"""Checkpoints of the ledger: signed notes of its size and root (C2SP tlog-checkpoint), and receipts of them.

    ledger/checkpoints/00000123                        the note; the name is the size
    ledger/checkpoints/00000123.tsq, .tsr              RFC 3161 query and reply over the bytes of the note
    ledger/checkpoints/00000123.<who>.<purpose>.sshsig a person's signature over the bytes of the note

A receipt is one line ``<origin> <size> <base64 root> <UTC>``. Whoever outside has one can tell later whether the ledger
that they are shown goes on from it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from forensics.casefile import merkle, sshsig
from forensics.casefile.ledger import replace_file
from forensics.casefile.notes import Checkpoint, Signer, Verifier, open_note, parse_note, sign_checkpoint
from forensics.errors import FormatError, IntegrityError, LedgerError
from forensics.evidence.durable import sync_folder
from forensics.evidence.readback import read_stored

FOLDER = "checkpoints"
NOTE = re.compile(r"[0-9]{8,}")
BESIDE = re.compile(r"([0-9]{8,})\.(tsq|tsr|([A-Za-z0-9._@-]+)\.(" + "|".join(sshsig.PURPOSES) + r")\.sshsig)")
LEFT_OVER = re.compile(r"[0-9]{8,}(\..*)?\.new")
"""What a run that was killed while it wrote a file of this folder leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A checkpoint as it lies in its folder, unchecked."""

    size: int
    path: Path
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What somebody outside keeps: the head of a ledger at one time."""

    origin: str
    size: int
    root: bytes
    time: str

    @property
    def text(self) -> str:
        """The one line."""
        return f"{self.origin} {self.size} {base64.b64encode(self.root).decode('ascii')} {self.time}"


def note_name(size: int) -> str:
    """The name of the checkpoint of this many lines."""
    return f"{size:08d}"


def write(ledger: Path, checkpoint: Checkpoint, signer: Signer) -> Path:
    """Sign and store a checkpoint, on the disk when this returns; one of the same size is never replaced."""
    folder = ledger / FOLDER
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        sync_folder(ledger)
    path = folder / note_name(checkpoint.size)
    if path.exists():
        if Checkpoint.of(open_note(read_stored(path), [signer.verifier])[0].text) != checkpoint:
            raise LedgerError("a checkpoint of this size was signed over other lines", place=str(path))
        return path
    replace_file(path, sign_checkpoint(checkpoint, signer))
    return path


def signature_path(ledger: Path, size: int, who: str, purpose: str) -> Path:
    """Where a person's signature over the checkpoint of this size belongs."""
    return ledger / FOLDER / f"{note_name(size)}.{who}.{purpose}.sshsig"


def stored(ledger: Path) -> list[Stored]:
    """The checkpoints in order of size; one that cannot be read raises."""
    folder = ledger / FOLDER
    names = [path for path in folder.iterdir() if NOTE.fullmatch(path.name)] if folder.is_dir() else []
    found = [Stored(size=int(path.name), path=path, data=read_stored(path)) for path in names]
    return sorted(found, key=lambda each: each.size)


def newest(ledger: Path) -> Stored | None:
    """The largest checkpoint."""
    found = stored(ledger)
    return found[-1] if found else None


def roots(raw_lines: Iterable[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The root of the tree over the raw lines at each of these sizes; sizes beyond the last line are left out."""
    wanted, tree, found = set(sizes), merkle.Tree(), dict[int, bytes]()
    for raw in raw_lines:
        tree.append(merkle.leaf_hash(raw))
        if tree.size in wanted:
            found[tree.size] = tree.root()
    return found


def raw_lines(ledger: Path) -> list[bytes]:
    """The whole lines as they are, without LF."""
    return read_stored(ledger / "events.jsonl").split(b"\n")[:-1]


def check_newest(ledger: Path, signer: Signer) -> int:
    """The size of the newest checkpoint (0: none), after the lines below it gave its root.

    Whoever signed over lines that were changed since would vouch for the change.
    """
    last = newest(ledger)
    if last is None:
        return 0
    try:
        found = Checkpoint.of(parse_note(last.data).text)
    except FormatError as error:
        todo = "run 'forensics verify' and restore the checkpoint from a copy of the case"
        raise LedgerError(f"the newest checkpoint cannot be read: {error}", place=str(last.path), todo=todo) from error
    if roots(raw_lines(ledger), [last.size]).get(last.size) != found.root:
        raise LedgerError(
            f"the first {last.size:,} lines of the ledger are not those that were signed",
            place=str(last.path),
            todo="run 'forensics verify' and compare with a receipt or a copy of the ledger",
        )
    return last.size


# -- checking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the checkpoints came to: what is wrong, and how many lines the largest good one covers."""

    differences: tuple[tuple[str, str], ...]
    covered: int


def check(found: Sequence[Stored], origin: str, lines: int, known: dict[int, bytes], keys: KeysAt) -> Checked:
    """Hold every checkpoint against the roots of the lines as they are and the keys that counted at its size."""
    wrong, covered = [], 0
    for each in found:
        reasons = list(_wrong_in(each, origin, lines, known, keys))
        wrong += [(f"ledger/{FOLDER}/{each.path.name}", reason) for reason in reasons]
        covered = covered if reasons else each.size
    return Checked(differences=tuple(wrong), covered=covered)


class KeysAt:
    """Which keys of the log count at a size; given by the custody of the lines."""

    def __init__(self, keys: Iterable[tuple[str, int, int]]) -> None:
        self._keys = [(Verifier.of(vkey), added, revoked) for vkey, added, revoked in keys]

    def at(self, size: int) -> list[Verifier]:
        """The keys that may have signed a checkpoint of this many lines."""
        return [key for key, added, revoked in self._keys if added <= size and (not revoked or size <= revoked)]


def _wrong_in(each: Stored, origin: str, lines: int, known: dict[int, bytes], keys: KeysAt) -> Iterator[str]:
    try:
        note, _ = open_note(each.data, keys.at(each.size))
        found = Checkpoint.of(note.text)
    except (FormatError, IntegrityError) as error:
        yield str(error)
        return
    if found.origin != origin:
        yield f"it is of another log: {found.origin!r}"
    if note_name(found.size) != each.path.name:
        yield f"it speaks of {found.size:,} lines, which is not its name"
    if found.size > lines:
        yield f"it covers {found.size:,} lines and the ledger has {lines:,}: lines were taken away"
    elif known.get(found.size) != found.root:
        yield f"the first {found.size:,} lines of the ledger are not those that were signed"


# -- receipts ----------------------------------------------------------------------------------------------------------


def receipt(checkpoint: Checkpoint, now_ns: int) -> Receipt:
    """A receipt of a checkpoint, as of now."""
    when = datetime.fromtimestamp(now_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Receipt(origin=checkpoint.origin, size=checkpoint.size, root=checkpoint.root, time=when)


def parse_receipt(text: str) -> Receipt:
    """A receipt as somebody kept it; anything else raises :class:`FormatError`."""
    parts = text.split()
    if len(parts) != 4 or not (parts[1].isascii() and parts[1].isdigit()):
        raise FormatError("a receipt is one line of four words: origin, size, root, time")
    try:
        root = base64.b64decode(parts[2], validate=True)
        datetime.strptime(parts[3], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"this receipt cannot be read: {error}") from error
    if len(root) != merkle.SIZE:
        raise FormatError("the root in a receipt has 32 bytes")
    return Receipt(origin=parts[0], size=int(parts[1]), root=root, time=parts[3])
