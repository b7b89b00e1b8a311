"""The step that seals evidence items: the tree over every message and its parts, from the records of the newest parse.

Sealed records stay sealed: a parse that gives the same records again is under the same seal, other records get one of
their own beside it. Checking a seal needs no secret; building it again needs the salt key, and then tells that the
records still give every leaf.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import canonical
from forensics.casefile import merkle
from forensics.casefile.acts import Act, Phase
from forensics.casefile.case import read_facts
from forensics.casefile.custody import EXAMINER
from forensics.casefile.keyring import Keyring
from forensics.casefile.ledger import Line
from forensics.casefile.message_parts import messages
from forensics.casefile.seal import LEAVES, SEAL, Seal, decode, folder_of, leaves_of, seal_of
from forensics.casefile.sessions import Session
from forensics.casefile.view import CaseView
from forensics.errors import DONE, FormatError, IntegrityError, UsageError
from forensics.evidence.durable import write_new
from forensics.evidence.verification import Difference
from forensics.examination.conductor import Examination
from forensics.examination.files import adopt, still_there
from forensics.examination.receipts import SignatureSummary, sign_personally
from forensics.examination.station import Progress

SaltKey = Callable[[str], bytes]
"""Gives the salt key of an evidence item; it comes from outside the case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSummary:
    """The seal of one evidence item, and the number of the ledger line that tells of it."""

    evidence: str
    messages: int
    root: str
    line: int
    unchanged: bool = False
    same_root: bool | None = None
    """Whether the seal before this one had the same root; ``None`` where there was none."""

    @property
    def exit_code(self) -> int:
        """A step that ends well; one that does not raises."""
        return DONE


def seal(examination: Examination, salt_key: SaltKey, wanted: Sequence[str] = ()) -> list[SealSummary]:
    """Seal these evidence items, or all that were parsed."""
    view = examination.view()
    names = list(dict.fromkeys(wanted)) or [name for name in view.evidence_names() if _parse_line(view, name)]
    if not names:
        raise UsageError("there are no records yet", place=str(view.folder), todo="run 'forensics parse' first")
    return [_seal_item(examination, view, name, salt_key) for name in names]


def salt_key_of(examination: Examination) -> SaltKey:
    """The salt keys of a case from whoever opened it: two people together, or the holder of the keyring."""
    found = salt_keys(examination.folder, examination.keyring, examination.session)
    if found is None:
        todo = f"make the keys with 'forensics case key {examination.folder}', or name their folder with --keys DIR"
        if examination.facts.review:
            todo = "give the identities of a requester and an approver with --identity, twice"
        raise UsageError("the salts of a seal need the keys of the case", place=str(examination.folder), todo=todo)
    return found


def salt_keys(case: Path, keyring: Keyring | None, session: Session | None) -> SaltKey | None:
    """The same of a case that nobody opened for work; ``None`` where the keys are not at hand."""
    if session is not None:
        return Keyring(case=read_facts(case)[0].id, log_seed=b"", salt_master=session.salt_master).salt_key
    # Under two-person control the salts come from what two people hold, whatever lies in the keyring of one.
    return None if keyring is None or read_facts(case)[0].review else keyring.salt_key


def sign_seal(examination: Examination, key: Path, who: str = "") -> SignatureSummary:
    """A person signs the ledger with the seals on it; without a name, the examiner."""
    if not who:
        people = [each for each in examination.keys_changed().people if each.role == EXAMINER and not each.revoked]
        if len({each.principal for each in people}) != 1:
            todo = "name the person with --as, and put the key on the ledger with 'forensics case key'"
            raise UsageError("the ledger does not say who signs", place=str(examination.folder), todo=todo)
        who = people[0].principal
    return sign_personally(examination, "seal", who, key)


def _parse_line(view: CaseView, evidence: str) -> Line | None:
    return view.newest(Act.PARSE, evidence=evidence)


def _seal_item(examination: Examination, view: CaseView, name: str, salt_key: SaltKey) -> SealSummary:
    line = _parse_line(view, name)
    if line is None:
        todo = "see 'forensics case show' for the evidence items, and parse it first"
        raise UsageError(f"{name} is no evidence item with records", place=str(view.folder), todo=todo)
    listed = line.value["out"][0]
    params = {
        "evidence": name,
        "manifest_sha256": line.value["params"]["manifest_sha256"],
        "records_sha256": listed["sha256"],
    }
    before = view.newest(Act.SEAL, evidence=name)
    same = view.newest(Act.SEAL, **params)
    if same is not None and still_there(view, same):
        result = same.value["result"]
        return SealSummary(
            evidence=name, messages=result["messages"], root=result["root"], line=same.number, unchanged=True
        )
    with examination.step(Act.SEAL, params=params, inputs=[{"id": listed["path"], **listed}]) as step:
        made, leaves = _build(view, params, salt_key(name), examination.station.progress)
        step.outputs += _put_in_place(examination.folder, made, leaves)
        step.result = {"messages": made.messages, "root": made.root}
    return SealSummary(
        evidence=name,
        messages=made.messages,
        root=made.root,
        line=examination.head["lines"],
        same_root=None if before is None else before.value["result"]["root"] == made.root,
    )


