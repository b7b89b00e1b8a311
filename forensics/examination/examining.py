"""The whole way in one go: acquire, verify what came in, open images, parse, build the timeline, write the reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from forensics.errors import DONE, PARTLY_READ, ForensicsError, IntegrityError, InterruptedWork, worst
from forensics.examination.acquiring import AcquireSummary, acquire_path
from forensics.examination.acquiring_exports import open_exports
from forensics.examination.conductor import Examination
from forensics.examination.opening_images import Failed, exit_code_of, open_images
from forensics.examination.overview import first_problems
from forensics.examination.parsing import ParseSummary, parse
from forensics.examination.reporting import ReportSummary, report
from forensics.examination.timelining import TimelineSummary, timeline
from forensics.examination.verifying import VerifySummary, verify_and_note


class _Station(Protocol):
    @property
    def exit_code(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamineSummary:
    """Everything that one run did. ``failed`` are sources and images that gave nothing, and why.

    ``images_code`` is 3 where a part of an image could not be read.
    """

    case: str
    acquired: tuple[AcquireSummary, ...]
    failed: tuple[Failed, ...]
    images_code: int
    verified: VerifySummary
    parsed: tuple[ParseSummary, ...]
    timeline: TimelineSummary
    reports: tuple[ReportSummary, ...]
    counts: dict[str, int]
    recovered: dict[str, int]
    problems: tuple[dict[str, str], ...]
    head: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """The worst of all stations; what was unsettled when the case was verified, the later stations made again."""
        stations: tuple[_Station, ...] = (*self.acquired, *self.parsed, self.timeline, *self.reports)
        nothing = DONE if self.counts["message"] else PARTLY_READ
        return worst(
            nothing, self.images_code, *(each.exit_code for each in stations), *(code for _, _, _, code in self.failed)
        )


def examine(examination: Examination, sources: Sequence[Path]) -> ExamineSummary:
    """Go the whole way for these sources; what an earlier run did already is verified, not repeated."""
    acquired, failed = acquire_all(examination, sources)
    if failed and not acquired:
        first, what, todo, _ = failed[0]
        raise ForensicsError(f"none of the sources could be acquired; the first: {what}", place=first, todo=todo)
    verified = verify_and_note(examination.folder, examination, examination.station.progress)
    if verified.ledger or verified.differences:
        named = tuple(str(each) for each in (*verified.ledger, *verified.differences))
        kind = IntegrityError("the case is not what was stored in it, so nothing was parsed", differences=named)
        kind.exit_code = verified.exit_code
        raise kind
    parsed = parse(examination)
    built = timeline(examination)
    reports = report(examination)
    view = examination.view()
    return ExamineSummary(
        case=str(examination.folder),
        acquired=tuple(acquired),
        failed=tuple(failed),
        images_code=exit_code_of(view),
        verified=verified,
        parsed=tuple(parsed),
        timeline=built,
        reports=tuple(reports),
        counts=view.counts(),
        recovered={
            row["recovery"]: row["n"]
            for row in view.rows("SELECT recovery, count(*) AS n FROM message GROUP BY recovery ORDER BY recovery")
        },
        problems=first_problems(view),
        head=examination.head,
    )


def acquire_all(examination: Examination, sources: Sequence[Path]) -> tuple[list[AcquireSummary], list[Failed]]:
    """Every source in turn, and the images in it; one that fails does not keep the others out, unless it is the only.

    What fails is named in the second list; stored evidence that is not what it was, and an interruption, end the work.
    """
    acquired: list[AcquireSummary] = []
    failed: list[Failed] = []
    for path in sources:
        try:
            found = acquire_path(examination, path)
        except (IntegrityError, InterruptedWork):
            raise
        except ForensicsError as error:
            if len(sources) == 1:
                raise
            failed.append((str(path), error.what, error.todo, error.exit_code))
        else:
            acquired += [found, *open_images(examination, found.evidence, failed)]
    # The parts of an export may have been given one by one, so they are looked at together.
    acquired += open_exports(examination, [each.evidence for each in acquired], failed)
    return acquired, failed
