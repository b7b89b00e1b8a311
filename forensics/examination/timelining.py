"""The step from records to the one ordered account: the tables of ``timeline/``, from events to coverage."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import Any

from forensics.casefile.acts import Act
from forensics.casefile.ledger import Line
from forensics.casefile.view import CaseView
from forensics.errors import DONE, UsageError
from forensics.examination.conductor import Examination
from forensics.examination.files import adopt, still_there
from forensics.examination.station import tool
from forensics.timeline import identities
from forensics.timeline.build import build


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSummary:
    """How many events, and how many different messages they tell of."""

    events: int
    logical: int
    unchanged: bool = False

    @property
    def exit_code(self) -> int:
        """A step that ends well; one that does not raises."""
        return DONE


class _Records(CaseView):
    """The case as a timeline is built from it: an earlier timeline, which may be damaged, is left aside."""

    def newest(self, act: Act, **params: Any) -> Line | None:
        """Anything but a timeline."""
        return None if act == Act.TIMELINE else super().newest(act, **params)


def timeline(examination: Examination, *, again: bool = False) -> TimelineSummary:
    """Build the timeline from the newest records, unless it is built from just these."""
    view = examination.view()
    params = {"inputs": inputs_of(view), "tool_sha256": tool()["sha256"], **_said(view)}
    if not params["inputs"]:
        raise UsageError("there are no records yet", place=str(view.folder), todo="run 'forensics parse' first")
    line = view.newest(Act.TIMELINE)
    if line is not None and not again and _same(line.value["params"], params) and still_there(view, line):
        result = line.value["result"]
        return TimelineSummary(events=result["events"], logical=result["logical"], unchanged=True)
    work = examination.folder / "timeline" / ".work"
    with examination.step(Act.TIMELINE, params=params) as step:
        examination.station.progress.begin("building the timeline")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        built = build(_Records(examination.folder), work)
        step.outputs += [adopt(path, examination.folder, f"timeline/{path.name}") for path in built.files]
        step.result = {"events": built.events, "logical": built.logical}
        examination.station.progress.end()
    shutil.rmtree(work)
    return TimelineSummary(events=built.events, logical=built.logical)


def inputs_of(view: CaseView) -> list[str]:
    """The digests of the record manifests that the newest parses listed."""
    lines = (view.newest(Act.PARSE, evidence=name) for name in view.evidence_names())
    return [str(output["sha256"]) for line in lines if line is not None for output in line.value["out"]]


def _said(view: CaseView) -> dict[str, Any]:
    """What persons say about accounts, which the timeline depends on as well: their CSV and their answers."""
    data = identities.stated_bytes(view)
    stated = hashlib.sha256(data).hexdigest() if data else ""
    return {"identities_sha256": stated, "accounts": view.answered("account")}


def _same(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return all(found.get(key) == value for key, value in wanted.items())