def _build(view: CaseView, params: dict[str, Any], key: bytes, progress: Progress) -> tuple[Seal, bytearray]:
    output = {"path": f"records/{params['evidence']}.json", "sha256": params["records_sha256"]}
    manifest = canonical.decode(view.read_output(output))
    progress.begin(f"{params['evidence']}: sealing", items=manifest["counts"].get("message", 0))
    leaves = leaves_of(messages(view, manifest), key, lambda count: progress.advance(0, count))
    progress.end()
    return seal_of(view.facts.id, params, leaves), leaves


def _put_in_place(case: Path, made: Seal, leaves: bytearray) -> list[dict[str, Any]]:
    work = case / "seals" / ".work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    write_new(work / SEAL, made.encode())
    write_new(work / LEAVES, bytes(leaves))
    found = [adopt(work / name, case, f"{made.folder}/{name}") for name in (SEAL, LEAVES)]
    shutil.rmtree(work)
    return found


# -- checking ----------------------------------------------------------------------------------------------------------


def check_seals(view: CaseView, lines: Sequence[Line], salt_key: SaltKey | None = None) -> Iterator[Difference]:
    """Hold every seal against its line: leaves, root, line; with the salt key also the records against the leaves.

    Only the newest seal of an item can be built again, and only if its records are those of the newest parse.
    """
    finished = [line for line in lines if line.act == Act.SEAL and line.phase == Phase.FINISHED]
    for line in finished:
        if not still_there(view, line):
            # The check of all listed files names the one that changed.
            continue
        try:
            made, leaves = read_seal(view, line)
        except IntegrityError as error:
            yield Difference(place=_place(line), what=str(error))
            continue
        current = _parse_line(view, made.evidence)
        if salt_key is not None and current is not None and current.value["out"][0]["sha256"] == made.records_sha256:
            yield from _rebuilt(view, made, leaves, salt_key(made.evidence))


def _place(line: Line) -> str:
    params = line.value.get("params", {})
    return folder_of(str(params.get("evidence", "")), str(params.get("records_sha256", "")))


def read_seal(view: CaseView, line: Line) -> tuple[Seal, bytes]:
    """The seal of a ledger line with its leaves; :class:`IntegrityError` where they do not give what the line says."""
    files = {str(each["path"]).rpartition("/")[2]: each for each in line.value.get("out", [])}
    if set(files) != {SEAL, LEAVES}:
        raise IntegrityError(f"line {line.number} of the ledger does not list the files of a seal", place=_place(line))
    try:
        made, leaves = decode(view.read_output(files[SEAL])), view.read_output(files[LEAVES])
    except FormatError as error:
        raise IntegrityError(str(error), place=_place(line)) from error
    said, params = line.value.get("result", {}), line.value.get("params", {})
    found = (len(leaves) // merkle.SIZE, merkle.root(leaves).hex()) if len(leaves) % merkle.SIZE == 0 else (-1, "")
    if found != (said.get("messages"), said.get("root")) or found != (made.messages, made.root):
        what = f"the leaves give root {found[1]}, line {line.number} of the ledger sealed {said.get('root')}"
        raise IntegrityError(what, place=_place(line))
    names = ("evidence", "manifest_sha256", "records_sha256")
    if made.case != line.value.get("case") or any(params.get(name) != getattr(made, name) for name in names):
        raise IntegrityError(f"the seal is not about what line {line.number} of the ledger names", place=_place(line))
    return made, leaves


def _rebuilt(view: CaseView, made: Seal, leaves: bytes, key: bytes) -> Iterator[Difference]:
    params = {"evidence": made.evidence, "records_sha256": made.records_sha256}
    output = {"path": f"records/{made.evidence}.json", "sha256": made.records_sha256}
    try:
        found = leaves_of(messages(view, canonical.decode(view.read_output(output))), key)
    except (IntegrityError, FormatError) as error:
        yield Difference(place=folder_of(**params), what=f"cannot be built again from the records: {error}")
        return
    if found != leaves:
        size = merkle.SIZE
        count = max(len(found), len(leaves)) // size
        first = next(n for n in range(count) if found[n * size : n * size + size] != leaves[n * size : n * size + size])
        what = f"the records give another leaf for message {first}: changed records, or another salt key"
        yield Difference(place=f"{folder_of(**params)}/{LEAVES}", what=what)
