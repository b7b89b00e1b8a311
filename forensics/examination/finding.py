"""The step that puts the rules to the case: each rule is one step of its own, in ``findings/<rule>.jsonl``.

A file holds a line for each finding and, last, where the rule looked. A rule whose evidence is missing is not run, and
says why in the same place. Before the rules the signatures of the case are checked, once.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensics import canonical, tables
from forensics.casefile.acts import Act
from forensics.casefile.ledger import Line
from forensics.casefile.view import CaseView
from forensics.errors import DONE, UsageError
from forensics.examination import signatures
from forensics.examination.conductor import Examination
from forensics.examination.files import adopt, still_there
from forensics.examination.questions import Parameters, Question, questions
from forensics.examination.reading_content import read_content
from forensics.examination.station import tool
from forensics.examination.timelining import inputs_of
from forensics.findings import reference
from forensics.findings.finding import Looked, Pair
from forensics.findings.reading import FOLDER, told

SIGNATURES = "signatures"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSummary:
    """One rule that was asked: what it came to, and the first of its findings as plain values."""

    rule: str
    title_ja: str
    title_en: str
    considered: int
    found: int
    could_not_read: int
    why_not: tuple[Pair, ...]
    file: str
    unchanged: bool
    findings: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindSummary:
    """Every rule that was asked."""

    rules: tuple[RuleSummary, ...]

    @property
    def exit_code(self) -> int:
        """A finding is no failure, and what could not be read is said by each rule."""
        return DONE


def find(
    examination: Examination,
    names: Sequence[str] = (),
    *,
    again: bool = False,
    packs: Sequence[Path] = (),
    parameters: Parameters | None = None,
    others: Sequence[Question] = (),
) -> FindSummary:
    """Ask the named rules, or all of them, unless they were asked about just these records and tables before.

    ``packs`` are folders of rule cards beside those that are installed; ``parameters`` are other values for theirs.
    ``others`` are questions of rules in other languages; where they stand alone, no others are asked.
    """
    only = others and not (names or packs or parameters)
    wanted = [*([] if only else questions(names, packs, parameters)), *others]
    view = examination.view()
    signatures.need_records(view)
    timeline = view.newest(Act.TIMELINE)
    if timeline is None:
        raise UsageError("there is no timeline yet", place=str(view.folder), todo="run 'forensics timeline' first")
    inputs = [*inputs_of(view), *(str(each["sha256"]) for each in timeline.value["out"])]
    inputs += [each.sha256 for each in reference.stored(view)]
    content = ""
    if any(each.reads_files for each in wanted):
        content = read_content(examination, view, inputs_of(view), again=again)
        # Another view, because the one before does not know the table yet.
        view = examination.view()
    digest = ""
    faults: tuple[Pair, ...] = ()
    if any(each.signed for each in wanted):
        digest, faults = _signatures(examination, view, inputs, again)
    for each in wanted:
        known = [*inputs, *([digest] if each.signed else []), *([content] if each.reads_files else [])]
        _ask(examination, view, each, known, faults if each.signed else (), again)
    fresh = {each.rule: each for each in told(examination.view())}
    return FindSummary(rules=tuple(_summary(fresh[each.name], view) for each in wanted))


def _signatures(
    examination: Examination, view: CaseView, inputs: list[str], again: bool
) -> tuple[str, tuple[Pair, ...]]:
    """Check the signatures, or take up what was checked; the digest of the table, and what was wrong with the keys."""
    files = [sha256 for _, _, sha256 in signatures.key_files(view)]
    params = {"rule": SIGNATURES, "inputs": inputs, "keys": files, "tool_sha256": tool()["sha256"]}
    line = _same(view, params)
    if line is not None and not again and still_there(view, line):
        output = line.value["out"][0]
        table = tables.read_verified(view.checked_path(output), output["sha256"])
        view.connection.register("signature", table)
        return str(output["sha256"]), tuple((ja, en) for ja, en in line.value["result"]["faults"])
    work = examination.folder / FOLDER / ".work"
    with examination.step(Act.FIND, params=params) as step:
        made = signatures.checked(view, examination.station)
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        tables.write_slices([signatures.fill(view, made.rows)], work / "signatures.parquet")
        step.outputs.append(adopt(work / "signatures.parquet", examination.folder, f"{FOLDER}/{SIGNATURES}.parquet"))
        step.result = {
            "signatures": len(made.rows),
            "key_files": list(made.key_files),
            "faults": [list(each) for each in made.faults],
        }
    shutil.rmtree(work)
    return str(step.outputs[0]["sha256"]), made.faults


def _same(view: CaseView, params: dict[str, Any]) -> Line | None:
    line = view.newest(Act.FIND, rule=params["rule"])
    if line is None or any(line.value["params"].get(key) != value for key, value in params.items()):
        return None
    return line


def _ask(
    examination: Examination,
    view: CaseView,
    question: Question,
    inputs: list[str],
    faults: tuple[Pair, ...],
    again: bool,
) -> None:
    """One rule, as one step of the ledger."""
    params: dict[str, Any] = {
        "rule": question.name,
        "title_ja": question.title[0],
        "title_en": question.title[1],
        "version": question.version,
        **question.about,
        "parameters": _plain(question.parameters),
        "inputs": inputs,
        "tool_sha256": tool()["sha256"],
    }
    line = _same(view, params)
    if line is not None and not again and still_there(view, line):
        return
    work = examination.folder / FOLDER / ".work"
    with examination.step(Act.FIND, params=params) as step:
        examination.station.progress.begin(f"asking the rule {question.name}")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        path = work / f"{question.name}.jsonl"
        step.result = _written(view, question, path, faults)
        step.outputs.append(adopt(path, examination.folder, f"{FOLDER}/{question.name}.jsonl"))
        examination.station.progress.end()
    shutil.rmtree(work)


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """As the ledger holds them: it has no fractions, which are not written the same everywhere."""
    return {name: str(value) if isinstance(value, float) else value for name, value in parameters.items()}


def _written(view: CaseView, question: Question, path: Path, faults: tuple[Pair, ...]) -> dict[str, Any]:
    """Write what the rule says, line by line as it says it; the counts for the ledger."""
    found, looked = 0, Looked(rule=question.name, version=question.version)
    with path.open("wb") as handle:
        for said in question.ask(view):
            if isinstance(said, Looked):
                looked = said
            else:
                found += 1
                handle.write(canonical.encode(_printable(said.plain())) + b"\n")
        last = {**looked.plain(), "found": found, "why_not": [list(each) for each in (*looked.why_not, *faults)]}
        handle.write(canonical.encode(_printable(last)) + b"\n")
    ran = bool(found or looked.considered) or not looked.why_not
    return {"found": found, "considered": looked.considered, "could_not_read": looked.could_not_read, "ran": ran}


def _printable(value: Any) -> Any:
    """Lone surrogates of hostile text stay visible as their escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _printable(each) for key, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, (list, tuple)) else value


def _summary(each: Any, before: CaseView) -> RuleSummary:
    return RuleSummary(
        rule=each.rule,
        title_ja=each.title_ja,
        title_en=each.title_en,
        considered=each.looked["considered"],
        found=each.looked["found"],
        could_not_read=each.looked["could_not_read"],
        why_not=tuple((ja, en) for ja, en in each.looked["why_not"]),
        file=each.path,
        unchanged=any(line.number == each.line for line in before.lines),
        findings=each.findings,
    )
