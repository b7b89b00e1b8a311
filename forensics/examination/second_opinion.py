"""The step that has every PST and OST of the evidence read again by libpff, and names each point of disagreement.

libpff is native code, so the comparison runs in guarded workers. That it cannot open embedded messages, that it counts
items which it cannot open, and that it refuses some stores whole is known of it and said; none speaks against our
reading.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from forensics.casefile.acts import Act
from forensics.casefile.sessions import Session
from forensics.casefile.view import CaseView
from forensics.errors import DONE, PARTLY_READ, UsageError
from forensics.evidence.item import Entry, payload_name
from forensics.examination.conductor import Examination
from forensics.examination.sealed_spool import KEYS, job_keys
from forensics.examination.station import Station
from forensics.formats.pst.disagreement import Disagreement, Unopened
from forensics.formats.sniff import Kind
from forensics.workers import Job, Limits, LocalEngine, Outcome

_KINDS = frozenset((Kind.PST, Kind.OST, Kind.PAB))
_MODULE = "forensics.examination.opinionjob"
_LIMITS = Limits(wall=1800.0, cpu=1800)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOpinion:
    """One store: ``refused`` is libpff's reason for not opening it, ``failed`` why nothing was compared."""

    address: str
    path: str
    folders: int = 0
    items: int = 0
    attachments: int = 0
    only_ours: int = 0
    """Embedded messages, which libpff cannot open."""
    refused: str = ""
    failed: str = ""
    differing: int = 0
    disagreements: tuple[Disagreement, ...] = ()
    not_opened: int = 0
    unopened: tuple[Unopened, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionSummary:
    """The second opinion on every store of a case."""

    stores: tuple[StoreOpinion, ...] = ()

    @property
    def exit_code(self) -> int:
        """3 where the readers disagree, or where a comparison did not come to its end."""
        return PARTLY_READ if any(each.differing or each.failed for each in self.stores) else DONE


def opinions(folder: Path, station: Station, session: Session | None = None) -> OpinionSummary:
    """Compare every store of the case's evidence, writing nothing; under two-person control it takes the two people."""
    view = CaseView(folder, session)
    if view.vault is not None:
        view.vault.ready()
    if not view.manifests:
        raise UsageError("nothing of this case has been parsed yet", todo="run 'forensics parse' first")
    stores = list(_stores(view))
    station.progress.begin("asking libpff for a second opinion", items=len(stores))
    # A folder outside the case, because a case that may not be written to is compared all the same; it stays empty.
    with tempfile.TemporaryDirectory() as spool, LocalEngine(station.workers, _LIMITS, preload=(_MODULE,)) as engine:
        asked = [(one, engine.submit(_job(view, path, one, Path(spool)))) for one, path in stores]
        made = [_told(station, one, future) for one, future in asked]
    station.progress.end()
    return OpinionSummary(stores=tuple(made))


def opinions_and_note(examination: Examination) -> OpinionSummary:
    """Compare, and put the result on the ledger."""
    summary = opinions(examination.folder, examination.station, examination.session)
    stores = [asdict(each) for each in summary.stores]
    examination.note(
        Act.VERIFY,
        params={"second_opinion": "libpff"},
        result={"rc": summary.exit_code, "stores": stores},
    )
    return summary


def _stores(view: CaseView) -> Iterator[tuple[StoreOpinion, Path]]:
    """Every stored file that was read as a PST or OST."""
    entries: dict[tuple[str, str], Entry] = {
        (item.name, f"{entry.number:06d}"): entry
        for item in view.evidence
        for entry in item.files
        if entry.number is not None
    }
    for manifest in view.manifests:
        name = manifest["evidence"]
        for file in manifest["files"]:
            entry = entries.get((name, file["number"]))
            if file["kind"] in _KINDS and entry is not None:
                shown = entry.path.decode("utf-8", "backslashreplace")
                path = view.folder / "evidence" / name / payload_name(int(file["number"]))
                yield StoreOpinion(address=f"{name}/{file['number']}", path=shown), path


def _job(view: CaseView, path: Path, one: StoreOpinion, spool: Path) -> Job:
    args: dict[str, Any] = {"address": one.address}
    if view.vault is not None:
        item, _, number = one.address.partition("/")
        files = next(each.files for each in view.evidence if each.name == item)
        sha256 = next(str(each.sha256) for each in files if each.number == int(number))
        args[KEYS] = job_keys(view.vault, [{"sha256": sha256}])
    return Job(call=f"{_MODULE}:compare", args=args, reads=(path,), spool=spool)


def _told(station: Station, one: StoreOpinion, future: Future[Outcome]) -> StoreOpinion:
    outcome = future.result()
    station.progress.advance(0, 1)
    if outcome.value is None:
        return replace(one, failed=f"the comparison did not come to its end: {outcome.cause}")
    value = dict(outcome.value)
    named = tuple(Disagreement(**each) for each in value.pop("disagreements", ()))
    unopened = tuple(Unopened(**each) for each in value.pop("unopened", ()))
    return replace(one, disagreements=named, unopened=unopened, **value)
