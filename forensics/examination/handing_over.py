"""The acts by which evidence changes hands or ends: transfer out and in, return, dispose (checklist C, ISO/IEC 27037).

A transfer is two lines. Between them the items are in transit; the second names the first, and the receiver's own hash
of every item stands in it. What nobody said stays missing, and the papers show it so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics.casefile import checkpoints
from forensics.casefile.acts import Act
from forensics.casefile.custody import Custody, Transfer, custody
from forensics.errors import DONE, INTEGRITY_BROKEN, UsageError
from forensics.evidence.store import EvidenceStore
from forensics.evidence.verification import verify_item
from forensics.examination.conductor import Examination

OUT_FIELDS = {
    "from": "Who hands over: name, organisation, contact.",
    "to": "Who receives: name, organisation, contact.",
    "purpose": "What for, and by which authority.",
    "method": "By hand, courier, upload address.",
    "tracking": "The tracking number of the courier.",
    "medium": "Make and serial number of the medium.",
    "seal_no": "The number of the seal on the package.",
    "encryption": "How the medium is encrypted and how the key goes to the receiver.",
    "return_by": "The date by which the items come back or are destroyed.",
}
"""What can be said of a transfer (checklist C); all but ``tracking`` and ``return_by`` have to be said."""
_OPTIONAL = ("tracking", "return_by")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSummary:
    """What was handed over or received, the facts that are missing, and the receipt that goes with it."""

    line: int
    id: str
    items: dict[str, str]
    missing: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    receipt: str = ""

    @property
    def exit_code(self) -> int:
        """4 where the receiver's hash of an item is not the one that left."""
        return INTEGRITY_BROKEN if self.differences else DONE


def transfer_out(
    examination: Examination, items: Sequence[str], facts: Mapping[str, str], place: str = ""
) -> TransferSummary:
    """Put a handover on the ledger before the items go; no items named means all of them."""
    listed = _items(examination, items)
    params = {name: text for name, text in facts.items() if text}
    params["receipt"] = receipt_now(examination)
    given: dict[str, Any] = {key: value for key, value in params.items() if value}
    line = examination.note(Act.TRANSFER_OUT, params=given, inputs=listed, place=place, why=facts.get("purpose", ""))
    missing = [name for name in OUT_FIELDS if name not in _OPTIONAL and not facts.get(name)]
    return TransferSummary(
        line=line.number,
        id=str(line.value["id"]),
        items={str(each["id"]): str(each["sha256"]) for each in listed},
        missing=(*missing, *(() if place else ("place",))),
        receipt=receipt_now(examination),
    )


def transfer_in(
    examination: Examination, answers: str, *, received: Path | None = None, condition: str = "", place: str = ""
) -> TransferSummary:
    """Put an arrival on the ledger, after every item was read again from ``received`` (the case's own copy without)."""
    found = open_transfer(custody(examination.view().lines), answers)
    folder = received or examination.folder / "evidence"
    checked = [_checked(folder, item, sha256) for item, sha256 in found.items.items()]
    wrong = tuple(f"{each['id']}: {each['differs']}" for each in checked if "differs" in each)
    inputs = tuple({"id": item, "sha256": sha256} for item, sha256 in found.items.items())
    params = {"answers": found.id, "condition": condition, "received": _shown(folder)}
    line = examination.note(
        Act.TRANSFER_IN,
        params={key: value for key, value in params.items() if value},
        inputs=inputs,
        place=place,
        result={"rc": INTEGRITY_BROKEN if wrong else DONE, "checked": checked},
    )
    return TransferSummary(
        line=line.number,
        id=str(line.value["id"]),
        items=found.items,
        missing=tuple(name for name, text in (("condition", condition), ("place", place)) if not text),
        differences=wrong,
        receipt=receipt_now(examination),
    )


def give_back(examination: Examination, items: Sequence[str], to: str, why: str, place: str = "") -> TransferSummary:
    """Items go back to where they came from."""
    return _ends(examination, Act.RETURN, items, {"to": to}, why, place, ())


def dispose(
    examination: Examination, items: Sequence[str], how: str, why: str, witnesses: Sequence[str], place: str = ""
) -> TransferSummary:
    """Items were destroyed: how, by whose leave, who saw it. The ledger keeps their hashes."""
    gone = custody(examination.view().lines).disposed
    for item in items:
        if item in gone:
            raise UsageError(f"{item} was disposed of by line {gone[item]} already")
    return _ends(examination, Act.DISPOSE, items, {"how": how}, why, place, [{"name": name} for name in witnesses])


def _ends(
    examination: Examination,
    act: Act,
    items: Sequence[str],
    params: dict[str, Any],
    why: str,
    place: str,
    witness: Sequence[dict[str, Any]],
) -> TransferSummary:
    if not items:
        raise UsageError("no item was named", todo="name them, such as EV-0001")
    listed = _items(examination, items)
    line = examination.note(act, params=params, inputs=listed, why=why, place=place, witness=tuple(witness))
    return TransferSummary(
        line=line.number,
        id=str(line.value["id"]),
        items={str(each["id"]): str(each["sha256"]) for each in listed},
        receipt=receipt_now(examination),
    )


def open_transfer(state: Custody, answers: str) -> Transfer:
    """The transfer that is meant: by the number or the id of its line, or the only one in transit."""
    open_ = state.in_transit
    found = [each for each in open_ if answers in (each.id, str(each.line))] if answers else open_
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"line {each.line} to {each.to or '?'}" for each in open_) or "none"
    what = f"no transfer in transit is {answers!r}" if answers else f"{len(open_)} transfers are in transit, not one"
    raise UsageError(what, todo=f"name one with --answers LINE; in transit: {known}")


def receipt_now(examination: Examination) -> str:
    """The receipt of the ledger as it is, where the key of the log is at hand; else nothing."""
    if not examination.signs:
        return ""
    return checkpoints.receipt(examination.sign(), examination.station.now()).text


def _items(examination: Examination, items: Sequence[str]) -> tuple[dict[str, Any], ...]:
    view = examination.view()
    known = view.evidence_names()
    gone = custody(view.lines).disposed
    for item in items:
        if item not in known:
            raise UsageError(f"there is no evidence item {item!r}", todo=f"name of: {', '.join(known) or 'none yet'}")
    wanted = items or [item for item in known if item not in gone]
    if not wanted:
        raise UsageError("the case holds no evidence item yet", todo="acquire a source first")
    store = EvidenceStore(examination.folder / "evidence")
    return tuple({"id": item, "sha256": store.manifest_sha256(item)} for item in wanted)


def _checked(folder: Path, item: str, sha256: str) -> dict[str, Any]:
    """One item as the receiver finds it: every file read again against a manifest that must be the one that left."""
    differences = verify_item(folder / item, manifest_sha256=sha256)
    if not differences:
        return {"id": item, "sha256": sha256, "holds": True}
    more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
    return {"id": item, "sha256": sha256, "holds": False, "differs": f"{differences[0]}{more}"}


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
