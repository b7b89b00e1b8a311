"""The step that puts a mapping of a foreign table into the case, and the mappings that a parse of an item is given.

``tables/mappings/<sha256>.yaml`` is the file as a person wrote it. The line of the step names it with its hash, the
pattern of the files that it is for, and the mapping as it was understood, with everything that it extends put in.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from forensics.casefile.acts import Act, Phase
from forensics.casefile.case import CaseFacts
from forensics.casefile.ledger import replace_file
from forensics.casefile.view import CaseView, EvidenceItem
from forensics.errors import FormatError, IntegrityError, UsageError
from forensics.examination.conductor import Examination
from forensics.examination.presets import LARGEST, built_in, read_yaml, resolved
from forensics.formats.logs.mapping import check
from forensics.parsers.contract import Settings
from forensics.parsers.logs.mapped import fits

FOLDER = "tables/mappings"
_LONGEST_PATTERN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMapping:
    """A mapping of the case: for which files, the hash of the file as given, and what it says."""

    pattern: str
    sha256: str
    mapping: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSummary:
    """The mapping that was put into the case, and the files of the evidence that it is for."""

    path: str
    sha256: str
    pattern: str
    source: str
    files: tuple[str, ...]
    unchanged: bool = False
    exit_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetName:
    """A preset as a list shows it."""

    name: str
    source: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The presets of this program, and the mappings of a case."""

    presets: tuple[PresetName, ...]
    mappings: tuple[CaseMapping, ...]


def listed(case: Path | None) -> Listed:
    """Every preset, and every mapping of the case that counts."""
    names = tuple(
        PresetName(name=name, source=f"{each['kind']}:{each['system']}", ja=each["name"]["ja"], en=each["name"]["en"])
        for name, each in built_in().items()
    )
    return Listed(presets=names, mappings=tuple(case_mappings(CaseView(case))) if case is not None else ())


def settings_of(case: Path | None) -> Settings:
    """The zone and the code page of a case; without one, those that a new case has."""
    if case is None:
        new = {each.name: each.default for each in fields(CaseFacts)}
        return Settings(zone=str(new["time_zone"]), code_page=int(str(new["code_page"])))
    facts = CaseView(case).facts
    return Settings(zone=facts.time_zone, code_page=facts.code_page)


def read_mapping(path: Path) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a file that a person wrote, and the mapping that it is."""
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}", place=str(path), todo="check the path and its spelling")
    with path.open("rb") as handle:
        data = handle.read(LARGEST + 1)
    return data, resolved(read_yaml(data, str(path)), str(path))


def add_mapping(examination: Examination, path: Path, pattern: str) -> MapSummary:
    """Put a mapping into the case for the files that fit a pattern; a newer one for the same pattern replaces it."""
    data, mapping = read_mapping(path)
    _check_pattern(pattern)
    sha256 = hashlib.sha256(data).hexdigest()
    place = f"{FOLDER}/{sha256}.yaml"
    view = examination.view()
    known = next((each for each in case_mappings(view) if each.pattern == pattern), None)
    same = known is not None and (known.sha256, known.mapping) == (sha256, mapping) and (view.folder / place).is_file()
    if not same:
        params = {"pattern": pattern, "mapping_sha256": sha256, "mapping": mapping}
        with examination.step(Act.MAP, params=params) as step:
            target = examination.folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, data)
            step.outputs.append({"path": place, "sha256": sha256, "size": len(data)})
    files = tuple(f"{item.name}/{name}" for item in view.evidence for name in _paths(item) if fits(name, pattern))
    return MapSummary(
        path=place,
        sha256=sha256,
        pattern=pattern,
        source=f"{mapping['kind']}:{mapping['system']}",
        files=files,
        unchanged=same,
    )


def _check_pattern(pattern: str) -> None:
    what = ""
    if not pattern or len(pattern) > _LONGEST_PATTERN:
        what = f"a pattern has 1 to {_LONGEST_PATTERN} characters"
    elif not pattern.isprintable():
        what = "a pattern is text that can be shown"
    if what:
        raise UsageError(what, todo="give the name of the files, such as --for 'hold_*.csv'")


def case_mappings(view: CaseView) -> list[CaseMapping]:
    """The mappings of the case, the newest first; of those for one pattern only the newest."""
    found: dict[str, CaseMapping] = {}
    for line in reversed(view.lines):
        if line.act != Act.MAP or line.phase != Phase.FINISHED:
            continue
        params = line.value.get("params", {})
        try:
            said = CaseMapping(
                pattern=str(params["pattern"]), sha256=str(params["mapping_sha256"]), mapping=check(params["mapping"])
            )
        except (KeyError, FormatError) as error:
            what = f"line {line.number} of the ledger holds no mapping: {error}"
            raise IntegrityError(what, place=str(view.folder), todo="run 'forensics verify'") from error
        found.setdefault(said.pattern, said)
    return list(found.values())


def named_for(view: CaseView, item: EvidenceItem) -> dict[str, Any]:
    """What the parameters of a parse say of mappings: pattern and hash of each that is for a file of the item.

    Nothing at all where there is none, so that a mapping makes no other item be parsed anew.
    """
    mappings = case_mappings(view)
    paths = _paths(item) if mappings else []
    named = [each for each in mappings if any(fits(path, each.pattern) for path in paths)]
    if not named:
        return {}
    return {"mappings": [{"pattern": each.pattern, "sha256": each.sha256} for each in named]}


def worker_settings(examination: Examination, params: dict[str, Any]) -> dict[str, Any]:
    """The settings of a parse as its workers are given them: with what the named mappings say."""
    settings: dict[str, Any] = params["settings"]
    named = params.get("mappings", [])
    if not named:
        return settings
    known = {(each.pattern, each.sha256): each for each in case_mappings(examination.view())}
    wanted = [known[each["pattern"], each["sha256"]] for each in named]
    given = [{"pattern": each.pattern, "sha256": each.sha256, "mapping": each.mapping} for each in wanted]
    return {**settings, "mappings": given}


def _paths(item: EvidenceItem) -> list[str]:
    return [entry.path.decode("utf-8", "backslashreplace") for entry in item.files if entry.number is not None]
