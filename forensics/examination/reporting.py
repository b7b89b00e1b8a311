"""The step from the case to papers: each report is one step of its own, in ``reports/``."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from forensics import canonical, discovery
from forensics.casefile.acts import Act, Phase
from forensics.casefile.view import CaseView
from forensics.errors import DONE, UsageError
from forensics.examination.conductor import Examination
from forensics.examination.files import adopt, still_there
from forensics.examination.station import tool
from forensics.reports.papers.options import PaperOptions as PaperOptions
from forensics.reports.selection import Selection as Selection
from forensics.reports.sink import Sink

REPORTS = "forensics.reports"
ENTRY_POINTS = "forensics.reports"


_FINDINGS = ((Act.FIND, Phase.FINISHED), (Act.SUPPRESS, Phase.DONE))
"""The lines that a report of findings is made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSummary:
    """The files of one report, as paths inside the case."""

    report: str
    files: tuple[str, ...]
    unchanged: bool = False

    @property
    def exit_code(self) -> int:
        """A step that ends well; one that does not raises."""
        return DONE


def available() -> dict[str, discovery.Offer]:
    """The reports that can be written here, by name."""
    return {offer.name: offer for offer in discovery.offers(REPORTS, ENTRY_POINTS) if offer.maker is not None}


def report(
    examination: Examination,
    names: Sequence[str] = (),
    *,
    again: bool = False,
    selection: Selection | None = None,
    options: PaperOptions | None = None,
) -> list[ReportSummary]:
    """Write the named reports, or the usual ones, unless they were written from just this timeline.

    A report with ``on_request`` is written only by its name; it alone takes a selection of messages. One with
    ``from_ledger`` needs no timeline, one with ``from_findings`` is usual once rules were asked, and one with
    ``takes_options`` is a paper, of which each language is a report.
    """
    known = available()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"there is no report named {unknown[0]!r}", todo=f"name one of: {', '.join(known)}")
    view = examination.view()
    asked = view.newest(Act.FIND) is not None
    usual = [name for name, offer in known.items() if not _on_request(offer) and (asked or not _from_findings(offer))]
    if selection is not None and not any(_on_request(known[name]) for name in names):
        named = ", ".join(name for name, offer in known.items() if _on_request(offer))
        raise UsageError("a selection is for reports on request only", todo=f"name one of: {named}")
    chosen = (options or PaperOptions()).checked()
    wanted = [known[name] for name in names or usual]
    if not all(_from_ledger(offer) for offer in wanted) and view.newest(Act.TIMELINE) is None:
        raise UsageError("there is no timeline yet", place=str(view.folder), todo="run 'forensics timeline' first")
    return [_write(examination, view, offer, again, selection, chosen) for offer in wanted]


def _from_ledger(offer: discovery.Offer) -> bool:
    return bool(getattr(offer.maker, "from_ledger", False))


def _from_findings(offer: discovery.Offer) -> bool:
    return bool(getattr(offer.maker, "from_findings", False))


def _is_paper(offer: discovery.Offer) -> bool:
    return bool(getattr(offer.maker, "takes_options", False))


def _on_request(offer: discovery.Offer) -> bool:
    return bool(getattr(offer.maker, "on_request", False))


def _write(
    examination: Examination,
    view: CaseView,
    offer: discovery.Offer,
    again: bool,
    selection: Selection | None,
    options: PaperOptions,
) -> ReportSummary:
    given: dict[str, Any] = {"selection": selection or Selection()} if _on_request(offer) else {}
    name = offer.name
    if _is_paper(offer):
        given["options"] = replace(options, language=options.language or view.facts.language)
        name = f"{offer.name}.{given['options'].language}"
    params: dict[str, Any] = {
        "report": name,
        "inputs": _inputs(view, offer),
        "facts_sha256": view.facts_sha256,
        "tool_sha256": tool()["sha256"],
        **{key: canonical.decode(canonical.encode(asdict(value))) for key, value in given.items()},
    }
    line = view.newest(Act.REPORT, report=name)
    same = line is not None and all(line.value["params"].get(key) == value for key, value in params.items())
    if line is not None and same and not again and still_there(view, line):
        return ReportSummary(report=name, files=_paths(line.value["out"]), unchanged=True)
    work = examination.folder / "reports" / ".work"
    with examination.step(Act.REPORT, params=params) as step:
        examination.station.progress.begin(f"writing {offer.title}")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        sink = Sink(work)
        offer.maker().write(view, sink, **given)
        step.outputs += [adopt(work / name, examination.folder, f"reports/{name}") for name, _, _ in sink.written]
        examination.station.progress.end()
    shutil.rmtree(work)
    return ReportSummary(report=name, files=_paths(step.outputs))


def made_again(view: CaseView, params: dict[str, Any], work: Path) -> list[dict[str, Any]]:
    """Write the report that the line with these ``params`` tells of into another folder; its files as they are listed.

    :class:`UsageError` where this program has no such report.
    """
    offers = available()
    offer = offers.get(params["report"]) or offers.get(params["report"].rpartition(".")[0])
    if offer is None:
        raise UsageError(f"this program has no report named {params['report']!r}")
    given: dict[str, Any] = {}
    if "selection" in params:
        chosen = params["selection"]
        given["selection"] = Selection(where=chosen["where"], messages=tuple(chosen["messages"]))
    if "options" in params:
        given["options"] = PaperOptions(**params["options"])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    sink = Sink(work)
    offer.maker().write(view, sink, **given)
    return [{"path": f"reports/{name}", "sha256": sha256, "size": size} for name, sha256, size in sink.written]


def _inputs(view: CaseView, offer: discovery.Offer) -> list[str]:
    """What a report is made from: the timeline, the findings, or the newest line that tells of no report."""
    if _from_findings(offer):
        told = (line for line in view.lines if (line.act, line.phase) in _FINDINGS)
        return [line.sha256 for line in told]
    if _from_ledger(offer):
        return [line.sha256 for line in reversed(view.lines) if line.act != Act.REPORT][:1]
    made = view.newest(Act.TIMELINE)
    return [str(output["sha256"]) for output in made.value["out"]] if made else []


def _paths(outputs: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(str(output["path"]) for output in outputs)
