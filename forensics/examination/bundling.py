"""The step that writes a case into a bag for the other side: what lies in it mirrors the case folder, below ``data/``.

Order: the case is verified; everything but the ledger is copied; the act ``bundle`` goes on the ledger with the hash of
all that was copied; a checkpoint covers that line where a key is open; then the ledger is copied and the bag gets its
name. So the ledger in the bag tells of the bag, and nothing can be added to it or taken from it without a trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from forensics import __version__
from forensics.casefile import checkpoints
from forensics.casefile.acts import Act
from forensics.errors import DONE, INTEGRITY_BROKEN, LEDGER_BROKEN, IntegrityError, LedgerError, UsageError
from forensics.evidence.bag import PAYLOAD, Bag, BagWriter, manifest_bytes, names_below
from forensics.evidence.readback import read_stored
from forensics.examination.conductor import Examination
from forensics.examination.verifying import VerifySummary, verify

EVIDENCE, CONTENT = "evidence", "content"
CAN_BE_LEFT_OUT = (EVIDENCE, CONTENT)
VERIFIER, HOW = "verify.py", "VERIFY.txt"
_LEDGER = "ledger"
_PARTS = ("case.toml", "keys", EVIDENCE, "seals", CONTENT, "records", "timeline", "findings", "reports", "tables")
_NEVER = frozenset((".work", ".spill", "incoming", ".images"))
_LOCK = "lock"
_LEFT_OVER = ".new"
_SECRETS = (b"PRIVATE KEY-----", b"AGE-SECRET-KEY-1", b'"log_seed"')


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSummary:
    """The bag, where the ledger stood when it was copied, and what the receiver needs from elsewhere than the bag."""

    folder: str
    files: int
    size: int
    manifest_sha256: str
    verifier_sha256: str
    lines: int
    head_sha256: str
    without: tuple[str, ...] = ()
    receipt: str = ""
    """The one line by which the receiver can tell later that the ledger goes on from here; empty without a key."""
    log_key: str = ""

    @property
    def exit_code(self) -> int:
        """A step that ends well; one that does not raises."""
        return DONE


def bundle(
    examination: Examination,
    target: Path,
    *,
    without: Iterable[str] = (),
    anchor: Callable[[Examination], object] | None = None,
) -> BundleSummary:
    """Write the case into a new folder ``target``, which must not exist.

    ``anchor`` is called when the ledger tells of the bundle and before it is copied: the moment for a time stamp.
    """
    left_out = tuple(sorted(set(without)))
    _check(examination, target, left_out)
    progress = examination.station.progress
    with BagWriter(target, progress.advance) as writer:
        params = {"bundle": target.name, "without": list(left_out)}
        with examination.step(Act.BUNDLE, params=params) as step:
            progress.begin("copying the case")
            for name in payload_names(examination.folder, left_out, _listed_content(examination)):
                writer.add(name, examination.folder / name)
            step.outputs.append(payload_output(writer.digests))
            step.result = {"files": len(writer.digests)}
        receipt = _checkpoint(examination, anchor)
        head = examination.head
        for name in _ledger_names(examination.folder):
            writer.add(name, examination.folder / name)
        bag = writer.finish(_info(examination, left_out, head), handover_files())
        progress.end()
    key = examination.keyring.signer.verifier.vkey if examination.keyring is not None else ""
    return _summary(bag, head, left_out, receipt, key)


def _checkpoint(examination: Examination, anchor: Callable[[Examination], object] | None) -> str:
    """Sign the ledger with the line of the bundle in it, where a key is open; the answer is the receipt of that."""
    if anchor is not None:
        anchor(examination)
    if examination.keyring is None:
        return ""
    return checkpoints.receipt(examination.sign(), examination.station.now()).text


def payload_output(digests: dict[str, str]) -> dict[str, str | int]:
    """What the ledger says of the bag: the hash of the lines of its manifest that are not about the ledger itself."""
    listed = {name: sha256 for name, sha256 in digests.items() if not name.startswith(f"{PAYLOAD}/{_LEDGER}/")}
    data = manifest_bytes(listed)
    return {"id": "payload", "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


def handover_files() -> dict[str, bytes]:
    """The verifier and the page that says how to use it, as they go into every bag."""
    folder = resources.files("forensics.evidence") / "handover"
    return {name: (folder / name).read_bytes() for name in (VERIFIER, HOW)}


def verifier_sha256() -> str:
    """The hash by which a receiver knows the verifier; it is told by other ways than the bag."""
    return hashlib.sha256(handover_files()[VERIFIER]).hexdigest()


def _check(examination: Examination, target: Path, left_out: tuple[str, ...]) -> None:
    strange = [name for name in left_out if name not in CAN_BE_LEFT_OUT]
    if strange:
        raise UsageError(f"{strange[0]!r} cannot be left out", todo=f"name one of: {', '.join(CAN_BE_LEFT_OUT)}")
    case = examination.folder.resolve()
    if target.resolve().is_relative_to(case):
        raise UsageError("the bundle would lie inside the case", place=str(target), todo="name a folder outside it")
    _refuse_broken(verify(examination.folder, examination.station.progress), examination.folder)
    for name in _below(examination.folder, "keys"):
        data = read_stored(examination.folder / name)
        if any(secret in data for secret in _SECRETS):
            raise UsageError(f"{name} holds a secret", place=name, todo="take it out of the case: keys/ is handed over")


def _refuse_broken(found: VerifySummary, folder: Path) -> None:
    """Nobody hands over a case that does not hold without knowing it."""
    todo = "run 'forensics verify' to see every difference"
    named = tuple(str(each) for each in (*found.ledger, *found.differences))
    if found.exit_code == LEDGER_BROKEN:
        raise LedgerError("the ledger does not hold", place=str(folder), todo=todo, differences=named)
    if found.exit_code == INTEGRITY_BROKEN:
        raise IntegrityError("the case is not as it was stored", place=str(folder), todo=todo, differences=named)
    if found.unsettled:
        raise UsageError("a step was cut short", place=str(folder), todo="run the same command again, then bundle")


def _listed_content(examination: Examination) -> frozenset[str] | None:
    """Under two-person control, the names of the contents that a parse lists: nothing tells what another one holds."""
    if not examination.facts.review:
        return None
    return frozenset(name for manifest in examination.view().manifests for name in manifest.get("stored", {}))


def payload_names(folder: Path, left_out: tuple[str, ...], content: frozenset[str] | None = None) -> Iterator[str]:
    """The files of the case that go into the bag, but for the ledger; of contents only those named, where any are."""
    for part in _PARTS:
        if (folder / part).is_file():
            yield part
        for name in _below(folder, part):
            parts = name.split("/")
            bytes_of_evidence = part == EVIDENCE and len(parts) == 4 and parts[2] == "data"
            if part in left_out and (part == CONTENT or bytes_of_evidence):
                continue
            if part != CONTENT or content is None or parts[-1] in content:
                yield name


def _below(folder: Path, part: str) -> list[str]:
    if not (folder / part).is_dir():
        return []
    unfinished = {path.name for path in (folder / part).iterdir() if path.suffix in (".work", ".part")}
    found = names_below(folder / part, _NEVER | unfinished)
    return [f"{part}/{name}" for name in found if not name.endswith(_LEFT_OVER)]


def _ledger_names(folder: Path) -> list[str]:
    return [name for name in _below(folder, _LEDGER) if name != f"{_LEDGER}/{_LOCK}"]


def _info(examination: Examination, left_out: tuple[str, ...], head: dict[str, object]) -> dict[str, str]:
    made = datetime.fromtimestamp(examination.station.now() // 10**9, UTC)
    info = {
        "Source-Organization": examination.facts.organisation,
        "External-Identifier": examination.facts.id,
        "External-Description": examination.facts.title,
        "Bagging-Date": made.date().isoformat(),
        "Bag-Software-Agent": f"email-forensics {__version__}",
        "Ledger-Head": f"{head['lines']} {head['sha256']}",
        "Left-Out": ", ".join(left_out),
    }
    return {label: value for label, value in info.items() if value}


def _summary(bag: Bag, head: dict[str, object], left_out: tuple[str, ...], receipt: str, log_key: str) -> BundleSummary:
    return BundleSummary(
        folder=str(bag.folder),
        files=bag.files,
        size=bag.size,
        manifest_sha256=bag.manifest_sha256,
        verifier_sha256=verifier_sha256(),
        lines=int(str(head["lines"])),
        head_sha256=str(head["sha256"]),
        without=left_out,
        receipt=receipt,
        log_key=log_key,
    )
