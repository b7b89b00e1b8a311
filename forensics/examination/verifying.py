"""The step that reads everything again, from the ledger to the reports, and names each difference.

Reading needs no right to write: a case whose ledger cannot be written (an opponent's copy) is verified all the same,
and then the act is not recorded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forensics.casefile.acts import Act, Phase
from forensics.casefile.case import FILE_NAME
from forensics.casefile.chain import check
from forensics.casefile.ledger import Line, read_lines, torn_tails
from forensics.casefile.sessions import Session
from forensics.casefile.view import CaseView
from forensics.digests import digest_bytes
from forensics.errors import (
    DONE,
    INTEGRITY_BROKEN,
    LEDGER_BROKEN,
    PARTLY_READ,
    IntegrityError,
    LedgerError,
    UsageError,
)
from forensics.evidence.readback import read_stored
from forensics.evidence.store import EvidenceStore
from forensics.evidence.verification import Difference
from forensics.examination.conductor import Examination, has_work
from forensics.examination.control_check import check_content, check_control, check_plaintext
from forensics.examination.custody_checks import CustodyFound, check_custody
from forensics.examination.results import check_results, misplaced
from forensics.examination.sealing import SaltKey, check_seals
from forensics.examination.station import Progress, Silent

_LEDGER = "ledger/events.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifySummary:
    """What was read again. ``ledger`` and ``differences`` name everything that is not as it was stored."""

    lines: int
    head_sha256: str
    evidence: tuple[str, ...]
    files: int
    size: int
    ledger: tuple[Difference, ...] = ()
    differences: tuple[Difference, ...] = ()
    unfinished: tuple[str, ...] = ()
    unsettled: tuple[Difference, ...] = ()
    """Results that a step was replacing when it was cut short; nobody can say that they were not changed since."""
    torn: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    """What of a case under two-person control could not be checked without the keys of two people."""
    warnings: tuple[Difference, ...] = ()
    """What is not wrong and what a person should know: a clock that ran backwards, lines that nobody signed yet."""
    covered: int = 0
    """How many lines the newest checkpoint covers."""
    stamped: int = 0
    """How many lines a time stamp covers."""

    @property
    def exit_code(self) -> int:
        """5 outranks 4 outranks 3 outranks 0."""
        if self.ledger:
            return LEDGER_BROKEN
        if self.differences:
            return INTEGRITY_BROKEN
        return PARTLY_READ if self.unsettled else DONE


class _Counter:
    """Counts what is read and shows it."""

    def __init__(self, progress: Progress) -> None:
        self.size = 0
        self.files = 0
        self._progress = progress

    def __call__(self, size: int, items: int) -> None:
        self.size += size
        self.files += items
        self._progress.advance(size, items)


def verify(
    folder: Path,
    progress: Progress | None = None,
    salt_key: SaltKey | None = None,
    session: Session | None = None,
) -> VerifySummary:
    """Read the whole case again without writing anything; ``salt_key`` lets every seal be built again.

    A case under two-person control is verified as ciphertext; with a ``session`` also what the ciphertext opens to.
    """
    shown = progress or Silent()
    view = _view(folder, session)
    lines, toml, broken = _ledger(view)
    counter = _Counter(shown)
    shown.begin("verifying")
    differences, unsettled, found = list(toml), list[tuple[Difference, int]](), CustodyFound()
    try:
        if not broken:
            differences += _evidence(view, lines, counter)
            changed, unsettled = check_results(view, lines, counter)
            differences += changed
            differences += check_seals(view, lines, salt_key)
            differences += check_control(view, lines)
            differences += check_plaintext(view, counter)
            found = check_custody(folder, str(lines[0].value["case"]) if lines else view.facts.id, lines)
            broken, differences = found.ledger, [*differences, *found.differences]
    except (KeyError, TypeError, ValueError, AttributeError, UsageError) as error:
        broken = [Difference(place=_LEDGER, what=f"its lines do not say what this program writes: {error!r}")]
    if broken:
        # Lines that cannot be trusted pin nothing: each item is held against its own papers, and results against none.
        lines, differences, unsettled = (), [*toml, *_unpinned(view, counter)], []
    wrong, unchecked = check_content(view, counter)
    differences += wrong
    differences += misplaced(folder)
    shown.end()
    return VerifySummary(
        lines=len(lines),
        head_sha256=lines[-1].sha256 if lines else "",
        evidence=_finished_items(lines),
        files=counter.files,
        size=counter.size,
        ledger=tuple(broken),
        differences=tuple(differences),
        unfinished=_unfinished(lines),
        unsettled=tuple(_unsettled(each, line) for each, line in unsettled),
        torn=torn_tails(folder / "ledger"),
        unchecked=unchecked,
        warnings=tuple(found.warnings),
        covered=found.covered,
        stamped=found.stamped,
    )


def _unsettled(found: Difference, line: int) -> Difference:
    what = f"{found.what}; the step that line {line} of the ledger began was writing it and did not finish"
    return Difference(place=found.place, what=what)


def _view(folder: Path, session: Session | None) -> CaseView:
    """The case; facts of another format version are either those of a newer program or were changed."""
    try:
        return CaseView(folder, session)
    except UsageError as error:
        path = folder / FILE_NAME
        if path.is_file() and digest_bytes(read_stored(path)).hex != _stated(tuple(read_lines(folder / "ledger"))):
            raise IntegrityError(f"{FILE_NAME} is not what the ledger says it is", place=str(path)) from error
        raise


def _ledger(view: CaseView) -> tuple[tuple[Line, ...], list[Difference], list[Difference]]:
    """The lines, what is wrong with ``case.toml``, and what is wrong with the lines."""
    folder = view.folder / "ledger"
    try:
        toml = list(_case_toml(view))
        # Lines are not to be blamed for a case.toml that names another case.
        case_id = str(view.lines[0].value.get("case")) if toml and view.lines else view.facts.id
        broken = check(folder, case_id)
    except (LedgerError, TypeError, AttributeError) as error:
        return (), [], check(folder, view.facts.id) or [Difference(place=_LEDGER, what=str(error))]
    if not view.lines and not broken and has_work(view.folder):
        broken = [Difference(place=_LEDGER, what="is missing or empty, and the case holds work that it must tell of")]
    if broken and any(_stated((line,)) == view.facts_sha256 for line in view.lines):
        toml = []
    return view.lines, toml, broken


def verify_and_note(
    folder: Path, examination: Examination, progress: Progress | None = None, salt_key: SaltKey | None = None
) -> VerifySummary:
    """Verify, and put the result on the ledger."""
    summary = verify(folder, progress, salt_key, examination.session)
    if not summary.ledger:
        result = {
            "rc": summary.exit_code,
            "files": summary.files,
            "size": summary.size,
            "differences": [str(each) for each in summary.differences][:1000],
            "unsettled": [str(each) for each in summary.unsettled][:1000],
        }
        if summary.unchecked:
            result["unchecked"] = list(summary.unchecked)[:1000]
        examination.note(Act.VERIFY, result=result)
    return summary


def _finished_items(lines: tuple[Line, ...]) -> tuple[str, ...]:
    return tuple(sorted(_manifests(lines)))


def _manifests(lines: tuple[Line, ...]) -> dict[str, str]:
    """The digest of each finished item's manifest, as the ledger pins it."""
    found = {}
    for line in lines:
        if line.act == Act.ACQUIRE and line.phase == Phase.FINISHED:
            for output in line.value.get("out", []):
                found[str(output["id"])] = str(output["sha256"])
    return found


