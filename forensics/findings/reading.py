"""What the rules found, as the newest finished steps of a case list it: read again, each file checked before use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from forensics import canonical
from forensics.casefile.view import CaseView

FOLDER = "findings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One rule that was asked: its findings and its :class:`~forensics.findings.finding.Looked`, as plain values."""

    rule: str
    title_ja: str
    title_en: str
    version: str
    line: int
    path: str
    sha256: str
    looked: dict[str, Any]
    findings: tuple[dict[str, Any], ...]
    """One that a person has set aside has ``set_aside``: who did it, why, and the line of the ledger."""


def told(case: CaseView) -> Iterator[Told]:
    """Every rule whose newest step was finished, in order of their names."""
    newest = {}
    aside = set_aside(case)
    for line in case.lines:
        if line.act == "find" and line.phase == "finished" and "title_en" in line.value["params"]:
            newest[str(line.value["params"]["rule"])] = line
    for rule, line in sorted(newest.items()):
        (output,) = line.value["out"]
        lines = [canonical.decode(each) for each in case.read_output(output).splitlines()]
        params = line.value["params"]
        yield Told(
            rule=rule,
            title_ja=str(params["title_ja"]),
            title_en=str(params["title_en"]),
            version=str(params["version"]),
            line=line.number,
            path=str(output["path"]),
            sha256=str(output["sha256"]),
            looked=next(each for each in lines if each["kind"] == "looked"),
            findings=tuple(_with_aside(each, aside) for each in lines if each["kind"] == "finding"),
        )


def set_aside(case: CaseView) -> dict[str, dict[str, Any]]:
    """What persons have set aside, by the id of the finding; a later line takes it up again."""
    found: dict[str, dict[str, Any]] = {}
    for line in case.lines:
        if line.act != "suppress":
            continue
        params = line.value["params"]
        if params["state"] == "set aside":
            who = line.value.get("actor", {}).get("name", "")
            found[params["finding"]] = {"who": who, "why": line.value.get("why", ""), "line": line.number}
        else:
            found.pop(params["finding"], None)
    return found


def _with_aside(finding: dict[str, Any], aside: dict[str, dict[str, Any]]) -> dict[str, Any]:
    said = aside.get(str(finding.get("id", "")))
    return {**finding, "set_aside": said} if said else finding
