"""What ``verify`` holds against the lines beside their own chain: checkpoints, keys, personal signatures, time stamps,
attached payloads, and the rules of custody.

What is wrong with the ledger itself is told from a file that differs, and both from what a person should only know.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from forensics.casefile import checkpoints, keyfiles, notes, sshsig, timestamps
from forensics.casefile.acts import Act
from forensics.casefile.custody import Custody, custody, params_of, time_of
from forensics.casefile.keyring import origin
from forensics.casefile.ledger import Line
from forensics.errors import FormatError, IntegrityError, UsageError
from forensics.evidence.readback import read_stored
from forensics.evidence.verification import Difference

_SHA256 = re.compile(r"[0-9a-f]{64}")
_TOLERANCE_NS = 5 * 10**9
"""How far the clock of the station may stand before that of an authority."""


@dataclass(slots=True, kw_only=True)
class CustodyFound:
    """What was found; ``covered`` is how many lines the newest good checkpoint covers."""

    ledger: list[Difference] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    warnings: list[Difference] = field(default_factory=list)
    covered: int = 0
    stamped: int = 0
    """How many lines the newest time stamp covers whose authority the case names."""


def check_custody(case: Path, case_id: str, lines: tuple[Line, ...]) -> CustodyFound:
    """Everything of it; ``lines`` are those whose chain held."""
    found = CustodyFound()
    state = custody(lines)
    found.ledger += state.broken
    found.warnings += state.warnings
    for each, cut_short in keyfiles.check(case, lines):
        (found.warnings if cut_short else found.differences).append(each)
    _checkpoints(case, case_id, lines, state, found)
    _beside(case, lines, state, found)
    _kept(case, lines, found)
    _attached(case, lines, found)
    _cosigned(case, lines, found)
    if state.log_keys and found.covered < len(lines):
        what = f"lines {found.covered + 1:,} to {len(lines):,} are covered by no checkpoint: nobody signed them yet"
        found.warnings.append(Difference(place="ledger/events.jsonl", what=what))
    return found


def _checkpoints(case: Path, case_id: str, lines: tuple[Line, ...], state: Custody, found: CustodyFound) -> None:
    ledger = case / "ledger"
    try:
        stored = checkpoints.stored(ledger)
        keys = checkpoints.KeysAt([(key.vkey, key.added, key.revoked) for key in state.log_keys])
    except (OSError, FormatError, IntegrityError) as error:
        found.ledger.append(Difference(place=f"ledger/{checkpoints.FOLDER}", what=f"cannot be read: {error}"))
        return
    if not stored:
        return
    known = checkpoints.roots(checkpoints.raw_lines(ledger), [each.size for each in stored])
    done = checkpoints.check(stored, origin(case_id), len(lines), known, keys)
    found.covered = done.covered
    found.ledger += [Difference(place=place, what=what) for place, what in done.differences]


def _beside(case: Path, lines: tuple[Line, ...], state: Custody, found: CustodyFound) -> None:
    """Signatures, queries and replies beside the checkpoints; anything else there is a stranger."""
    folder = case / "ledger" / checkpoints.FOLDER
    roots = list(_roots(case, lines))
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        place = f"ledger/{checkpoints.FOLDER}/{path.name}"
        named = checkpoints.BESIDE.fullmatch(path.name)
        if checkpoints.NOTE.fullmatch(path.name) or checkpoints.LEFT_OVER.fullmatch(path.name):
            continue
        if named is None:
            found.differences.append(Difference(place=place, what="does not belong here"))
            continue
        size = int(named[1])
        try:
            note = read_stored(folder / checkpoints.note_name(size))
            when = time_of(lines[size - 1])
            if named[2].endswith("sshsig"):
                _signature(path, note, named[3], named[4], state, when)
            elif named[2] == "tsr":
                _stamp(path, note, roots, when, size, found)
        except (OSError, IndexError):
            found.differences.append(Difference(place=place, what="there is no checkpoint that it speaks of"))
        except (FormatError, IntegrityError, UsageError, UnicodeDecodeError) as error:
            found.differences.append(Difference(place=place, what=str(error)))


def _kept(case: Path, lines: tuple[Line, ...], found: CustodyFound) -> None:
    """Stamps and signatures that lines name as theirs are there, byte for byte."""
    inside = f"ledger/{checkpoints.FOLDER}/"
    outputs = (each for line in lines for each in line.value.get("out", []))
    named = {str(each["path"]): str(each["sha256"]) for each in outputs if str(each.get("path")).startswith(inside)}
    for place, sha256 in sorted(named.items()):
        try:
            data = read_stored(case / inside / Path(place).name)
        except (OSError, IntegrityError):
            found.differences.append(Difference(place=place, what="is missing, and the ledger names it"))
            continue
        if hashlib.sha256(data).hexdigest() != sha256:
            found.differences.append(Difference(place=place, what="is not what the ledger says it is"))


def _signature(path: Path, note: bytes, who: str, purpose: str, state: Custody, when: int) -> None:
    text = "\n".join(person.line() for person in state.people)
    sshsig.verify(read_stored(path).decode("ascii"), note, purpose, sshsig.allowed_signers(text), who, when)


def _stamp(path: Path, note: bytes, roots: list[bytes], when: int, size: int, found: CustodyFound) -> None:
    asked = path.with_suffix(".tsq")
    stamp = timestamps.check(read_stored(path), note, read_stored(asked) if asked.is_file() else None, roots)
    if stamp.trusted:
        found.stamped = max(found.stamped, size)
    if when > stamp.time_ns + stamp.accuracy_ms * 10**6 + _TOLERANCE_NS:
        late = (when - stamp.time_ns) / 1e9
        raise IntegrityError(f"it was given {late:.0f} s before the time that line {size} states: that clock was ahead")


def _roots(case: Path, lines: tuple[Line, ...]) -> Iterator[bytes]:
    """The certificates that lines name; whether they are still those was said by the check of the keys."""
    for line in lines:
        name = str(params_of(line).get("tsa", "")) if line.act == Act.KEY_ADD else ""
        if name.startswith(f"{keyfiles.TSA}/") and ".." not in name and (case / name).is_file():
            yield read_stored(case / name)


def _attached(case: Path, lines: tuple[Line, ...], found: CustodyFound) -> None:
    """Payloads lie under their own hash. One that no line names may be left of a run that was cut short."""
    named = set(_named(lines))
    folder = case / "ledger" / "attached"
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in there:
        place = f"ledger/attached/{path.name}"
        try:
            right = hashlib.sha256(read_stored(path)).hexdigest() == path.name
        except (OSError, IntegrityError):
            right = False
        if path.name.endswith(".new") and _SHA256.fullmatch(path.name.removesuffix(".new")):
            continue
        if not right:
            found.differences.append(Difference(place=place, what="is not what its name says"))
        elif path.name not in named:
            found.warnings.append(Difference(place=place, what="no line of the ledger names it"))
    for sha256 in sorted(named - {path.name for path in there}):
        found.differences.append(Difference(place=f"ledger/attached/{sha256}", what="is missing"))


def _cosigned(case: Path, lines: tuple[Line, ...], found: CustodyFound) -> None:
    """The co-signature of another office holds over the text of the checkpoint that lies here."""
    for line in lines:
        vkey = params_of(line).get("vkey") if line.act == Act.WITNESS else None
        for each in line.value.get("attach", []) if vkey else ():
            place = f"ledger/attached/{each.get('sha256')}"
            try:
                note, _ = notes.open_note(read_stored(case / place), [notes.Verifier.of(str(vkey))])
                name = checkpoints.note_name(notes.Checkpoint.of(note.text).size)
                own = notes.parse_note(read_stored(case / "ledger" / checkpoints.FOLDER / name)).text
                what = "" if own == note.text else "the co-signature is over another checkpoint than the one here"
            except (OSError, FormatError, IntegrityError) as error:
                what = f"the co-signature does not hold: {error}"
            if what:
                found.differences.append(Difference(place=place, what=what))


def _named(lines: tuple[Line, ...]) -> Iterator[str]:
    for line in lines:
        for each in line.value.get("attach", []):
            yield str(each.get("sha256"))
        answers = params_of(line).get("answers")
        if isinstance(answers, dict) and "sha256" in answers:
            yield str(answers["sha256"])