def _unfinished(lines: tuple[Line, ...]) -> tuple[str, ...]:
    """Steps that were begun and neither finished nor failed; the last line may be one that is running now."""
    open_steps: dict[str, str] = {}
    for line in lines:
        step = str(line.value.get("step", ""))
        if line.phase == Phase.BEGUN:
            open_steps[step] = f"line {line.number}: {line.act} was begun and not finished"
        else:
            open_steps.pop(step, None)
    return tuple(open_steps.values())


def _case_toml(view: CaseView) -> Iterator[Difference]:
    """``case.toml`` is what the ledger saw at every step; only ``case.set`` may change it."""
    known = ""
    for line in view.lines:
        stated = line.value.get("params", {}).get("case_toml_sha256")
        if stated is None:
            continue
        if line.act not in (Act.CASE_OPEN, Act.CASE_SET) and stated != known:
            yield Difference(
                place=FILE_NAME, what=f"was changed without 'case set' before line {line.number} of the ledger"
            )
        known = stated
    if known and known != view.facts_sha256:
        yield Difference(place=FILE_NAME, what="is not what the ledger says it is")


def _stated(lines: tuple[Line, ...]) -> str:
    """The hash of ``case.toml`` that the ledger states last."""
    found = [line.value.get("params", {}).get("case_toml_sha256") for line in lines]
    return str(next((each for each in reversed(found) if each), ""))


def _unpinned(view: CaseView, counter: _Counter) -> Iterator[Difference]:
    store = EvidenceStore(view.folder / "evidence")
    for item in store.items():
        yield from (_placed(item, each) for each in store.verify(item, told=counter))


def _placed(item: str, found: Difference) -> Difference:
    place = found.place if found.place.startswith(item) else f"{item}/{found.place}"
    return Difference(place=f"evidence/{place}", what=found.what)


def _evidence(view: CaseView, lines: tuple[Line, ...], counter: _Counter) -> Iterator[Difference]:
    store = EvidenceStore(view.folder / "evidence")
    pinned = _manifests(lines)
    for item, sha256 in sorted(pinned.items()):
        yield from (_placed(item, each) for each in store.verify(item, manifest_sha256=sha256, told=counter))
    begun = {str(line.value["params"].get("evidence")) for line in lines if line.act == Act.ACQUIRE}
    for item in store.items():
        if item not in begun:
            yield Difference(place=f"evidence/{item}", what="is not on the ledger")
    for name in store.strangers():
        if name != ".images":
            yield Difference(place=f"evidence/{name}", what="does not belong here")
